//! Opening a configured database: connection, bookkeeping tables, and the files that go with it.

use std::time::Duration;

use super::Context;
use crate::config::{Purpose, Target};
use crate::db::history_table::{self, Bookkeeping};
use crate::db::lock::{self, LockHolder, LockKey};
use crate::db::{self, ConnectOptions, Session, SessionOptions, SqliteFile};
use crate::dialect::Tables;
use crate::error::Error;
use crate::executor::RunIdentity;
use crate::model::Catalog;
use crate::source::{self, SourceError};

/// A connected database.
pub(super) struct Opened {
    pub(super) session: Box<dyn Session>,
    pub(super) tables: Tables,
    pub(super) location: String,
    pub(super) lock_key: LockKey,
}

impl Opened {
    /// Reads history and journal.
    pub(super) async fn load(&mut self) -> Result<Bookkeeping, Error> {
        history_table::load(self.session.as_mut(), &self.tables).await.map_err(Error::from)
    }

    /// The same for commands that look without the lock: what another run is doing just now is not interrupted, and
    /// stays out of the journal they see. The second value says who that is.
    pub(super) async fn look(&mut self) -> Result<(Bookkeeping, Option<LockHolder>), Error> {
        let mut bookkeeping = self.load().await?;
        if bookkeeping.journal.is_empty() {
            return Ok((bookkeeping, None));
        }
        let holder = lock::holder(self.session.as_mut(), &self.lock_key).await?;
        if holder.is_some() {
            bookkeeping.journal.clear();
        }
        Ok((bookkeeping, holder))
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
    let options = target.connect_options(purpose)?;
    for warning in target.connection_warnings() {
        context.printer.warning(warning);
    }
    let location = options.location();
    let mut told = false;
    let mut on_retry = |error: &db::SqlError, _waited: Duration| {
        if !std::mem::replace(&mut told, true) {
            context.printer.message(&format!("waiting for {location}: {error}"));
        }
    };
    let database = if purpose == Purpose::Inspect { existing_or_empty(&options) } else { options.clone() };
    let connected = db::connect_within(&database, &session_options(target), patience, &mut on_retry).await;
    let session = connected.map_err(|error| {
        let mut failed = Error::from(&error);
        if !error.message.contains(&location) {
            failed.message = format!("{location}: {}", error.message);
        }
        failed
    })?;
    if session.server().encrypted == Some(false) {
        let advice = "sslmode=require encrypts it, sslmode=verify-full also makes sure of the server";
        context.printer.warning(&format!("the connection to {location} is not encrypted: {advice}"));
    }
    let tables = tables(target, &options);
    let lock_key = LockKey::new(&options, &tables.schema, &tables.history, &context.application_name());
    Ok(Opened { session, tables, location, lock_key })
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

/// The same for commands that can do without files: an image without the folder can still roll back from the history.
pub(super) fn read_catalog_if_there(target: &Target) -> Result<Catalog, Error> {
    match catalog(target) {
        Err(SourceError::MissingFolder(_)) => Ok(Catalog::default()),
        other => other.map_err(Error::from),
    }
}

fn catalog(target: &Target) -> Result<Catalog, SourceError> {
    source::read_catalog(target.engine, &target.name, &target.migrations_dir, &target.migrations_dir_display)
}
