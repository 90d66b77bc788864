use std::sync::Arc;

use super::{Checksum, Version};

/// The layout of history rows this program writes. A row of a higher one was written by a newer dbwarden and is
/// never interpreted.
pub const BOOKKEEPING_FORMAT: i64 = 1;

/// One row of the history table: a migration that was applied, or recorded as applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedMigration {
    /// Order of application: 1 for the first. Every decision about order uses it, never a clock.
    pub sequence: i64,
    /// NULL for repeatables.
    pub version: Option<Version>,
    /// The file's description.
    pub description: String,
    /// The name of the file when it was applied; unique.
    pub file_name: String,
    /// What was applied.
    pub kind: RowKind,
    /// When it was recorded, by the server's clock: RFC 3339 in UTC. For people only.
    pub applied_at: String,
    /// None where another tool wrote the row or used an algorithm this program does not know: such a row is taken
    /// as applied and never compared.
    pub checksum: Option<Checksum>,
    /// SHA-256 of the stored rollback text; None when irreversible, or when another tool wrote the row.
    pub rollback_digest: Option<String>,
    /// How long the upgrade took, in milliseconds.
    pub execution_ms: Option<i64>,
    /// Database user, host and tool version; shared, as mostly the same for many rows.
    pub applied_by: Option<Arc<str>>,
    /// The run that applied it; shared, too.
    pub run_id: Option<Arc<str>>,
}

impl AppliedMigration {
    /// The label used in messages when there is no file: `0001 add users`.
    pub fn label(&self) -> String {
        match &self.version {
            Some(version) if self.description.is_empty() => version.to_string(),
            Some(version) => format!("{version} {}", self.description),
            None => self.file_name.clone(),
        }
    }
}

/// The `migration_type` of a history row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// Ran in the order of versions.
    Versioned,
    /// Runs on every migrate.
    RunsAlways,
    /// Runs when its content changed.
    RunsOnChange,
    /// Recorded by `--baseline`, not executed.
    Baseline,
    /// Ran in the order of versions; that its file is gone has been accepted by `repair`.
    Detached,
}

impl RowKind {
    const ALL: [RowKind; 5] =
        [RowKind::Versioned, RowKind::RunsAlways, RowKind::RunsOnChange, RowKind::Baseline, RowKind::Detached];

    /// The word stored in `migration_type` (the Python tool's words, `baseline` and `detached`).
    pub fn name(self) -> &'static str {
        match self {
            RowKind::Versioned => "versioned",
            RowKind::RunsAlways => "runs_always",
            RowKind::RunsOnChange => "runs_on_change",
            RowKind::Baseline => "baseline",
            RowKind::Detached => "detached",
        }
    }

    /// The inverse of [`RowKind::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        RowKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// All rows of the history table, in order of application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    rows: Vec<Arc<AppliedMigration>>,
}

impl History {
    /// Takes rows in any order.
    pub fn new(rows: Vec<AppliedMigration>) -> Self {
        History::of_shared(rows.into_iter().map(Arc::new).collect())
    }

    /// The same with rows that are not to be moved.
    pub fn of_shared(mut rows: Vec<Arc<AppliedMigration>>) -> Self {
        rows.sort_by_key(|row| row.sequence);
        History { rows }
    }

    /// All rows, the oldest application first.
    pub fn rows(&self) -> &[Arc<AppliedMigration>] {
        &self.rows
    }

    /// Rows with a version (versioned and baseline), the oldest application first.
    pub fn versioned(&self) -> impl DoubleEndedIterator<Item = (&Version, &Arc<AppliedMigration>)> {
        self.rows.iter().filter_map(|row| row.version.as_ref().map(|version| (version, row)))
    }

    /// The highest applied version, whatever its place in the order of application.
    pub fn highest_version(&self) -> Option<&Version> {
        self.versioned().map(|(version, _)| version).max()
    }
}
