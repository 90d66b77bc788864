//! Opening a configured database: connection, bookkeeping tables, and the files that go with it.

use std::pin::pin;
use std::time::{Duration, Instant};

use super::Context;
use crate::config::{Purpose, Target};
use crate::db::history_table::{self, Bookkeeping, BookkeepingError, Extent};
use crate::db::lock::{self, LockHolder, LockKey, MigrationLock};
use crate::db::{self, ConnectOptions, Row, Session, SessionOptions, SqliteFile};
use crate::dialect::Tables;
use crate::error::Error;
use crate::executor::RunIdentity;
use crate::model::Catalog;
use crate::plan;
use crate::source::{self, SourceError};

/// A connected database.
pub(crate) struct Opened {
    pub(crate) session: Box<dyn Session>,
    pub(crate) tables: Tables,
    pub(crate) location: String,
    pub(crate) lock_key: LockKey,
    /// Whether a history that is gone, of which the events still tell, counts as an empty one (`--baseline`).
    pub(crate) may_begin_anew: bool,
    /// How much of the bookkeeping is read.
    pub(crate) extent: Extent,
    /// Since when.
    pub(crate) since: Instant,
}

/// Where a session is, as far as there is something to say about it.
pub(super) struct Place {
    pub(super) location: String,
    encrypted: Option<bool>,
}

/// The migration lock was taken.
pub(super) struct Locked {
    pub(super) lock: MigrationLock,
    /// Who had it while we waited.
    pub(super) before: Option<LockHolder>,
    /// What was asked under it; None where it is still to be asked.
    pub(super) answers: Option<Vec<Vec<Row>>>,
}

impl Opened {
    pub(super) fn place(&self) -> Place {
        Place { location: self.location.clone(), encrypted: self.session.server().encrypted }
    }

    /// Reads history and journal.
    pub(super) async fn load(&mut self) -> Result<Bookkeeping, Error> {
        let loaded = history_table::load(self.session.as_mut(), &self.tables, self.extent).await;
        self.accept(loaded)
    }

    /// The same, where the lock may have come with the answers.
    pub(super) async fn load_from(&mut self, answers: Option<Vec<Vec<Row>>>) -> Result<Bookkeeping, Error> {
        match answers {
            Some(answers) => self.accept(history_table::decode(&self.tables, answers)),
            None => self.load().await,
        }
    }

    fn accept(&self, loaded: Result<Bookkeeping, BookkeepingError>) -> Result<Bookkeeping, Error> {
        let mut bookkeeping = loaded.map_err(|error| self.unread(error))?;
        let found = std::mem::take(&mut bookkeeping.journal);
        bookkeeping.journal = found.into_iter().map(|entry| plan::in_flight(entry, &bookkeeping.history)).collect();
        match bookkeeping.forgotten {
            count if count > 0 && !self.may_begin_anew => Err(Error::from_lost_history(count, &self.tables)),
            _ => Ok(bookkeeping),
        }
    }

    /// The tool's tables could not be read.
    pub(super) fn unread(&self, error: BookkeepingError) -> Error {
        Error::from_bookkeeping(error, &self.tables, &self.session.server().user)
    }

    /// The same for commands that look without the lock: what another run is doing just now is not interrupted, and
    /// stays out of the journal they see. The second value says who that is.
    pub(crate) async fn look(&mut self) -> Result<(Bookkeeping, Option<LockHolder>), Error> {
        let mut bookkeeping = self.load().await?;
        loop {
            if bookkeeping.journal.is_empty() {
                return Ok((bookkeeping, None));
            }
            let holder = lock::holder(self.session.as_mut(), &self.lock_key).await?;
            if holder.is_some() {
                bookkeeping.journal.clear();
                return Ok((bookkeeping, holder));
            }
            // The run that wrote it may have come to its end in this moment.
            let before = std::mem::replace(&mut bookkeeping, self.load().await?);
            if before.journal == bookkeeping.journal {
                return Ok((bookkeeping, None));
            }
        }
    }

    /// Takes the migration lock, and tells while waiting who holds it.
    pub(super) async fn lock(&mut self, context: &Context<'_>, target: &Target) -> Result<MigrationLock, Error> {
        Ok(self.lock_and_ask(context, target, &[]).await?.lock)
    }

