//! Learns what TimeZone and DateStyle a session of psql would have.
//!
//! sqlx names both in its startup packet. From there on RESET goes back to sqlx's values, and an ordinary role has no
//! way to ask what the configuration, the database and the role would have given. So a short-lived connection of a
//! driver that names neither logs in, and reads what the server reports.

use std::error::Error as _;

use secrecy::ExposeSecret;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::config::SslMode;

use super::{errors, place, probe_tls, ssl_mode};
use crate::db::{Network, Server, SqlError, SqlErrorKind};
use sqlx::postgres::PgSslMode;

/// What the server gives a client that asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClientDefaults {
    pub time_zone: String,
    pub date_style: String,
}

impl ClientDefaults {
    /// Name and value of each.
    pub fn settings(&self) -> [(&'static str, String); 2] {
        [("TimeZone", self.time_zone.clone()), ("DateStyle", self.date_style.clone())]
    }
}

/// What the second connection found out.
pub(super) struct Probed {
    pub defaults: ClientDefaults,
    /// The backend that served it.
    pub pid: Option<i64>,
    /// Whether it got the lock that it was to try.
    pub had_lock: bool,
}

/// Logs in, reads the server's report, asks for the backend, tries the lock that backend `holder` has, leaves.
pub(super) async fn probe(server: &Server, holder: i64, try_lock: Option<&str>) -> Result<Probed, SqlError> {
    let (client, connection) =
        config(server).connect(probe_tls::connector(&server.tls)?).await.map_err(|error| meaning(&error, server))?;
    let defaults = ClientDefaults {
        time_zone: reported("TimeZone", connection.parameter("TimeZone"))?,
        date_style: reported("DateStyle", connection.parameter("DateStyle"))?,
    };
    let ask = async move {
        // Not on the same backend: there it would be had once more, and a pooler keeps the backend.
        let sql = format!(
            "SELECT pg_catalog.pg_backend_pid(), \
             CASE WHEN pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.<>) {holder} THEN {} END",
            try_lock.unwrap_or("NULL::pg_catalog.int4")
        );
        let answer = client.simple_query(&sql).await;
        // With this the client goes, without which the connection says goodbye and ends.
        drop(client);
        answer
    };
    let (answer, _) = tokio::join!(ask, connection);
    let answer = answer.map_err(|error| meaning(&error, server))?;
    let number = |column| {
        answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(column)?.parse::<i64>().ok(),
            _ => None,
        })
    };
    let (pid, had_lock) = (number(0), number(1) == Some(1));
    Ok(Probed { defaults, pid, had_lock })
}

fn reported(name: &str, value: Option<&str>) -> Result<String, SqlError> {
    value.map(str::to_owned).ok_or_else(|| {
        SqlError::new(SqlErrorKind::Protocol, format!("the server does not report its {name} on connecting"))
    })
}

fn config(server: &Server) -> tokio_postgres::Config {
    let mut config = tokio_postgres::Config::new();
    config.user(&server.user).dbname(&server.database).application_name(&server.application_name);
    if let Some(password) = &server.password {
        config.password(password.expose_secret());
    }
    match &server.network {
        Network::Tcp { host, port } => config.host(host).port(*port).ssl_mode(match ssl_mode(&server.tls) {
            PgSslMode::Disable | PgSslMode::Allow => SslMode::Disable,
            PgSslMode::Prefer => SslMode::Prefer,
            PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull => SslMode::Require,
        }),
        Network::Socket { path, port } => config.host(path.to_string_lossy()).port(*port).ssl_mode(SslMode::Disable),
    };
    config
}

fn meaning(error: &tokio_postgres::Error, server: &Server) -> SqlError {
    let place = place(server);
    match error.as_db_error() {
        Some(said) => {
            let kind = match errors::kind(said.code().code(), said.message()) {
                SqlErrorKind::Statement => SqlErrorKind::AuthenticationFailed,
                other => other,
            };
            let mut error = SqlError::new(kind, said.message());
            error.code = Some(said.code().code().to_owned());
            error.kind = errors::at_login(&error).unwrap_or(kind);
            error
        }
        None => {
            let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            SqlError::new(SqlErrorKind::Unreachable, format!("cannot connect to {place}: {reason}"))
        }
    }
}
