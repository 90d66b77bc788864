use std::path::PathBuf;

use super::database_type::DatabaseType;
use super::environment::Environment;
use super::error::ConfigError;
use super::interpolate::interpolate;
use super::origin::{Origin, Sourced};
use super::url::{self, DatabaseUrl};
use crate::dialect::Engine;

/// The parts of a place, given one by one, with `${…}`.
#[derive(Clone, Default)]
pub(super) struct Fields {
    /// `host`, `port`, `socket`, `user`, `dbname`.
    pub(super) texts: Vec<(&'static str, Sourced<String>)>,
    pub(super) params: Option<Sourced<Vec<(String, String)>>>,
    /// What relative paths start from.
    pub(super) base: PathBuf,
}

impl Fields {
    /// The parts as a URL would give them. A `socket` becomes a parameter, and `host` too where it is a path.
    pub(super) fn address(
        &self,
        database_type: DatabaseType,
        environment: &Environment,
    ) -> Result<DatabaseUrl, ConfigError> {
        let expand = |key: &str, text: &str, origin: &Origin| {
            interpolate(text, environment).map_err(|problem| ConfigError::Interpolation {
                origin: origin.clone(),
                key: key.to_string(),
                problem,
            })
        };
        let mut url = DatabaseUrl {
            database_type,
            user: None,
            password: None,
            host: None,
            port: None,
            database: None,
            params: Vec::new(),
        };
        for (key, Sourced { value, origin }) in &self.texts {
            let text = expand(key, value, origin)?;
            let invalid = |expected: &str| ConfigError::InvalidValue {
                origin: origin.clone(),
                key: key.to_string(),
                expected: expected.to_string(),
            };
            if text.is_empty() {
                return Err(ConfigError::Empty { origin: origin.clone(), key: key.to_string() });
            }
            if database_type == DatabaseType::Sqlite && *key != "dbname" {
                return Err(invalid("left out: a SQLite database is only a file (`dbname`)"));
            }
            match *key {
                "host" => {
                    let address = text.trim_start_matches('[').trim_end_matches(']');
                    let is_valid = url::is_host(&text) || address.parse::<std::net::Ipv6Addr>().is_ok();
                    url.host = Some(address.to_string()).filter(|_| is_valid);
                    url.host.as_ref().ok_or_else(|| invalid("one host name or address"))?;
                }
                "port" => url.port = Some(url::parse_port(&text).ok_or_else(|| invalid("a number from 1 to 65535"))?),
                "user" => url.user = Some(text),
                "socket" if database_type.engine() == Engine::Postgres => {
                    if url.host.is_some() {
                        let (first, second) = ("host".to_string(), "socket".to_string());
                        return Err(ConfigError::Conflict { origin: origin.clone(), first, second });
                    }
                    url.host = Some(self.base.join(text).display().to_string());
                }
                "socket" => url.params.push(("socket".to_string(), text)),
                _ => url.database = Some(text).filter(|name| name != ":memory:"),
            }
        }
        if let Some(Sourced { value, origin }) = &self.params {
            for (name, value) in value {
                let value = expand(&format!("params.{name}"), value, origin)?;
                url.params.push((name.clone(), value));
            }
        }
        Ok(url)
    }
}
