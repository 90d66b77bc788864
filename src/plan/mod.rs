//! What will be done, as a value: preview, dry run and execution all read the same [`Plan`].
//!
//! Everything here is a pure function of files, history and goal: no I/O, no clock.

mod ahead;
mod difference;
mod error;
mod group;
mod migrate;
mod policy;
mod resume;
mod rollback;
mod segment;
mod state;
mod temporary;
mod unfinished;

pub use ahead::{announced_together, in_flight};
pub use difference::{Difference, difference, difference_of_section};
pub use error::{PlanError, Started};
pub use group::{group, shares_transaction};
pub use migrate::{plan_baseline, plan_migrate};
pub use policy::{DatabaseAhead, DurableCommits, MigratePolicy, OutOfOrder};
pub use resume::{
    Ask, OpenQuestion, Resume, effects_from, has_begun, kept_script, needs_no_mark, open_question, open_statements,
    script_in_flight, settle_through,
};
pub use rollback::{RollbackSource, StoredRollbacks, plan_rollback, rollback_edited, rows_to_revert, stored_rollback};
pub use segment::{Segment, SegmentMode, locked_block, segments};
pub use state::{MigrationState, Survey, SurveyEntry, survey};
pub use temporary::refuse_hidden_tables;
pub use unfinished::{Healing, healing};

use std::sync::Arc;

use crate::dialect::Engine;
use crate::model::{AppliedMigration, Direction, Migration, Script, Verdict, Version};

/// What the user asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// Everything there is.
    Latest,
    /// Up to and including this version (migrate), or until it is the newest one left (rollback; `0` undoes all).
    Version(Version),
    /// This many migrations.
    Steps(usize),
}

/// The ordered work.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// One migration each, in the order they run.
    pub steps: Vec<Step>,
    /// What the user should know although it stops nothing.
    pub notes: Vec<PlanNote>,
    /// Journal entries that tell of nothing: what they announced was never begun.
    pub forget: Vec<Direction>,
}

/// One migration in one direction.
#[derive(Debug, Clone)]
pub struct Step {
    /// What is done to it.
    pub work: Work,
    /// How its statements run; empty when it only changes the history.
    pub segments: Vec<Segment>,
    /// Where to go on, when an earlier run was interrupted in it.
    pub resume: Option<Resume>,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Work {
    /// Runs the upgrade section and records it.
    Apply(Arc<Migration>),
    /// Records it without running anything (`--baseline`).
    Record(Arc<Migration>),
    /// Runs what undoes it and removes its row.
    Revert {
        /// The row that goes.
        row: Arc<AppliedMigration>,
        /// What undoes it.
        script: Arc<Script>,
        /// Where that came from.
        source: RollbackSource,
        /// The file, where there is one.
        file: Option<Arc<Migration>>,
    },
}

/// What a plan found that stops nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanNote {
    /// The database has versions newer than every file.
    DatabaseAhead {
        /// Their labels, the lowest first.
        labels: Vec<String>,
    },
    /// The version asked for is already passed: nothing to do.
    AlreadyPast {
        /// What was asked for.
        asked: Version,
        /// The highest version applied.
        current: Version,
    },
    /// A step goes on where an interrupted run stopped.
    Resuming {
        /// The migration.
        label: String,
        /// Upgrade or rollback.
        direction: Direction,
        /// Statements already done.
        done: usize,
        /// Statements in all.
        total: usize,
    },
    /// An interrupted statement whose outcome the database told.
    Settled {
        /// The migration's file.
        file_name: String,
        /// The statement, 1 for the first.
        statement: usize,
        /// Whether it had taken effect.
        verdict: Verdict,
        /// Whether the author's own query told it, and not the catalog.
        by_author: bool,
    },
    /// The interrupted file was edited behind what is done.
    EditedAhead {
        /// Where the file is.
        file: String,
        /// The first statement that is not what it was, 1 for the first of the section.
        statement: usize,
        /// The line it stands on; None where the file ends before.
        line: Option<usize>,
    },
    /// What an interrupted run announced in the other direction was never begun: nothing is to be finished.
    NeverBegun {
        /// The migration's file.
        file_name: String,
        /// Upgrade or rollback.
        direction: Direction,
    },
    /// A rollback decided by an interrupted run is finished instead of a new one.
    FinishingRollback {
        /// What is left of it, in the order it is undone.
        labels: Vec<String>,
    },
    /// The file is gone or was edited: its rollback text comes from the history.
    RollbackFromHistory {
        /// The migration.
        label: String,
        /// Whether there is a file at all.
        file_exists: bool,
    },
    /// The rollback section holds no statement.
    NothingToUndo {
        /// The migration.
        label: String,
    },
    /// Fewer migrations are applied than were to be rolled back.
    FewerThanAsked {
        /// What was asked for.
        asked: usize,
        /// What there is.
        available: usize,
    },
}

impl Step {
    /// A step that runs the file's upgrade section.
    pub fn apply(engine: Engine, file: &Arc<Migration>) -> Self {
        Step { work: Work::Apply(file.clone()), segments: segments(engine, &file.upgrade), resume: None }
    }

    /// Which way it goes.
    pub fn direction(&self) -> Direction {
        match self.work {
            Work::Apply(_) | Work::Record(_) => Direction::Upgrade,
            Work::Revert { .. } => Direction::Rollback,
        }
    }

    /// What it runs; None when it only changes the history.
    pub fn script(&self) -> Option<&Script> {
        match &self.work {
            Work::Apply(file) => Some(&file.upgrade),
            Work::Record(_) => None,
            Work::Revert { script, .. } => Some(script),
        }
    }

    /// The label used in messages.
    pub fn label(&self) -> String {
        match &self.work {
            Work::Apply(file) | Work::Record(file) => file.label(),
            Work::Revert { file: Some(file), .. } => file.label(),
            Work::Revert { row, .. } => row.label(),
        }
    }

    /// The version, for versioned ones.
    pub fn version(&self) -> Option<&Version> {
        match &self.work {
            Work::Apply(file) | Work::Record(file) => file.version(),
            Work::Revert { row, .. } => row.version.as_ref(),
        }
    }

    /// The file's name, as the history knows it.
    pub fn file_name(&self) -> &str {
        match &self.work {
            Work::Apply(file) | Work::Record(file) => &file.file_name,
            Work::Revert { row, .. } => &row.file_name,
        }
    }

    /// Where errors point to: the file's path, or the history when the text comes from there.
    pub fn origin(&self) -> String {
        match &self.work {
            Work::Apply(file) | Work::Record(file) => file.path.display().to_string(),
            Work::Revert { source: RollbackSource::File, file: Some(file), .. } => file.path.display().to_string(),
            Work::Revert { row, .. } => format!("{} (rollback stored in the history)", row.file_name),
        }
    }

    /// Whether the whole step is one transaction together with its bookkeeping, so that it happens or does not.
    pub fn is_atomic(&self) -> bool {
        let mut effects = self.segments.iter().filter(|segment| segment.has_effect());
        match (effects.next(), effects.next()) {
            (None, _) => true,
            (Some(only), None) => only.mode == SegmentMode::Transaction,
            (Some(_), Some(_)) => false,
        }
    }
}
