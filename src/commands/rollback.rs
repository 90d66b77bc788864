use super::request::Request;
use super::run::{Manner, run};
use super::targets::for_each;
use super::with_backup::BackupFirst;
use super::{Context, Outcome, session};
use crate::cli::{BackupFirstArgs, DowngradeArgs, OnFailure, RollbackArgs};
use crate::config::Settings;
use crate::output::report::{Report, RunReport};
use crate::plan::Goal;

/// `rollback`: undoes the latest migrations.
pub(super) async fn rollback(context: &Context<'_>, settings: &Settings, args: &RollbackArgs) -> Outcome {
    let goal = match (&args.to_version, args.count) {
        (Some(version), _) => Goal::Version(version.clone()),
        (None, count) => Goal::Steps(count.map_or(1, |count| count.get())),
    };
    undo(context, settings, goal, args.dry_run, &args.backup).await
}

/// `downgrade`: undoes everything above a version.
pub(super) async fn downgrade(context: &Context<'_>, settings: &Settings, args: &DowngradeArgs) -> Outcome {
    undo(context, settings, Goal::Version(args.to.clone()), args.dry_run, &args.backup).await
}

async fn undo(
    context: &Context<'_>,
    settings: &Settings,
    goal: Goal,
    dry_run: bool,
    backup: &BackupFirstArgs,
) -> Outcome {
    let request = Request::Rollback(goal);
    let backup = BackupFirst::from_args(backup, OnFailure::Stop);
    let manner = Manner { dry_run, backup, ..Manner::default() };
    let collected = for_each(settings, false, async |target| match session::read_catalog_if_there(target) {
        Ok(catalog) => run(context, target, &catalog, &request, manner, None).await,
        Err(error) => Err(error).into(),
    })
    .await;
    Outcome { report: Some(Report::Run(RunReport { databases: collected.reports })), ..collected.outcome }
}