    /// The same, with `questions` in one message.
    pub(super) async fn lock_and_ask(
        &mut self,
        context: &Context<'_>,
        target: &Target,
        questions: &[String],
    ) -> Result<Locked, Error> {
        let mut tell = context.tell_holder();
        let mut before = None;
        let mut on_wait = |holder: &LockHolder, waited| {
            tell(holder, waited);
            before = Some(holder.clone());
        };
        let (session, key) = (self.session.as_mut(), &self.lock_key);
        let questions: Vec<&str> = questions.iter().map(String::as_str).collect();
        let acquiring = MigrationLock::acquire_and_ask(session, key, target.lock_wait, &mut on_wait, &questions);
        let (lock, answers) = acquiring.await?;
        Ok(Locked { lock, before, answers })
    }

    /// Who runs, for history rows and events.
    pub(super) fn identity(&self, run_id: &str) -> RunIdentity {
        let user = match self.session.server().user.as_str() {
            "" => String::new(),
            user => format!("{user}@"),
        };
        let host = gethostname::gethostname();
        let actor = format!("{user}{} dbwarden/{}", host.to_string_lossy(), env!("CARGO_PKG_VERSION"));
        RunIdentity { run_id: run_id.to_string(), actor }
    }
}

/// Connects to a target. `patience` is how long to go on trying while there is no server. To look at a SQLite file
/// that does not exist yet is to look at an empty database: nothing is created.
pub(super) async fn open(
    context: &Context<'_>,
    target: &Target,
    purpose: Purpose,
    patience: Duration,
) -> Result<Opened, Error> {
    open_with(context, target, purpose, patience, None).await
}

/// The same to look at the bookkeeping first of all, to this extent: on the way, where that saves a round trip.
pub(super) async fn open_to_look(
    context: &Context<'_>,
    target: &Target,
    purpose: Purpose,
    patience: Duration,
    extent: Extent,
) -> Result<Opened, Error> {
    open_with(context, target, purpose, patience, Some(extent)).await
}

async fn open_with(
    context: &Context<'_>,
    target: &Target,
    purpose: Purpose,
    patience: Duration,
    look: Option<Extent>,
) -> Result<Opened, Error> {
    tell_warnings(context, target);
    let opened = connect(context, target, purpose, patience, look).await?;
    tell_encryption(context, &opened.place());
    Ok(opened)
}

fn tell_warnings(context: &Context<'_>, target: &Target) {
    target.connection_warnings().iter().for_each(|warning| context.printer.warning(warning));
}

fn tell_encryption(context: &Context<'_>, place: &Place) {
    if place.encrypted == Some(false) {
        let advice = "sslmode=require encrypts it, sslmode=verify-full also makes sure of the server";
        context.printer.warning(&format!("the connection to {} is not encrypted: {advice}", place.location));
    }
}

/// As [`open_to_look`], tried once and without a word: what there is to say waits until the files are known to be good,
/// and is then said by [`tell_of`].
pub(super) async fn connect_to_look(
    context: &Context<'_>,
    target: &Target,
    purpose: Purpose,
    extent: Extent,
) -> Result<Opened, Error> {
    connect(context, target, purpose, Duration::ZERO, Some(extent)).await
}

/// Says what [`open_to_look`] would have said of this attempt to connect, which led to `place` unless it failed.
pub(super) fn tell_of(context: &Context<'_>, target: &Target, place: Option<&Place>) {
    tell_warnings(context, target);
    if let Some(place) = place {
        tell_encryption(context, place);
    }
}

/// Whether there is nothing to see of an attempt to connect: SQLite makes a file that is not there.
pub(super) fn leaves_no_trace(target: &Target, purpose: Purpose) -> bool {
    match target.connect_options(purpose) {
        Ok(ConnectOptions::Sqlite(SqliteFile { path: Some(path), .. })) => path.exists(),
        Ok(_) => true,
        Err(_) => false,
    }
}

