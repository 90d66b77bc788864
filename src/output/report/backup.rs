use serde::Serialize;

use crate::backup::Manifest;
use crate::dialect::Engine;

/// What `backup`, `backup list`, `backup verify` or `restore` did or found.
#[derive(Debug, Clone, Serialize)]
pub struct BackupReport {
    /// In the order of the configuration.
    pub databases: Vec<DatabaseBackups>,
}

/// The backups of one database that the command is about.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseBackups {
    /// Its name in the configuration.
    pub database: String,
    /// Its engine.
    pub engine: Engine,
    /// What was done.
    pub action: BackupAction,
    /// The folder of its backups.
    pub folder: String,
    /// The backups: all of them for a list, the newest first; else the one it is about.
    pub backups: Vec<BackupEntry>,
    /// Backups that were removed because newer ones suffice.
    pub removed: Vec<String>,
    /// What is odd: manifests that cannot be read, what a restore did not carry over.
    pub notes: Vec<String>,
}

/// What was done with backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BackupAction {
    /// One was taken.
    Taken,
    /// They were listed.
    Listed,
    /// One was verified.
    Verified,
    /// One took the place of the database.
    Restored,
    /// One was restored into a new database.
    Copied,
}

/// One backup.
#[derive(Debug, Clone, Serialize)]
pub struct BackupEntry {
    /// The archive.
    pub path: String,
    /// When it was begun: RFC 3339, UTC.
    pub started_at: String,
    /// How long it took.
    pub duration_ms: u64,
    /// The highest version applied in it.
    pub version: Option<String>,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of the archive.
    pub sha256: String,
    /// Tables in it.
    pub tables: usize,
    /// Rows in them.
    pub rows: u64,
    /// The run that took it.
    pub run_id: String,
    /// Whether this command loaded it into a scratch database and found it good.
    pub verified: bool,
}

impl BackupEntry {
    /// The archive at `path` that `manifest` describes.
    pub fn new(path: &std::path::Path, manifest: &Manifest, verified: bool) -> Self {
        BackupEntry {
            path: path.display().to_string(),
            started_at: manifest.started_at.clone(),
            duration_ms: manifest.duration_ms,
            version: manifest.history.version.clone(),
            bytes: manifest.bytes,
            sha256: manifest.sha256.clone(),
            tables: manifest.tables.len(),
            rows: manifest.tables.iter().map(|table| table.rows).sum(),
            run_id: manifest.run_id.clone(),
            verified,
        }
    }
}
