use std::time::Duration;

use crate::db::{Blocker, SqlError, notices::Notice};
use crate::plan::Step;

/// What happens while a plan is carried out, as it happens.
#[derive(Debug)]
pub enum Event<'a> {
    /// A step begins.
    StepStarted {
        /// Its place in the plan, from 0.
        index: usize,
        /// Steps in the plan.
        total: usize,
        /// The step.
        step: &'a Step,
    },
    /// A statement of the step's script has ended well. Inside a transaction it can still be undone.
    StatementFinished {
        /// The step's place in the plan, from 0.
        step: usize,
        /// Its index in the script.
        statement: usize,
        /// Statements in the script.
        total: usize,
        /// Rows it changed or returned, where the server says.
        rows: Option<u64>,
        /// How long it took.
        elapsed: Duration,
    },
    /// The step is done and recorded.
    StepFinished {
        /// The step.
        step: &'a Step,
        /// How long it took.
        elapsed: Duration,
    },
    /// A lock timeout or a deadlock undid the segment; it is tried again.
    Retrying {
        /// The step.
        step: &'a Step,
        /// What the server said.
        error: &'a SqlError,
        /// How many tries there were.
        attempt: u32,
        /// How long until the next one.
        pause: Duration,
        /// Whom it waited for; empty where nobody was seen.
        blockers: &'a [Blocker],
    },
    /// A statement waits for others. Told when they are first seen, when they change, and now and then.
    Blocked {
        /// Whom it waits for.
        blockers: &'a [Blocker],
        /// How long what was sent has been running.
        waited: Duration,
    },
    /// What an interrupted concurrent build left of an index is removed, so that it can be built again.
    InvalidIndexDropped {
        /// The index.
        index: &'a str,
    },
    /// The server has something to say.
    Notice(&'a Notice),
}
