use std::collections::HashMap;

use super::request::Request;
use super::run::{Manner, connect_early, run};
use super::targets::for_each;
use super::with_backup::BackupFirst;
use super::{Context, Outcome, check, leave_to_the_end, session};
use crate::cli::MigrateArgs;
use crate::config::{Purpose, Settings};
use crate::error::Error;
use crate::model::Catalog;
use crate::output::report::{CheckReport, FindingSeverity, Report, ReportFormat, RunReport};
use crate::plan::Goal;

/// `migrate`: applies what is pending.
pub(super) async fn migrate(context: &Context<'_>, settings: &Settings, args: &MigrateArgs) -> Outcome {
    let goal = match (&args.to_version, args.count) {
        (Some(version), _) => Goal::Version(version.clone()),
        (None, Some(count)) => Goal::Steps(count.get()),
        (None, None) => Goal::Latest,
    };
    let gate = args.check.then(|| goal.clone());
    let request = if args.baseline { Request::Baseline(goal) } else { Request::Migrate(goal) };
    let manner = Manner {
        dry_run: args.dry_run,
        patience: args.wait_for_db.unwrap_or_default(),
        backup: BackupFirst::from_args(&args.backup, args.on_failure),
    };

    // Every file of every database is read, and every URL found, before the first connection: what is wrong with one
    // stops the whole run, not its second half. One database may be connected to meanwhile, where that leaves no trace.
    let may_begin_early = settings.selected().len() == 1 && gate.is_none() && manner.patience.is_zero();
    let mut early = None;
    let mut catalogs = HashMap::new();
    let mut outcome = Outcome::default();
    for target in settings.selected() {
        let reachable = target.connect_options(Purpose::Migrate).map(drop).map_err(Error::from);
        let read = match reachable {
            Ok(()) if may_begin_early && session::leaves_no_trace(target, manner.purpose()) => {
                let connecting = connect_early(context, target, &request, manner);
                let both = session::read_catalog_beside(target, connecting).await;
                both.map(|(catalog, connected)| {
                    early = Some(connected);
                    catalog
                })
            }
            Ok(()) => session::read_catalog(target),
            Err(error) => Err(error),
        };
        match read {
            Ok(catalog) => {
                catalogs.insert(target.name.clone(), catalog);
            }
            Err(error) => outcome.errors.push((Some(target.name.clone()), error)),
        }
    }
    if !outcome.errors.is_empty() && !args.keep_going {
        return outcome;
    }
    if let Some(goal) = &gate
        && let Some(refused) = checked(context, settings, goal, manner, &mut catalogs, &mut outcome).await
    {
        return refused;
    }
    if !outcome.errors.is_empty() && !args.keep_going {
        return outcome;
    }
    let collected = for_each(settings, args.keep_going, async |target| match catalogs.get(&target.name) {
        Some(catalog) => run(context, target, catalog, &request, manner, early.take()).await,
        None => super::targets::PerTarget { report: None, error: None },
    })
    .await;
    leave_to_the_end(catalogs);
    outcome.errors.extend(collected.outcome.errors);
    outcome.report = Some(Report::Run(RunReport { databases: collected.reports }));
    outcome
}

/// `--check`: what the rules find in what would run, on every database before anything runs on one. The outcome
/// where that is an error; warnings are told. A database that cannot be asked is left out, with its error.
async fn checked(
    context: &Context<'_>,
    settings: &Settings,
    goal: &Goal,
    manner: Manner,
    catalogs: &mut HashMap<String, Catalog>,
    outcome: &mut Outcome,
) -> Option<Outcome> {
    let mut databases = Vec::new();
    for target in settings.selected() {
        let Some(catalog) = catalogs.get(&target.name) else { continue };
        match check::gate(context, target, catalog, goal, manner.patience).await {
            Ok(found) => databases.extend(found),
            Err(error) => {
                catalogs.remove(&target.name);
                outcome.errors.push((Some(target.name.clone()), error));
            }
        }
    }
    let findings = || databases.iter().flat_map(|database| &database.findings);
    if findings().any(|finding| finding.severity == FindingSeverity::Error) {
        context.printer.message("nothing was applied: `migrate --check` found what would hurt");
        let report = Report::Check(CheckReport { databases, format: ReportFormat::Text });
        let errors = std::mem::take(&mut outcome.errors);
        return Some(Outcome { report: Some(report), errors, pending: true, ..Outcome::default() });
    }
    findings().for_each(|finding| context.printer.finding(finding));
    None
}
