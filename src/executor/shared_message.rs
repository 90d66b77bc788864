//! Several steps that share one message, each a transaction of its own.
//!
//! The server stops at the first error, so that what is behind it has not begun, and what is before it is committed.
//! What failed is run once more alone, which says how.

use std::ops::Range;

use super::record::took_until_written;
use super::send::{Part, SendError, Tell};
use super::{Aftermath, Cause, Event, Executor, RunReport, StepFailure, StepSuccess};
use crate::db::{BatchError, StatementResult};
use crate::dialect::Took;
use crate::plan::{Plan, Step};

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
            return Err(StepFailure::before(steps.start, error));
        }
        let first_sequence = self.next_sequence;
        let mut items: Vec<Item> = Vec::new();
        for index in steps.clone() {
            let parts = self.whole(plan, index, index == steps.start);
            items.extend(parts.into_iter().map(|part| (index, part)));
            self.next_sequence += 1;
        }
        let texts: Vec<&str> = items.iter().map(|(index, part)| text(&plan.steps[*index], part)).collect();
        let mut results = Vec::with_capacity(items.len());
        let mut done = |_: usize, result: StatementResult, _: Tell<'_>| results.push(result);
        let outcome = self.exchange(&texts, true, &mut done).await;

        let answered: Vec<(&Item, StatementResult)> = items.iter().zip(results).collect();
        let committed = answered.iter().filter(|((_, part), _)| *part == Part::Commit).count();
        self.next_sequence = first_sequence + i64::try_from(committed).unwrap_or_default();
        let finished = steps.start..steps.start + committed;
        // The answers come together: how long each step took, the history knows better.
        let elapsed = started.elapsed() / u32::try_from(committed.max(1)).unwrap_or(u32::MAX);
        for index in finished.clone() {
            if index > steps.start {
                self.start_step(plan, index);
            }
            let step = &plan.steps[index];
            let total = step.script().map_or(0, |script| script.statements.len());
            for ((_, part), result) in answered.iter().filter(|((of, _), _)| *of == index) {
                if let Part::Script(statement) = *part {
                    let StatementResult { rows, elapsed } = *result;
                    (self.events)(Event::StatementFinished { step: index, statement, total, rows, elapsed });
                }
            }
            (self.events)(Event::StepFinished { step, elapsed });
            report.finished.push(StepSuccess { step: index, elapsed });
        }
        self.pass_on_notices().await;
        match outcome {
            Ok(()) => Ok(()),
            Err(BatchError { index, error }) => {
                let failed = self.explain(items.get(index).map(|(_, part)| part), error);
                self.end_message(finished.end..steps.end, failed).await
            }
        }
    }

    /// A step as one transaction that travels whole.
    fn whole(&self, plan: &Plan, index: usize, is_first: bool) -> Vec<Part> {
        let step = &plan.steps[index];
        let statements = step.segments.first().map_or(0..0, |segment| segment.statements.clone());
        let mut parts = match step.script() {
            Some(script) => self.opening_of(script, statements.clone(), true),
            None => self.opening(),
        };
        let mark = self.tables.mark_time().filter(|_| !is_first);
        let took = if mark.is_some() { Took::SinceMark } else { took_until_written() };
        parts.extend(mark.map(Part::Own));
        parts.extend(self.in_role(statements));
        parts.extend(self.recording(plan, index, took));
        parts.push(Part::Commit);
        parts
    }

    /// The message ended with the first of the steps that are `left`.
    async fn end_message(&mut self, left: Range<usize>, failed: SendError) -> Result<(), StepFailure> {
        if failed.outcome_unknown {
            let failure = StepFailure::new(left.start, failed.cause, Aftermath::Unknown);
            return Err(StepFailure { behind: left.len().saturating_sub(1), ..failure });
        }
        self.undo().await;
        match failed.cause {
            Cause::Interrupted(_) | Cause::LockLost => {
                Err(StepFailure::new(left.start, failed.cause, Aftermath::Undone))
            }
            _ => {
                self.alone_until = left.end;
                Ok(())
            }
        }
    }
}

fn text<'a>(step: &'a Step, part: &'a Part) -> &'a str {
    match (part, step.script()) {
        (Part::Own(text) | Part::Conditional(text) | Part::Role(text), _) => text,
        (Part::Commit, _) => "COMMIT",
        (Part::Script(index), Some(script)) => script.statement_text(*index),
        (Part::Script(_), None) => "",
    }
}
