use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::dialect::Engine;

/// Where a database is and how to get in. Made by `config`; holds no URL, so that none can be printed.
#[derive(Clone)]
pub enum ConnectOptions {
    /// A PostgreSQL server.
    Postgres(Server),
    /// A MySQL or MariaDB server.
    MySql(Server),
    /// A SQLite database.
    Sqlite(SqliteFile),
}

impl ConnectOptions {
    /// The engine these options lead to.
    pub fn engine(&self) -> Engine {
        match self {
            ConnectOptions::Postgres(_) => Engine::Postgres,
            ConnectOptions::MySql(_) => Engine::MySql,
            ConnectOptions::Sqlite(_) => Engine::Sqlite,
        }
    }

    /// Where this leads, without user or password: `db.example:5432/app`, `/var/lib/app.db`. For messages.
    pub fn location(&self) -> String {
        match self {
            ConnectOptions::Postgres(server) | ConnectOptions::MySql(server) => {
                let place = match &server.network {
                    // An IPv6 address needs its brackets back, or the port reads as a part of it.
                    Network::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
                    Network::Tcp { host, port } => format!("{host}:{port}"),
                    Network::Socket { path, .. } => path.display().to_string(),
                };
                format!("{place}/{}", server.database)
            }
            ConnectOptions::Sqlite(SqliteFile { path: Some(path), .. }) => path.display().to_string(),
            ConnectOptions::Sqlite(SqliteFile { path: None, .. }) => ":memory:".to_string(),
        }
    }
}

/// A database on a server.
#[derive(Clone)]
pub struct Server {
    /// The way to the server.
    pub network: Network,
    /// The login name.
    pub user: String,
    /// None: no password is sent (peer, trust, certificate).
    pub password: Option<SecretString>,
    /// The database to use.
    pub database: String,
    /// TLS as asked for.
    pub tls: Tls,
    /// How long one attempt to connect and log in may take.
    pub connect_timeout: Duration,
    /// How long the server may be out of reach, while an answer is waited for, until the connection counts as lost.
    pub network_timeout: Duration,
    /// Extra settings sent at the start (`options=-c…` of a PostgreSQL URL), name and value.
    pub settings: Vec<(String, String)>,
    /// What the server's process list shows for this session: `dbwarden/<version> <run id>`.
    pub application_name: String,
    /// Whether the user named this very server for migrations (`migration_url`), and not whichever node of a cluster
    /// answers.
    pub named_for_migrations: bool,
}

impl Server {
    /// Whether a session is encrypted, where that matters: None over a socket and the loopback interface.
    ///
    /// `server_says` counts only where the mode leaves it open: behind a pooler it is about the pooler's own way.
    pub(super) fn encrypted(&self, server_says: bool) -> Option<bool> {
        let remote = match &self.network {
            Network::Socket { .. } => return None,
            Network::Tcp { host, .. } => !is_loopback(host),
        };
        match self.tls.in_effect() {
            TlsMode::Disable => remote.then_some(false),
            TlsMode::Prefer => remote.then_some(server_says),
            TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => Some(true),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The way to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Network {
    /// Over TCP. An IPv6 address stands without brackets.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// Over a Unix socket.
    Socket {
        /// PostgreSQL: the directory of the socket. MySQL: the socket itself.
        path: PathBuf,
        /// PostgreSQL: the port that is part of the socket's name. MySQL: not used.
        port: u16,
    },
}

/// TLS as asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// How much of it.
    pub mode: TlsMode,
    /// Whether the user asked for this mode, or it is the default.
    pub explicit: bool,
    /// `require_tls = true`: a session that turns out unencrypted over TCP is refused.
    pub required: bool,
    /// The CA certificates to trust (`sslrootcert`, `ssl-ca`), a PEM file.
    pub root_certificate: Option<PathBuf>,
    /// The client certificate, a PEM file.
    pub certificate: Option<PathBuf>,
    /// The client certificate's key, a PEM file.
    pub key: Option<PathBuf>,
}

impl Tls {
    /// The mode to connect with: where TLS is required, "where the server offers it" is not enough.
    pub(super) fn in_effect(&self) -> TlsMode {
        match self.mode {
            TlsMode::Prefer if self.required => TlsMode::Require,
            mode => mode,
        }
    }
}

/// The modes of libpq's `sslmode` and MySQL's `ssl-mode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// Never.
    Disable,
    /// Where the server offers it, without verifying.
    #[default]
    Prefer,
    /// Always, without verifying (libpq: verifying the CA when a root certificate is given).
    Require,
    /// Always, with a certificate from a trusted CA.
    VerifyCa,
    /// Always, with a certificate from a trusted CA for this host.
    VerifyFull,
}

/// A SQLite database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteFile {
    /// None: a private database in memory.
    pub path: Option<PathBuf>,
    /// Whether a missing file is created: only by commands that write.
    pub create: bool,
    /// Whether it is opened for reading only.
    pub read_only: bool,
}

impl SqliteFile {
    /// An empty database that nobody else sees and that is gone with its session.
    pub fn in_memory() -> Self {
        SqliteFile { path: None, create: true, read_only: false }
    }
}

/// What every migration finds set in its session, beyond the server's own defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionOptions {
    /// Whether the session holds the migration lock: where the server cannot tell that its client has vanished, it then
    /// ends a session that says nothing for a while.
    pub holds_lock: bool,
    /// How long a statement waits for a lock; None leaves the server's default. 0 waits for ever.
    pub lock_timeout: Option<Duration>,
    /// How long a statement may run; 0 means no limit, and is set explicitly, so that a limit of the role does not
    /// end an index build. SQLite has no such limit.
    pub statement_timeout: Duration,
    /// `SET ROLE` for migrations (PostgreSQL; MariaDB's roles likewise).
    pub role: Option<String>,
    /// `[database.NAME.session]`: name and value, set before each migration.
    pub settings: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encryption_matters_only_on_a_network_and_the_server_is_asked_only_when_open() {
        let tcp = |host: &str| Network::Tcp { host: host.into(), port: 1 };
        let socket = Network::Socket { path: "/run".into(), port: 1 };
        for (network, mode, required, server_says, expected) in [
            (tcp("db.example"), TlsMode::Prefer, false, true, Some(true)),
            (tcp("db.example"), TlsMode::Prefer, false, false, Some(false)),
            (tcp("db.example"), TlsMode::Prefer, true, false, Some(true)),
            (tcp("db.example"), TlsMode::Disable, false, false, Some(false)),
            (tcp("db.example"), TlsMode::VerifyFull, false, false, Some(true)),
            (tcp("127.0.0.1"), TlsMode::Prefer, false, false, None),
            (tcp("::1"), TlsMode::Disable, false, false, None),
            (socket, TlsMode::Prefer, false, false, None),
        ] {
            let server = Server {
                network,
                user: "app".into(),
                password: None,
                database: "app".into(),
                tls: Tls { mode, required, ..Tls::default() },
                connect_timeout: Duration::ZERO,
                network_timeout: Duration::ZERO,
                settings: Vec::new(),
                application_name: "dbwarden".into(),
                named_for_migrations: false,
            };
            assert_eq!(server.encrypted(server_says), expected, "{:?} {mode:?} {required}", server.network);
        }
    }
}
