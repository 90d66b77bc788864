use std::collections::BTreeMap;

use super::{Row, Session, SqlError};
use crate::dialect::{Engine, SELECT_ROWID_TABLES, select_sqlite_sizes, select_table_sizes};
use crate::lint::{Name, TableSize};

/// SQLite allows 500 parts of one query.
const PARTS: usize = 400;

/// The tables of the session's database with their size, as far as the catalog knows it. Read only.
pub async fn table_sizes(session: &mut dyn Session) -> Result<BTreeMap<Name, TableSize>, SqlError> {
    let mut rows = Vec::new();
    match select_table_sizes(session.engine()) {
        Some(query) => rows = session.query(query).await?,
        None => {
            let tables = session.query(SELECT_ROWID_TABLES).await?;
            let tables: Vec<&str> = tables.iter().filter_map(|row| row.text(0)).collect();
            for part in tables.chunks(PARTS) {
                rows.extend(session.query(&select_sqlite_sizes(part)).await?);
            }
        }
    }
    // Names without a schema are a SQLite table's usual ones.
    let schema = |row: &Row| row.text(0).filter(|_| session.engine() != Engine::Sqlite).map(str::to_string);
    let size = |row: &Row| {
        let name = Name { schema: schema(row), name: row.text(1)?.to_string() };
        let number = |index| row.number(index).and_then(|number| u64::try_from(number).ok());
        Some((name, TableSize { rows: number(2)?, bytes: number(3).unwrap_or_default() }))
    };
    Ok(rows.iter().filter_map(size).collect())
}
