use std::time::Duration;

use super::session::{self, Opened};
use super::targets::for_each;
use super::{Context, Outcome};
use crate::cli::ResolveArgs;
use crate::config::{Purpose, Settings, Target};
use crate::db::lock::MigrationLock;
use crate::dialect::{EventKind, NewEvent};
use crate::error::{Error, ErrorKind};
use crate::model::{JournalEntry, Settlement, Version};
use crate::output::report::{DatabaseResolution, Report, ResolveReport};

/// `resolve`: a person says how the statement ended that a run died in.
pub(super) async fn resolve(context: &Context<'_>, settings: &Settings, args: &ResolveArgs) -> Outcome {
    let collected = for_each(settings, false, async |target| of_target(context, target, args).await.into()).await;
    Outcome { report: Some(Report::Resolve(ResolveReport { databases: collected.reports })), ..collected.outcome }
}

async fn of_target(context: &Context<'_>, target: &Target, args: &ResolveArgs) -> Result<DatabaseResolution, Error> {
    let mut opened = session::open(context, target, Purpose::Inspect, Duration::ZERO).await?;
    let mut on_wait = context.tell_holder();
    let lock =
        MigrationLock::acquire(opened.session.as_mut(), &opened.lock_key, target.lock_wait, &mut on_wait).await?;
    let result = under_lock(context, target, &mut opened, args).await;
    // The end of the session gives it back where this fails.
    let _ = lock.release(opened.session.as_mut()).await;
    opened.session.close().await;
    result
}

async fn under_lock(
    context: &Context<'_>,
    target: &Target,
    opened: &mut Opened,
    args: &ResolveArgs,
) -> Result<DatabaseResolution, Error> {
    let bookkeeping = opened.load().await?;
    let entry = bookkeeping.journal.iter().find(|entry| is_called(entry, &args.migration));
    let settlement = if args.done { Settlement::Done } else { Settlement::Retry };
    let open = entry.and_then(|entry| entry.settle(settlement).map(|settled| (entry, settled)));
    let Some((entry, settled)) = open else {
        let message = format!("no statement of {} has an unknown outcome", args.migration);
        return Err(Error::new(ErrorKind::Usage, message).hint("`dbwarden status` shows what is interrupted"));
    };
    let statement = entry.done + 1;
    if args.statement.is_some_and(|asked| asked.get() != statement) {
        let message = format!("statement {statement} of {} is the open one, not another", entry.file_name);
        return Err(Error::new(ErrorKind::Usage, message).note("nothing was changed"));
    }
    let identity = opened.identity(&context.run_id);
    let detail = format!("statement {statement}: {}", if args.done { "done" } else { "retry" });
    let event = opened.tables.insert_event(&NewEvent {
        kind: EventKind::Resolved,
        version: entry.version.as_ref(),
        file_name: Some(&entry.file_name),
        actor: &identity.actor,
        run_id: &identity.run_id,
        took: None,
        detail: Some(&detail),
    });
    let write = opened.tables.write_journal(&settled, None);
    let begin = opened.tables.engine.begin();
    opened.session.run(&[begin, &write, &event, "COMMIT"], &mut |_, _| {}).await.map_err(|failed| failed.error)?;
    Ok(DatabaseResolution {
        database: target.name.clone(),
        version: entry.version.clone(),
        file: entry.file_name.clone(),
        direction: entry.direction,
        statement,
        done: args.done,
    })
}

fn is_called(entry: &JournalEntry, name: &str) -> bool {
    let by_version = name.parse::<Version>().is_ok_and(|version| entry.version.as_ref() == Some(&version));
    by_version || entry.file_name == name
}
