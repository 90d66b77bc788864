//! What became of a step whose connection was lost, as the database says under the lock taken again.

use super::failure::detail;
use super::{Aftermath, RunIdentity, StepFailure};
use crate::db::{Session, SqlError};
use crate::dialect::{EventKind, NewEvent, Tables};
use crate::model::{History, JournalEntry, MigrationKind};
use crate::plan::{Step, Work};

/// Whether `step`, begun by the run `run_id` when it was due, is carried out: a commit whose answer was lost, or
/// another run that came in between.
pub fn was_carried_out(step: &Step, history: &History, run_id: &str) -> bool {
    match &step.work {
        Work::Apply(file) | Work::Record(file) => history.rows().iter().any(|row| {
            // A repeatable has a row from its last time.
            let new = row.run_id.as_deref() == Some(run_id) || matches!(file.kind, MigrationKind::Versioned(_));
            row.file_name == file.file_name && new
        }),
        // Sequences are given again: the same one is the row that was to go only if the same run wrote it.
        Work::Revert { row, .. } => !history.rows().iter().any(|other| {
            (other.sequence, &other.run_id, &other.applied_at) == (row.sequence, &row.run_id, &row.applied_at)
        }),
    }
}

/// Brings the journal in line with what this run knows of its own `step`, which it could not write any more. Nothing is
/// touched that another run wrote since.
///
/// # Errors
/// The database's own.
pub async fn repay(
    session: &mut dyn Session,
    tables: &Tables,
    step: &Step,
    failure: &StepFailure,
    carried_out: bool,
    run: &RunIdentity,
    journal: &mut Vec<JournalEntry>,
) -> Result<(), SqlError> {
    let ours = |entry: &JournalEntry| entry.direction == step.direction() && entry.run_id == run.run_id;
    if let Some(position) = journal.iter().position(ours) {
        let announced = carried_out || failure.aftermath == Aftermath::Undone;
        match &failure.owed {
            // The entry announces a statement that was not sent any more.
            _ if announced => clear(session, tables, journal, position).await?,
            Some(owed) if owed.done == 0 => clear(session, tables, journal, position).await?,
            Some(owed) => {
                session.execute(&tables.mark_journal(owed, None, None)).await?;
                let section = journal[position].section.take();
                journal[position] = JournalEntry { section, ..(**owed).clone() };
            }
            None => {}
        }
    }
    if carried_out {
        return Ok(());
    }
    let detail = detail(step, failure);
    let event = NewEvent {
        kind: EventKind::Failed,
        version: step.version(),
        file_name: Some(step.file_name()),
        actor: &run.actor,
        run_id: &run.run_id,
        took: None,
        detail: Some(&detail),
    };
    session.execute(&tables.insert_event(&event)).await.map(|_| ())
}

async fn clear(
    session: &mut dyn Session,
    tables: &Tables,
    journal: &mut Vec<JournalEntry>,
    position: usize,
) -> Result<(), SqlError> {
    session.execute(&tables.clear_journal(journal[position].direction, None)).await?;
    journal.remove(position);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dialect::Engine;
    use crate::model::AppliedMigration;
    use crate::model::test_support::{migration, row, script};
    use crate::plan::RollbackSource;

    fn of_run(sequence: i64, file: &str, run: &str) -> AppliedMigration {
        AppliedMigration { run_id: Some(run.into()), ..row(sequence, file) }
    }

    #[test]
    fn an_upgrade_is_carried_out_when_its_row_is_there() {
        let step = |file| Step::apply(Engine::Postgres, &Arc::new(migration(file)));
        let history = History::new(vec![of_run(1, "1_a.sql", "ours"), of_run(2, "ROC__b.sql", "earlier")]);
        assert!(was_carried_out(&step("1_a.sql"), &history, "ours"));
        assert!(was_carried_out(&step("1_a.sql"), &history, "theirs"), "it was pending: another run did it");
        assert!(!was_carried_out(&step("2_b.sql"), &history, "ours"));
        assert!(!was_carried_out(&step("ROC__b.sql"), &history, "ours"), "the row of its last time");
        assert!(was_carried_out(&step("ROC__b.sql"), &history, "earlier"));
    }

    #[test]
    fn a_rollback_is_carried_out_when_its_very_row_is_gone() {
        let reverted = of_run(1, "1_a.sql", "earlier");
        let work = Work::Revert {
            row: Arc::new(reverted.clone()),
            script: Arc::new(script("down", &[])),
            source: RollbackSource::History,
            file: None,
        };
        let step = Step { work, segments: Vec::new(), resume: None };
        let carried_out = |rows| was_carried_out(&step, &History::new(rows), "ours");
        assert!(!carried_out(vec![reverted]));
        assert!(carried_out(Vec::new()));
        assert!(carried_out(vec![of_run(1, "1_a.sql", "later")]), "applied again since");
    }
}