/// The same for a connection that this run has had before: what is odd about it has been said.
pub(super) async fn reopen(
    context: &Context<'_>,
    target: &Target,
    purpose: Purpose,
    patience: Duration,
) -> Result<Opened, Error> {
    connect(context, target, purpose, patience, None).await
}

async fn connect(
    context: &Context<'_>,
    target: &Target,
    purpose: Purpose,
    patience: Duration,
    look: Option<Extent>,
) -> Result<Opened, Error> {
    let options = target.connect_options(purpose)?;
    let tables = tables(target, &options);
    let questions = look.map(|extent| history_table::queries(&tables, extent)).unwrap_or_default();
    let location = options.location();
    let mut told = false;
    let mut on_retry = |error: &db::SqlError, _waited: Duration| {
        if !std::mem::replace(&mut told, true) {
            context.printer.message(&format!("waiting for {location}: {error}"));
        }
    };
    let database = if purpose == Purpose::Inspect { existing_or_empty(&options) } else { options.clone() };
    let session_options = session_options(target);
    let connecting = db::connect_within(&database, &session_options, &questions, patience, &mut on_retry);
    let session = connecting.await.map_err(|error| {
        let mut failed = Error::from(&error);
        if !error.message.contains(&location) {
            failed.message = format!("{location}: {}", error.message);
        }
        failed
    })?;
    let lock_key = LockKey::new(&options, &tables.schema, &tables.history, &context.application_name());
    Ok(Opened {
        session,
        tables,
        location,
        lock_key,
        may_begin_anew: false,
        extent: look.unwrap_or_default(),
        since: Instant::now(),
    })
}

/// A private empty database in place of a SQLite file that is not there.
pub(crate) fn existing_or_empty(options: &ConnectOptions) -> ConnectOptions {
    match options {
        ConnectOptions::Sqlite(SqliteFile { path: Some(path), .. }) if !path.exists() => {
            ConnectOptions::Sqlite(SqliteFile::in_memory())
        }
        other => other.clone(),
    }
}

/// The session's settings as `connect` applies them. The role is not among them: the executor takes it on for the
/// statements of a migration only, so that the bookkeeping is written by the login user.
pub(crate) fn session_options(target: &Target) -> SessionOptions {
    SessionOptions { role: None, ..target.session_options() }
}

pub(crate) fn tables(target: &Target, options: &ConnectOptions) -> Tables {
    let schema = match options {
        ConnectOptions::Postgres(_) => target.migration_schema.as_deref().unwrap_or("public"),
        ConnectOptions::MySql(server) => &server.database,
        ConnectOptions::Sqlite(_) => "main",
    };
    Tables::new(options.engine(), schema, &target.migration_table)
}

/// Reads and parses the files of a target.
pub(crate) fn read_catalog(target: &Target) -> Result<Catalog, Error> {
    catalog(target).map_err(Error::from)
}

/// The same while `work` goes on, which does without them. What is wrong with a file counts before whatever came of the
/// work, and ends it.
pub(super) async fn read_catalog_beside<T>(
    target: &Target,
    work: impl Future<Output = T>,
) -> Result<(Catalog, T), Error> {
    let (engine, name) = (target.engine, target.name.clone());
    let (folder, shown) = (target.migrations_dir.clone(), target.migrations_dir_display.clone());
    let reading = tokio::task::spawn_blocking(move || source::read_catalog(engine, &name, &folder, &shown));
    let reading = async {
        match reading.await {
            Ok(read) => read.map_err(Error::from),
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    };
    let (mut reading, mut work) = (pin!(reading), pin!(work));
    tokio::select! {
        biased;
        catalog = &mut reading => Ok((catalog?, work.await)),
        done = &mut work => Ok((reading.await?, done)),
    }
}

/// Reads and parses them for commands that can do without: an image without the folder can still roll back from the history.
pub(super) fn read_catalog_if_there(target: &Target) -> Result<Catalog, Error> {
    match catalog(target) {
        Err(SourceError::MissingFolder(_)) => Ok(Catalog::default()),
        other => other.map_err(Error::from),
    }
}

fn catalog(target: &Target) -> Result<Catalog, SourceError> {
    source::read_catalog(target.engine, &target.name, &target.migrations_dir, &target.migrations_dir_display)
}
