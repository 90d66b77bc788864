use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use secrecy::SecretString;

use super::connection::{Connection, Resolved};
use super::database_type::DatabaseType;
use super::describe::SettingDescription;
use super::error::ConfigError;
use crate::backup;
use crate::db::{ConnectOptions, SessionOptions};
use crate::dialect::Engine;
use crate::lint::{Server, Severity};
use crate::plan::{DatabaseAhead, DurableCommits, OutOfOrder};

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To look: a missing SQLite file is not created.
    Inspect,
    /// To change the database: a missing SQLite file is created.
    Migrate,
}

/// A configured database, resolved. Its connection is not: variables, files and commands of the URL and the password
/// are read by [`Target::connect_options`], so that what works offline needs none of them.
#[derive(Clone)]
pub struct Target {
    /// The name in `[database.NAME]`.
    pub name: String,
    /// The engine the files are written for.
    pub engine: Engine,
    /// `mysql` or `mariadb`, as written in `database_type` or in the URL's scheme.
    pub flavour_declared: DatabaseType,
    /// Where the migration files are; absolute.
    pub migrations_dir: PathBuf,
    /// The same, as messages show it.
    pub migrations_dir_display: PathBuf,
    /// The history table.
    pub migration_table: String,
    /// Its schema; None on engines without schemas.
    pub migration_schema: Option<String>,
    /// How long to wait for the migration lock; 0 does not wait.
    pub lock_wait: Duration,
    /// How long a statement waits for a lock; 0 waits for ever.
    pub lock_timeout: Duration,
    /// How long lock timeouts and deadlocks are retried.
    pub lock_retry: Duration,
    /// How long a statement may run; 0 means no limit.
    pub statement_timeout: Duration,
    /// How long one attempt to connect may take; 0 means no limit.
    pub connect_timeout: Duration,
    /// What happens to pending files older than an applied one.
    pub out_of_order: OutOfOrder,
    /// What applied versions without a file mean.
    pub on_database_ahead: DatabaseAhead,
    /// Which commits wait for the disk.
    pub durable_commits: DurableCommits,
    /// `SET ROLE` for the migrations.
    pub role: Option<String>,
    /// Settings made before each migration.
    pub session: BTreeMap<String, String>,
    /// The server's version, where the configuration tells it.
    pub server_version: Option<Server>,
    /// Severities of rules of `check`; None is off.
    pub check: BTreeMap<String, Option<Severity>>,
    /// Whether an unencrypted network connection is refused.
    pub require_tls: bool,
    /// How backups are made and kept.
    pub backup: backup::Settings,
    pub(super) connection: Connection,
    /// Filled by the first [`Target::connect_options`] and shared by clones: a command runs once.
    pub(super) resolved: Arc<OnceLock<Resolved>>,
    pub(super) settings: Vec<SettingDescription>,
}

impl Target {
    /// Where the database is and how to get in: `migration_url` where there is one, else `database_url` or the
    /// single fields. The first call reads files and runs commands, and may take seconds; later calls do not.
    ///
    /// # Errors
    /// Whatever is wrong with the URL, its parameters, or the places its secrets come from.
    pub fn connect_options(&self, purpose: Purpose) -> Result<ConnectOptions, ConfigError> {
        let resolved = match self.resolved.get() {
            Some(resolved) => resolved,
            None => {
                let fresh = self.connection.resolve()?;
                self.resolved.get_or_init(|| fresh)
            }
        };
        let mut options = resolved.options.clone();
        if let ConnectOptions::Sqlite(file) = &mut options {
            file.create &= purpose == Purpose::Migrate;
        }
        Ok(options)
    }

    /// What every migration finds set in its session.
    pub fn session_options(&self) -> SessionOptions {
        SessionOptions {
            holds_lock: false,
            lock_timeout: Some(self.lock_timeout),
            statement_timeout: self.statement_timeout,
            role: self.role.clone(),
            settings: self.session.clone(),
        }
    }

    /// The secrets [`Target::connect_options`] has met, in every form they could turn up in.
    pub fn secrets(&self) -> &[SecretString] {
        self.resolved.get().map_or(&[], |resolved| &resolved.secrets)
    }

    /// What [`Target::connect_options`] found that is not right, though it works: a password file everybody may read.
    pub fn connection_warnings(&self) -> &[String] {
        self.resolved.get().map_or(&[], |resolved| &resolved.warnings)
    }
}

/// Shows what it is and nothing of how to get in.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("name", &self.name).field("engine", &self.engine).finish_non_exhaustive()
    }
}
