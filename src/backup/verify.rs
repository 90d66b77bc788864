use std::time::{Duration, Instant};

use super::compare::{count, differences, history_head};
use super::error::BackupError;
use super::store::Archive;
use super::technique::{OnProgress, Scratch, Technique};
use crate::db::history_table::{self, BookkeepingError, Extent};
use crate::db::{self, ConnectOptions, Session, SessionOptions, SqlError, SqlErrorKind};
use crate::dialect::{Engine, Tables};
use crate::fail_point;

/// A backup that was found to be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Tables compared.
    pub tables: usize,
    /// Rows counted in them.
    pub rows: u64,
    /// How long it took.
    pub elapsed: Duration,
}

/// Makes sure that a backup is whole and can be restored: compares every byte with the manifest's digest, loads it
/// into `scratch`, and compares tables, rows and history with the manifest. `tables` are those of the real database;
/// `holder` is the session that may hold its lock, and is kept alive meanwhile.
///
/// The scratch database is left behind, loaded: the caller swaps or discards it, also after a failure and after
/// dropping this future.
///
/// # Errors
/// [`BackupError::Damaged`], [`BackupError::OtherEngine`], [`BackupError::Differs`] and what loading it says.
pub async fn verify(
    technique: &mut dyn Technique,
    archive: &Archive,
    scratch: &Scratch,
    tables: &Tables,
    holder: &mut dyn Session,
    progress: OnProgress<'_>,
) -> Result<Verified, BackupError> {
    db::kept_alive(holder, load_and_compare(technique, archive, scratch, tables, progress)).await?
}

async fn load_and_compare(
    technique: &mut dyn Technique,
    archive: &Archive,
    scratch: &Scratch,
    tables: &Tables,
    progress: OnProgress<'_>,
) -> Result<Verified, BackupError> {
    let started = Instant::now();
    let manifest = &archive.manifest;
    if manifest.engine != tables.engine.name() {
        let known = Engine::ALL.into_iter().find(|engine| engine.name() == manifest.engine);
        return Err(BackupError::OtherEngine {
            path: archive.path.clone(),
            archive: known.map_or("an unknown engine", Engine::name),
            database: tables.engine.name(),
        });
    }
    archive.check_digest().await?;
    fail_point::pass("backup to be loaded");
    technique.load(archive, scratch, progress).await?;
    fail_point::pass("backup loaded");

    let mut session = db::connect(&scratch.connect, &SessionOptions::default()).await?;
    let counted = count(session.as_mut()).await;
    let loaded = history_table::load(session.as_mut(), &tables_in(scratch, tables), Extent::Applied).await;
    session.close().await;
    let counted = counted?;
    let head = history_head(&loaded.map_err(unreadable)?.history);
    match differences(manifest, &counted, &head) {
        none if none.is_empty() => Ok(Verified {
            tables: counted.len(),
            rows: counted.iter().map(|table| table.rows).sum(),
            elapsed: started.elapsed(),
        }),
        found => Err(BackupError::Differs(found)),
    }
}

/// The tool's tables in the scratch database: on MySQL their place is named after it.
fn tables_in(scratch: &Scratch, tables: &Tables) -> Tables {
    match &scratch.connect {
        ConnectOptions::MySql(server) => Tables::new(tables.engine, &server.database, &tables.history),
        ConnectOptions::Postgres(_) | ConnectOptions::Sqlite(_) => tables.clone(),
    }
}

fn unreadable(error: BookkeepingError) -> BackupError {
    match error {
        BookkeepingError::Sql(error) => error.into(),
        other => SqlError::new(SqlErrorKind::Protocol, other.to_string()).into(),
    }
}
