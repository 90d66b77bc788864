//! `backup`, `backup list`, `backup verify`; and what every use of a backup shares.

use std::time::Duration;

use super::session::{self, Opened};
use super::targets::for_each;
use super::{Context, Outcome};
use crate::backup::{self, Archive, BackupError, Job, Store, Taken, Technique};
use crate::cli::{BackupArgs, BackupCommand, WhichBackup};
use crate::config::{Purpose, Settings, Target};
use crate::dialect::{EventKind, NewEvent, Took};
use crate::error::Error;
use crate::model::{History, Version};
use crate::output::report::{BackupAction, BackupEntry, BackupReport, DatabaseBackups, Report};

/// `backup` and what stands below it.
pub(super) async fn backup(context: &Context<'_>, settings: &Settings, args: &BackupArgs) -> Outcome {
    let collected = for_each(settings, false, async |target| match &args.command {
        None => create(context, target, args.verify).await.into(),
        Some(BackupCommand::List(_)) => list(target).into(),
        Some(BackupCommand::Verify(args)) => verify(context, target, &args.which).await.into(),
    })
    .await;
    for database in &collected.reports {
        database.notes.iter().for_each(|note| context.printer.warning(note));
    }
    Outcome { report: Some(Report::Backup(BackupReport { databases: collected.reports })), ..collected.outcome }
}

async fn create(context: &Context<'_>, target: &Target, verify: bool) -> Result<DatabaseBackups, Error> {
    let mut technique = technique(target)?;
    technique.look();
    let opening = session::open(context, target, Purpose::Inspect, Duration::ZERO);
    let mut opened = context.unless_stopped(opening).await?;
    let lock = context.unless_stopped(opened.lock(context, target)).await?;
    let result = under_lock(context, target, technique.as_mut(), &mut opened, verify).await;
    // The end of the session gives it back where this fails.
    let _ = lock.release(opened.session.as_mut()).await;
    opened.session.close().await;
    result
}

async fn under_lock(
    context: &Context<'_>,
    target: &Target,
    technique: &mut dyn Technique,
    opened: &mut Opened,
    verify: bool,
) -> Result<DatabaseBackups, Error> {
    let bookkeeping = opened.load().await?;
    let taken = take(context, target, technique, opened, &bookkeeping.history, verify).await?;
    if bookkeeping.incomplete.is_none() {
        record(context, opened, EventKind::BackedUp, &taken.archive).await;
    }
    Ok(report(target, BackupAction::Taken, &taken, verify))
}

fn report(target: &Target, action: BackupAction, taken: &Taken, verified: bool) -> DatabaseBackups {
    DatabaseBackups {
        backups: vec![BackupEntry::new(&taken.archive.path, &taken.archive.manifest, verified)],
        removed: taken.removed.iter().map(|archive| archive.path.display().to_string()).collect(),
        ..empty(target, action)
    }
}

/// A report without backups in it.
pub(super) fn empty(target: &Target, action: BackupAction) -> DatabaseBackups {
    DatabaseBackups {
        database: target.name.clone(),
        engine: target.engine,
        action,
        folder: store(target).folder().display().to_string(),
        backups: Vec::new(),
        removed: Vec::new(),
        notes: Vec::new(),
    }
}

/// Where the backups of a target are.
pub(super) fn store(target: &Target) -> Store {
    Store::new(&target.backup.dir, &target.name)
}

/// The engine's way to make and restore backups of a target.
pub(super) fn technique(target: &Target) -> Result<Box<dyn Technique>, Error> {
    let options = target.connect_options(Purpose::Inspect)?;
    backup::technique(&options, &target.backup).map_err(Error::from)
}

/// Takes a backup of a database whose migration lock is held, and verifies it where asked to.
pub(super) async fn take(
    context: &Context<'_>,
    target: &Target,
    technique: &mut dyn Technique,
    opened: &mut Opened,
    history: &History,
    verify: bool,
) -> Result<Taken, Error> {
    let options = session::session_options(target);
    let identity = opened.identity(&context.run_id);
    let store = store(target);
    context.printer.message(&format!("{}: taking a backup", target.name));
    let job = Job {
        database: &target.name,
        location: &opened.location,
        run_id: &identity.run_id,
        taken_by: &identity.actor,
        history,
        options: &options,
        settings: &target.backup,
        store: &store,
    };
    let progress = |progress| context.printer.backup_progress("backing up", progress);
    let taking = backup::take(technique, opened.session.as_mut(), job, &progress);
    let taken = context.unless_stopped(async { Ok(taking.await?) }).await;
    context.printer.backup_ended();
    let taken = taken?;
    context.printer.message(&format!("{}: backed up to {}", target.name, taken.archive.path.display()));
    if verify {
        check(context, technique, opened, &taken.archive).await?;
    }
    Ok(taken)
}

