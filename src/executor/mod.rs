//! Carrying out a plan through a session.
//!
//! [`Executor::execute`] runs the steps of a [`Plan`] in order and tells what happens in [`Event`]s; it prints
//! nothing and decides nothing that the plan could have decided. Promises it keeps:
//!
//! - a step that is one transaction carries its history row in it: both happen, or neither; where steps share a commit
//!   ([`plan::group`]), each is a savepoint of it, and is told as finished after the commit; where they share a message,
//!   each has its own, unless they undo something;
//! - any other step is journalled: before each statement outside a transaction the journal says which one is about
//!   to start, so that at most one statement is ever unknown;
//! - no write happens without the migration lock: each transaction begins by asking for it (PostgreSQL) or makes its
//!   bookkeeping conditional on it (MySQL), and SQLite's cannot be lost.

mod announced;
mod catalog;
mod event;
mod failure;
mod foreign_keys;
mod interrupt;
mod journal;
mod limit;
mod members;
mod outcome;
mod progress;
mod record;
mod retry;
mod segment;
mod send;
mod settle;
mod shared_commit;
mod shared_message;
mod step;
mod watch;

pub use catalog::look;
pub use event::Event;
pub use interrupt::{Interrupt, Interrupter, Signal};
pub use outcome::{Aftermath, Cause, RunReport, StepFailure, StepSuccess};
pub use settle::{repay, was_carried_out};

use std::time::{Duration, Instant};

use crate::db::{Session, SessionOptions, SqlError};
use crate::dialect::{Engine, EventKind, NewEvent, Tables};
use crate::model::History;
use crate::plan::{self, DurableCommits, Plan, Work};
use foreign_keys::Violations;
use progress::Announcement;
use watch::{Blocked, first_look};

/// How long a run that was asked to stop may take to record it.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How steps run.
#[derive(Debug, Clone)]
pub struct ExecutionSettings {
    /// What each migration finds in its session; directives of a file override the timeouts.
    pub session: SessionOptions,
    /// `SET ROLE` for the script's statements; the bookkeeping runs as the login user.
    pub role: Option<String>,
    /// How long a statement that meets a lock timeout or a deadlock is tried again.
    pub lock_retry: Duration,
    /// Which commits wait for the disk, of several that travel in one message.
    pub durable_commits: DurableCommits,
}

/// Who runs, as history rows and events record it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunIdentity {
    /// This run's id.
    pub run_id: String,
    /// Database user, host and tool version: `app@web-1 dbwarden/0.1.0`.
    pub actor: String,
}

/// Carries out plans on one session that holds the migration lock.
pub struct Executor<'a> {
    session: &'a mut dyn Session,
    tables: &'a Tables,
    /// A condition that holds while this session has the lock; None where it cannot be lost.
    fence: Option<String>,
    settings: &'a ExecutionSettings,
    run: &'a RunIdentity,
    interrupt: Interrupt,
    next_sequence: i64,
    /// The step that is running, as its place in the plan.
    step: usize,
    /// When it began.
    step_started: Instant,
    /// What the session has set now, where it differs from what [`ExecutionSettings::session`] says.
    altered: bool,
    /// Steps before this one go alone: their group came to no good end.
    alone_until: usize,
    /// Steps before this one are known to go together with the one that comes next.
    group_end: usize,
    /// What the journal already holds of the steps that come next.
    announced: Option<Announcement>,
    /// Statements of the step that comes next which the message before it has carried out.
    carried_out: usize,
    /// The statement that fixes what a rollback of several will undo, where that is not yet written.
    unfixed: Option<String>,
    /// Foreign-key violations that are not this run's, on engines that must be asked (SQLite).
    known_violations: Option<Violations>,
    /// Who keeps the running step waiting.
    blocked: Blocked,
    /// When a call that takes long is looked at first.
    first_look: Duration,
    /// How long a statement of the running step may take; zero is no limit.
    statement_timeout: Duration,
    events: &'a mut (dyn FnMut(Event<'_>) + Send),
}

