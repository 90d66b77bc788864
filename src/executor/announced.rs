//! MySQL and MariaDB: steps that share a message because the journal has announced them together.
//!
//! Each statement commits by itself there, and each step's record is a transaction behind its statements. A server that
//! no longer hears of its client finishes the message, and what is in flight at any instant follows from the history:
//! the record of one step is committed before the next one begins, and the catalog tells how far that one came.

use std::ops::Range;

use super::progress::{Announcement, Progress};
use super::send::{Part, SendError};
use super::{Aftermath, Cause, Executor, StepFailure};
use crate::dialect::{self, Engine, Took};
use crate::plan::Plan;

impl Executor<'_> {
    /// Which of the steps `group` go together now.
    pub(super) fn together(&self, group: Range<usize>) -> Range<usize> {
        let announced = match (self.tables.engine, &self.settings.role) {
            (Engine::Postgres | Engine::Sqlite, _) => return group,
            // A message that fails between two roles would leave the session in one of them.
            (Engine::MySql, Some(_)) => 0,
            (Engine::MySql, None) => self.announced.map_or(0, |announced| announced.steps),
        };
        group.start..group.end.min(group.start + announced)
    }

    /// What the journal will hold of the next steps once `steps` are recorded, of which `announced` tells.
    pub(super) fn announced_after(
        &self,
        plan: &Plan,
        steps: &Range<usize>,
        announced: Option<Announcement>,
    ) -> Option<Announcement> {
        if self.tables.engine != Engine::MySql {
            return None;
        }
        let last = announced.and_then(|announced| announced.behind(steps.len() - 1));
        self.announced_behind(plan, steps.end - 1, last)
    }

    /// A step's statements, each with the question for its warnings, and its record; behind the last of them `next` is
    /// announced.
    pub(super) fn announced_step(
        &self,
        plan: &Plan,
        index: usize,
        together: &Range<usize>,
        next: Option<Announcement>,
    ) -> Vec<Part> {
        let statements = plan.steps[index].script().map_or(0, |script| script.statements.len());
        let warnings = || dialect::ask_for_warnings(self.tables.engine).map(|text| Part::Own(text.to_string()));
        let mut parts: Vec<Part> = self.tables.mark_time().map(Part::Own).into_iter().collect();
        parts.extend((0..statements).flat_map(|statement| [Some(Part::Script(statement)), warnings()]).flatten());
        parts.extend(self.opening());
        parts.extend(if index + 1 == together.end {
            self.finishing(plan, index, Took::SinceMark, next)
        } else {
            self.recording(plan, index, Took::SinceMark)
        });
        parts.push(Part::Commit);
        parts
    }

    /// After a message that stopped in the step `index` with its first `done` statements carried out.
    ///
    /// Ok: the step is to go on alone behind them, because only its record is left, or because it met a lock of somebody
    /// else and will be tried again.
    ///
    /// # Errors
    /// The failure, with the journal saying what stands.
    pub(super) async fn go_on_alone(
        &mut self,
        plan: &Plan,
        index: usize,
        done: usize,
        failed: SendError,
        announced: Option<Announcement>,
    ) -> Result<(), StepFailure> {
        let step = &plan.steps[index];
        let Some(script) = step.script() else {
            return Err(StepFailure::new(index, failed.cause, Aftermath::Undone));
        };
        let only_record = done == script.statements.len() && !matches!(failed.cause, Cause::LockLost);
        if only_record || failed.kind().is_some_and(|kind| kind.is_conflict()) {
            self.announced = announced;
            self.carried_out = done;
            self.alone_until = index + 1;
            return Ok(());
        }
        let mut progress = Progress::new(step, script, done);
        progress.written = true;
        progress.opened = announced.is_some_and(|announced| announced.leads);
        Err(self.settle(index, &mut progress, failed).await)
    }
}