/// Loads an archive into a scratch database, compares, and discards it.
async fn check(
    context: &Context<'_>,
    technique: &mut dyn Technique,
    opened: &mut Opened,
    archive: &Archive,
) -> Result<(), Error> {
    let scratch = technique.scratch(None, &context.run_id);
    let progress = |progress| context.printer.backup_progress("verifying", progress);
    let verifying = backup::verify(technique, archive, &scratch, &opened.tables, opened.session.as_mut(), &progress);
    let verified = context.unless_stopped(async { Ok(verifying.await?) }).await;
    context.printer.backup_ended();
    let discarded = technique.discard(&scratch).await;
    verified?;
    discarded.map_err(Error::from)
}

/// Notes in the events what was done with a backup. Best effort: the backup itself is done.
pub(super) async fn record(context: &Context<'_>, opened: &mut Opened, kind: EventKind, archive: &Archive) {
    let identity = opened.identity(&context.run_id);
    let version = archive.manifest.history.version.as_ref().and_then(|version| version.parse::<Version>().ok());
    let took = i64::try_from(archive.manifest.duration_ms).ok().map(Took::Milliseconds);
    let path = archive.path.display().to_string();
    let text = opened.tables.insert_event(&NewEvent {
        kind,
        version: version.as_ref(),
        file_name: None,
        actor: &identity.actor,
        run_id: &identity.run_id,
        took,
        detail: Some(&path),
    });
    if let Err(error) = opened.session.execute(&text).await {
        context.printer.warning(&format!("the event of the backup could not be written: {error}"));
    }
}

fn list(target: &Target) -> Result<DatabaseBackups, Error> {
    let listing = store(target).list()?;
    Ok(DatabaseBackups {
        backups: listing
            .archives
            .iter()
            .map(|archive| BackupEntry::new(&archive.path, &archive.manifest, false))
            .collect(),
        notes: listing.broken.iter().map(ToString::to_string).collect(),
        ..empty(target, BackupAction::Listed)
    })
}

/// The newest backup of a target, for reports that only mention it: None also where the folder cannot be read.
pub(super) fn newest(target: &Target) -> Option<BackupEntry> {
    let listing = store(target).list().ok()?;
    let newest = listing.archives.first()?;
    Some(BackupEntry::new(&newest.path, &newest.manifest, false))
}

/// The backup that is meant.
pub(super) fn find(target: &Target, which: &WhichBackup) -> Result<Archive, Error> {
    if let Some(file) = &which.file {
        return Archive::open(file).map_err(Error::from);
    }
    let store = store(target);
    let mut archives = store.list()?.archives;
    let position = match &which.run {
        Some(run) => archives.iter().position(|archive| archive.manifest.run_id == *run),
        None => (!archives.is_empty()).then_some(0),
    };
    match position {
        Some(position) => Ok(archives.swap_remove(position)),
        None => {
            let of = which.run.as_ref().map_or_else(String::new, |run| format!("of run {run} "));
            Err(BackupError::NotFound(format!("{of}in {}", store.folder().display())).into())
        }
    }
}

async fn verify(context: &Context<'_>, target: &Target, which: &WhichBackup) -> Result<DatabaseBackups, Error> {
    let archive = find(target, which)?;
    let mut technique = technique(target)?;
    let opening = session::open(context, target, Purpose::Inspect, Duration::ZERO);
    let mut opened = context.unless_stopped(opening).await?;
    let checked = check(context, technique.as_mut(), &mut opened, &archive).await;
    opened.session.close().await;
    checked?;
    Ok(DatabaseBackups {
        backups: vec![BackupEntry::new(&archive.path, &archive.manifest, true)],
        ..empty(target, BackupAction::Verified)
    })
}
