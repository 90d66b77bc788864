//! What a run that stopped early leaves in the events table.

use super::{Aftermath, Cause, Executor, Signal, StepFailure};
use crate::dialect::{EventKind, NewEvent, Took};
use crate::model::Direction;
use crate::plan::{Plan, Step};

impl Executor<'_> {
    /// Notes a failure that the user is told about, without what the server quotes of rows: more people may read the
    /// history than the log of a run. Best effort: the failure itself may be a lost connection. Without the lock
    /// nothing is written.
    ///
    /// A rollback of several that a person has to look into is over. One that only has to be run again stays open: the
    /// same command, repeated by whatever started it, must not undo more than it was asked for.
    pub(super) async fn record_failure(&mut self, plan: &Plan, failure: &StepFailure) {
        if failure.cause.connection_is_gone() || matches!(failure.cause, Cause::LockLost) {
            return;
        }
        let Some(step) = plan.steps.get(failure.step) else { return };
        let kind = match failure.cause {
            Cause::Interrupted(_) => EventKind::Interrupted,
            _ => EventKind::Failed,
        };
        let detail = detail(step, failure);
        let elapsed = i64::try_from(self.step_started.elapsed().as_millis()).unwrap_or(i64::MAX);
        let event = NewEvent {
            version: step.version(),
            file_name: Some(step.file_name()),
            took: Some(Took::Milliseconds(elapsed)),
            detail: Some(&detail),
            ..self.event(kind)
        };
        let mut texts = vec![self.tables.insert_event(&event)];
        if step.direction() == Direction::Rollback && plan.steps.len() > 1 && !failure.cause.is_passing() {
            texts.push(self.tables.insert_event(&self.event(EventKind::RollbackEnded)));
        }
        self.write_as_login_user(&texts).await;
    }

    /// Notes that a signal stopped the run before `next` was begun.
    pub(super) async fn record_stop(&mut self, next: &Step, signal: Signal) {
        let detail = format!("{signal}, before {}", next.file_name());
        let event = NewEvent { detail: Some(&detail), ..self.event(EventKind::Interrupted) };
        let text = self.tables.insert_event(&event);
        self.write_as_login_user(&[text]).await;
    }

    /// A step that failed may have left its role, its timeouts or a read-only session behind.
    async fn write_as_login_user(&mut self, texts: &[String]) {
        if self.session.reset(&self.settings.session, &[]).await.is_err() {
            return;
        }
        self.altered = false;
        for text in texts {
            if self.session.execute(text).await.is_err() {
                break;
            }
        }
    }
}

/// `statement 2 of 3, line 7: duplicate key value violates unique constraint "…" (23505); statement 1 stands`
pub(super) fn detail(step: &Step, failure: &StepFailure) -> String {
    let what = match &failure.cause {
        Cause::Statement { statement, error } => {
            let place = step.script().and_then(|script| Some((script.statements.get(*statement)?.line, script)));
            let place = place.map(|(line, script)| format!(" of {}, line {line}", script.statements.len()));
            format!("statement {}{}: {}", statement + 1, place.unwrap_or_default(), error.without_values())
        }
        Cause::Commit(error) => format!("the commit failed: {}", error.without_values()),
        Cause::Role(error) => format!("the role could not be taken on: {}", error.without_values()),
        Cause::Bookkeeping(error) => format!("not begun or not recorded: {}", error.without_values()),
        // Which rows is for the user of this run alone.
        Cause::ForeignKeys { .. } => "foreign keys are violated".to_string(),
        Cause::LockLost => failure.cause.to_string(),
        Cause::Interrupted(signal) => signal.to_string(),
    };
    match failure.aftermath {
        Aftermath::Undone | Aftermath::Unknown => what,
        Aftermath::Partial { done, total } => format!("{what}; statements 1 to {done} of {total} stand"),
    }
}
