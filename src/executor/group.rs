//! Several steps that share one commit, each in a savepoint.
//!
//! What cannot be decided within the group is decided without it: the group is undone, which leaves nothing, and its
//! steps run one by one.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::foreign_keys::may_violate;
use super::record::took_until_written;
use super::send::{Part, SendError};
use super::{Aftermath, Event, Executor, RunReport, StepFailure, StepSuccess};
use crate::plan::{Plan, Step};

/// No step of a group begins later: others wait for its end, to write or even to read.
const LONGEST: Duration = Duration::from_millis(200);

const SAVEPOINT: &str = "SAVEPOINT _dbwarden_step";
const RELEASE: &str = "RELEASE _dbwarden_step";
const BACK: &str = "ROLLBACK TO _dbwarden_step";

impl Executor<'_> {
    /// Runs steps until one fails or the group has lasted long enough, and commits those that came to their end.
    ///
    /// Ok without any of them finished: they are to be run one by one.
    pub(super) async fn run_group(
        &mut self,
        plan: &Plan,
        steps: Range<usize>,
        report: &mut RunReport,
    ) -> Result<(), StepFailure> {
        let (began, first_sequence) = (Instant::now(), self.next_sequence);
        self.start_step(plan, steps.start);
        let members = &plan.steps[steps.clone()];
        if let Err(error) = self.prepare_session(&members[0]).await {
            return Err(StepFailure::before(steps.start, error));
        }
        for script in members.iter().filter_map(Step::script) {
            self.note_violations(script, 0..script.statements.len()).await;
        }
        let mut finished = Vec::new();
        let mut failed = None;
        if self.send(None, &self.opening()).await.is_err() {
            self.dissolve(steps.start + 1, first_sequence).await;
            return Ok(());
        }
        for index in steps {
            if !finished.is_empty() {
                if began.elapsed() >= LONGEST || self.interrupt.signal().is_some() {
                    break;
                }
                self.start_step(plan, index);
            }
            match self.send_member(plan, index, finished.is_empty()).await {
                Ok(()) => finished.push(StepSuccess { step: index, elapsed: self.step_started.elapsed() }),
                Err(error) => {
                    failed = Some((index, error));
                    break;
                }
            }
        }
        let end = report.finished.len() + finished.len();
        if failed.is_some() && self.session.execute(BACK).await.is_err() {
            // The statement took the whole transaction with it (`INSERT OR ROLLBACK`, a full disk).
            self.dissolve(end + 1, first_sequence).await;
            return Ok(());
        }
        if finished.is_empty() {
            self.undo().await;
        } else if self.close_group(&plan.steps[report.finished.len()..end]).await.is_err() {
            self.dissolve(end + 1, first_sequence).await;
            return Ok(());
        }
        for success in finished {
            (self.events)(Event::StepFinished { step: &plan.steps[success.step], elapsed: success.elapsed });
            report.finished.push(success);
        }
        match failed {
            // Alone it is tried again, as often as was asked for.
            Some((index, error)) if error.kind().is_some_and(|kind| kind.is_conflict()) => {
                self.alone_until = index + 1;
                Ok(())
            }
            Some((index, error)) => Err(StepFailure::new(index, error.cause, Aftermath::Undone)),
            None => Ok(()),
        }
    }

    /// Runs one step within the open transaction. Its savepoint stays until the next one begins: what was undone or
    /// recorded is counted before.
    async fn send_member(&mut self, plan: &Plan, index: usize, is_first: bool) -> Result<(), SendError> {
        let step = &plan.steps[index];
        let script = step.script();
        let mut parts = Vec::new();
        if !is_first {
            parts.push(Part::Own(RELEASE.to_string()));
        }
        parts.push(Part::Own(SAVEPOINT.to_string()));
        let statements = step.segments.iter().flat_map(|segment| segment.statements.clone());
        parts.extend(statements.map(Part::Script));
        parts.extend(self.recording(plan, index, took_until_written()));
        self.send(script, &parts).await?;
        self.next_sequence += 1;
        Ok(())
    }

    /// Commits what was done.
    async fn close_group(&mut self, done: &[Step]) -> Result<(), SendError> {
        let mut scripts = done.iter().filter_map(Step::script);
        if scripts.any(|script| may_violate(script, 0..script.statements.len())) {
            self.refuse_new_violations().await?;
        }
        self.send(None, &[Part::Commit]).await
    }

    /// Undoes the group; its steps before `end` run one by one.
    async fn dissolve(&mut self, end: usize, first_sequence: i64) {
        self.undo().await;
        self.next_sequence = first_sequence;
        self.alone_until = end;
    }
}
