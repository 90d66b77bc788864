use std::time::Instant;

use super::record::{took_since, took_until_written};
use super::send::SendError;
use super::watch::{Blocked, first_look};
use super::{Aftermath, Event, Executor, StepFailure, StepSuccess};
use crate::plan::{Plan, SegmentMode, Step};

impl Executor<'_> {
    /// Runs one step of the plan and records it.
    pub(super) async fn run_step(&mut self, plan: &Plan, index: usize) -> Result<StepSuccess, StepFailure> {
        let step = &plan.steps[index];
        let started = self.start_step(plan, index);
        if let Err(error) = self.prepare_session(step).await {
            self.withdraw_announcement(step.direction()).await;
            return Err(StepFailure::before(index, error));
        }
        if step.is_atomic() && step.resume.is_none() {
            self.run_atomic(plan, index, started).await?;
        } else {
            self.run_journalled(plan, index, started).await?;
        }
        self.next_sequence += 1;
        let elapsed = started.elapsed();
        (self.events)(Event::StepFinished { step, elapsed });
        Ok(StepSuccess { step: index, elapsed })
    }

    /// Takes note that a step begins, and tells of it.
    pub(super) fn start_step(&mut self, plan: &Plan, index: usize) -> Instant {
        self.step = index;
        self.step_started = Instant::now();
        (self.events)(Event::StepStarted { index, total: plan.steps.len(), step: &plan.steps[index] });
        self.step_started
    }

    /// Gives the step the session it expects: what the one before it changed is taken back, and its own directives
    /// are applied.
    pub(super) async fn prepare_session(&mut self, step: &Step) -> Result<(), crate::db::SqlError> {
        let directives = step.script().map(|script| script.directives.clone()).unwrap_or_default();
        let own = directives.lock_timeout.is_some() || directives.statement_timeout.is_some();
        let lock_timeout = directives.lock_timeout.or(self.settings.session.lock_timeout);
        self.first_look = first_look(lock_timeout);
        self.statement_timeout = directives.statement_timeout.unwrap_or(self.settings.session.statement_timeout);
        self.blocked = Blocked::default();
        if self.altered || own {
            let mut options = self.settings.session.clone();
            options.lock_timeout = lock_timeout;
            options.statement_timeout = self.statement_timeout;
            self.session.reset(&options, &[]).await?;
        }
        self.altered = own;
        Ok(())
    }

    /// A step that is one transaction together with its bookkeeping; settings around it run outside.
    async fn run_atomic(&mut self, plan: &Plan, index: usize, started: Instant) -> Result<(), StepFailure> {
        let step = &plan.steps[index];
        let fails = |undone: Aftermath| {
            move |failed: SendError| {
                let aftermath = if failed.outcome_unknown { Aftermath::Unknown } else { undone };
                StepFailure::new(index, failed.cause, aftermath)
            }
        };
        let mut recorded = false;
        if let Some(script) = step.script() {
            for segment in &step.segments {
                let statements = segment.statements.clone();
                match segment.mode {
                    SegmentMode::Transaction => {
                        let together = self.closes_in_one_message(script, statements.clone());
                        let closing = |executor: &Self| {
                            let took = if together { took_until_written() } else { took_since(started) };
                            executor.recording(plan, index, took)
                        };
                        self.send_transaction(step, script, statements, &closing)
                            .await
                            .map_err(fails(Aftermath::Undone))?;
                        recorded = true;
                    }
                    SegmentMode::Settings | SegmentMode::Autocommit => {
                        let total = script.statements.len();
                        let left = if recorded { Aftermath::Partial { done: total, total } } else { Aftermath::Undone };
                        self.send_alone(script, statements).await.map_err(fails(left))?;
                    }
                }
            }
        }
        if !recorded {
            let closing = self.recording(plan, index, took_since(started));
            self.send_bookkeeping(step, closing).await.map_err(fails(Aftermath::Undone))?;
        }
        Ok(())
    }
}
