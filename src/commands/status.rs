use std::time::Duration;

use super::session::Opened;
use super::targets::for_each;
use super::{Context, Outcome, backup, leave_to_the_end, session};
use crate::cli::StatusArgs;
use crate::config::{Purpose, Settings, Target};
use crate::db::history_table::{Bookkeeping, Extent};
use crate::db::lock::LockHolder;
use crate::error::{Error, ErrorKind};
use crate::output::report::{DatabaseStatus, EntryState, Report, StatusEntry, StatusReport};
use crate::plan;

/// `status`: files against history.
pub(super) async fn status(context: &Context<'_>, settings: &Settings, args: &StatusArgs) -> Outcome {
    let several = settings.selected().len() > 1;
    let collected = for_each(settings, false, async |target| of_target(context, target, several).await.into()).await;
    let pending = args.exit_code && collected.reports.iter().any(|database: &DatabaseStatus| database.pending > 0);
    let mut outcome = collected.outcome;
    if args.exit_code {
        outcome.errors.extend(collected.reports.iter().filter_map(disagreement));
    }
    let report = Some(Report::Status(StatusReport { databases: collected.reports }));
    Outcome { report, pending, ..outcome }
}

/// What would stop `migrate`: a gate that waits for its end must not open.
fn disagreement(database: &DatabaseStatus) -> Option<(Option<String>, Error)> {
    let stops = [EntryState::Modified, EntryState::Missing, EntryState::Interrupted];
    let entry = database.entries.iter().find(|entry| stops.contains(&entry.state))?;
    let error = Error::new(ErrorKind::Disagreement, format!("{} is {}", entry.file, entry.state.label()))
        .hint("`dbwarden check` says what stops a migration, and what to do");
    Some((Some(database.database.clone()), error))
}

async fn of_target(context: &Context<'_>, target: &Target, several: bool) -> Result<DatabaseStatus, Error> {
    // What is asked of the database is asked, and leave taken of it, while the files are read.
    let looking = async {
        let mut opened = session::connect_to_look(context, target, Purpose::Inspect, Extent::StandingSince).await?;
        let looked = opened.look().await;
        let place = opened.place();
        opened.session.close().await;
        Ok::<_, Error>((place, looked))
    };
    let (catalog, connected) = session::read_catalog_beside(target, looking).await?;
    session::tell_of(context, target, connected.as_ref().ok().map(|(place, _)| place));
    let (place, looked) = connected?;
    let bookkeeping = tell_running(context, target, looked?);
    let survey = plan::survey(&catalog, bookkeeping.history, &bookkeeping.journal);
    let status = DatabaseStatus {
        database: target.name.clone(),
        engine: target.engine,
        location: place.location,
        current_version: survey.history.highest_version().cloned(),
        pending: survey.pending(),
        newest_backup: backup::newest(target),
        entries: survey.entries.iter().map(StatusEntry::from).collect(),
    };
    // Of several databases each makes room for the next.
    if !several {
        leave_to_the_end((catalog, survey));
    }
    Ok(status)
}

/// Reads the history of a target.
pub(super) async fn load(context: &Context<'_>, target: &Target) -> Result<(Bookkeeping, String), Error> {
    let (opened, bookkeeping) = look(context, target).await?;
    let location = opened.location.clone();
    opened.session.close().await;
    Ok((bookkeeping, location))
}

/// The same, for who has more to ask of the session.
pub(super) async fn look(context: &Context<'_>, target: &Target) -> Result<(Opened, Bookkeeping), Error> {
    let mut opened = session::open_to_look(context, target, Purpose::Inspect, Duration::ZERO, Extent::Applied).await?;
    let looked = opened.look().await?;
    Ok((opened, tell_running(context, target, looked)))
}

fn tell_running(context: &Context<'_>, target: &Target, looked: (Bookkeeping, Option<LockHolder>)) -> Bookkeeping {
    let (bookkeeping, running) = looked;
    if let Some(holder) = running {
        context.printer.message(&format!("{}: a run is going on: {holder}", target.name));
    }
    bookkeeping
}
