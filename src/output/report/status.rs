use serde::Serialize;

use super::BackupEntry;
use crate::dialect::Engine;
use crate::model::{AppliedMigration, Direction, RowKind, Version};
use crate::plan::{MigrationState, SurveyEntry};

/// What `status` found.
#[derive(Debug, Clone, Serialize)]
pub struct StatusReport {
    /// In the order of the configuration.
    pub databases: Vec<DatabaseStatus>,
}

/// Files against history, for one database.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseStatus {
    /// Its name in the configuration.
    pub database: String,
    /// Its engine.
    pub engine: Engine,
    /// Where it is, without user or password.
    pub location: String,
    /// The highest applied version; None when none is applied.
    pub current_version: Option<Version>,
    /// How many migrations `migrate` would run.
    pub pending: usize,
    /// The newest backup in the configured folder.
    pub newest_backup: Option<BackupEntry>,
    /// Every file, and every row without a file, in order.
    pub entries: Vec<StatusEntry>,
}

/// One migration of a status.
#[derive(Debug, Clone, Serialize)]
pub struct StatusEntry {
    /// What it is now.
    pub state: EntryState,
    /// None for repeatables.
    pub version: Option<Version>,
    /// The snake-case part of the file name.
    pub name: String,
    /// The file's name.
    pub file: String,
    /// When it was applied, RFC 3339 in UTC by the server's clock; None when it is not.
    pub applied_at: Option<String>,
    /// What its header says must be applied before.
    pub depends_on: Vec<String>,
    /// How far it came, when it was stopped half-way; else null.
    pub interrupted: Option<Interruption>,
}

/// A migration that was stopped half-way.
#[derive(Debug, Clone, Serialize)]
pub struct Interruption {
    /// Which of its sections was running.
    pub direction: Direction,
    /// Statements known to be done: the first so many.
    pub done: usize,
    /// Statements in all.
    pub total: usize,
    /// Whether the next one may have been carried out, too: the run ended without an answer.
    pub unknown: bool,
}

/// A file against its row. Each variant says how to leave it where that is not obvious.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// Not applied yet; `migrate` applies it.
    Pending,
    /// Applied, and the file is what was applied.
    Applied,
    /// Not applied, but a higher version is: `out_of_order` decides.
    OutOfOrder,
    /// Applied, and the file's SQL was edited since: restore the file, or `repair`.
    Modified,
    /// Applied, and the file's comments or blanks were edited since: harmless.
    Cosmetic,
    /// Applied, and there is no file: restore it, or roll back from the history.
    Missing,
    /// Applied by a newer set of files than this one.
    Ahead,
    /// It was stopped half-way.
    Interrupted,
    /// A repeatable that runs with the next `migrate`.
    RepeatableDue,
    /// Recorded by `--baseline`, not executed.
    Baseline,
}

impl EntryState {
    /// The words shown to people.
    pub fn label(self) -> &'static str {
        match self {
            EntryState::Pending => "pending",
            EntryState::Applied => "applied",
            EntryState::OutOfOrder => "out of order",
            EntryState::Modified => "modified",
            EntryState::Cosmetic => "applied, comments edited",
            EntryState::Missing => "file missing",
            EntryState::Ahead => "ahead of the files",
            EntryState::Interrupted => "interrupted",
            EntryState::RepeatableDue => "due",
            EntryState::Baseline => "baseline",
        }
    }
}

/// What `history` found.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryReport {
    /// In the order of the configuration.
    pub databases: Vec<DatabaseHistory>,
}

/// The history of one database.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseHistory {
    /// Its name in the configuration.
    pub database: String,
    /// Its engine.
    pub engine: Engine,
    /// Where it is, without user or password.
    pub location: String,
    /// The oldest application first.
    pub rows: Vec<HistoryRow>,
}

/// One row of the history.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryRow {
    /// Order of application, 1 for the first.
    pub sequence: i64,
    /// None for repeatables.
    pub version: Option<Version>,
    /// The migration's description.
    pub description: String,
    /// The file's name when it was applied.
    pub file: String,
    /// What was applied.
    pub kind: RowKind,
    /// RFC 3339 in UTC, by the server's clock.
    pub applied_at: String,
    /// How long the upgrade took, in milliseconds.
    pub execution_ms: Option<i64>,
    /// Database user, host and tool version.
    pub applied_by: Option<String>,
    /// The run that applied it.
    pub run_id: Option<String>,
}

/// What `repair` found or changed.
#[derive(Debug, Clone, Serialize)]
pub struct RepairReport {
    /// In the order of the configuration.
    pub databases: Vec<DatabaseRepair>,
}

