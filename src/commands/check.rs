use super::session::Opened;
use super::status::look;
use super::targets::{PerTarget, for_each};
use super::{Context, Outcome, notes, session, settle};
use crate::cli::CheckArgs;
use crate::config::{Settings, Target};
use crate::db::history_table::Bookkeeping;
use crate::db::unfinished;
use crate::dialect;
use crate::error::Error;
use crate::lint::{self, Finding};
use crate::model::{Catalog, Direction, Migration, ObjectName, Unfinished};
use crate::output::report::{CheckReport, DatabaseCheck, FindingReport, FindingSeverity, Report};
use crate::plan::{self, Goal, Healing, MigratePolicy, MigrationState, PlanNote, Survey};

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
    let report = |pending, pending_files, findings: Vec<FindingReport>| DatabaseCheck {
        database: target.name.clone(),
        checked_files: catalog.iter().count(),
        pending,
        pending_files,
        findings,
    };
    if offline {
        let found = catalog.iter().flat_map(|file| lint::lint(file)).map(FindingReport::from).collect();
        return Ok(report(None, Vec::new(), found)).into();
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
    findings: Vec<FindingReport>,
    error: Option<Error>,
}

async fn against_database(context: &Context<'_>, target: &Target, catalog: &Catalog) -> Result<Compared, Error> {
    let (mut opened, bookkeeping) = look(context, target).await?;
    let unfinished = unfinished::load(opened.session.as_mut()).await?;
    let settled = settled(&mut opened, catalog, bookkeeping).await;
    opened.session.close().await;
    let (survey, note) = settled?;
    notes::tell(context, note.as_slice());
    let states = [
        MigrationState::Pending,
        MigrationState::OutOfOrder,
        MigrationState::Interrupted,
        MigrationState::RepeatableDue,
    ];
    // What is applied is done: a finding about it could only be answered by editing an applied file.
    let files = survey.in_state(&states).filter_map(|entry| entry.file.as_deref());
    let of_files = files.flat_map(|file: &Migration| lint::lint(file)).map(FindingReport::from);
    let of_database = unfinished.iter().map(|object| describe(object, plan::healing(target.engine, &survey, object)));
    let findings = of_files.chain(of_database).collect();
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

/// The survey, with what the database tells of an interrupted statement: `migrate` asks the same.
async fn settled(
    opened: &mut Opened,
    catalog: &Catalog,
    mut bookkeeping: Bookkeeping,
) -> Result<(Survey, Option<PlanNote>), Error> {
    let engine = opened.tables.engine;
    let mut survey = plan::survey(catalog, bookkeeping.history, &bookkeeping.journal);
    let note = settle::settle(opened, &mut survey).await?;
    let is_asked_for = |direction| direction == Direction::Upgrade;
    settle::leave_out_unbegun(engine, catalog, &mut survey, &mut bookkeeping.journal, is_asked_for);
    Ok((survey, note))
}

/// What the database has begun and not finished. An index that the history says was built is an error, because every
/// check of the history alone says that all is well.
fn describe(object: &Unfinished, healing: Healing) -> FindingReport {
    let shown = |name: &ObjectName| match &name.schema {
        Some(schema) => format!("{schema}.{}", name.name),
        None => name.name.clone(),
    };
    let by_hand = format!("run by hand: {}", dialect::finish(object));
    let (name, table, partitioned) = match object {
        Unfinished::Constraint { name, table } => {
            return FindingReport {
                severity: FindingSeverity::Note,
                rule: "not-valid-constraint".to_string(),
                file: None,
                line: None,
                message: format!(
                    "constraint {name} of {} is NOT VALID: rows that were there before it were never checked",
                    shown(table)
                ),
                remedy: Some(by_hand),
            };
        }
        Unfinished::Index { name, table, partitioned } => (name, table, *partitioned),
    };
    let what = format!("index {} on {} is invalid", shown(name), shown(table));
    let (severity, file, message, remedy) = match healing {
        _ if partitioned => (
            FindingSeverity::Warning,
            None,
            format!("{what} until every partition has its own, attached to it"),
            by_hand,
        ),
        Healing::NextRun { file } => (
            FindingSeverity::Note,
            Some(file),
            format!("{what}: an earlier attempt to build it did not come to its end"),
            "the next `dbwarden migrate` drops it and builds it again".to_string(),
        ),
        Healing::Person { file } => (
            FindingSeverity::Error,
            Some(file),
            format!("{what}, although the history says that it was built: no query uses it"),
            by_hand,
        ),
        Healing::Stranger => (
            FindingSeverity::Warning,
            None,
            format!("{what}: no query uses it, every write still pays for it, and no file here builds it"),
            by_hand,
        ),
    };
    FindingReport { severity, rule: "invalid-index".to_string(), file, line: None, message, remedy: Some(remedy) }
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
