use std::path::PathBuf;

use super::retention::Keep;

/// How backups of one database are made and kept; from the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The folder of all backups; each database has a folder of its own in it.
    pub dir: PathBuf,
    /// What is kept when a new one has been made.
    pub keep: Keep,
    /// zstd level, 1 to 19; None: what the engine's program does by itself.
    pub compression: Option<i32>,
    /// PostgreSQL: one file, or a directory written by several processes.
    pub format: DumpFormat,
    /// How many tables the directory format writes, and any restore reads, at the same time.
    pub jobs: usize,
    /// The program that makes dumps (`pg_dump`, `mariadb-dump`), where it is not the one on the PATH.
    pub dump_program: Option<PathBuf>,
    /// The program that reads them (`pg_restore`, `mariadb`).
    pub restore_program: Option<PathBuf>,
    /// Where programs are looked for, in order: the PATH.
    pub search_path: Vec<PathBuf>,
}

/// What a PostgreSQL dump looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum DumpFormat {
    /// One file in pg_dump's custom format.
    #[default]
    Custom,
    /// A directory, dumped by several processes at the same time.
    Directory,
}
