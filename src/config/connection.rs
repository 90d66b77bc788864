use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::database_type::DatabaseType;
use super::environment::Environment;
use super::error::ConfigError;
use super::fields::Fields;
use super::material::Material;
use super::origin::{Origin, Sourced};
use super::parameters::{self, ParameterError, Parameters, SqliteMode};
use super::url::{self, DatabaseUrl};
use super::{pgpass, secret};
use crate::db::{ConnectOptions, Network, Server, SqliteFile};
use crate::dialect::Engine;

/// "No limit" for one attempt to connect (libpq's `connect_timeout=0`), as a time that clocks can add.
const NO_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// How to reach a database, as configured; nothing of it is read before [`Connection::resolve`]. No `Debug`.
#[derive(Clone)]
pub(super) struct Connection {
    /// What `database_type` says.
    pub(super) declared: Option<DatabaseType>,
    pub(super) place: Place,
    /// Completes a place without a password.
    pub(super) password: Option<Material>,
    /// Whether `password` may be there for another URL: beside `migration_url`, it belongs to `database_url`.
    pub(super) password_may_be_spare: bool,
    pub(super) require_tls: bool,
    pub(super) connect_timeout: Sourced<Duration>,
    pub(super) network_timeout: Duration,
    pub(super) run_id: String,
    pub(super) environment: Environment,
    /// The database's name and line, for messages.
    pub(super) database: Sourced<String>,
    /// The URL, once read, with the warnings it gave: a command runs once, even where the engine had to be asked of it.
    pub(super) url_text: OnceLock<(SecretString, Vec<String>)>,
}

/// Where the database is.
#[derive(Clone)]
pub(super) enum Place {
    Url(Material),
    Fields(Fields),
    /// Nobody said; the key that is missing.
    Unknown(&'static str),
}

/// Everything read and understood.
pub(super) struct Resolved {
    pub(super) options: ConnectOptions,
    /// Every form in which a secret of this connection could turn up in a message.
    pub(super) secrets: Vec<SecretString>,
    pub(super) warnings: Vec<String>,
}

/// Where a message says a connection was configured.
struct Spot {
    origin: Origin,
    key: String,
}

impl Connection {
    /// The type of database. Reads a URL's file or command only where `may_read` and nothing else tells.
    pub(super) fn database_type(&self, may_read: bool) -> Result<DatabaseType, ConfigError> {
        let from_url = match &self.place {
            Place::Url(material) => {
                let text = match material.peek(&self.environment) {
                    // `database_type` is enough as long as nobody connects.
                    Some(Err(_)) if self.declared.is_some() => None,
                    Some(text) => Some(text?),
                    None if self.declared.is_none() && may_read => Some(self.url_text(material, &mut Vec::new())?),
                    None => None,
                };
                match text.map(|text| url::database_type(text.expose_secret())) {
                    Some(Err(_)) if self.declared.is_some() => None,
                    Some(Err(problem)) => return Err(self.url_error(material, problem)),
                    Some(Ok(found)) => Some((found, material)),
                    None => None,
                }
            }
            Place::Fields(_) | Place::Unknown(_) => None,
        };
        match (self.declared, from_url) {
            (Some(declared), Some((found, material))) => self.agreed(declared, found, material),
            (Some(declared), None) => Ok(declared),
            (None, Some((found, _))) => Ok(found),
            (None, None) => match &self.place {
                Place::Unknown(key) => Err(self.unknown_place(key)),
                _ => Err(ConfigError::EngineUnknown {
                    origin: self.database.origin.clone(),
                    database: self.database.value.clone(),
                }),
            },
        }
    }

    /// Reads files and variables, runs commands, and gives what the session needs.
    pub(super) fn resolve(&self) -> Result<Resolved, ConfigError> {
        let mut secrets = Vec::new();
        let mut warnings = Vec::new();
        let (address, base, spot) = self.address(&mut secrets, &mut warnings)?;
        let engine = address.database_type.engine();
        let params = parameters::read(engine, &address.params, &base).map_err(|problem| spot.parameter(problem))?;
        let options = match engine {
            Engine::Sqlite => ConnectOptions::Sqlite(self.sqlite(address, &params, &base, &spot)?),
            Engine::Postgres => {
                ConnectOptions::Postgres(self.server(address, params, &spot, &mut secrets, &mut warnings)?)
            }
            Engine::MySql => ConnectOptions::MySql(self.server(address, params, &spot, &mut secrets, &mut warnings)?),
        };
        Ok(Resolved { options, secrets, warnings })
    }

