use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::suggest::nearest;

/// The environment, taken once at the start. Everything below reads this and never the process.
#[derive(Clone, Default)]
pub struct Environment(Arc<BTreeMap<String, String>>);

impl Environment {
    /// The environment of this process. Variables that are not UTF-8 are left out.
    pub fn from_process() -> Self {
        Self::from_pairs(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// An environment of exactly these variables.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Environment(Arc::new(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect()))
    }

    /// The variable's value; None when it is not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The variable's value; None when it is not set or empty: `DBWARDEN_LOCK_WAIT=` means "not set", as it does
    /// where a deployment template fills variables from optional values.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.trim().is_empty())
    }

    /// One warning for each `DBWARDEN_*` variable that nothing reads.
    pub(super) fn warnings(&self) -> Vec<String> {
        let known = || VARIABLES.iter().map(|variable| variable.name);
        self.0
            .keys()
            .filter(|name| name.starts_with("DBWARDEN_") && !is_service_link(name))
            .filter(|name| !known().any(|variable| variable == name.as_str()))
            .map(|name| {
                match nearest(
                    &name.to_lowercase(),
                    known().map(str::to_lowercase).collect::<Vec<_>>().iter().map(String::as_str),
                ) {
                    Some(suggestion) => format!(
                        "the environment variable {name} is not known and has no effect: did you mean {}?",
                        suggestion.to_uppercase()
                    ),
                    None => format!("the environment variable {name} is not known and has no effect"),
                }
            })
            .collect()
    }
}

/// Shows names only: values can be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Kubernetes sets these in every pod of a namespace with a service named `dbwarden`
/// (<https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>).
fn is_service_link(name: &str) -> bool {
    name.starts_with("DBWARDEN_SERVICE_") || name.starts_with("DBWARDEN_PORT")
}

/// An environment variable that dbwarden reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// The key of a database's table it stands above, if it does.
    pub key: Option<&'static str>,
    /// What it does, for help and documentation.
    pub help: &'static str,
}

const fn variable(name: &'static str, key: Option<&'static str>, help: &'static str) -> Variable {
    Variable { name, key, help }
}

/// Every variable dbwarden reads on its own account. `${NAME}` in the file reads any other.
pub const VARIABLES: &[Variable] = &[
    variable("DBWARDEN_CONFIG", None, "the configuration file, in place of the nearest dbwarden.toml"),
    variable("DBWARDEN_DATABASE", None, "the database to work on; several are separated by commas"),
    variable("DBWARDEN_DATABASE_URL", Some("database_url"), "the database URL of the selected database"),
    variable("DBWARDEN_MIGRATIONS_DIR", Some("migrations_dir"), "the folder of the migration files"),
    variable("DBWARDEN_MIGRATION_TABLE", Some("migration_table"), "the name of the history table"),
    variable("DBWARDEN_MIGRATION_SCHEMA", Some("migration_schema"), "the schema of the history table (PostgreSQL)"),
    variable("DBWARDEN_LOCK_WAIT", Some("lock_wait"), "how long to wait for the migration lock"),
    variable("DBWARDEN_LOCK_TIMEOUT", Some("lock_timeout"), "how long a statement waits for a lock"),
    variable("DBWARDEN_LOCK_RETRY", Some("lock_retry"), "how long lock timeouts are retried"),
    variable("DBWARDEN_STATEMENT_TIMEOUT", Some("statement_timeout"), "how long a statement may run; 0 = no limit"),
    variable("DBWARDEN_CONNECT_TIMEOUT", Some("connect_timeout"), "how long one attempt to connect may take"),
    variable("DBWARDEN_NETWORK_TIMEOUT", Some("network_timeout"), "how long the server may be out of reach"),
    variable("DBWARDEN_OUT_OF_ORDER", Some("out_of_order"), "refuse or allow"),
    variable("DBWARDEN_ON_DATABASE_AHEAD", Some("on_database_ahead"), "warn or fail"),
    variable("DBWARDEN_ROLE", Some("role"), "SET ROLE for the migrations"),
    variable("DBWARDEN_REQUIRE_TLS", Some("require_tls"), "true refuses unencrypted network connections"),
    variable("DATABASE_URL", None, "the database URL where there is no configuration file"),
    variable("PGPASSWORD", None, "the password of a PostgreSQL database that has none configured"),
    variable("PGPASSFILE", None, "the password file, in place of ~/.pgpass"),
];

/// The variable that stands above `key`.
pub(super) fn variable_for(key: &str) -> Option<&'static str> {
    VARIABLES.iter().find(|variable| variable.key == Some(key)).map(|variable| variable.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_variables_are_named_with_a_suggestion() {
        let environment = Environment::from_pairs([
            ("DBWARDEN_LOCK_WIAT", "secret"),
            ("DBWARDEN_COLOUR_SCHEME_FOR_THE_NIGHT", "secret"),
            ("DBWARDEN_LOCK_WAIT", "5s"),
            ("DBWARDEN_PORT_80_TCP", "tcp://10.0.0.1:80"),
            ("HOME", "/root"),
        ]);
        assert_eq!(
            environment.warnings(),
            [
                "the environment variable DBWARDEN_COLOUR_SCHEME_FOR_THE_NIGHT is not known and has no effect",
                "the environment variable DBWARDEN_LOCK_WIAT is not known and has no effect: did you mean DBWARDEN_LOCK_WAIT?",
            ]
        );
        assert!(!format!("{environment:?}").contains("secret"));
    }

    #[test]
    fn every_variable_stands_above_a_key_that_exists() {
        for variable in VARIABLES {
            if let Some(key) = variable.key {
                assert!(super::super::keys::find(key).is_some(), "{key}");
            }
        }
    }
}
