use std::time::Duration;

use super::targets::for_each;
use super::{Context, Outcome, session};
use crate::cli::UnlockArgs;
use crate::config::{Purpose, Settings, Target};
use crate::db::lock;
use crate::error::{Error, ErrorKind};
use crate::output::report::{DatabaseLock, LockReport, Report};

/// `lock-status`: who holds the migration lock.
pub(super) async fn status(context: &Context<'_>, settings: &Settings) -> Outcome {
    let collected = for_each(settings, false, async |target| {
        let mut opened = match session::open(context, target, Purpose::Inspect, Duration::ZERO).await {
            Ok(opened) => opened,
            Err(error) => return Err(error).into(),
        };
        let holder = lock::holder(opened.session.as_mut(), &opened.lock_key).await;
        opened.session.close().await;
        let report = holder.map_err(Error::from).map(|holder| DatabaseLock {
            database: target.name.clone(),
            held: holder.is_some(),
            holder: holder.map(|holder| holder.to_string()),
            released: false,
        });
        report.into()
    })
    .await;
    Outcome { report: Some(Report::Lock(LockReport { databases: collected.reports })), ..collected.outcome }
}

/// `unlock`: ends the session that holds the migration lock, after asking.
pub(super) async fn unlock(context: &Context<'_>, settings: &Settings, args: &UnlockArgs) -> Outcome {
    let collected = for_each(settings, false, async |target| end_holder(context, target, args.yes).await.into()).await;
    Outcome { report: Some(Report::Lock(LockReport { databases: collected.reports })), ..collected.outcome }
}

async fn end_holder(context: &Context<'_>, target: &Target, yes: bool) -> Result<DatabaseLock, Error> {
    let mut opened = session::open(context, target, Purpose::Inspect, Duration::ZERO).await?;
    let mut report = DatabaseLock { database: target.name.clone(), held: false, holder: None, released: false };
    let Some(holder) = lock::holder(opened.session.as_mut(), &opened.lock_key).await? else { return Ok(report) };
    report.held = true;
    report.holder = Some(holder.to_string());
    let question = format!("{}: end the session of {holder}? What it is doing is rolled back.", target.name);
    if !yes && !context.printer.confirm(&question) {
        return Err(Error::new(ErrorKind::Refused, format!("the lock is held by {holder}; its session was not ended"))
            .hint("`dbwarden unlock --yes` ends it without asking"));
    }
    report.released = lock::terminate(opened.session.as_mut(), &opened.lock_key, &holder).await?;
    opened.session.close().await;
    Ok(report)
}