    fn address(
        &self,
        secrets: &mut Vec<SecretString>,
        warnings: &mut Vec<String>,
    ) -> Result<(DatabaseUrl, PathBuf, Spot), ConfigError> {
        match &self.place {
            Place::Url(material) => {
                let text = self.url_text(material, warnings)?;
                let address = url::parse(text.expose_secret()).map_err(|problem| self.url_error(material, problem))?;
                if let Some(declared) = self.declared {
                    self.agreed(declared, address.database_type, material)?;
                }
                // A SQLite URL is a path and no secret: scrubbing it would only blur messages.
                if address.database_type != DatabaseType::Sqlite {
                    secrets.push(text);
                }
                let spot = Spot { origin: material.origin.clone(), key: material.key.to_string() };
                Ok((address, material.base.clone(), spot))
            }
            Place::Fields(fields) => {
                let database_type = self.database_type(false)?;
                let address = fields.address(database_type, &self.environment)?;
                let spot =
                    Spot { origin: self.database.origin.clone(), key: format!("database.{}", self.database.value) };
                Ok((address, fields.base.clone(), spot))
            }
            Place::Unknown(key) => Err(self.unknown_place(key)),
        }
    }

    fn url_text(&self, material: &Material, warnings: &mut Vec<String>) -> Result<SecretString, ConfigError> {
        let (text, noticed) = match self.url_text.get() {
            Some(known) => known,
            None => {
                let mut noticed = Vec::new();
                let text = material.read(&self.environment, &mut noticed)?;
                self.url_text.get_or_init(|| (text, noticed))
            }
        };
        warnings.extend_from_slice(noticed);
        Ok(text.clone())
    }

    fn sqlite(
        &self,
        address: DatabaseUrl,
        params: &Parameters,
        base: &Path,
        spot: &Spot,
    ) -> Result<SqliteFile, ConfigError> {
        if let Some(material) = &self.password {
            return Err(ConfigError::Conflict {
                origin: material.origin.clone(),
                first: format!("{} of a SQLite database", spot.key),
                second: material.key.to_string(),
            });
        }
        let mode = params.sqlite_mode.unwrap_or(SqliteMode::Create);
        Ok(SqliteFile {
            // Component by component, so that `./x.db` does not leave its dot in every message.
            path: address.database.map(|path| base.join(path).components().collect()),
            create: mode == SqliteMode::Create,
            read_only: mode == SqliteMode::Read,
        })
    }

    fn server(
        &self,
        address: DatabaseUrl,
        params: Parameters,
        spot: &Spot,
        secrets: &mut Vec<SecretString>,
        warnings: &mut Vec<String>,
    ) -> Result<Server, ConfigError> {
        let is_postgres = address.database_type.engine() == Engine::Postgres;
        let port = once(address.port, params.port, "port", spot)?;
        let host = once(address.host, params.host, "host", spot)?;
        let network = network(is_postgres, host, port, params.socket, spot)?;
        let user = once(address.user, params.user, "user", spot)?;
        let user = user.or_else(|| self.system_user()).ok_or_else(|| spot.no_user())?;
        // libpq: the database is called like the user. MySQL has no such rule.
        let database = once(address.database, params.database, "dbname", spot)?;
        let database = database.or_else(|| is_postgres.then(|| user.clone())).ok_or_else(|| spot.no_database())?;

        let given = once(address.password, params.password, "password", spot)?;
        let password = match (given, &self.password) {
            (Some(_), Some(material)) if !self.password_may_be_spare => {
                return Err(ConfigError::Conflict {
                    origin: material.origin.clone(),
                    first: format!("{} with a password in it", spot.key),
                    second: material.key.to_string(),
                });
            }
            (Some(password), _) => Some(password),
            (None, Some(material)) => Some(material.read(&self.environment, warnings)?),
            (None, None) if is_postgres => self.libpq_password(&network, &database, &user, warnings),
            (None, None) => None,
        };
        if let Some(password) = &password {
            secrets.extend(url::forms_of(password));
        }

        let mut tls = params.tls;
        tls.required = self.require_tls;
        let connect_timeout = match (params.connect_timeout, &self.connect_timeout) {
            (Some(seconds), Sourced { origin: Origin::Default, .. }) => seconds,
            (_, configured) => configured.value,
        };
        let mut application_name = format!("dbwarden/{} {}", env!("CARGO_PKG_VERSION"), self.run_id);
        if let Some(name) = params.application_name {
            application_name = format!("{application_name} {name}");
        }
        Ok(Server {
            network,
            user,
            password,
            database,
            tls,
            connect_timeout: if connect_timeout.is_zero() { NO_LIMIT } else { connect_timeout },
            network_timeout: if self.network_timeout.is_zero() { NO_LIMIT } else { self.network_timeout },
            settings: params.settings,
            application_name,
            named_for_migrations: spot.key == "migration_url",
        })
    }

