use std::io;
use std::path::PathBuf;

use crate::db::SqlError;
use crate::db::lock::LockError;

/// Why a backup was not made, is not good, or was not restored. Messages name files and programs and never a secret.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file system refuses.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was to be done: `create`, `write`, `rename`.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Something else stands where the folder of backups should be.
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// The estimate of what is needed does not fit.
    #[error("there is not enough room in {}: about {needed} bytes are needed, {available} are free", path.display())]
    NoRoom {
        /// The folder.
        path: PathBuf,
        /// Estimated from what the database takes.
        needed: u64,
        /// What an ordinary user may still write there.
        available: u64,
    },
    /// No such program on the PATH (or where the configuration says).
    #[error("{} was not found", program)]
    ProgramMissing {
        /// What was looked for: `pg_dump`, `mariadb-dump or mysqldump`.
        program: String,
        /// What to install.
        package: String,
    },
    /// The program cannot do it: too old for the server.
    #[error("{program} {version} is too old for the server's {server}")]
    ProgramTooOld {
        /// Path of the program.
        program: String,
        /// Its version.
        version: String,
        /// The server's version.
        server: String,
        /// What to install.
        package: String,
    },
    /// The program is the other product's, and would write what the server does not take back.
    #[error("{program} writes values into generated columns ({column}), which MySQL does not take back")]
    OtherProduct {
        /// Its name.
        program: String,
        /// One of them: `orders.total`.
        column: String,
    },
    /// The program ran and failed.
    #[error("{program} failed ({status})")]
    ProgramFailed {
        /// Its name.
        program: String,
        /// `exit status: 1`, `signal: 9`.
        status: String,
        /// The last lines it wrote on stderr.
        said: Vec<String>,
    },
    /// The engine cannot do what was asked.
    #[error("{0}")]
    Unsupported(String),
    /// No backup fits what was asked for.
    #[error("there is no backup {0}")]
    NotFound(String),
    /// The archive has no manifest beside it.
    #[error("{} has no manifest beside it", .0.display())]
    NoManifest(PathBuf),
    /// The manifest cannot be read.
    #[error("the manifest {} cannot be read: {problem}", path.display())]
    BadManifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The archive is not what the manifest describes: truncated, or changed.
    #[error("{} is damaged: {problem}", path.display())]
    Damaged {
        /// The archive, or the file in it.
        path: PathBuf,
        /// In what it differs.
        problem: String,
    },
    /// What the archive holds is not what the manifest says.
    #[error("the restored data differs from the manifest: {}", .0.join("; "))]
    Differs(Vec<String>),
    /// The archive belongs to another engine.
    #[error("{} is a backup of {archive}, the database is {database}", path.display())]
    OtherEngine {
        /// The archive.
        path: PathBuf,
        /// The engine it was made of.
        archive: &'static str,
        /// The engine of the database.
        database: &'static str,
    },
    /// The user may not make the database that the backup is loaded into.
    #[error("the database {database}, to load the backup into, cannot be made: {error}")]
    MayNotCreate {
        /// Its name.
        database: String,
        /// The right to grant, as SQL.
        remedy: String,
        /// What the server said.
        error: SqlError,
    },
    /// The database to restore into exists already.
    #[error("{0} exists already")]
    Exists(String),
    /// Others use the database.
    #[error("the database is in use: {}", sessions.join("; "))]
    InUse {
        /// Who they are.
        sessions: Vec<String>,
        /// Whether `--force` would end them.
        may_be_ended: bool,
    },
    /// The new data is loaded and good, but could not take its place; the old data is still there.
    #[error("the restored data could not take the database's place: {problem}")]
    NotSwapped {
        /// Why not.
        problem: String,
        /// Where the data is now, and what to do.
        state: String,
    },
    /// The migration lock.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The database answered with an error.
    #[error(transparent)]
    Sql(#[from] SqlError),
}

impl BackupError {
    /// For `map_err`: names what was done to which path.
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> BackupError {
        let path = path.into();
        move |source| BackupError::Io { doing, path, source }
    }
}
