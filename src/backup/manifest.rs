use serde::{Deserialize, Serialize};

use super::compare::TableCount;

/// The layout of manifests this program writes. One of a higher number is never interpreted.
pub const MANIFEST_FORMAT: u32 = 1;

/// What an archive is: written beside it as JSON. Holds no secret.
///
/// Adding a field is fine, renaming or removing one is a new [`MANIFEST_FORMAT`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`MANIFEST_FORMAT`].
    pub format: u32,
    /// The database's name in the configuration.
    pub database: String,
    /// `postgresql`, `mysql` or `sqlite`.
    pub engine: String,
    /// Where it was, without user or password.
    pub location: String,
    /// The server it was taken from.
    pub server: Product,
    /// What took it.
    pub tool: Product,
    /// How the archive is laid out.
    pub method: Method,
    /// zstd level, where the archive is compressed by us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zstd: Option<i32>,
    /// The archive's name, beside the manifest.
    pub archive: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the archive, lower-case hexadecimal; of a directory: of the lines `<sha256>  <name>` of its files.
    pub sha256: String,
    /// The files of a directory, by name; empty for a single file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileDigest>,
    /// Which migrations it holds.
    pub history: HistoryHead,
    /// Rows of every table, as the archive holds them; by schema and name.
    pub tables: Vec<TableCount>,
    /// When it was begun: RFC 3339, UTC.
    pub started_at: String,
    /// How long it took.
    pub duration_ms: u64,
    /// The run that took it.
    pub run_id: String,
    /// Database user, host and dbwarden's version.
    pub taken_by: String,
}

/// A product and its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// `PostgreSQL`, `pg_dump`.
    pub name: String,
    /// `15.18`
    pub version: String,
}

/// How an archive is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// pg_dump's custom format: one file.
    PostgresCustom,
    /// pg_dump's directory format.
    PostgresDirectory,
    /// SQL text by mariadb-dump or mysqldump.
    MysqlSql,
    /// A SQLite database file.
    SqliteFile,
}

/// One file of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    /// Its name in the directory.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// How far a database's history goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryHead {
    /// The highest applied version; None when nothing is applied.
    pub version: Option<String>,
    /// Rows in the history.
    pub rows: usize,
    /// SHA-256 over file names and checksums in order of application: equal histories have equal digests.
    pub digest: String,
}
