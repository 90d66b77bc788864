use std::time::Duration;

use super::Signal;
use crate::db::{Blocker, SqlError, SqlErrorKind};
use crate::model::JournalEntry;

/// The result of carrying out a plan.
#[derive(Debug, Default)]
pub struct RunReport {
    /// The steps that were carried out, in order.
    pub finished: Vec<StepSuccess>,
    /// Why it stopped early, if it did.
    pub failure: Option<StepFailure>,
}

/// A step that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepSuccess {
    /// Its index in the plan.
    pub step: usize,
    /// How long it took.
    pub elapsed: Duration,
}

/// A step that was not carried out.
#[derive(Debug)]
pub struct StepFailure {
    /// Its index in the plan.
    pub step: usize,
    /// What went wrong.
    pub cause: Cause,
    /// What is left of it in the database.
    pub aftermath: Aftermath,
    /// How many steps behind it travelled in the same message: where its outcome is unknown, theirs is, too.
    pub behind: usize,
    /// What the journal must say of it, where that could not be written: the connection was lost between two
    /// statements, so that how far it came is known here and nowhere else.
    pub owed: Option<Box<JournalEntry>>,
    /// Whom it waited for, where waiting is why it failed; empty where the server does not tell.
    pub blockers: Vec<Blocker>,
}

/// What went wrong in a step.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// A statement of the script failed.
    #[error("statement {} failed: {error}", .statement + 1)]
    Statement {
        /// Its index in the script.
        statement: usize,
        /// What the server said; its position is relative to the statement.
        error: SqlError,
    },
    /// The commit failed: a deferred constraint, most often.
    #[error("the commit failed: {0}")]
    Commit(SqlError),
    /// The configured role is not there, or is not the login user's to take on.
    #[error("the role cannot be taken on: {0}")]
    Role(SqlError),
    /// The tool's own writing failed: opening the transaction, or the bookkeeping.
    #[error("the bookkeeping failed: {0}")]
    Bookkeeping(SqlError),
    /// Rows refer to rows that are not there, because of this step.
    #[error("foreign keys are violated: {}", .violations.join("; "))]
    ForeignKeys {
        /// Some of them, in words.
        violations: Vec<String>,
    },
    /// The migration lock was found to be lost; nothing was written after that.
    #[error("the migration lock was lost")]
    LockLost,
    /// A signal asked to stop.
    #[error("interrupted by {0}")]
    Interrupted(Signal),
}

impl Cause {
    /// The server's answer, where there is one.
    pub fn sql(&self) -> Option<&SqlError> {
        match self {
            Cause::Statement { error, .. } | Cause::Commit(error) | Cause::Role(error) | Cause::Bookkeeping(error) => {
                Some(error)
            }
            Cause::ForeignKeys { .. } | Cause::LockLost | Cause::Interrupted(_) => None,
        }
    }

    /// Whether the same command, run again, can succeed by itself.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Cause::Interrupted(_)) || self.sql().is_some_and(|error| error.kind.is_conflict())
    }

    /// Whether it failed because it waited for somebody; `now`: whether somebody was in its way just before it failed.
    pub(super) fn was_blocked(&self, now: bool) -> bool {
        self.sql().is_some_and(|error| match error.kind {
            SqlErrorKind::LockTimeout => true,
            SqlErrorKind::Deadlock | SqlErrorKind::StatementTimeout => now,
            _ => false,
        })
    }

    /// Whether nothing more can be said to the server.
    pub fn connection_is_gone(&self) -> bool {
        self.sql().is_some_and(|error| error.kind.ends_session())
    }
}

/// What a failed step left in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aftermath {
    /// Nothing: it was undone, or never began.
    Undone,
    /// The first `done` of `total` statements stand; the next run goes on after them.
    Partial {
        /// Statements that stand.
        done: usize,
        /// Statements of the script.
        total: usize,
    },
    /// The connection ended before the answer. Whoever connects next finds out, by the history (a transaction either
    /// committed with its row or did not) or by the journal.
    Unknown,
}

impl StepFailure {
    pub(super) fn new(step: usize, cause: Cause, aftermath: Aftermath) -> Self {
        StepFailure { step, cause, aftermath, behind: 0, owed: None, blockers: Vec::new() }
    }

    /// A failure before anything of the step was sent.
    pub(super) fn before(step: usize, error: SqlError) -> Self {
        StepFailure::new(step, Cause::Bookkeeping(error), Aftermath::Undone)
    }

    /// A signal that came between two steps.
    pub(super) fn interrupted(step: usize, signal: Signal) -> Self {
        StepFailure::new(step, Cause::Interrupted(signal), Aftermath::Undone)
    }
}
