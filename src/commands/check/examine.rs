//! Running the rules with what is known around the files.

use std::path::PathBuf;
use std::time::Duration;

use super::super::targets::PerTarget;
use super::super::{Context, notes, session};
use crate::config::{Purpose, Target};
use crate::db::{ServerInfo, table_sizes};
use crate::error::{Error, Excerpt};
use crate::lint::{self, Finding, Server, Severity, Surroundings};
use crate::model::{Catalog, Migration};
use crate::output::report::{DatabaseCheck, FindingReport, FindingSeverity, PlaceReport};
use crate::plan::{self, Goal, MigratePolicy, MigrationState, Work};

/// What the configuration says of rules and of what surrounds the files.
pub(super) fn options(target: &Target) -> lint::Options {
    let limit = |limit: Duration| Some(limit).filter(|limit| !limit.is_zero());
    let surroundings = Surroundings {
        server: target.server_version.clone(),
        lock_timeout: limit(target.lock_timeout),
        statement_timeout: limit(target.statement_timeout),
        tables: None,
    };
    lint::Options { severities: target.check.clone(), surroundings }
}

/// The report on some files, nothing asked of a database.
pub(super) fn offline(target: &Target, files: &[&Migration]) -> DatabaseCheck {
    report(target, files, &options(target))
}

fn report(target: &Target, files: &[&Migration], options: &lint::Options) -> DatabaseCheck {
    let examined = lint::examine(target.engine, files, options);
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
    let mut opened = session::open(context, target, Purpose::Inspect, Duration::ZERO).await?;
    let looked = look(context, target, catalog, &mut opened).await;
    opened.session.close().await;
    let (survey, options) = looked?;

    let states = [
        MigrationState::Pending,
        MigrationState::OutOfOrder,
        MigrationState::Interrupted,
        MigrationState::RepeatableDue,
    ];
    let files: Vec<&Migration> = match all {
        true => catalog.iter().map(AsRef::as_ref).collect(),
        false => survey.in_state(&states).filter_map(|entry| entry.file.as_deref()).collect(),
    };
    let pending_files = survey.pending_entries().filter_map(|entry| entry.file.as_ref());
    let report = DatabaseCheck {
        checked_files: catalog.iter().count(),
        pending: Some(survey.pending()),
        pending_files: pending_files.map(|file| file.path.display().to_string()).collect(),
        ..report(target, &files, &options)
    };
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

async fn look(
    context: &Context<'_>,
    target: &Target,
    catalog: &Catalog,
    opened: &mut session::Opened,
) -> Result<(plan::Survey, lint::Options), Error> {
    let (bookkeeping, running) = opened.look().await?;
    if let Some(holder) = running {
        context.printer.message(&format!("{}: a run is going on: {holder}", target.name));
    }
    let survey = plan::survey(catalog, bookkeeping.history, &bookkeeping.journal);
    let mut options = options(target);
    options.surroundings.server = server(opened.session.server()).or(options.surroundings.server);
    match table_sizes(opened.session.as_mut()).await {
        Ok(tables) => options.surroundings.tables = Some(tables),
        // The rules then say what they would say without a database.
        Err(error) => context.printer.message(&format!("{}: table sizes are not known: {error}", target.name)),
    }
    Ok((survey, options))
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
    let opening = session::open(context, target, Purpose::Inspect, patience);
    let mut opened = context.unless_stopped(opening).await?;
    let looked = context.unless_stopped(look(context, target, catalog, &mut opened)).await;
    opened.session.close().await;
    let (survey, options) = looked?;
    let Ok(plan) = plan::plan_migrate(target.engine, &survey, goal, policy(target)) else { return Ok(None) };
    let apply = |step: &'_ plan::Step| match &step.work {
        Work::Apply(migration) => Some(std::sync::Arc::clone(migration)),
        Work::Record(_) | Work::Revert { .. } => None,
    };
    let files: Vec<_> = plan.steps.iter().filter_map(apply).collect();
    if files.is_empty() {
        return Ok(None);
    }
    Ok(Some(report(target, &files.iter().map(AsRef::as_ref).collect::<Vec<_>>(), &options)))
}

impl From<Finding> for FindingReport {
    fn from(finding: Finding) -> Self {
        let severity = match finding.severity {
            Severity::Error => FindingSeverity::Error,
            Severity::Warning => FindingSeverity::Warning,
            Severity::Note => FindingSeverity::Note,
        };
        FindingReport {
            severity,
            rule: finding.rule.to_string(),
            file: Some(finding.file.display().to_string()),
            line: finding.line,
            column: finding.column,
            end_line: finding.end.map(|(line, _)| line),
            end_column: finding.end.map(|(_, column)| column),
            message: finding.message,
            remedy: Some(finding.remedy).filter(|remedy| !remedy.is_empty()),
            excerpt: finding.source.map(|(text, span)| Excerpt::around(&text, span)),
        }
    }
}
