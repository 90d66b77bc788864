use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use secrecy::ExposeSecret;

use super::Flags;
use super::check::{self, Severities};
use super::connection::{Connection, Place};
use super::database_type::DatabaseType;
use super::describe::{self, SettingDescription};
use super::discover;
use super::environment::{Environment, variable_for};
use super::error::ConfigError;
use super::file::{Entry, Section, Value};
use super::interpolate::interpolate;
use super::material::Material;
use super::origin::{Origin, Sourced};
use super::place;
use super::target::Target;
use super::url;
use crate::dialect::Engine;
use crate::lint::Server;
use crate::model::{format_duration, parse_duration};
use crate::plan::{DatabaseAhead, DurableCommits, OutOfOrder};

/// Makes one [`Target`] from its section and what stands above it.
pub(super) struct Builder<'a> {
    pub(super) section: &'a Section,
    /// `[check]` of all databases.
    pub(super) check: &'a Severities,
    /// The URL from a flag or a variable.
    pub(super) url: Option<&'a Material>,
    pub(super) base: &'a Path,
    /// Only then may a secret be read to find out the engine.
    pub(super) is_selected: bool,
    pub(super) flags: &'a Flags,
    pub(super) environment: &'a Environment,
    pub(super) cwd: &'a Path,
    pub(super) run_id: &'a str,
}

/// PostgreSQL's limit for a name, the lowest of all engines.
const NAME_LIMIT: usize = 63;

