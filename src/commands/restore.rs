use std::time::{Duration, Instant};

use super::backup::{empty, find, record, technique};
use super::session::{self, Opened};
use super::targets::for_each;
use super::{Context, Outcome};
use crate::backup::{self, Archive, BackupError, Scratch, Swapped, Technique};
use crate::cli::RestoreArgs;
use crate::config::{Purpose, Settings, Target};
use crate::db::{self, ConnectOptions, SessionOptions, SqlErrorKind};
use crate::dialect::EventKind;
use crate::error::{Error, ErrorKind};
use crate::output::report::{BackupAction, BackupEntry, BackupReport, DatabaseBackups, Report};

/// How long sessions that end by themselves are waited for: a server shows one for a moment after its client has gone,
/// also that of the command before.
const LEAVING: Duration = Duration::from_secs(3);

/// `restore`: puts a backup in the place of the database.
pub(super) async fn restore(context: &Context<'_>, settings: &Settings, args: &RestoreArgs) -> Outcome {
    let several = settings.selected().len() > 1;
    let collected = for_each(settings, false, async |target| {
        if several && (args.which.file.is_some() || args.to_database.is_some()) {
            let message = "FILE and --to-database are about one database";
            return Err(Error::new(ErrorKind::Usage, message).hint("name it with -d")).into();
        }
        of_target(context, target, args).await.into()
    })
    .await;
    for database in &collected.reports {
        database.notes.iter().for_each(|note| context.printer.message(note));
    }
    Outcome { report: Some(Report::Backup(BackupReport { databases: collected.reports })), ..collected.outcome }
}

async fn of_target(context: &Context<'_>, target: &Target, args: &RestoreArgs) -> Result<DatabaseBackups, Error> {
    let archive = find(target, &args.which)?;
    let mut technique = technique(target)?;
    if args.to_database.is_none() && is_missing(target).await? {
        if !args.yes && !context.printer.confirm(&format!("{}: the database does not exist: make it?", target.name)) {
            return Err(unconfirmed());
        }
        technique.make_missing().await?;
    }
    let purpose = if args.to_database.is_some() { Purpose::Inspect } else { Purpose::Migrate };
    let opening = session::open(context, target, purpose, Duration::ZERO);
    let mut opened = context.unless_stopped(opening).await?;
    if let Some(name) = &args.to_database {
        let copied = copy(context, technique.as_mut(), &mut opened, &archive, name).await;
        opened.session.close().await;
        return copied.map(|()| report(target, BackupAction::Copied, &archive, Vec::new()));
    }

    let manifest = &archive.manifest;
    let question = format!(
        "{}: replace everything in {} with the backup of {} ({})?",
        target.name,
        opened.location,
        manifest.started_at,
        manifest.history.version.as_ref().map_or("no version".to_owned(), |version| format!("version {version}")),
    );
    if !args.yes && !context.printer.confirm(&question) {
        return Err(unconfirmed());
    }
    // The end of the session gives it back: the swap ends it.
    let _lock = context.unless_stopped(opened.lock(context, target)).await?;
    let sessions = context.unless_stopped(who_stays(technique.as_ref(), &mut opened, args.force)).await?;
    if !sessions.is_empty() {
        return Err(BackupError::InUse { sessions, may_be_ended: !args.force }.into());
    }
    let swapped = replace(context, technique.as_mut(), opened, &archive, args.force).await?;
    let mut opened = session::open(context, target, Purpose::Migrate, Duration::ZERO).await?;
    let bookkeeping = opened.load().await?;
    if bookkeeping.incomplete.is_none() {
        record(context, &mut opened, EventKind::Restored, &archive).await;
    }
    opened.session.close().await;
    Ok(report(target, BackupAction::Restored, &archive, notes(swapped)))
}

/// Who is still in the way after [`LEAVING`].
async fn who_stays(technique: &dyn Technique, opened: &mut Opened, force: bool) -> Result<Vec<String>, Error> {
    let asked = Instant::now();
    loop {
        let sessions = technique.in_use(opened.session.as_mut(), force).await?;
        if sessions.is_empty() || asked.elapsed() > LEAVING {
            return Ok(sessions);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn unconfirmed() -> Error {
    Error::new(ErrorKind::Refused, "the restore was not confirmed")
        .note("nothing was changed")
        .hint("`dbwarden restore --yes` does it without asking")
}

/// Whether the server has no database of that name. Every other reason not to get in is told when it is opened.
async fn is_missing(target: &Target) -> Result<bool, Error> {
    let options = target.connect_options(Purpose::Inspect)?;
    if matches!(options, ConnectOptions::Sqlite(_)) {
        return Ok(false);
    }
    match db::connect(&options, &SessionOptions::default()).await {
        Ok(session) => {
            session.close().await;
            Ok(false)
        }
        Err(error) => Ok(error.kind == SqlErrorKind::DatabaseMissing),
    }
}

fn notes(swapped: Swapped) -> Vec<String> {
    let old = swapped.old.map(|old| format!("the data that was there before is now {old}"));
    old.into_iter().chain(swapped.notes).collect()
}

fn report(target: &Target, action: BackupAction, archive: &Archive, notes: Vec<String>) -> DatabaseBackups {
    DatabaseBackups {
        backups: vec![BackupEntry::new(&archive.path, &archive.manifest, true)],
        notes,
        ..empty(target, action)
    }
}

/// Loads an archive beside the data of `opened`, whose lock is held, compares it, and puts it in its place. The
/// session is gone afterwards, and the lock with it.
pub(super) async fn replace(
    context: &Context<'_>,
    technique: &mut dyn Technique,
    mut opened: Opened,
    archive: &Archive,
    force: bool,
) -> Result<Swapped, Error> {
    let scratch = technique.scratch(None, &context.run_id);
    let result = match load(context, technique, &mut opened, archive, &scratch).await {
        // From here on nothing stops it any more: half a swap helps nobody.
        Ok(()) => technique.swap(opened.session, &scratch, force).await.map_err(Error::from),
        Err(error) => {
            opened.session.close().await;
            Err(error)
        }
    };
    let discarded = technique.discard(&scratch).await;
    let swapped = result?;
    discarded?;
    Ok(swapped)
}

async fn load(
    context: &Context<'_>,
    technique: &mut dyn Technique,
    opened: &mut Opened,
    archive: &Archive,
    scratch: &Scratch,
) -> Result<(), Error> {
    let progress = |progress| context.printer.backup_progress("restoring", progress);
    let loading = backup::verify(technique, archive, scratch, &opened.tables, opened.session.as_mut(), &progress);
    let loaded = context.unless_stopped(async { Ok(loading.await?) }).await;
    context.printer.backup_ended();
    loaded.map(drop)
}

async fn copy(
    context: &Context<'_>,
    technique: &mut dyn Technique,
    opened: &mut Opened,
    archive: &Archive,
    name: &str,
) -> Result<(), Error> {
    let scratch = technique.scratch(Some(name), &context.run_id);
    let loaded = load(context, technique, opened, archive, &scratch).await;
    let exists = matches!(&loaded, Err(error) if error.kind == ErrorKind::Usage);
    if loaded.is_err() && !exists {
        technique.discard(&scratch).await?;
    }
    loaded
}
