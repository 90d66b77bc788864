//! A run that goes on where another one stopped without an end says so in the events table: whoever looks for what
//! happened to that one finds it there, as a killed process writes nothing itself.

use super::Context;
use super::session::Opened;
use crate::db::lock::LockHolder;
use crate::dialect::{EventKind, NewEvent};
use crate::error::Error;
use crate::model::JournalEntry;
use crate::plan::Plan;

/// Records whom this run follows: the run that left `interrupted` in the journal, or `before`, who held the lock while
/// we waited for it and left something to do.
pub(super) async fn record(
    context: &Context<'_>,
    opened: &mut Opened,
    plan: &Plan,
    interrupted: Option<&JournalEntry>,
    before: Option<&LockHolder>,
) -> Result<(), Error> {
    let Some(first) = plan.steps.first() else { return Ok(()) };
    let left = interrupted.filter(|entry| first.resume.is_some() && entry.run_id != context.run_id);
    let detail = match (left, before) {
        (Some(entry), _) => format!(
            "goes on after run {}, which stopped behind statement {} of {}",
            entry.run_id, entry.done, entry.total
        ),
        (None, Some(holder)) => format!("goes on after {}, which held the lock and left this to do", named(holder)),
        (None, None) => return Ok(()),
    };
    context.printer.message(&format!("{}: {detail}", first.label()));
    let identity = opened.identity(&context.run_id);
    let event = opened.tables.insert_event(&NewEvent {
        kind: EventKind::Recovered,
        version: first.version(),
        file_name: Some(first.file_name()),
        actor: &identity.actor,
        run_id: &identity.run_id,
        took: None,
        detail: Some(&detail),
    });
    opened.session.execute(&event).await?;
    Ok(())
}

/// The holder without its statement: that can hold values.
fn named(holder: &LockHolder) -> String {
    LockHolder { query: None, state: None, ..holder.clone() }.to_string()
}
