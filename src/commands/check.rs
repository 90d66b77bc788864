use super::status::load;
use super::targets::{PerTarget, for_each};
use super::{Context, Outcome, notes, session};
use crate::cli::CheckArgs;
use crate::config::{Settings, Target};
use crate::error::Error;
use crate::lint::{self, Finding};
use crate::model::{Catalog, Migration};
use crate::output::report::{CheckReport, DatabaseCheck, FindingReport, FindingSeverity, Report};
use crate::plan::{self, Goal, MigratePolicy, MigrationState};

/// `check`: whether the files can be used, whether they agree with the database, and whether work is pending.
pub(super) async fn check(context: &Context<'_>, settings: &Settings, args: &CheckArgs) -> Outcome {
    // Every database is looked at: a gate should tell all that is wrong at once.
    let collected = for_each(settings, true, async |target| of_target(context, target, args.offline).await).await;
    let found = |database: &DatabaseCheck| {
        database.pending.is_some_and(|pending| pending > 0)
            || database.findings.iter().any(|finding| finding.severity == FindingSeverity::Error)
    };
    let pending = collected.reports.iter().any(found);
    Outcome { report: Some(Report::Check(CheckReport { databases: collected.reports })), pending, ..collected.outcome }
}

async fn of_target(context: &Context<'_>, target: &Target, offline: bool) -> PerTarget<DatabaseCheck> {
    let catalog = match session::read_catalog(target) {
        Ok(catalog) => catalog,
        Err(error) => return Err(error).into(),
    };
    let report = |pending, pending_files, findings: Vec<Finding>| DatabaseCheck {
        database: target.name.clone(),
        checked_files: catalog.iter().count(),
        pending,
        pending_files,
        findings: findings.into_iter().map(FindingReport::from).collect(),
    };
    if offline {
        return Ok(report(
            None,
            Vec::new(),
            lint::lint(
                target.engine,
                &catalog.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
                &lint::Options::default(),
            ),
        ))
        .into();
    }
    match against_database(context, target, &catalog).await {
        Ok(Compared { pending, pending_files, findings, error }) => {
            PerTarget { report: Some(report(Some(pending), pending_files, findings)), error }
        }
        Err(error) => Err(error).into(),
    }
}

struct Compared {
    pending: usize,
    pending_files: Vec<String>,
    findings: Vec<Finding>,
    error: Option<Error>,
}

async fn against_database(context: &Context<'_>, target: &Target, catalog: &Catalog) -> Result<Compared, Error> {
    let (bookkeeping, _) = load(context, target).await?;
    let survey = plan::survey(catalog, bookkeeping.history, &bookkeeping.journal);
    let states = [
        MigrationState::Pending,
        MigrationState::OutOfOrder,
        MigrationState::Interrupted,
        MigrationState::RepeatableDue,
    ];
    // What is applied is done: a finding about it could only be answered by editing an applied file.
    let files = survey.in_state(&states).filter_map(|entry| entry.file.as_deref());
    let files: Vec<&Migration> = files.collect();
    let findings = lint::lint(target.engine, &files, &lint::Options::default());
    let policy = MigratePolicy { out_of_order: target.out_of_order, database_ahead: target.on_database_ahead };
    // The very plan that `migrate` would make: what stops that one is what is wrong here.
    let error = match plan::plan_migrate(target.engine, &survey, &Goal::Latest, policy) {
        Ok(plan) => {
            notes::tell(context, &plan.notes);
            None
        }
        Err(error) => Some(error.into()),
    };
    let pending_files = survey.pending_entries().filter_map(|entry| entry.file.as_ref());
    let pending_files = pending_files.map(|file| file.path.display().to_string()).collect();
    Ok(Compared { pending: survey.pending(), pending_files, findings, error })
}

impl From<Finding> for FindingReport {
    fn from(finding: Finding) -> Self {
        FindingReport {
            severity: FindingSeverity::Warning,
            rule: finding.rule.to_string(),
            file: Some(finding.file.display().to_string()),
            line: finding.line,
            message: finding.message,
            remedy: Some(finding.remedy),
        }
    }
}
