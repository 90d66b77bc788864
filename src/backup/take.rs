use std::time::Instant;

use chrono::{SecondsFormat, Utc};

use super::compare::history_head;
use super::error::BackupError;
use super::manifest::{MANIFEST_FORMAT, Manifest, Product};
use super::name;
use super::settings::Settings;
use super::store::{Archive, Store, lines_digest};
use super::technique::{OnProgress, Technique};
use crate::db::{self, Session, SessionOptions};
use crate::fail_point;
use crate::model::History;

/// A backup to take.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The database's name in the configuration.
    pub database: &'a str,
    /// Where it is, without user or password.
    pub location: &'a str,
    /// The run that takes it.
    pub run_id: &'a str,
    /// Database user, host and dbwarden's version.
    pub taken_by: &'a str,
    /// Its history, read under the migration lock.
    pub history: &'a History,
    /// Bounds on waiting for locks.
    pub options: &'a SessionOptions,
    /// How.
    pub settings: &'a Settings,
    /// Where to.
    pub store: &'a Store,
}

/// A backup that was taken.
#[derive(Debug)]
pub struct Taken {
    /// The new one.
    pub archive: Archive,
    /// Older ones that the settings no longer keep; they are gone.
    pub removed: Vec<Archive>,
}

/// Takes a backup of the database that `session` is connected to and holds the migration lock of. When this fails or
/// is dropped, nothing is left that looks like a backup.
///
/// # Errors
/// See [`BackupError`].
pub async fn take(
    technique: &mut dyn Technique,
    session: &mut dyn Session,
    job: Job<'_>,
    progress: OnProgress<'_>,
) -> Result<Taken, BackupError> {
    let (started_at, started) = (Utc::now(), Instant::now());
    let server = session.server().clone();
    let tool = technique.tool(&server).await?;
    let store = job.store;
    store.create()?;
    store.sweep()?;
    if let (Some(needed), Some(available)) = (technique.estimate(session).await?, store.free())
        && needed > available
    {
        return Err(BackupError::NoRoom { path: store.folder().to_path_buf(), needed, available });
    }

    let method = technique.method();
    let history = history_head(job.history);
    let zstd = job.settings.compression;
    let extension = name::extension(method, zstd.is_some());
    let archive = store.free_name(&name::stem(started_at, history.version.as_deref()), &extension);
    let directory = method == super::manifest::Method::PostgresDirectory;
    let pending = store.begin(&archive, directory)?;
    fail_point::pass("backup begun");
    let dumping = technique.dump(job.options, &pending, progress);
    let dumped = db::kept_alive(session, dumping).await??;
    let (bytes, sha256, files) = match dumped.written {
        Some(written) => (written.bytes, written.sha256, Vec::new()),
        None => {
            let files = db::kept_alive(session, pending.files()).await??;
            (files.iter().map(|file| file.bytes).sum(), lines_digest(&files), files)
        }
    };
    fail_point::pass("backup dumped");
    let archive = pending.keep(Manifest {
        format: MANIFEST_FORMAT,
        database: job.database.to_owned(),
        engine: session.engine().name().to_owned(),
        location: job.location.to_owned(),
        server: Product { name: server.product, version: server.version },
        tool,
        method,
        zstd,
        archive,
        bytes,
        sha256,
        files,
        history,
        tables: dumped.tables,
        started_at: started_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        run_id: job.run_id.to_owned(),
        taken_by: job.taken_by.to_owned(),
    })?;
    fail_point::pass("backup kept");
    let removed = store.prune(job.settings.keep, Utc::now())?;
    Ok(Taken { archive, removed })
}