impl Builder<'_> {
    pub(super) fn target(&self) -> Result<Target, ConfigError> {
        let seconds = Duration::from_secs;
        let mut shown = Vec::new();
        let connect_timeout = self.duration("connect_timeout", None, seconds(30))?;
        let network_timeout = self.duration("network_timeout", None, seconds(75))?;
        let require_tls = self.choice("require_tls", [("true", true), ("false", false)])?;
        let connection = self.connection(require_tls.value, connect_timeout.clone(), network_timeout.value)?;
        let flavour_declared = connection.database_type(self.is_selected)?;
        let engine = flavour_declared.engine();
        shown.push(SettingDescription::new("database_type", flavour_declared.name(), &self.type_origin(&connection)));
        shown.extend(describe::connection(&connection));

        let (migrations_dir, dir_origin) = self.migrations_dir()?;
        let migrations_dir_display = discover::shown(&migrations_dir, self.cwd);
        let migration_table = self.migration_table()?;
        let migration_schema = self.migration_schema(engine)?;
        let lock_wait = self.duration("lock_wait", self.flags.lock_wait.map(|d| (d, "--lock-wait")), seconds(60))?;
        let lock_timeout =
            self.duration("lock_timeout", self.flags.lock_timeout.map(|d| (d, "--lock-timeout")), seconds(5))?;
        let lock_retry = self.duration("lock_retry", None, seconds(120))?;
        let statement_timeout = self.flags.statement_timeout.map(|d| (d, "--statement-timeout"));
        let statement_timeout = self.duration("statement_timeout", statement_timeout, Duration::ZERO)?;
        let out_of_order = self.choice("out_of_order", OutOfOrder::ALL.map(|policy| (policy.name(), policy)))?;
        let on_database_ahead =
            self.choice("on_database_ahead", DatabaseAhead::ALL.map(|policy| (policy.name(), policy)))?;
        let durable_commits =
            self.choice("durable_commits", DurableCommits::ALL.map(|policy| (policy.name(), policy)))?;
        let role = self.role(engine)?;
        let session = self.session(engine)?;
        let (backup, backup_shown) = self.backup()?;
        let server_version = self.server_version(flavour_declared)?;

        let mut show = |key: &str, value: String, origin: &Origin| {
            shown.push(SettingDescription::new(key, value, origin));
        };
        show("require_tls", require_tls.value.to_string(), &require_tls.origin);
        show("connect_timeout", format_duration(connect_timeout.value), &connect_timeout.origin);
        show("network_timeout", format_duration(network_timeout.value), &network_timeout.origin);
        show("migrations_dir", migrations_dir_display.display().to_string(), &dir_origin);
        show("migration_table", migration_table.value.clone(), &migration_table.origin);
        if let Some(schema) = &migration_schema {
            show("migration_schema", schema.value.clone(), &schema.origin);
        }
        show("lock_wait", format_duration(lock_wait.value), &lock_wait.origin);
        show("lock_timeout", format_duration(lock_timeout.value), &lock_timeout.origin);
        show("lock_retry", format_duration(lock_retry.value), &lock_retry.origin);
        show("statement_timeout", format_duration(statement_timeout.value), &statement_timeout.origin);
        show("out_of_order", out_of_order.value.to_string(), &out_of_order.origin);
        show("on_database_ahead", on_database_ahead.value.to_string(), &on_database_ahead.origin);
        if engine == Engine::Postgres {
            show("durable_commits", durable_commits.value.to_string(), &durable_commits.origin);
        }
        if let Some(role) = &role {
            show("role", role.value.clone(), &role.origin);
        }
        if let Some((_, written)) = &server_version {
            show("server_version", written.value.clone(), &written.origin);
        }
        let mut check = self.check.clone();
        check.extend(self.section.check.clone());
        for (rule, severity) in &check {
            show(&format!("check.{rule}"), check::shown(severity.value).to_string(), &severity.origin);
        }
        for (name, value) in &session.value {
            show(&format!("session.{name}"), shown_session_value(name, value), &session.origin);
        }

        shown.extend(backup_shown);

        Ok(Target {
            name: self.section.name.clone(),
            engine,
            flavour_declared,
            migrations_dir,
            migrations_dir_display,
            migration_table: migration_table.value,
            migration_schema: migration_schema.map(|schema| schema.value),
            lock_wait: lock_wait.value,
            lock_timeout: lock_timeout.value,
            lock_retry: lock_retry.value,
            statement_timeout: statement_timeout.value,
            connect_timeout: connect_timeout.value,
            out_of_order: out_of_order.value,
            on_database_ahead: on_database_ahead.value,
            durable_commits: durable_commits.value,
            role: role.map(|role| role.value),
            session: session.value,
            server_version: server_version.map(|(server, _)| server),
            check: check.into_iter().map(|(rule, severity)| (rule.to_string(), severity.value)).collect(),
            require_tls: require_tls.value,
            backup,
            connection,
            resolved: Arc::new(OnceLock::new()),
            settings: shown,
        })
    }

    fn connection(
        &self,
        require_tls: bool,
        connect_timeout: Sourced<Duration>,
        network_timeout: Duration,
    ) -> Result<Connection, ConfigError> {
        let (place, password, declared) = if self.flags.dev {
            let place = place::material(self.section, "dev_database_url", self.base);
            (place.map_or(Place::Unknown("dev_database_url"), Place::Url), None, None)
        } else if let Some(url) = self.url {
            (Place::Url(url.clone()), None, self.declared()?)
        } else {
            let password = place::password(self.section, self.base);
            (place::place(self.section, self.base), password, self.declared()?)
        };
        Ok(Connection {
            declared,
            place,
            password,
            password_may_be_spare: self.section.entries.contains_key("migration_url"),
            require_tls,
            connect_timeout,
            network_timeout,
            run_id: self.run_id.to_string(),
            environment: self.environment.clone(),
            database: Sourced { value: self.section.name.clone(), origin: self.section.origin.clone() },
            url_text: OnceLock::new(),
        })
    }

    fn declared(&self) -> Result<Option<DatabaseType>, ConfigError> {
        let Some(Sourced { value, origin }) = self.text("database_type")? else { return Ok(None) };
        DatabaseType::from_name(&value).map(Some).ok_or_else(|| ConfigError::InvalidValue {
            origin,
            key: "database_type".to_string(),
            expected: "postgresql, mysql, mariadb or sqlite".to_string(),
        })
    }

    fn migrations_dir(&self) -> Result<(PathBuf, Origin), ConfigError> {
        let tidy = |path: PathBuf| path.components().collect::<PathBuf>();
        if let Some(path) = &self.flags.migrations_dir {
            return Ok((tidy(self.cwd.join(path)), Origin::Flag("--migrations-dir")));
        }
        if let Some(Sourced { value, origin }) = self.text("migrations_dir")? {
            // What a variable says is meant where the command was started, what the file says beside the file.
            let base = if matches!(origin, Origin::File { .. }) { self.base } else { self.cwd };
            return Ok((tidy(base.join(value)), origin));
        }
        let all = self.base.join("migrations");
        let own = all.join(&self.section.name);
        Ok((if own.is_dir() { own } else { all }, Origin::Default))
    }

    fn migration_table(&self) -> Result<Sourced<String>, ConfigError> {
        let name = self.text("migration_table")?;
        let name = name.unwrap_or(Sourced { value: "_dbwarden_migrations".to_string(), origin: Origin::Default });
        let is_name = name.value.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')
            && !name.value.starts_with(|c: char| c.is_numeric());
        if is_name && name.value.len() <= NAME_LIMIT {
            return Ok(name);
        }
        Err(ConfigError::InvalidValue {
            origin: name.origin,
            key: "migration_table".to_string(),
            expected: format!(
                "a plain name of letters, digits and `_`, up to {NAME_LIMIT} bytes (the schema is `migration_schema`)"
            ),
        })
    }

    /// Only PostgreSQL has one. A variable may be meant for another of several databases, a line of the file not.
    fn migration_schema(&self, engine: Engine) -> Result<Option<Sourced<String>>, ConfigError> {
        let key = "migration_schema";
        match (self.text(key)?, engine) {
            (schema, Engine::Postgres) => {
                Ok(Some(schema.unwrap_or(Sourced { value: "public".to_string(), origin: Origin::Default })))
            }
            (Some(Sourced { origin: origin @ Origin::File { .. }, .. }), _) if !self.flags.dev => {
                Err(left_out(origin, key, "only PostgreSQL has schemas in a database"))
            }
            _ => Ok(None),
        }
    }

    /// Whether `role` and `session` hold: they speak of the real database, so with --dev only on the same engine.
    fn speaks_of(&self, engine: Engine) -> bool {
        !self.flags.dev || self.real_engine() == Some(engine)
    }

    fn role(&self, engine: Engine) -> Result<Option<Sourced<String>>, ConfigError> {
        if !self.speaks_of(engine) {
            return Ok(None);
        }
        match self.text_or_empty("role")?.filter(|role| !role.value.is_empty()) {
            Some(Sourced { origin: origin @ Origin::File { .. }, .. }) if engine == Engine::Sqlite => {
                Err(left_out(origin, "role", "SQLite has no roles"))
            }
            role => Ok(role.filter(|_| engine != Engine::Sqlite)),
        }
    }

    fn session(&self, engine: Engine) -> Result<Sourced<BTreeMap<String, String>>, ConfigError> {
        let mut session = Sourced { value: BTreeMap::new(), origin: Origin::Default };
        let Some(Entry { value: Value::Table(pairs), origin, .. }) = self.section.entries.get("session") else {
            return Ok(session);
        };
        if !self.speaks_of(engine) {
            return Ok(session);
        }
        session.origin = origin.clone();
        for (name, value) in pairs {
            let key = format!("session.{name}");
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
                let expected = "a setting's name: letters, digits, `_` and `.`".to_string();
                return Err(ConfigError::InvalidValue { origin: origin.clone(), key, expected });
            }
            session.value.insert(name.clone(), self.expand(&key, value, origin)?);
        }
        Ok(session)
    }

    /// With what is written. It speaks of the real database, as `role` does.
    fn server_version(&self, declared: DatabaseType) -> Result<Option<(Server, Sourced<String>)>, ConfigError> {
        if !self.speaks_of(declared.engine()) {
            return Ok(None);
        }
        let Some(written) = self.text("server_version")? else { return Ok(None) };
        let product = match declared {
            DatabaseType::PostgreSql => "PostgreSQL",
            DatabaseType::MySql => "MySQL",
            DatabaseType::MariaDb => "MariaDB",
            DatabaseType::Sqlite => "SQLite",
        };
        match check::server(&written.value, product) {
            Some(server) => Ok(Some((server, written))),
            None => Err(ConfigError::InvalidValue {
                origin: written.origin,
                key: "server_version".to_string(),
                expected: "a version such as \"15\", \"8.0\" or \"mariadb 10.11\"".to_string(),
            }),
        }
    }

    /// The engine without --dev; None where that cannot be told.
    fn real_engine(&self) -> Option<Engine> {
        match self.declared() {
            Ok(Some(declared)) => Some(declared.engine()),
            _ => match place::place(self.section, self.base) {
                Place::Url(material) => {
                    let text = material.peek(self.environment)?.ok()?;
                    url::database_type(text.expose_secret()).ok().map(DatabaseType::engine)
                }
                Place::Fields(_) | Place::Unknown(_) => None,
            },
        }
    }

    fn duration(
        &self,
        key: &str,
        flag: Option<(Duration, &'static str)>,
        default: Duration,
    ) -> Result<Sourced<Duration>, ConfigError> {
        if let Some((value, name)) = flag {
            return Ok(Sourced { value, origin: Origin::Flag(name) });
        }
        let Some(Sourced { value, origin }) = self.text(key)? else {
            return Ok(Sourced { value: default, origin: Origin::Default });
        };
        match parse_duration(&value) {
            Ok(value) => Ok(Sourced { value, origin }),
            Err(problem) => Err(ConfigError::InvalidDuration { origin, key: key.to_string(), problem }),
        }
    }

    /// One of a few words; without any, the type's default.
    pub(super) fn choice<T: Copy + Default, const N: usize>(
        &self,
        key: &str,
        words: [(&'static str, T); N],
    ) -> Result<Sourced<T>, ConfigError> {
        let Some(Sourced { value, origin }) = self.text(key)? else {
            return Ok(Sourced { value: T::default(), origin: Origin::Default });
        };
        match words.iter().find(|(word, _)| word.eq_ignore_ascii_case(value.trim())) {
            Some((_, value)) => Ok(Sourced { value: *value, origin }),
            None => {
                let expected = words.map(|(word, _)| word).join(" or ");
                Err(ConfigError::InvalidValue { origin, key: key.to_string(), expected })
            }
        }
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<Sourced<String>>, ConfigError> {
        match self.text_or_empty(key)? {
            Some(Sourced { value, origin }) if value.trim().is_empty() => {
                Err(ConfigError::Empty { origin, key: key.to_string() })
            }
            text => Ok(text),
        }
    }

    /// What the variable above `key` says, else the file.
    fn text_or_empty(&self, key: &str) -> Result<Option<Sourced<String>>, ConfigError> {
        if let Some(name) = variable_for(key)
            && let Some(value) = self.environment.filled(name)
        {
            return Ok(Some(Sourced { value: value.to_string(), origin: Origin::Environment(name.to_string()) }));
        }
        match self.section.entries.get(key) {
            Some(Entry { value: Value::Text(text), origin, .. }) => {
                let value = self.expand(key, text, origin)?;
                Ok(Some(Sourced { value, origin: origin.clone() }))
            }
            _ => Ok(None),
        }
    }

    fn expand(&self, key: &str, text: &str, origin: &Origin) -> Result<String, ConfigError> {
        interpolate(text, self.environment).map_err(|problem| ConfigError::Interpolation {
            origin: origin.clone(),
            key: key.to_string(),
            problem,
        })
    }

    /// Who told the type of database: its own key, or whatever gave the URL.
    fn type_origin(&self, connection: &Connection) -> Origin {
        let entry = self.section.entries.get("database_type").filter(|_| connection.declared.is_some());
        match (entry, &connection.place) {
            (Some(entry), _) => entry.origin.clone(),
            (None, Place::Url(material)) => material.origin.clone(),
            (None, Place::Fields(_) | Place::Unknown(_)) => self.section.origin.clone(),
        }
    }
}

fn left_out(origin: Origin, key: &str, reason: &str) -> ConfigError {
    ConfigError::InvalidValue { origin, key: key.to_string(), expected: format!("left out: {reason}") }
}

/// Settings with such names are how applications hand keys to their own functions.
fn shown_session_value(name: &str, value: &str) -> String {
    let name = name.to_lowercase();
    let is_secret = ["password", "secret", "token", "key", "credential"].iter().any(|word| name.contains(word));
    if is_secret { "***".to_string() } else { value.to_string() }
}
