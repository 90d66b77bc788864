//! What a plan found that stops nothing, in words.

use super::Context;
use crate::model::Direction;
use crate::plan::PlanNote;

/// Tells the user of every note.
pub(super) fn tell(context: &Context<'_>, notes: &[PlanNote]) {
    for note in notes {
        match warning(note) {
            Some(warning) => context.printer.warning(&warning),
            None => context.printer.message(&message(note)),
        }
    }
}

/// The note as a warning; None for what is only worth a message.
pub(super) fn warning(note: &PlanNote) -> Option<String> {
    match note {
        PlanNote::DatabaseAhead { .. }
        | PlanNote::AlreadyPast { .. }
        | PlanNote::RollbackFromHistory { .. }
        | PlanNote::NothingToUndo { .. }
        | PlanNote::FewerThanAsked { .. } => Some(message(note)),
        PlanNote::Resuming { .. } | PlanNote::Settled { .. } | PlanNote::FinishingRollback { .. } => None,
    }
}

fn message(note: &PlanNote) -> String {
    match note {
        PlanNote::DatabaseAhead { labels } => format!(
            "the database is ahead of the files: {} applied by a newer release, left as {}",
            labels.join(", "),
            if labels.len() == 1 { "it is" } else { "they are" }
        ),
        PlanNote::AlreadyPast { asked, current } => format!(
            "the database is already past {asked}, at {current}: `dbwarden downgrade --to {asked}` would go back"
        ),
        PlanNote::Resuming { label, direction, done, total } => {
            let what = match direction {
                Direction::Upgrade => "applying",
                Direction::Rollback => "undoing",
            };
            format!("an earlier run was interrupted {what} {label}: going on after {done} of {total} statements")
        }
        PlanNote::Settled { file_name, statement, done: true } => {
            format!("{file_name}: the interrupted statement {statement} had taken effect, as the catalog shows")
        }
        PlanNote::Settled { file_name, statement, done: false } => {
            format!("{file_name}: the interrupted statement {statement} had not taken effect, as the catalog shows")
        }
        PlanNote::FinishingRollback { labels } => {
            format!("finishing the rollback that was interrupted, and nothing more: {}", labels.join(", "))
        }
        PlanNote::RollbackFromHistory { label, file_exists: true } => {
            format!(
                "{label}: its file was edited after being applied, so the rollback stored in the history is used \
                 (`dbwarden repair` accepts the file's)"
            )
        }
        PlanNote::RollbackFromHistory { label, file_exists: false } => {
            format!("{label}: its file is not here, so the rollback stored in the history is used")
        }
        PlanNote::NothingToUndo { label } => {
            format!(
                "{label}: its rollback section is empty: nothing was undone in the database, only its history row goes"
            )
        }
        PlanNote::FewerThanAsked { asked, available } => {
            format!("asked to roll back {asked}, but only {available} applied")
        }
    }
}
