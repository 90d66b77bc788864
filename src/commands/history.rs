use std::time::Duration;

use super::status::load;
use super::targets::for_each;
use super::{Context, Outcome, session};
use crate::cli::HistoryArgs;
use crate::config::{Purpose, Settings, Target};
use crate::db::events_table;
use crate::error::Error;
use crate::output::report::{
    DatabaseEvents, DatabaseHistory, EventReport, EventsReport, HistoryReport, HistoryRow, Report,
};

/// How many events are shown where nobody says: the table grows with every run, and the last ones are asked for.
const EVENTS: usize = 50;

/// `history`: what was applied, when and by whom; with `--events` everything that runs recorded. Needs no files.
pub(super) async fn history(context: &Context<'_>, settings: &Settings, args: &HistoryArgs) -> Outcome {
    if args.events {
        let collected = for_each(settings, false, async |target| events(context, target, args).await.into()).await;
        let report = Report::Events(EventsReport { databases: collected.reports });
        return Outcome { report: Some(report), ..collected.outcome };
    }
    let collected = for_each(settings, false, async |target| rows(context, target, args).await.into()).await;
    Outcome { report: Some(Report::History(HistoryReport { databases: collected.reports })), ..collected.outcome }
}

async fn rows(context: &Context<'_>, target: &Target, args: &HistoryArgs) -> Result<DatabaseHistory, Error> {
    let (bookkeeping, location) = load(context, target).await?;
    let of_run = |row: &HistoryRow| match &args.run {
        Some(run) => row.run_id.as_ref().is_some_and(|id| id.starts_with(run.as_str())),
        None => true,
    };
    let mut rows: Vec<HistoryRow> =
        bookkeeping.history.rows().iter().map(|row| HistoryRow::from(row.as_ref())).filter(of_run).collect();
    let skipped = args.limit.map_or(0, |limit| rows.len().saturating_sub(limit.get()));
    rows.drain(..skipped);
    Ok(DatabaseHistory { database: target.name.clone(), engine: target.engine, location, rows })
}

async fn events(context: &Context<'_>, target: &Target, args: &HistoryArgs) -> Result<DatabaseEvents, Error> {
    let mut opened = session::open(context, target, Purpose::Inspect, Duration::ZERO).await?;
    let limit = args.limit.map_or(EVENTS, |limit| limit.get());
    // One more than is shown tells whether there are more.
    let asked = limit.min(i32::MAX as usize) + 1;
    let found = events_table::load(opened.session.as_mut(), &opened.tables, asked, args.run.as_deref()).await;
    let found = found.map_err(|error| opened.unread(error));
    opened.session.close().await;
    let mut events: Vec<EventReport> = found?.into_iter().map(EventReport::from).collect();
    let truncated = events.len() > limit;
    events.drain(..usize::from(truncated));
    let (database, location) = (target.name.clone(), opened.location);
    Ok(DatabaseEvents { database, engine: target.engine, location, truncated, events })
}
