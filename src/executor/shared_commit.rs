//! Several steps that share one commit, each in a savepoint. Their rows are written at the end, all together: they
//! share the commit as well, and one statement for all of them costs a fraction of one for each.
//!
//! What cannot be decided within the group is decided without it: the group is undone, which leaves nothing, and its
//! steps run one by one.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::foreign_keys::may_violate;
use super::members::MemberFailure;
use super::send::{Part, SendError};
use super::{Aftermath, Event, Executor, RunReport, StepFailure, StepSuccess};
use crate::plan::{Plan, Step};

/// No call of a group begins later: others wait for its end, to write or even to read.
const LONGEST: Duration = Duration::from_millis(200);

const BACK: &str = "ROLLBACK TO _dbwarden_step";

/// The most steps of a call.
const MOST_IN_A_CALL: usize = 16;

/// A call with several steps that takes longer is followed by one with a single step: how long the group has lasted is
/// looked at between two calls.
const LONG_CALL: Duration = Duration::from_millis(20);

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
        let mut opening = self.opening();
        opening.extend(self.unfixed.clone().map(Part::Own));
        if self.send(None, &opening).await.is_err() {
            self.dissolve(steps.start + 1, first_sequence).await;
            return Ok(());
        }
        let (mut next, mut length) = (steps.start, 1);
        while next < steps.end && failed.is_none() {
            let began_call = Instant::now();
            if !finished.is_empty() {
                if began.elapsed() >= LONGEST || self.interrupt.signal().is_some() {
                    break;
                }
                self.start_step(plan, next);
            }
            let members = next..steps.end.min(next + length);
            next = members.end;
            failed = self.send_members(plan, members, &mut finished).await.err();
            length = members_of_the_next_call(length, began_call.elapsed());
        }
        let end = report.finished.len() + finished.len();
        let is_open = failed.as_ref().is_some_and(|failure| failure.savepoint_is_open);
        if is_open && self.session.execute(BACK).await.is_err() {
            // The statement took the whole transaction with it (`INSERT OR ROLLBACK`, a full disk).
            self.dissolve(end + 1, first_sequence).await;
            return Ok(());
        }
        if finished.is_empty() {
            self.undo().await;
            // What follows tells how it ended.
            let _ = self.fix_rollback().await;
        } else if self.close_group(plan, &finished).await.is_err() {
            self.dissolve(end + 1, first_sequence).await;
            return Ok(());
        }
        if !finished.is_empty() {
            self.unfixed = None;
        }
        for success in finished {
            (self.events)(Event::StepFinished { step: &plan.steps[success.step], elapsed: success.elapsed });
            report.finished.push(success);
        }
        match failed {
            // Alone it is tried again, as often as was asked for.
            Some(MemberFailure { step, error, .. }) if error.kind().is_some_and(|kind| kind.is_conflict()) => {
                self.alone_until = step + 1;
                Ok(())
            }
            Some(MemberFailure { step, error, .. }) => Err(StepFailure::new(step, error.cause, Aftermath::Undone)),
            None => Ok(()),
        }
    }

    /// Records what was done, and commits it.
    async fn close_group(&mut self, plan: &Plan, done: &[StepSuccess]) -> Result<(), SendError> {
        let mut scripts = done.iter().filter_map(|success| plan.steps[success.step].script());
        if scripts.any(|script| may_violate(script, 0..script.statements.len())) {
            self.refuse_new_violations().await?;
        }
        self.record_members(plan, done).await?;
        self.send(None, &[Part::Commit]).await
    }

    /// Undoes the group; its steps before `end` run one by one.
    async fn dissolve(&mut self, end: usize, first_sequence: i64) {
        self.undo().await;
        self.next_sequence = first_sequence;
        self.alone_until = end;
    }
}

/// How many steps travel in a call, after one of so many that took so long.
fn members_of_the_next_call(members: usize, took: Duration) -> usize {
    if took < LONG_CALL { (members * 2).min(MOST_IN_A_CALL) } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_does_not_travel_with_others() {
        let brief = |members| members_of_the_next_call(members, Duration::from_millis(1));
        assert_eq!([1, 2, 8, 16].map(brief), [2, 4, 16, 16]);
        assert_eq!(members_of_the_next_call(16, LONG_CALL), 1);
    }
}