/// One database's part of a repair.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseRepair {
    /// Its name in the configuration.
    pub database: String,
    /// The migrations that differ from the history.
    pub entries: Vec<RepairEntry>,
}

/// One migration that differs from its row.
#[derive(Debug, Clone, Serialize)]
pub struct RepairEntry {
    /// None for repeatables.
    pub version: Option<Version>,
    /// The file's name.
    pub file: String,
    /// How it differs.
    pub state: EntryState,
    /// The digest in the history before.
    pub recorded_checksum: Option<String>,
    /// The digest of the file; None when it is missing.
    pub file_checksum: Option<String>,
    /// What changed, in words or as a difference of lines.
    pub difference: Option<String>,
    /// Whether the history was changed to the file's digest.
    pub repaired: bool,
}

/// What `resolve` settled.
#[derive(Debug, Clone, Serialize)]
pub struct ResolveReport {
    /// In the order of the configuration.
    pub databases: Vec<DatabaseResolution>,
}

/// The statement that was settled in one database.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseResolution {
    /// Its name in the configuration.
    pub database: String,
    /// None for repeatables.
    pub version: Option<Version>,
    /// The interrupted migration's file name.
    pub file: String,
    /// Which of its sections was running.
    pub direction: Direction,
    /// The statement, 1 for the first; None where the whole migration was settled.
    pub statement: Option<usize>,
    /// Its text, where it is known.
    pub sql: Option<String>,
    /// What was said of it.
    pub outcome: ResolvedAs,
    /// Whether it counts as done; else it is executed again.
    pub done: bool,
}

/// What a person says of an interrupted migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ResolvedAs {
    /// The statement took effect.
    Done,
    /// It did not.
    Retry,
    /// Nothing of the migration stands any more.
    Undone,
}

/// What `lock-status` found, or `unlock` did.
#[derive(Debug, Clone, Serialize)]
pub struct LockReport {
    /// In the order of the configuration.
    pub databases: Vec<DatabaseLock>,
}

/// The migration lock of one database.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseLock {
    /// Its name in the configuration.
    pub database: String,
    /// Whether someone holds it now.
    pub held: bool,
    /// Who: process, user, application, client, since, query, as far as the server tells.
    pub holder: Option<String>,
    /// Whether the holder's session was ended (`unlock`).
    pub released: bool,
}

impl EntryState {
    /// The state of a surveyed migration.
    pub fn of(entry: &SurveyEntry) -> Self {
        let baseline = entry.row.as_ref().is_some_and(|row| row.kind == RowKind::Baseline);
        match entry.state {
            MigrationState::Applied if baseline => EntryState::Baseline,
            MigrationState::Applied => EntryState::Applied,
            MigrationState::Pending => EntryState::Pending,
            MigrationState::CosmeticallyEdited => EntryState::Cosmetic,
            MigrationState::OutOfOrder => EntryState::OutOfOrder,
            MigrationState::Modified => EntryState::Modified,
            MigrationState::Missing => EntryState::Missing,
            MigrationState::Ahead => EntryState::Ahead,
            MigrationState::Interrupted => EntryState::Interrupted,
            MigrationState::RepeatableDue => EntryState::RepeatableDue,
        }
    }
}

impl From<&SurveyEntry> for StatusEntry {
    fn from(entry: &SurveyEntry) -> Self {
        let (file, row) = (entry.file.as_ref(), entry.row.as_ref());
        StatusEntry {
            state: EntryState::of(entry),
            version: entry.version().cloned(),
            name: match (file, row) {
                (Some(file), _) => file.name.clone(),
                (None, Some(row)) => row.description.clone(),
                (None, None) => String::new(),
            },
            file: match (file, row) {
                (Some(file), _) => file.file_name.clone(),
                (None, Some(row)) => row.file_name.clone(),
                (None, None) => entry.label(),
            },
            applied_at: row.map(|row| row.applied_at.clone()),
            interrupted: entry.in_flight.as_ref().map(|entry| Interruption {
                direction: entry.direction,
                done: entry.done,
                total: entry.total,
                unknown: entry.is_open(),
            }),
            depends_on: file.map(|file| file.depends_on.iter().map(ToString::to_string).collect()).unwrap_or_default(),
        }
    }
}

impl From<&AppliedMigration> for HistoryRow {
    fn from(row: &AppliedMigration) -> Self {
        HistoryRow {
            sequence: row.sequence,
            version: row.version.clone(),
            description: row.description.clone(),
            file: row.file_name.clone(),
            kind: row.kind,
            applied_at: row.applied_at.clone(),
            execution_ms: row.execution_ms,
            applied_by: row.applied_by.as_deref().map(str::to_owned),
            run_id: row.run_id.as_deref().map(str::to_owned),
        }
    }
}
