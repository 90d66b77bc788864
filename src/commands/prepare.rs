//! Before the first write of a run: the lock keeps others out, the session is as the engine's own client would have it,
//! the tool's tables are there, are ours, and can be written.

use super::Context;
use super::session::{self, Opened};
use crate::config::Target;
use crate::db::history_table::Bookkeeping;
use crate::db::lock::MigrationLock;
use crate::db::{SessionOptions, SqlError, readiness};
use crate::dialect::{EventKind, NewEvent};
use crate::error::Error;
use crate::model::Direction;

/// What each migration finds set in its session.
pub(super) fn options(target: &Target) -> SessionOptions {
    SessionOptions { holds_lock: true, ..session::session_options(target) }
}

/// Makes sure that the lock keeps others out, and gives the session what migrations expect.
pub(super) async fn set_up(target: &Target, opened: &mut Opened, lock: &MigrationLock) -> Result<(), SqlError> {
    opened.session.learn_client_defaults(lock.another_try().as_deref()).await?;
    // What the configuration sets comes after the server's own defaults.
    opened.session.reset(&options(target), &[]).await
}

/// The same; then, in one message with the settings, looks whether the tables can be written. False where something
/// stood in the way of either that is still to be told apart.
async fn set_up_and_probe(
    target: &Target,
    opened: &mut Opened,
    lock: &MigrationLock,
    probe: &[String],
) -> Result<bool, SqlError> {
    opened.session.learn_client_defaults(lock.another_try().as_deref()).await?;
    match opened.session.reset(&options(target), probe).await {
        Ok(()) => Ok(true),
        Err(error) if error.kind.ends_session() => Err(error),
        Err(error) => {
            opened.session.reset(&options(target), &[]).await?;
            // Who is in the way of a look says nothing about rights: the run itself will wait, and tell for whom.
            Ok(error.kind.is_conflict())
        }
    }
}

/// Makes session and tables ready for a run. `bookkeeping` is what was read from the tables under the lock.
pub(super) async fn prepare_run(
    context: &Context<'_>,
    target: &Target,
    opened: &mut Opened,
    lock: &MigrationLock,
    bookkeeping: &Bookkeeping,
    direction: Direction,
) -> Result<(), Error> {
    if bookkeeping.incomplete.is_none() {
        let probe = opened.tables.probe_writes(direction == Direction::Rollback);
        let probing = async { Ok(set_up_and_probe(target, opened, lock, &probe).await?) };
        if context.unless_stopped(probing).await? {
            return Ok(());
        }
    } else {
        context.unless_stopped(async { Ok(set_up(target, opened, lock).await?) }).await?;
    }
    prepare(context, target, opened, bookkeeping, direction).await
}

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
