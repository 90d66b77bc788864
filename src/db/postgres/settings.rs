//! The settings of a PostgreSQL session, as SQL text.
//!
//! Nothing of this is sent as the startup packet's `options`: PgBouncer refuses them.

use crate::db::{Server, SessionOptions, SqlError};
use crate::dialect::{Engine, identifier, literal};

use super::probe::ClientDefaults;

/// Who the server is: backend pid, version, user, whether this connection has TLS.
pub(super) const INTRODUCTION: &str = "SELECT pg_catalog.pg_backend_pid(), \
     pg_catalog.current_setting('server_version'), session_user, \
     (SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid())";

/// For how long what the server sent may stay unacknowledged, in milliseconds.
const LONGEST_SILENCE: u128 = 60_000;

/// Takes back what a migration changed. Not `DISCARD ALL`, which also gives up advisory locks
/// (<https://www.postgresql.org/docs/current/sql-discard.html>); `RESET ALL` leaves role and authorization alone.
pub(super) const RESET: [&str; 3] = ["RESET SESSION AUTHORIZATION", "RESET ROLE", "RESET ALL"];

/// How the server finds out that its client is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keepalive {
    /// Every way its version has.
    Full,
    /// Without `client_connection_check_interval`, which some platforms do not have.
    WithoutConnectionCheck,
}

/// The statements that give a fresh (or reset) session its settings.
pub(super) fn setup(
    server: &Server,
    version: u32,
    keepalive: Keepalive,
    client_defaults: Option<&ClientDefaults>,
    options: &SessionOptions,
) -> Vec<String> {
    let mut settings: Vec<(&str, String)> = vec![
        // Behind a pooler RESET ALL goes back to the pooler's values, not to those of our startup packet.
        ("client_encoding", "UTF8".to_owned()),
        ("application_name", server.application_name.clone()),
        // A vanished client gives its locks back in about a minute, not in two hours.
        ("tcp_keepalives_idle", "30".to_owned()),
        ("tcp_keepalives_interval", "10".to_owned()),
        ("tcp_keepalives_count", "3".to_owned()),
        // A limit of the role for idle application sessions must not end ours between two statements.
        ("idle_in_transaction_session_timeout", "0".to_owned()),
        ("statement_timeout", options.statement_timeout.as_millis().to_string()),
    ];
    if version >= 120_000 {
        // Before we give the server up ourselves: the lock should be free by then.
        let timeout = LONGEST_SILENCE.min(server.network_timeout.as_millis() * 4 / 5).max(1);
        settings.push(("tcp_user_timeout", timeout.to_string()));
    }
    if version >= 140_000 {
        settings.push(("idle_session_timeout", "0".to_owned()));
        if keepalive == Keepalive::Full {
            // While a statement runs, nothing else notices that nobody waits for it any more.
            settings.push(("client_connection_check_interval", "2000".to_owned()));
        }
    }
    if version >= 170_000 {
        settings.push(("transaction_timeout", "0".to_owned()));
    }
    if let Some(timeout) = options.lock_timeout {
        settings.push(("lock_timeout", timeout.as_millis().to_string()));
    }
    if let Some(defaults) = client_defaults {
        settings.extend(defaults.settings());
    }
    settings.extend(server.settings.iter().map(|(name, value)| (name.as_str(), value.clone())));
    settings.extend(options.settings.iter().map(|(name, value)| (name.as_str(), value.clone())));

    let mut statements = vec![apply(&settings)];
    if let Some(role) = &options.role {
        statements.push(format!("SET ROLE {}", identifier(Engine::Postgres, role)));
    }
    statements
}

/// Whether a query failed because a table or one of its columns is not there.
pub(super) fn is_about_a_table(error: &SqlError) -> bool {
    matches!(error.code.as_deref(), Some("42P01" | "42703"))
}

/// One statement that sets them all. `set_config` and not `SET`, because it takes a list (`search_path`) as the one
/// text that a configuration file holds.
pub(super) fn apply(settings: &[(&str, String)]) -> String {
    let calls: Vec<String> = settings
        .iter()
        .map(|(name, value)| {
            let quote = |text| literal(Engine::Postgres, text);
            format!("pg_catalog.set_config({}, {}, false)", quote(name), quote(value))
        })
        .collect();
    format!("SELECT {}", calls.join(", "))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::db::{Network, Tls};

    fn server() -> Server {
        Server {
            network: Network::Tcp { host: "db".into(), port: 5432 },
            user: "app".into(),
            password: None,
            database: "app".into(),
            tls: Tls::default(),
            connect_timeout: Duration::from_secs(5),
            network_timeout: Duration::from_secs(75),
            settings: vec![("search_path".into(), "a, b".into())],
            application_name: "dbwarden/1 run".into(),
            named_for_migrations: false,
        }
    }

    fn text(version: u32, options: &SessionOptions) -> String {
        setup(&server(), version, Keepalive::Full, None, options).join(";")
    }

    #[test]
    fn settings_a_version_lacks_are_left_out() {
        let options = SessionOptions::default();
        assert!(!text(110_000, &options).contains("tcp_user_timeout"));
        assert!(text(120_000, &options).contains("tcp_user_timeout"));
        assert!(!text(130_000, &options).contains("client_connection_check_interval"));
        assert!(text(140_000, &options).contains("client_connection_check_interval"));
        assert!(!text(160_000, &options).contains("transaction_timeout"));
        assert!(text(170_000, &options).contains("transaction_timeout"));
    }

    #[test]
    fn what_the_user_asks_for_comes_last_and_quoted() {
        let options = SessionOptions {
            holds_lock: false,
            lock_timeout: Some(Duration::from_secs(5)),
            statement_timeout: Duration::ZERO,
            role: Some("own\"er".into()),
            settings: [("work_mem".to_owned(), "it's".to_owned())].into(),
        };
        let text = text(150_000, &options);
        assert!(text.contains("set_config(E'lock_timeout', E'5000', false)"), "{text}");
        assert!(text.contains("set_config(E'statement_timeout', E'0', false)"), "{text}");
        let tail = "pg_catalog.set_config(E'search_path', E'a, b', false), \
                    pg_catalog.set_config(E'work_mem', E'it''s', false);SET ROLE \"own\"\"er\"";
        assert!(text.ends_with(tail), "{text}");
    }

    #[test]
    fn a_lock_timeout_that_is_not_asked_for_is_not_set() {
        assert!(!text(150_000, &SessionOptions::default()).contains("lock_timeout"));
    }
}
