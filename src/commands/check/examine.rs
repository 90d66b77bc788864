//! Running the rules with what is known around the files.

use std::path::PathBuf;
use std::time::Duration;

use super::super::session::Opened;
use super::super::targets::PerTarget;
use super::super::{Context, notes, session, settle, status};
use super::describe;
use crate::config::{Purpose, Target};
use crate::db::history_table::{Bookkeeping, Extent};
use crate::db::{ServerInfo, table_sizes, unfinished};
use crate::error::Error;
use crate::lint::{self, Server, Surroundings};
use crate::model::{Catalog, Direction, Migration};
use crate::output::report::{DatabaseCheck, FindingReport, PlaceReport};
use crate::plan::{self, Goal, MigratePolicy, MigrationState, PlanNote, Survey, Work};

/// What the configuration says of rules and of what surrounds the files.
pub(super) fn options(target: &Target) -> lint::Options {
    let surroundings = Surroundings {
        server: target.server_version.clone(),
        lock_timeout: Some(target.lock_timeout),
        session: target.session.clone(),
        tables: None,
    };
    lint::Options { severities: target.check.clone(), surroundings }
}

/// The report on some files behind others, nothing asked of a database.
pub(super) fn offline(target: &Target, applied: &[&Migration], files: &[&Migration]) -> DatabaseCheck {
    report(target, applied, files, &options(target))
}

fn report(target: &Target, applied: &[&Migration], files: &[&Migration], options: &lint::Options) -> DatabaseCheck {
    let examined = lint::examine_after(target.engine, applied, files, options);
    DatabaseCheck {
        database: target.name.clone(),
        checked_files: files.len(),
        pending: None,
        pending_files: Vec::new(),
        findings: examined.findings.into_iter().map(FindingReport::from).collect(),
        partly_understood: examined.partly_understood.into_iter().map(place).collect(),
    }
}

fn place((file, line): (PathBuf, usize)) -> PlaceReport {
    PlaceReport { file: file.display().to_string(), line }
}

/// The files against the history. What is applied is done, so that a finding about it could only be answered by
/// editing an applied file: those are looked at only when `all`.
pub(super) async fn against_database(
    context: &Context<'_>,
    target: &Target,
    catalog: &Catalog,
    all: bool,
) -> Result<PerTarget<DatabaseCheck>, Error> {
    let (mut opened, bookkeeping) = status::look(context, target).await?;
    let looked = async {
        let unfinished = unfinished::load(opened.session.as_mut()).await?;
        Ok::<_, Error>((look(context, target, catalog, &mut opened, bookkeeping).await?, unfinished))
    }
    .await;
    opened.session.close().await;
    let (Looked { survey, note, options }, unfinished) = looked?;
    notes::tell(context, note.as_slice());

    let states = [
        MigrationState::Pending,
        MigrationState::OutOfOrder,
        MigrationState::Interrupted,
        MigrationState::RepeatableDue,
    ];
    let (applied, files): (Vec<&Migration>, Vec<&Migration>) = match all {
        true => (Vec::new(), catalog.iter().map(AsRef::as_ref).collect()),
        false => (of_state(&survey, &APPLIED), of_state(&survey, &states)),
    };
    let pending_files = survey.pending_entries().filter_map(|entry| entry.file.as_ref());
    let mut report = DatabaseCheck {
        checked_files: catalog.iter().count(),
        pending: Some(survey.pending()),
        pending_files: pending_files.map(|file| file.path.display().to_string()).collect(),
        ..report(target, &applied, &files, &options)
    };
    let half_done = unfinished.iter();
    let half_done = half_done.map(|object| (object, plan::healing(target.engine, &survey, object)));
    report.findings.extend(half_done.filter_map(|(object, healing)| describe::unfinished(object, healing, &options)));
    // The very plan that `migrate` would make: what stops that one is what is wrong here.
    let error = match plan::plan_migrate(target.engine, &survey, &Goal::Latest, policy(target)) {
        Ok(plan) => {
            notes::tell(context, &plan.notes);
            None
        }
        Err(error) => Some(error.into()),
    };
    Ok(PerTarget { report: Some(report), error })
}

/// What the files are seen against.
struct Looked {
    survey: Survey,
    note: Option<PlanNote>,
    options: lint::Options,
}

async fn look(
    context: &Context<'_>,
    target: &Target,
    catalog: &Catalog,
    opened: &mut Opened,
    mut bookkeeping: Bookkeeping,
) -> Result<Looked, Error> {
    let mut survey = plan::survey(catalog, bookkeeping.history, &bookkeeping.journal);
    // What the database tells of an interrupted statement: `migrate` asks the same.
    let note = settle::settle(opened, &mut survey).await?;
    let is_asked_for = |direction| direction == Direction::Upgrade;
    settle::leave_out_unbegun(target.engine, catalog, &mut survey, &mut bookkeeping.journal, is_asked_for);
    let mut options = options(target);
    options.surroundings.server = server(opened.session.server()).or(options.surroundings.server);
    match table_sizes(opened.session.as_mut()).await {
        Ok(tables) => options.surroundings.tables = Some(tables),
        // The rules then say what they would say without a database.
        Err(error) => context.printer.message(&format!("{}: table sizes are not known: {error}", target.name)),
    }
    Ok(Looked { survey, note, options })
}

/// What the database has, as the files say it.
const APPLIED: [MigrationState; 2] = [MigrationState::Applied, MigrationState::CosmeticallyEdited];

fn of_state<'a>(survey: &'a Survey, states: &'a [MigrationState]) -> Vec<&'a Migration> {
    survey.in_state(states).filter_map(|entry| entry.file.as_deref()).collect()
}

fn policy(target: &Target) -> MigratePolicy {
    MigratePolicy { out_of_order: target.out_of_order, database_ahead: target.on_database_ahead }
}

/// `15.18 (Debian …)`, `10.11.19-MariaDB`: the numbers at its start.
fn server(info: &ServerInfo) -> Option<Server> {
    let numbers = info.version.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
    let version: Vec<u32> = numbers.split('.').map_while(|part| part.parse().ok()).collect();
    (!version.is_empty()).then(|| Server { product: info.product.clone(), version })
}

/// What the rules say of what `migrate` would run up to `goal`; None where it would run nothing, or where it will
/// say itself why it cannot. Under no lock: what is found is about files.
pub(in crate::commands) async fn gate(
    context: &Context<'_>,
    target: &Target,
    catalog: &Catalog,
    goal: &Goal,
    patience: Duration,
) -> Result<Option<DatabaseCheck>, Error> {
    let opening = session::open_to_look(context, target, Purpose::Inspect, patience, Extent::Applied);
    let mut opened = context.unless_stopped(opening).await?;
    let looking = async {
        let (bookkeeping, _) = opened.look().await?;
        look(context, target, catalog, &mut opened, bookkeeping).await
    };
    let looked = context.unless_stopped(looking).await;
    opened.session.close().await;
    let Looked { survey, options, .. } = looked?;
    let Ok(plan) = plan::plan_migrate(target.engine, &survey, goal, policy(target)) else { return Ok(None) };
    let apply = |step: &'_ plan::Step| match &step.work {
        Work::Apply(migration) => Some(std::sync::Arc::clone(migration)),
        Work::Record(_) | Work::Revert { .. } => None,
    };
    let files: Vec<_> = plan.steps.iter().filter_map(apply).collect();
    if files.is_empty() {
        return Ok(None);
    }
    let applied = of_state(&survey, &APPLIED);
    Ok(Some(report(target, &applied, &files.iter().map(AsRef::as_ref).collect::<Vec<_>>(), &options)))
}
