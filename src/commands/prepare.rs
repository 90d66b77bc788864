//! Before the first write of a run: the tool's tables are there, are ours, and can be written.

use super::Context;
use super::session::Opened;
use crate::config::Target;
use crate::db::history_table::Bookkeeping;
use crate::db::{SqlError, readiness};
use crate::dialect::{EventKind, NewEvent};
use crate::error::Error;
use crate::model::Direction;

/// Makes the tables ready. `bookkeeping` is what was read from them under the lock.
pub(super) async fn prepare(
    context: &Context<'_>,
    target: &Target,
    opened: &mut Opened,
    bookkeeping: &Bookkeeping,
    direction: Direction,
) -> Result<(), Error> {
    let taking_over = taking_over(opened, context, bookkeeping.history.rows().len());
    let user = opened.session.server().user.clone();
    let (session, tables) = (opened.session.as_mut(), &opened.tables);
    let (present, undo) = (bookkeeping.incomplete.as_deref(), direction == Direction::Rollback);
    let mut told = false;
    let mut on_wait = |error: &SqlError| {
        if !std::mem::replace(&mut told, true) {
            context.printer.message(&format!("  trying again to create the history tables: {error}"));
        }
    };
    let patience = target.lock_retry;
    let getting_ready = readiness::make_ready(session, tables, present, &taking_over, undo, patience, &mut on_wait);
    let ready = async { getting_ready.await.map_err(|error| Error::from_not_ready(&error, tables, &user)) };
    context.unless_stopped(ready).await
}

/// The event that tells of the takeover of another tool's history with so many rows.
fn taking_over(opened: &Opened, context: &Context<'_>, rows: usize) -> String {
    let identity = opened.identity(&context.run_id);
    opened.tables.insert_event(&NewEvent {
        kind: EventKind::TakenOver,
        version: None,
        file_name: None,
        actor: &identity.actor,
        run_id: &identity.run_id,
        took: None,
        detail: Some(&format!("the history table of another tool: {rows} rows")),
    })
}
