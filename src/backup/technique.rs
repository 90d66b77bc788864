use async_trait::async_trait;

use super::compare::TableCount;
use super::error::BackupError;
use super::manifest::{Method, Product};
use super::mysql::MySqlTechnique;
use super::postgres::PostgresTechnique;
use super::settings::Settings;
use super::sink::Written;
use super::sqlite::SqliteTechnique;
use super::store::{Archive, Pending};
use crate::db::{ConnectOptions, Row, ServerInfo, Session, SessionOptions};

/// How far a dump or a restore has come, for a progress line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read from or written to the engine's program, before compression.
    pub bytes: u64,
    /// Tables begun, where the engine tells.
    pub tables: Option<usize>,
}

/// Hears of progress; called a few times a second at most.
pub type OnProgress<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// A dump that was written and flushed, but has no name yet.
#[derive(Debug)]
pub struct Dumped {
    /// The file; None for a directory.
    pub(super) written: Option<Written>,
    /// Rows of each table in the dump, from the same snapshot.
    pub(super) tables: Vec<TableCount>,
}

/// A database that is not the real one: made to hold a restored archive.
#[derive(Clone)]
pub struct Scratch {
    /// Its name on the server, or its file.
    pub name: String,
    /// How to reach it.
    pub(super) connect: ConnectOptions,
}

/// How a swap ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swapped {
    /// Where the data is that was there before, in words that name it; None where it is gone.
    pub old: Option<String>,
    /// What the user should know: what was not carried over, how to remove the old data.
    pub notes: Vec<String>,
}

/// What an engine contributes to backups.
///
/// Every future may be dropped at any point (a signal): programs end with their [`super::program::Running`], and the caller
/// drops scratch databases by [`Technique::discard`], whose name it knows beforehand.
#[async_trait]
pub trait Technique: Send + Sync {
    /// How its archives are laid out, with these settings.
    fn method(&self) -> Method;

    /// Begins to look for the program that makes dumps, while the server is connected to.
    fn look(&mut self) {}

    /// Finds the program that makes dumps and compares its version with the server's.
    ///
    /// # Errors
    /// [`BackupError::ProgramMissing`] and [`BackupError::ProgramTooOld`].
    async fn tool(&mut self, server: &ServerInfo) -> Result<Product, BackupError>;

    /// Roughly how many bytes an archive may take, for the check of free space: rather too many.
    async fn estimate(&self, session: &mut dyn Session) -> Result<Option<u64>, BackupError>;

    /// Dumps the database into `pending`, flushed. One consistent snapshot; waits for locks no longer than
    /// `options.lock_timeout`; keeps others from working for no longer than that.
    async fn dump(
        &self,
        options: &SessionOptions,
        pending: &Pending,
        progress: OnProgress<'_>,
    ) -> Result<Dumped, BackupError>;

    /// Makes the real database, empty, where the server has none of that name: a backup can then be restored into it.
    ///
    /// # Errors
    /// The server's; [`BackupError::MayNotCreate`].
    async fn make_missing(&self) -> Result<(), BackupError>;

    /// What [`Technique::load`] will make: a database called `name` (SQLite: that file), or one with a name of its own
    /// for this run. No side effects.
    fn scratch(&self, name: Option<&str>, run_id: &str) -> Scratch;

    /// Makes the scratch database and loads the archive into it: everything in it, as it was. The archive's bytes are
    /// those the manifest describes.
    ///
    /// # Errors
    /// [`BackupError::Exists`] where there is a database of that name, which is left alone.
    async fn load(&mut self, archive: &Archive, scratch: &Scratch, progress: OnProgress<'_>)
    -> Result<(), BackupError>;

    /// Removes the scratch database, whether it is there or not, whole or not.
    async fn discard(&self, scratch: &Scratch) -> Result<(), BackupError>;

    /// Who keeps the database from being replaced now, one line each: everybody else who uses it, or with `force` only
    /// those whom the swap cannot end.
    async fn in_use(&self, session: &mut dyn Session, force: bool) -> Result<Vec<String>, BackupError>;

    /// Puts the scratch database in the place of the real one. `session` is connected to the real one and holds
    /// the migration lock; it may be closed by this. With `force`, sessions of others are ended.
    ///
    /// # Errors
    /// [`BackupError::NotSwapped`], which says where what is; [`BackupError::InUse`].
    async fn swap(&self, session: Box<dyn Session>, scratch: &Scratch, force: bool) -> Result<Swapped, BackupError>;
}

/// A session of somebody else in words: its id, and what else the row tells.
pub(super) fn describe_session(row: &Row) -> String {
    let facts: Vec<&str> = row.cells().skip(1).flatten().filter(|fact| !fact.is_empty()).collect();
    format!("session {} ({})", row.text(0).unwrap_or_default(), facts.join(", "))
}

/// The technique of the engine behind `connect`.
///
/// # Errors
/// [`BackupError::Unsupported`] for a database in memory.
pub fn technique(connect: &ConnectOptions, settings: &Settings) -> Result<Box<dyn Technique>, BackupError> {
    Ok(match connect {
        ConnectOptions::Postgres(server) => Box::new(PostgresTechnique::new(server, settings)),
        ConnectOptions::MySql(server) => Box::new(MySqlTechnique::new(server, settings)),
        ConnectOptions::Sqlite(file) => match &file.path {
            Some(path) => Box::new(SqliteTechnique::new(path, settings)),
            None => return Err(BackupError::Unsupported("a database in memory has no backup".to_owned())),
        },
    })
}
