//! `check`: whether the files can be used, whether they agree with the database, whether work is pending, and what
//! would hurt.

mod branch;
mod describe;
mod examine;
mod files;
mod rules;

pub(super) use examine::gate;
pub(super) use rules::{explain, list};

use super::targets::{Collected, PerTarget, for_each};
use super::{Context, Outcome, session};
use crate::cli::{CheckArgs, CheckFormat, FailOn};
use crate::config::{Settings, Target};
use crate::error::{Error, ErrorKind};
use crate::model::Migration;
use crate::output::report::{CheckReport, DatabaseCheck, FindingSeverity, Report, ReportFormat};

/// `check`
pub(super) async fn check(context: &Context<'_>, settings: &Settings, args: &CheckArgs) -> Outcome {
    if context.global.json && !matches!(args.format, CheckFormat::Text | CheckFormat::Json) {
        return Error::new(ErrorKind::Usage, "--json and another --format exclude each other").into();
    }
    let collected = if args.files.is_empty() {
        // Every database is looked at: a gate should tell all that is wrong at once.
        for_each(settings, true, async |target| of_target(context, target, args).await).await
    } else {
        files::check(settings, &args.files)
    };
    concluded(args, collected)
}

async fn of_target(context: &Context<'_>, target: &Target, args: &CheckArgs) -> PerTarget<DatabaseCheck> {
    let catalog = match session::read_catalog(target) {
        Ok(catalog) => catalog,
        Err(error) => return Err(error).into(),
    };
    if let Some(revision) = args.since.as_ref().or(args.against.as_ref()) {
        return branch::check(target, &catalog, revision, args.against.is_some()).await.into();
    }
    if args.offline {
        let files: Vec<&Migration> = catalog.iter().map(AsRef::as_ref).collect();
        return Ok(examine::offline(target, &[], &files)).into();
    }
    match examine::against_database(context, target, &catalog, args.all_migrations).await {
        Ok(checked) => checked,
        Err(error) => Err(error).into(),
    }
}

/// The report, and what it means for the exit code.
fn concluded(args: &CheckArgs, collected: Collected<DatabaseCheck>) -> Outcome {
    let least = match args.fail_on {
        FailOn::Error => Some(FindingSeverity::Error),
        FailOn::Warning => Some(FindingSeverity::Warning),
        FailOn::Never => None,
    };
    let format = match args.format {
        CheckFormat::Text | CheckFormat::Json => ReportFormat::Text,
        CheckFormat::Sarif => ReportFormat::Sarif,
        CheckFormat::Github => ReportFormat::Github,
        CheckFormat::Markdown => ReportFormat::Markdown,
    };
    let fails = |database: &DatabaseCheck| {
        let pending = !args.allow_pending && database.pending.is_some_and(|pending| pending > 0);
        pending || least.is_some_and(|least| database.findings.iter().any(|finding| finding.severity >= least))
    };
    let pending = collected.reports.iter().any(fails);
    let report = CheckReport { databases: collected.reports, format };
    Outcome { report: Some(Report::Check(report)), pending, ..collected.outcome }
}