    /// What libpq falls back to where no password is given: `PGPASSWORD`, then the password file.
    fn libpq_password(
        &self,
        network: &Network,
        database: &str,
        user: &str,
        warnings: &mut Vec<String>,
    ) -> Option<SecretString> {
        if let Some(password) = self.environment.filled("PGPASSWORD") {
            return Some(SecretString::from(password));
        }
        let path = match self.environment.filled("PGPASSFILE") {
            Some(path) => PathBuf::from(path),
            None => Path::new(self.environment.filled("HOME")?).join(".pgpass"),
        };
        let (text, _) = secret::read_file(&path).ok()?;
        if secret::is_shared(&path) {
            warnings.push(format!("{} is ignored, as psql does, because others may use it: chmod 600", path.display()));
            return None;
        }
        let (host, port) = match network {
            Network::Tcp { host, port } => (host.as_str(), *port),
            Network::Socket { path, port } if SOCKET_FOLDERS.iter().any(|folder| path == Path::new(folder)) => {
                ("localhost", *port)
            }
            Network::Socket { path, port } => (path.to_str()?, *port),
        };
        pgpass::find(text.expose_secret(), host, port, database, user).map(SecretString::from)
    }

    fn system_user(&self) -> Option<String> {
        ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| self.environment.filled(name)).map(str::to_string)
    }

    fn agreed(
        &self,
        declared: DatabaseType,
        found: DatabaseType,
        material: &Material,
    ) -> Result<DatabaseType, ConfigError> {
        if declared.engine() == found.engine() {
            return Ok(declared);
        }
        let origin = material.origin.clone();
        Err(ConfigError::EngineMismatch { origin, declared: declared.name(), actual: found.name() })
    }

    fn url_error(&self, material: &Material, problem: url::UrlError) -> ConfigError {
        ConfigError::Url { origin: material.origin.clone(), key: material.key.to_string(), problem }
    }

    fn unknown_place(&self, key: &'static str) -> ConfigError {
        let Sourced { value, origin } = self.database.clone();
        ConfigError::NoConnection { origin, database: value, key }
    }
}

/// Where PostgreSQL's server puts its socket by default: Debian's builds, and upstream's.
const SOCKET_FOLDERS: &[&str] = &["/var/run/postgresql", "/run/postgresql", "/tmp"];

fn network(
    is_postgres: bool,
    host: Option<String>,
    port: Option<u16>,
    socket: Option<PathBuf>,
    spot: &Spot,
) -> Result<Network, ConfigError> {
    let port = port.unwrap_or(if is_postgres { 5432 } else { 3306 });
    if let Some(path) = socket {
        // A local host beside a socket is what URLs are made to carry, not a second place.
        return match host.as_deref() {
            None | Some("localhost" | "127.0.0.1" | "::1") => Ok(Network::Socket { path, port }),
            Some(_) => Err(spot.parameter(ParameterError::Twice { name: "socket".to_string() })),
        };
    }
    Ok(match host {
        Some(path) if path.starts_with('/') => Network::Socket { path: path.into(), port },
        Some(host) => Network::Tcp { host, port },
        // As libpq does without a host: the socket, where there is one.
        None if is_postgres => SOCKET_FOLDERS
            .iter()
            .map(Path::new)
            .find(|folder| folder.join(format!(".s.PGSQL.{port}")).exists())
            .map_or_else(
                || Network::Tcp { host: "localhost".to_string(), port },
                |folder| Network::Socket { path: folder.to_path_buf(), port },
            ),
        None => Network::Tcp { host: "localhost".to_string(), port },
    })
}

fn once<T>(first: Option<T>, second: Option<T>, name: &str, spot: &Spot) -> Result<Option<T>, ConfigError> {
    match (first, second) {
        (Some(_), Some(_)) => Err(spot.parameter(ParameterError::Twice { name: name.to_string() })),
        (first, second) => Ok(first.or(second)),
    }
}

impl Spot {
    fn parameter(&self, problem: ParameterError) -> ConfigError {
        ConfigError::Parameter { origin: self.origin.clone(), key: self.key.clone(), problem }
    }

    fn no_user(&self) -> ConfigError {
        ConfigError::NoUser { origin: self.origin.clone(), key: self.key.clone() }
    }

    fn no_database(&self) -> ConfigError {
        ConfigError::NoDatabaseName { origin: self.origin.clone(), key: self.key.clone() }
    }
}
