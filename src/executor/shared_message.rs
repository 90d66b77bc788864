//! Several steps that share one message: each a transaction of its own, or all of them one transaction
//! ([`plan::shares_transaction`]); on MySQL and MariaDB each with a record of its own ([`super::announced`]).
//!
//! The server stops at the first error, so that what is behind it has not begun, and what is before it is committed, or
//! undone with it. What is not committed is run once more, each step alone, which says how it failed and leaves those
//! before it done. Only the last commit waits for the disk, and covers the others: nothing is told as done before that.

use std::ops::Range;
use std::time::Duration;

use super::members::reverted;
use super::record::took_until_written;
use super::send::{Part, SendError, Tell, script_len};
use super::{Aftermath, Cause, Event, Executor, RunReport, StepFailure, StepSuccess};
use crate::db::{BatchError, SqlError, StatementResult};
use crate::dialect::{self, Engine, LOCK_LOST, Took};
use crate::plan::{self, DurableCommits, Plan, Step};

/// A statement of the message, and the step it belongs to.
type Item = (usize, Part);

impl Executor<'_> {
    /// Runs steps until one fails. Ok without all of them finished: the others are to be run one by one.
    pub(super) async fn run_in_one_message(
        &mut self,
        plan: &Plan,
        steps: Range<usize>,
        report: &mut RunReport,
    ) -> Result<(), StepFailure> {
        let started = self.start_step(plan, steps.start);
        if let Err(error) = self.prepare_session(&plan.steps[steps.start]).await {
            self.withdraw_announcement(plan.steps[steps.start].direction()).await;
            return Err(StepFailure::before(steps.start, error));
        }
        let announced = self.announced.take();
        let next_announced = self.announced_after(plan, &steps, announced);
        let first_sequence = self.next_sequence;
        let mut items: Vec<Item> = Vec::new();
        let one_transaction = plan::shares_transaction(self.tables.engine, &plan.steps[steps.clone()]);
        for index in steps.clone() {
            let parts = match self.tables.engine {
                Engine::MySql => self.announced_step(plan, index, &steps, next_announced),
                _ if one_transaction => self.share(plan, index, &steps),
                _ => self.whole(plan, index, &steps),
            };
            items.extend(parts.into_iter().map(|part| (index, part)));
            self.next_sequence += 1;
        }
        let texts: Vec<&str> =
            items.iter().filter_map(|(index, part)| part.text(plan.steps[*index].script())).collect();
        let mut results = Vec::with_capacity(items.len());
        let mut done = |_: usize, result: StatementResult, _: Tell<'_>| results.push(result);
        let outcome = self.exchange(&texts, true, &mut done).await;

        let mut failed = outcome
            .err()
            .map(|BatchError { index, error }| self.explain(items.get(index).map(|(_, part)| part), error));
        // Asked for at once: the next call forgets them.
        let notices = match &failed {
            Some(failed) if failed.outcome_unknown => Vec::new(),
            _ => self.notices().await,
        };
        let answered: Vec<(&Item, StatementResult)> = items.iter().zip(results).collect();
        let committed = answered.iter().rev().find(|((_, part), _)| *part == Part::Commit);
        let committed = committed.map_or(0, |((last, _), _)| last + 1 - steps.start);
        if failed.as_ref().is_some_and(|failed| !failed.outcome_unknown) {
            self.undo().await;
            if let Err(error) = self.wait_for_the_disk(committed).await {
                failed = Some(SendError::new(Cause::Bookkeeping(error)));
            }
        }
        if let Some(failed) = failed.take_if(|failed| failed.outcome_unknown) {
            // Also what was answered may not have got to the disk.
            let failure = StepFailure::new(steps.start, failed.cause, Aftermath::Unknown);
            return Err(StepFailure { behind: steps.len() - 1, ..failure });
        }
        self.next_sequence = first_sequence + i64::try_from(committed).unwrap_or_default();
        let finished = steps.start..steps.start + committed;
        // The answers come together: how long each step took, the history knows better.
        let elapsed = started.elapsed() / u32::try_from(committed.max(1)).unwrap_or(u32::MAX);
        for index in finished.clone() {
            if index > steps.start {
                self.start_step(plan, index);
            }
            let of_step = answered.iter().filter(|((of, _), _)| *of == index);
            self.tell_of(plan, index, of_step.map(|((_, part), result)| (part, *result)), elapsed);
            report.finished.push(StepSuccess { step: index, elapsed });
        }
        let of_next = answered.iter().filter(|((of, part), _)| *of == finished.end && matches!(part, Part::Script(_)));
        let carried_out = of_next.count();
        self.tell_notices(&notices);
        let Some(failed) = failed else {
            self.announced = next_announced;
            return Ok(());
        };
        match failed.cause {
            _ if self.tables.engine == Engine::MySql => {
                let announced = announced.and_then(|announced| announced.behind(finished.len()));
                self.go_on_alone(plan, finished.end, carried_out, failed, announced).await
            }
            cause @ (Cause::Interrupted(_) | Cause::LockLost) => {
                Err(StepFailure::new(finished.end, cause, Aftermath::Undone))
            }
            _ => {
                self.alone_until = steps.end;
                Ok(())
            }
        }
    }

    /// Tells of a finished step.
    fn tell_of<'p>(
        &mut self,
        plan: &Plan,
        index: usize,
        parts: impl Iterator<Item = (&'p Part, StatementResult)>,
        elapsed: Duration,
    ) {
        let step = &plan.steps[index];
        let total = script_len(step.script());
        for (part, StatementResult { rows, elapsed }) in parts {
            if let Part::Script(statement) = *part {
                (self.events)(Event::StatementFinished { step: index, statement, total, rows, elapsed });
            }
        }
        (self.events)(Event::StepFinished { step, elapsed });
    }

    /// Has the commits of as many steps reach the disk, where the one that waits for all was not reached.
    ///
    /// # Errors
    /// The connection is lost. Whatever else may fail, the next thing that is written waits as well: the step alone, or
    /// the note of its failure.
    async fn wait_for_the_disk(&mut self, committed: usize) -> Result<(), SqlError> {
        let statement = dialect::wait_for_the_disk(self.tables.engine);
        let Some(statement) = statement.filter(|_| committed > 0 && self.commits_wait_for_the_last()) else {
            return Ok(());
        };
        let waited = self.session.execute(statement).await;
        waited.map(drop).or_else(|error| if error.kind.ends_session() { Err(error) } else { Ok(()) })
    }

    fn commits_wait_for_the_last(&self) -> bool {
        self.settings.durable_commits == DurableCommits::Last
    }

    /// A step as one transaction that travels whole.
    fn whole(&self, plan: &Plan, index: usize, together: &Range<usize>) -> Vec<Part> {
        let step = &plan.steps[index];
        let mut parts = self.opening_of_step(step);
        let is_covered = index + 1 < together.end && self.commits_wait_for_the_last();
        let without_waiting = dialect::without_waiting(self.tables.engine).filter(|_| is_covered);
        parts.extend(without_waiting.map(|text| Part::Own(text.to_string())));
        let mark = self.tables.mark_time().filter(|_| index > together.start);
        let took = if mark.is_some() { Took::SinceMark } else { took_until_written() };
        parts.extend(mark.map(Part::Own));
        parts.extend(self.in_role(statements(step)));
        parts.extend(self.recording(plan, index, took));
        parts.push(Part::Commit);
        parts
    }

    /// A step's part of the transaction that all of them are, which ends with the record of all. Its waits for locks are
    /// brief, because those before it hold theirs meanwhile; who has to wait longer does so alone.
    fn share(&self, plan: &Plan, index: usize, together: &Range<usize>) -> Vec<Part> {
        let mut parts = Vec::new();
        if index == together.start {
            parts = self.opening_of_step(&plan.steps[index]);
            parts.push(Part::Own(dialect::wait_briefly(self.settings.session.lock_timeout)));
        }
        parts.extend(self.in_role(statements(&plan.steps[index])));
        if index + 1 == together.end {
            parts.extend(self.record_of_all(plan, together));
            parts.push(Part::Commit);
        }
        parts
    }

    /// What records that all of the steps are undone, if their rows are still there.
    fn record_of_all(&self, plan: &Plan, steps: &Range<usize>) -> Vec<Part> {
        let rows = reverted(plan.steps[steps.clone()].iter());
        let still_there = self.tables.rows_exist(&rows);
        let conditions: Vec<&str> = self.fence.as_deref().into_iter().chain([still_there.as_str()]).collect();
        let guard = self.tables.guard(&conditions.join(" AND "), LOCK_LOST);
        let events = self.events_of(plan, steps.clone().map(|index| (index, Took::Share(steps.len()))));
        guard.into_iter().chain([self.tables.delete_history_rows(&rows), events]).map(Part::Own).collect()
    }

    fn opening_of_step(&self, step: &Step) -> Vec<Part> {
        step.script().map_or_else(|| self.opening(), |script| self.opening_of(script, statements(step), true))
    }
}

fn statements(step: &Step) -> Range<usize> {
    step.segments.first().map_or(0..0, |segment| segment.statements.clone())
}
