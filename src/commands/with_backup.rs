//! A backup before the first statement of `migrate` or `rollback`, and what is done with it when that fails.

use super::Context;
use super::backup::{self, record, technique};
use super::restore;
use super::session::{self, Opened};
use crate::backup::Archive;
use crate::cli::{BackupFirstArgs, OnFailure};
use crate::config::{Purpose, Target};
use crate::db::history_table::Bookkeeping;
use crate::dialect::EventKind;
use crate::error::{Error, ErrorKind};
use crate::executor::Aftermath;
use crate::model::History;
use crate::output::report::BackupEntry;

/// What was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct BackupFirst {
    /// Also when there is nothing to do.
    pub(super) always: bool,
    /// Load it into a scratch database and compare before going on.
    pub(super) verify: bool,
    /// Put the database back from it when a migration fails and cannot be undone.
    pub(super) restore: bool,
}

impl BackupFirst {
    /// What the flags say; None where no backup was asked for.
    pub(super) fn from_args(args: &BackupFirstArgs, on_failure: OnFailure) -> Option<Self> {
        args.with_backup.then_some(BackupFirst {
            always: args.always,
            verify: args.verify_backup,
            restore: on_failure == OnFailure::Restore,
        })
    }
}

/// Takes the backup of a database whose migration lock is held. When this fails, nothing has been changed.
pub(super) async fn take(
    context: &Context<'_>,
    target: &Target,
    opened: &mut Opened,
    history: &History,
    asked: BackupFirst,
) -> Result<Archive, Error> {
    let taking = async {
        let mut technique = technique(target)?;
        backup::take(context, target, technique.as_mut(), opened, history, asked.verify).await
    };
    let taken = taking.await.map_err(|error| match error.kind {
        ErrorKind::Backup => error.note("the backup failed: nothing was migrated"),
        _ => error,
    })?;
    Ok(taken.archive)
}

/// Notes the backup in the events, once there is a table for them.
pub(super) async fn note(context: &Context<'_>, opened: &mut Opened, archive: &Archive) {
    record(context, opened, EventKind::BackedUp, archive).await;
}

/// The backup as reports mention it.
pub(super) fn entry(archive: &Archive, asked: BackupFirst) -> BackupEntry {
    BackupEntry::new(&archive.path, &archive.manifest, asked.verify)
}

/// Whether a failed run is to be put back: only where a step left something behind that its rollback cannot undo. What
/// a transaction has undone needs no restore.
pub(super) fn is_to_be_restored(asked: Option<BackupFirst>, aftermath: Option<Aftermath>) -> bool {
    asked.is_some_and(|asked| asked.restore)
        && matches!(aftermath, Some(Aftermath::Partial { .. } | Aftermath::Unknown))
}

/// Puts the database back as it was before the run. `failure` is why; what it says of the state is replaced.
pub(super) async fn put_back(
    context: &Context<'_>,
    target: &Target,
    opened: Opened,
    archive: &Archive,
    failure: Error,
) -> (Error, Option<(Opened, Bookkeeping)>) {
    context.printer.message(&format!("{}: putting the database back from the backup", target.name));
    let restored = async {
        let mut technique = technique(target)?;
        // This run has failed already, and the backup is of its own making: others are told to go.
        restore::replace(context, technique.as_mut(), opened, archive, true).await?;
        let patience = std::time::Duration::ZERO;
        let mut opened = session::open(context, target, Purpose::Migrate, patience).await?;
        record(context, &mut opened, EventKind::Restored, archive).await;
        let bookkeeping = opened.load().await?;
        Ok::<_, Error>((opened, bookkeeping))
    };
    match restored.await {
        Ok(found) => {
            let mut failure = failure;
            failure.kind = if failure.kind == ErrorKind::Partial { ErrorKind::Sql } else { failure.kind };
            failure.notes =
                vec![format!("the database was put back from {}: it is as before the run", archive.path.display())];
            failure.hints.retain(|hint| !hint.contains("resolve"));
            (failure, Some(found))
        }
        Err(error) => {
            let message = format!("{failure}; and the restore from {} failed: {error}", archive.path.display());
            let hint = format!("`dbwarden restore {}`, when its cause is gone", archive.path.display());
            let related = vec![failure.clone(), error];
            (Error { related, ..failure.with_kind(ErrorKind::Partial) }.hint(hint).retitled(message), None)
        }
    }
}
