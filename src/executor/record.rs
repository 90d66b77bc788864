use std::ops::Range;
use std::time::{Duration, Instant};

use super::Executor;
use super::send::Part;
use crate::dialect::{Engine, EventKind, LOCK_LOST, NewEvent, NewRow, Took};
use crate::model::{Migration, MigrationKind, RowKind, Script, StatementKind, TransactionControl};
use crate::parse;
use crate::plan::{Plan, Step, Work, stored_rollback};

/// The time of a step whose statements have ended.
pub(super) fn took_since(started: Instant) -> Took {
    lasted(started.elapsed())
}

/// The time of a step that is known.
pub(super) fn lasted(elapsed: Duration) -> Took {
    Took::Milliseconds(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}

/// The time of a step that begins now and whose statements travel with the bookkeeping.
pub(super) fn took_until_written() -> Took {
    Took::UntilWritten { began: chrono::Utc::now().timestamp_millis() }
}

impl Executor<'_> {
    /// The statements that open a transaction and make sure that the lock is still ours.
    pub(super) fn opening(&self) -> Vec<Part> {
        let begin = Part::Own(self.tables.engine.begin().to_string());
        std::iter::once(begin).chain(self.still_locked()).collect()
    }

    /// Asks whether the lock is still ours, where that is a statement of its own (PostgreSQL).
    pub(super) fn still_locked(&self) -> impl Iterator<Item = Part> {
        self.fence.as_deref().and_then(|fence| self.tables.guard(fence, LOCK_LOST)).map(Part::Own).into_iter()
    }

    /// The same for statements of a script. On PostgreSQL the author's own `BEGIN` may name an isolation level, and
    /// `SET TRANSACTION` may do so only before any query: the lock is then asked for at the end alone, before
    /// anything is recorded.
    ///
    /// The same where the transaction is one message (`whole`): it ends with the question, before anything is recorded,
    /// and without the lock all of it is undone. To ask twice would cost a tenth of what a small table costs.
    pub(super) fn opening_of(&self, script: &Script, statements: Range<usize>, whole: bool) -> Vec<Part> {
        let mut parts = self.opening();
        if self.tables.engine != Engine::Postgres || statements.is_empty() {
            return parts;
        }
        let kind = |index: usize| script.statements[index].kind;
        let before = statements.start.checked_sub(1);
        if let Some(begin) =
            before.filter(|&index| kind(index) == StatementKind::TransactionControl(TransactionControl::Begin))
        {
            parts[0] = Part::Own(script.statement_text(begin).to_string());
        }
        let mut words = parse::statement_words(Engine::Postgres, script.statement_text(statements.start));
        let sets_transaction = ["set", "transaction"]
            .iter()
            .all(|keyword| words.next().is_some_and(|word| word.eq_ignore_ascii_case(keyword)));
        if sets_transaction || whole {
            parts.truncate(1);
        }
        parts
    }

    /// The statements that record a finished step: its history row comes or goes, and an event tells of it.
    ///
    /// `took`: [`took_since`] where the step's own statements have ended; where the parts travel with them, the database
    /// counts the time.
    pub(super) fn recording(&self, plan: &Plan, index: usize, took: Took) -> Vec<Part> {
        let step = &plan.steps[index];
        let event = self.event_of(step, took);
        let mut parts = self.history_change(step, took);
        match (parts.pop(), self.tables.insert_event_of_change(&event, LOCK_LOST)) {
            // That the row was there and is gone, the event asks: a statement less than asking for it.
            (Some(Part::Conditional(change)), Some(event)) => parts.extend([change, event].map(Part::Own)),
            (change, _) => parts.extend(change.into_iter().chain([Part::Own(self.tables.insert_event(&event))])),
        }
        parts.extend(self.end_of_rollback(plan, index).map(|event| Part::Own(self.tables.insert_event(&event))));
        parts
    }

    fn history_change(&self, step: &Step, took: Took) -> Vec<Part> {
        // PostgreSQL asks for the lock once more, since a file may have given it up.
        let condition = self.fence.as_deref();
        let file = match &step.work {
            Work::Apply(file) | Work::Record(file) => file,
            Work::Revert { row, .. } => {
                let still_there = self.tables.row_exists(row);
                let conditions: Vec<&str> = condition.into_iter().chain([still_there.as_str()]).collect();
                return match self.tables.guard(&conditions.join(" AND "), LOCK_LOST) {
                    Some(guard) => vec![Part::Own(guard), Part::Own(self.tables.delete_history(row, None))],
                    None => vec![Part::Conditional(self.tables.delete_history(row, condition))],
                };
            }
        };
        let rollback = file.rollback.script().map(stored_rollback);
        let row = self.row(step, file, rollback.as_ref(), took, self.next_sequence);
        let mut texts = self.tables.insert_history(&row, condition);
        let insert = texts.pop().map(|insert| match (condition, self.tables.engine) {
            (Some(_), Engine::Sqlite) => Part::Conditional(insert),
            _ => Part::Own(insert),
        });
        texts.into_iter().map(Part::Own).chain(insert).collect()
    }

    /// The history row of a step that applied or recorded `file`.
    pub(super) fn row<'b>(
        &'b self,
        step: &Step,
        file: &'b Migration,
        rollback: Option<&'b (String, String)>,
        took: Took,
        sequence: i64,
    ) -> NewRow<'b> {
        NewRow {
            sequence,
            version: file.version(),
            description: &file.description,
            file_name: &file.file_name,
            kind: match (&step.work, &file.kind) {
                (Work::Record(_), _) => RowKind::Baseline,
                (_, MigrationKind::Versioned(_)) => RowKind::Versioned,
                (_, MigrationKind::RunsAlways) => RowKind::RunsAlways,
                (_, MigrationKind::RunsOnChange) => RowKind::RunsOnChange,
            },
            checksum: file.checksum(),
            rollback: rollback.map(|(text, digest)| (text.as_str(), digest.as_str())),
            took,
            applied_by: &self.run.actor,
            run_id: &self.run.run_id,
        }
    }

    /// The event that tells of a finished step.
    pub(super) fn event_of<'b>(&'b self, step: &'b Step, took: Took) -> NewEvent<'b> {
        let kind = match &step.work {
            Work::Apply(_) => EventKind::Applied,
            Work::Record(_) => EventKind::Baselined,
            Work::Revert { .. } => EventKind::RolledBack,
        };
        NewEvent { version: step.version(), file_name: Some(step.file_name()), took: Some(took), ..self.event(kind) }
    }

    /// The event that ends a rollback of several, where this step is its last.
    pub(super) fn end_of_rollback(&self, plan: &Plan, index: usize) -> Option<NewEvent<'_>> {
        let is_last = plan.steps.len() > 1 && index + 1 == plan.steps.len();
        let ends = is_last && matches!(plan.steps[index].work, Work::Revert { .. });
        ends.then(|| self.event(EventKind::RollbackEnded))
    }
}
