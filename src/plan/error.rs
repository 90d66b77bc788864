use std::ops::Range;
use std::sync::Arc;

use super::Difference;
use crate::model::{Direction, JournalEntry, Version};

/// Why there is no plan. Nothing has been executed when one of these comes up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Applied files were edited.
    #[error("{} changed after being applied: {}", files(.labels), .labels.join(", "))]
    Modified {
        /// The migrations.
        labels: Vec<String>,
    },
    /// Files of applied migrations are gone while newer files exist.
    #[error("{} applied but missing from the folder: {}", files(.labels), .labels.join(", "))]
    Missing {
        /// The migrations.
        labels: Vec<String>,
    },
    /// Files are below the highest applied version.
    #[error("{} below version {highest}, which is already applied: {}", files(.labels), .labels.join(", "))]
    OutOfOrder {
        /// The migrations.
        labels: Vec<String>,
        /// The highest applied version.
        highest: Version,
    },
    /// The database is ahead of the files, and `on_database_ahead = "fail"`.
    #[error("the database is ahead of the files: {}", .labels.join(", "))]
    DatabaseAhead {
        /// The migrations that have no file here.
        labels: Vec<String>,
    },
    /// No file has the version asked for.
    #[error("there is no migration with version {version}")]
    UnknownVersion {
        /// What was asked for.
        version: Version,
        /// The closest versions there are, for the hint.
        known: Vec<Version>,
    },
    /// The version to roll back to is not applied.
    #[error("version {version} is not applied, so nothing can be rolled back to it")]
    NotApplied {
        /// What was asked for.
        version: Version,
        /// The applied versions closest to it, for the hint.
        known: Vec<Version>,
    },
    /// `depends_on` names a migration that is neither applied nor part of this run.
    #[error("{label} depends on {dependency}, which is not applied")]
    DependencyNotApplied {
        /// The migration.
        label: String,
        /// What it needs.
        dependency: String,
    },
    /// A migration to undo is declared irreversible.
    #[error("{label} is irreversible")]
    Irreversible {
        /// The migration.
        label: String,
    },
    /// A migration to undo was recorded by `--baseline` and never executed.
    #[error("{label} was recorded by --baseline, not applied: rolling it back would undo what it never did")]
    Baseline {
        /// The migration.
        label: String,
    },
    /// There is neither a usable file nor a stored rollback text.
    #[error("{label} cannot be rolled back: its file is {} and the history holds no rollback text", if *.file_exists { "changed" } else { "gone" })]
    NoRollbackText {
        /// The migration.
        label: String,
        /// Whether there is a file at all.
        file_exists: bool,
    },
    /// The rollback text stored in the history does not parse.
    #[error("the rollback text stored for {label} cannot be read: {problem}")]
    BadStoredRollback {
        /// The migration.
        label: String,
        /// What the parser says.
        problem: String,
    },
    /// A migration was interrupted in the other direction and must be finished first.
    #[error("{} of {} was interrupted after {} of {} statements", direction_name(.entry.direction), .entry.file_name, .entry.done, .entry.total)]
    OtherDirectionInterrupted {
        /// The interrupted migration.
        entry: Box<JournalEntry>,
        /// What of it is done; empty where the text is not known.
        standing: Vec<String>,
    },
    /// The interrupted migration's file is gone.
    #[error("{} was interrupted after {} of {} statements, and its file is gone", .entry.file_name, .entry.done, .entry.total)]
    InterruptedFileMissing {
        /// The interrupted migration.
        entry: Box<JournalEntry>,
        /// The statement it would go on with; None where the text is not known.
        next: Option<String>,
    },
    /// The interrupted migration's file was edited in the part that is already done.
    #[error("{} was interrupted after {} of {} statements, and what is done was edited since", .entry.file_name, .entry.done, .entry.total)]
    EditedSinceInterruption {
        /// The interrupted migration.
        entry: Box<JournalEntry>,
        /// Where the text is.
        file: String,
        /// What was edited; None where the journal did not keep the text.
        difference: Option<Box<Difference>>,
    },
    /// What is left to run uses a temporary table that the done part made and that went with its session.
    #[error("{} was interrupted after {} of {} statements, and statement {statement} uses the temporary table {table}, which ended with that run", .entry.file_name, .entry.done, .entry.total)]
    TemporaryTableLost {
        /// The interrupted migration.
        entry: Box<JournalEntry>,
        /// Where the text is.
        file: String,
        /// The line of the statement that uses it.
        line: usize,
        /// The statement, 1 for the first.
        statement: usize,
        /// The table.
        table: String,
    },
    /// A temporary table of the file would stand in front of one of the tool's own.
    #[error("{file}:{line} makes a temporary table {table}, which would hide dbwarden's own")]
    HidesBookkeeping {
        /// Where the text is.
        file: String,
        /// The line it stands on.
        line: usize,
        /// The table.
        table: String,
    },
    /// Nobody knows whether the interrupted statement took effect.
    #[error("{} was interrupted in {} of {}, and {} is unknown", .entry.file_name, statements(.entry.done + 1, *.through), .entry.total, if *.through > .entry.done + 1 { "how far it came" } else { "whether it took effect" })]
    UnknownOutcome {
        /// The interrupted migration.
        entry: Box<JournalEntry>,
        /// Where the text is.
        file: String,
        /// The statement as it was started; None where it was edited since and nobody kept it.
        statement: Option<Started>,
        /// The last statement of which the outcome is unknown, 1 for the first: under LOCK TABLES there are several.
        through: usize,
        /// What was edited since.
        difference: Option<Box<Difference>>,
    },
}

/// A statement that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The text it stands in: the file, unless that was edited since.
    pub source: Arc<String>,
    /// Where in it.
    pub span: Range<usize>,
    /// The line of the file it stands on; None where the file has another one there now.
    pub line: Option<usize>,
}

fn statements(first: usize, last: usize) -> String {
    match last > first {
        true => format!("statements {first} to {last}"),
        false => format!("statement {first}"),
    }
}

fn files(labels: &[String]) -> String {
    match labels.len() {
        1 => "1 migration".to_string(),
        count => format!("{count} migrations"),
    }
}

fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Upgrade => "the upgrade",
        Direction::Rollback => "the rollback",
    }
}