impl<'a> Executor<'a> {
    /// An executor for a session that holds the lock `fence` speaks of. `history` is what was read under that lock.
    #[expect(clippy::too_many_arguments, reason = "each is a different collaborator, named at the one call")]
    pub fn new(
        session: &'a mut dyn Session,
        tables: &'a Tables,
        fence: Option<String>,
        history: &History,
        settings: &'a ExecutionSettings,
        run: &'a RunIdentity,
        interrupt: Interrupt,
        events: &'a mut (dyn FnMut(Event<'_>) + Send),
    ) -> Self {
        let next_sequence = history.rows().last().map_or(0, |row| row.sequence) + 1;
        Executor {
            session,
            tables,
            fence,
            settings,
            run,
            interrupt,
            next_sequence,
            step: 0,
            step_started: Instant::now(),
            altered: false,
            alone_until: 0,
            group_end: 0,
            announced: None,
            carried_out: 0,
            unfixed: None,
            known_violations: None,
            blocked: Blocked::default(),
            first_look: first_look(settings.session.lock_timeout),
            statement_timeout: settings.session.statement_timeout,
            events,
        }
    }

    /// Runs the steps in order and stops at the first that fails. Those that `report` knows as finished are done.
    pub async fn execute(&mut self, plan: &Plan, report: &mut RunReport) {
        let first = report.finished.len();
        if first == 0
            && let Err(error) = self.begin(plan).await
        {
            report.failure = Some(StepFailure::before(0, error));
            return;
        }
        while report.finished.len() < plan.steps.len() {
            let index = report.finished.len();
            if let Some(signal) = self.interrupt.signal() {
                self.withdraw_announcement(plan.steps[index].direction()).await;
                self.record_stop(&plan.steps[index], signal).await;
                report.failure = Some(StepFailure::interrupted(index, signal));
                break;
            }
            match self.run_next(plan, report).await {
                Ok(()) => {}
                Err(mut failure) => {
                    if failure.cause.was_blocked(self.blocked.is_now()) {
                        failure.blockers = self.blocked.blockers().to_vec();
                    }
                    let recording = self.record_failure(plan, &failure);
                    match failure.cause {
                        // Who asked to stop does not wait for the locks of others.
                        Cause::Interrupted(_) => drop(tokio::time::timeout(LAST_WORDS, recording).await),
                        _ => recording.await,
                    }
                    report.failure = Some(failure);
                    break;
                }
            }
        }
    }

    /// Runs the next step, or the next few where they can go together.
    async fn run_next(&mut self, plan: &Plan, report: &mut RunReport) -> Result<(), StepFailure> {
        let first = report.finished.len();
        if first >= self.group_end {
            // Each step is looked at once: a group can end early, and what was found out of the others holds.
            self.group_end = first + plan::group(self.tables.engine, &plan.steps[first..]);
        }
        let group = self.together(first..self.group_end);
        if first >= self.alone_until && group.len() > 1 {
            return match self.tables.engine {
                Engine::Sqlite => self.run_group(plan, group, report).await,
                Engine::Postgres | Engine::MySql => self.run_in_one_message(plan, group, report).await,
            };
        }
        self.fix_rollback().await.map_err(|error| StepFailure::before(first, error))?;
        let success = self.run_step(plan, first).await?;
        report.finished.push(success);
        Ok(())
    }

    /// What comes before the first step.
    async fn begin(&mut self, plan: &Plan) -> Result<(), SqlError> {
        self.forget(plan).await?;
        self.unfixed = self.rollback_to_fix(plan);
        self.group_end = plan::group(self.tables.engine, &plan.steps);
        // What shares a commit writes it with the first that it undoes: a commit less.
        let with_the_first = self.tables.engine == Engine::Sqlite && self.group_end > 1;
        if with_the_first { Ok(()) } else { self.fix_rollback().await }
    }

    /// Removes entries of the journal that tell of nothing.
    async fn forget(&mut self, plan: &Plan) -> Result<(), SqlError> {
        for direction in &plan.forget {
            let text = self.tables.clear_journal(*direction, self.fence.as_deref());
            self.session.execute(&text).await?;
        }
        Ok(())
    }

    /// Fixes what a rollback of several migrations will undo, so that a run after a crash finishes it and never
    /// undoes more. The step that undoes the last one ends it, in its own transaction.
    async fn fix_rollback(&mut self) -> Result<(), SqlError> {
        if let Some(text) = &self.unfixed {
            self.session.execute(text).await?;
        }
        self.unfixed = None;
        Ok(())
    }

    fn rollback_to_fix(&self, plan: &Plan) -> Option<String> {
        let rows: Vec<String> = plan
            .steps
            .iter()
            .filter_map(|step| match &step.work {
                Work::Revert { row, .. } => Some(row.sequence.to_string()),
                Work::Apply(_) | Work::Record(_) => None,
            })
            .collect();
        let list = rows.join(",");
        let event = NewEvent { detail: Some(&list), ..self.event(EventKind::RollbackPlanned) };
        (rows.len() > 1).then(|| self.tables.insert_event(&event))
    }

    fn event(&self, kind: EventKind) -> NewEvent<'a> {
        NewEvent {
            kind,
            version: None,
            file_name: None,
            actor: &self.run.actor,
            run_id: &self.run.run_id,
            took: None,
            detail: None,
        }
    }
}
