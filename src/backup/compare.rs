//! What an archive holds, in numbers that two equal databases share.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::BackupError;
use super::manifest::{HistoryHead, Manifest};
use crate::db::Session;
use crate::dialect::{count_rows, list_tables};
use crate::model::History;

/// How many differences an error lists.
const DIFFERENCES_SHOWN: usize = 10;

/// The rows of one table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TableCount {
    /// Its schema; None on engines where a database has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
}

impl TableCount {
    fn label(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        }
    }
}

/// Counts the rows of every table the session sees: ordered by schema and name.
///
/// # Errors
/// The database's own.
pub(super) async fn count(session: &mut dyn Session) -> Result<Vec<TableCount>, BackupError> {
    let engine = session.engine();
    let listed = session.query(&list_tables(engine)).await?;
    let mut tables = Vec::with_capacity(listed.len());
    for row in &listed {
        let (schema, Some(name)) = (row.text(0), row.text(1)) else { continue };
        let counted = session.query(&count_rows(engine, schema, name)).await?;
        let rows = counted.first().and_then(|row| row.number(0)).and_then(|rows| u64::try_from(rows).ok());
        tables.push(TableCount {
            schema: schema.map(str::to_owned),
            name: name.to_owned(),
            rows: rows.unwrap_or_default(),
        });
    }
    tables.sort();
    Ok(tables)
}

/// How far a history goes.
pub fn history_head(history: &History) -> HistoryHead {
    let mut hasher = Sha256::new();
    for row in history.rows() {
        let checksum = row.checksum.as_ref().map_or("", |checksum| checksum.digest.as_str());
        hasher.update(format!("{}\0{checksum}\0", row.file_name).as_bytes());
    }
    HistoryHead {
        version: history.highest_version().map(ToString::to_string),
        rows: history.rows().len(),
        digest: hex::encode(hasher.finalize()),
    }
}

/// In what a restored database differs from the manifest of its archive; empty: in nothing.
pub(super) fn differences(manifest: &Manifest, tables: &[TableCount], head: &HistoryHead) -> Vec<String> {
    let same_table = |a: &TableCount, b: &TableCount| a.schema == b.schema && a.name == b.name;
    let mut found = Vec::new();
    for expected in &manifest.tables {
        match tables.iter().find(|table| same_table(table, expected)) {
            None => found.push(format!("table {} is missing", expected.label())),
            Some(table) if table.rows != expected.rows => {
                found.push(format!("table {} has {} rows instead of {}", expected.label(), table.rows, expected.rows));
            }
            Some(_) => {}
        }
    }
    let unexpected = tables.iter().filter(|table| !manifest.tables.iter().any(|known| same_table(known, table)));
    found.extend(unexpected.map(|table| format!("table {} should not be there", table.label())));
    if *head != manifest.history {
        let version = |head: &HistoryHead| head.version.clone().unwrap_or_else(|| "nothing".to_owned());
        found.push(format!(
            "the history goes to {} with {} rows instead of {} with {}",
            version(head),
            head.rows,
            version(&manifest.history),
            manifest.history.rows
        ));
    }
    if found.len() > DIFFERENCES_SHOWN {
        let more = found.len() - DIFFERENCES_SHOWN;
        found.truncate(DIFFERENCES_SHOWN);
        found.push(format!("and {more} more"));
    }
    found
}
