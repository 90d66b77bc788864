//! What a plan found that stops nothing, in words.

use super::Context;
use crate::model::{Direction, Verdict};
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
        PlanNote::Resuming { .. }
        | PlanNote::Settled { .. }
        | PlanNote::EditedAhead { .. }
        | PlanNote::NeverBegun { .. }
        | PlanNote::FinishingRollback { .. } => None,
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
        PlanNote::Settled { file_name, statement, verdict, by_author } => {
            let witness = if *by_author { "its done-if says" } else { "the catalog shows" };
            let outcome = match verdict {
                Verdict::Done => "had taken effect",
                Verdict::Partly => "had taken effect in part and is finished",
                Verdict::NotDone | Verdict::Unknown => "had not taken effect and is run again",
            };
            format!("{file_name}: the interrupted statement {statement} {outcome}, as {witness}")
        }
        PlanNote::EditedAhead { file, statement, line } => {
            let place = line.map(|line| format!(":{line}")).unwrap_or_default();
            format!(
                "{file}{place}: edited since it was interrupted, from statement {statement} on, which is not done yet: \
                 it goes on as the file is now"
            )
        }
        PlanNote::NeverBegun { file_name, direction } => {
            let what = match direction {
                Direction::Upgrade => "applying",
                Direction::Rollback => "undoing",
            };
            format!("an earlier run was interrupted before it began {what} {file_name}: nothing of that was done")
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
