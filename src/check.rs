//! For applications: is the database where the files say it should be?
//!
//! An application can refuse to start, or tell its readiness probe, while migrations are pending. It only looks:
//! nothing is created or written, no lock is taken, nothing is printed. It needs a Tokio runtime.
//!
//! ```no_run
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let states = dbwarden::check::states(&dbwarden::check::Options::default()).await?;
//! if let Some(state) = states.iter().find(|state| !state.is_ready()) {
//!     return Err(format!("not starting: {state}").into());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! `examples/health.rs` is an axum service with the probes `/health/live` and `/health/ready`.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::commands::session;
use crate::config::{self, Environment, Flags, Purpose, Target};
use crate::db::history_table::{self, Extent};
use crate::db::{self, lock};
use crate::error::{Error, ErrorKind};
use crate::plan::{self, MigrationState};

/// Which databases, and where their settings are. The default is what `dbwarden status` would look at.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The configuration file; None looks for `dbwarden.toml` in `folder` and above, then for `DATABASE_URL`.
    pub config: Option<PathBuf>,
    /// The folder to start from; None is the working directory.
    pub folder: Option<PathBuf>,
    /// The databases by name; empty is the default one.
    pub databases: Vec<String>,
    /// How long to wait for a server that is not there yet.
    pub patience: Duration,
}

/// Where one database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseState {
    /// Its name in the configuration.
    pub database: String,
    /// The highest applied version.
    pub version: Option<String>,
    /// The files that `migrate` would run, in their order.
    pub pending: Vec<PathBuf>,
    /// What files and history disagree on: `migrate` would refuse.
    pub disagreements: Vec<Disagreement>,
    /// Applied migrations that are newer than every file: these are the files of an older release. Not an obstacle
    /// by itself, as a rollout has both for a while.
    pub ahead: Vec<String>,
    /// Who migrates just now, if anybody does.
    pub running: Option<String>,
}

/// A migration that is not as the history says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// Its label: `0042 add_users`.
    pub migration: String,
    /// Modified, missing, out of order or interrupted.
    pub state: MigrationState,
}

impl DatabaseState {
    /// Whether everything is applied and nothing disagrees.
    pub fn is_ready(&self) -> bool {
        self.pending.is_empty() && self.disagreements.is_empty()
    }
}

/// In one line, for a log.
impl fmt::Display for DatabaseState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.database)?;
        if self.is_ready() {
            return f.write_str("up to date");
        }
        if let Some(running) = &self.running {
            write!(f, "a migration is running ({running}); ")?;
        }
        let word = |state| match state {
            MigrationState::Modified => "modified",
            MigrationState::Missing => "missing",
            MigrationState::OutOfOrder => "out of order",
            MigrationState::Interrupted => "interrupted",
            _ => "not as the history says",
        };
        let disagreements = self.disagreements.iter();
        let disagreements = disagreements.map(|one| format!("{} is {}", one.migration, word(one.state)));
        let pending = self.pending.iter().map(|file| format!("{} is pending", file.display()));
        f.write_str(&disagreements.chain(pending).collect::<Vec<_>>().join(", "))
    }
}

/// Looks at the databases, in the order of `options` or of the configuration.
///
/// # Errors
/// The first that stops a look: the configuration, a file that cannot be used, a server that does not answer. Its
/// text holds no password.
pub async fn states(options: &Options) -> Result<Vec<DatabaseState>, Error> {
    let folder = match &options.folder {
        Some(folder) => folder.clone(),
        None => std::env::current_dir()
            .map_err(|error| Error::new(ErrorKind::Usage, format!("there is no working directory: {error}")))?,
    };
    let flags = Flags { config: options.config.clone(), database: options.databases.clone(), ..Flags::default() };
    let run_id = uuid::Uuid::now_v7().to_string();
    let settings = config::resolve(&flags, &Environment::from_process(), &folder, &run_id)?;
    let mut states = Vec::new();
    for target in settings.selected() {
        let state = of_target(target, options.patience).await;
        states.push(state.map_err(|error| error.without(&settings.secrets()))?);
    }
    Ok(states)
}

async fn of_target(target: &Target, patience: Duration) -> Result<DatabaseState, Error> {
    let catalog = session::read_catalog(target)?;
    let options = target.connect_options(Purpose::Inspect)?;
    let place = session::existing_or_empty(&options);
    let session_options = session::session_options(target);
    let mut on_retry = |_: &db::SqlError, _: Duration| {};
    let tables = session::tables(target, &options);
    let (since, extent) = (Instant::now(), Extent::Applied);
    let questions = history_table::queries(&tables, extent);
    let connecting = db::connect_within(&place, &session_options, &questions, patience, &mut on_retry);
    let session = connecting.await.map_err(|error| Error::from(&error))?;
    let lock_key = lock::LockKey::new(&options, &tables.schema, &tables.history, "dbwarden check");
    let location = options.location();
    let mut opened = session::Opened { session, tables, location, lock_key, may_begin_anew: false, since, extent };
    let looked = opened.look().await;
    opened.session.close().await;
    let (bookkeeping, holder) = looked?;
    let survey = plan::survey(&catalog, bookkeeping.history, &bookkeeping.journal);
    let stops = [MigrationState::Modified, MigrationState::Missing, MigrationState::Interrupted];
    let out_of_order = [MigrationState::OutOfOrder];
    let refused = target.out_of_order == plan::OutOfOrder::Refuse;
    let disagreements = survey.in_state(&stops).chain(survey.in_state(&out_of_order).filter(|_| refused));
    Ok(DatabaseState {
        database: target.name.clone(),
        version: survey.history.highest_version().map(ToString::to_string),
        pending: survey.pending_entries().filter_map(|entry| Some(entry.file.as_ref()?.path.clone())).collect(),
        disagreements: disagreements
            .map(|entry| Disagreement { migration: entry.label(), state: entry.state })
            .collect(),
        ahead: survey.in_state(&[MigrationState::Ahead]).map(plan::SurveyEntry::label).collect(),
        running: holder.map(|holder| holder.to_string()),
    })
}
