//! PostgreSQL sessions.

mod errors;
mod observer;
mod probe;
mod probe_tls;
mod settings;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgQueryResult, PgRow, PgSslMode};
use sqlx::{ConnectOptions as _, Connection, Postgres, Row as _, ValueRef};

use super::adapter::Adapter;
use super::batch::Bounds;
use super::driver::{Answers, Driver, drain, send};
use super::driver_error::{
    FAREWELL, LOCK_TAKEN_TWICE, check_certificates, connect_error, refuse_plain_text, session_error, within,
};
use super::{
    Canceller, Network, Observer, Row, Server, ServerInfo, Session, SessionOptions, SqlError, SqlErrorKind, Tls,
    TlsMode,
};
use crate::dialect::{Engine, wait_briefly};
use crate::fail_point;
use observer::PostgresObserver;
use probe::ClientDefaults;
use settings::Keepalive;

/// How much COPY data one message takes.
const COPY_CHUNK: usize = 64 * 1024;

/// Opens a session and gives it its settings, in one round trip after the login; `questions` travel with them.
pub(super) async fn connect(
    server: &Server,
    session: &SessionOptions,
    questions: &[String],
) -> Result<Box<dyn Session>, SqlError> {
    let options = options(server)?;
    let place = place(server);
    within(server.connect_timeout, &place, async {
        let connection = open(&options, &place).await?;
        let version = connection.server_version_num().unwrap_or_default();
        let driver = PostgresDriver {
            connection,
            options: options.clone(),
            server: server.clone(),
            version,
            pid: 0,
            keepalive: Keepalive::Full,
            client_defaults: None,
        };
        let unknown = ServerInfo {
            product: "PostgreSQL".to_owned(),
            version: String::new(),
            user: String::new(),
            session_id: 0,
            encrypted: None,
        };
        let mut adapter = Adapter::new(driver, unknown);
        introduce(&mut adapter, session, questions).await?;
        Ok(Box::new(adapter) as Box<dyn Session>)
    })
    .await
}

/// Applies the settings and asks the server who it is, in one message. The `questions` share it: where they fail, all
/// of it is undone and said once more without them.
async fn introduce(
    adapter: &mut Adapter<PostgresDriver>,
    session: &SessionOptions,
    questions: &[String],
) -> Result<(), SqlError> {
    let mut answers = say_hello(adapter, session, questions).await;
    let mut unanswerable = None;
    if let Err(error) = &answers
        && !questions.is_empty()
        && !error.kind.ends_session()
    {
        // A table that is not there: that is an answer.
        unanswerable = settings::is_about_a_table(error).then(|| error.clone());
        answers = say_hello(adapter, session, &[]).await;
    }
    // A server on a platform that cannot watch a client's socket refuses the setting that asks for it.
    if matches!(&answers, Err(error) if error.code.as_deref() == Some("22023")) {
        adapter.driver.keepalive = Keepalive::WithoutConnectionCheck;
        answers = say_hello(adapter, session, &[]).await;
    }
    let (introduction, answers) = answers?;
    let Some(row) = introduction else {
        return Err(SqlError::new(SqlErrorKind::Protocol, "the server did not say who it is"));
    };
    adapter.driver.pid = row.number(0).unwrap_or_default();
    adapter.server.session_id = adapter.driver.pid;
    // `15.18 (Debian 15.18-0+deb12u1)`
    let version = row.text(1).unwrap_or_default();
    adapter.server.version = version.split(' ').next().unwrap_or_default().to_owned();
    adapter.server.user = row.text(2).unwrap_or_default().to_owned();
    adapter.server.encrypted = adapter.driver.server.encrypted(row.text(3) == Some("t"));
    match unanswerable {
        Some(error) => adapter.foretell(questions, Err(error)),
        None if answers.len() == questions.len() => adapter.foretell(questions, Ok(answers)),
        None => {}
    }
    Ok(())
}

/// One message: the settings, the introduction, whose row comes first, and `questions`, whose answers come second.
async fn say_hello(
    adapter: &mut Adapter<PostgresDriver>,
    session: &SessionOptions,
    questions: &[String],
) -> Result<(Option<Row>, Vec<Vec<Row>>), SqlError> {
    let mut statements = adapter.driver.setup_statements(session);
    let introduction = statements.len();
    statements.push(settings::INTRODUCTION.to_owned());
    if !questions.is_empty() {
        statements.push(wait_briefly(session.lock_timeout));
        statements.extend_from_slice(questions);
    }
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    let mut answers = adapter.query_each(&statements).await?;
    let behind = answers.split_off(answers.len() - questions.len());
    Ok((answers.swap_remove(introduction).pop(), behind))
}

/// The server without user and password, for messages.
fn place(server: &Server) -> String {
    super::ConnectOptions::Postgres(server.clone()).location()
}

async fn open(options: &PgConnectOptions, place: &str) -> Result<PgConnection, SqlError> {
    options.connect().await.map_err(|error| connect_error(&error, place, errors::from_server, errors::at_login))
}

/// As libpq: `require` with a root certificate verifies as `verify-ca` does
/// (<https://www.postgresql.org/docs/current/libpq-ssl.html>).
fn ssl_mode(tls: &Tls) -> PgSslMode {
    match tls.in_effect() {
        TlsMode::Disable => PgSslMode::Disable,
        TlsMode::Prefer => PgSslMode::Prefer,
        TlsMode::Require if tls.root_certificate.is_none() => PgSslMode::Require,
        TlsMode::Require | TlsMode::VerifyCa => PgSslMode::VerifyCa,
        TlsMode::VerifyFull => PgSslMode::VerifyFull,
    }
}

fn options(server: &Server) -> Result<PgConnectOptions, SqlError> {
    let mut options = PgConnectOptions::new_without_pgpass()
        .username(&server.user)
        // Always set: the driver would take one from the environment, which is configuration's to read.
        .password(server.password.as_ref().map_or("", |password| password.expose_secret()))
        .database(&server.database)
        .application_name(&server.application_name)
        // Not the driver's 2: a migration that casts a float to text gets what psql gets.
        .extra_float_digits(None)
        .statement_cache_capacity(0)
        .disable_statement_logging();
    match &server.network {
        Network::Socket { path, port } => {
            // As libpq does: no TLS over a Unix socket, whatever the mode.
            return Ok(options.socket(path).port(*port).ssl_mode(PgSslMode::Disable));
        }
        Network::Tcp { host, port } => options = options.host(host).port(*port),
    }
    if server.tls.required && server.tls.mode == TlsMode::Disable {
        return Err(refuse_plain_text(&place(server)));
    }
    check_certificates(&server.tls)?;
    options = options.ssl_mode(ssl_mode(&server.tls));
    if let Some(path) = &server.tls.root_certificate {
        options = options.ssl_root_cert(path);
    }
    if let Some(path) = &server.tls.certificate {
        options = options.ssl_client_cert(path);
    }
    if let Some(path) = &server.tls.key {
        options = options.ssl_client_key(path);
    }
    Ok(options)
}

/// PostgreSQL's part of a session.
struct PostgresDriver {
    connection: PgConnection,
    options: PgConnectOptions,
    server: Server,
    /// `150018` for 15.18; 0 where the server does not say.
    version: u32,
    pid: i64,
    keepalive: Keepalive,
    client_defaults: Option<ClientDefaults>,
}

impl PostgresDriver {
    fn setup_statements(&self, options: &SessionOptions) -> Vec<String> {
        settings::setup(&self.server, self.version, self.keepalive, self.client_defaults.as_ref(), options)
    }
}

#[async_trait]
impl Driver for PostgresDriver {
    const ENGINE: Engine = Engine::Postgres;
    const BOUNDS: Bounds = Bounds { bytes: 256 * 1024, statements: usize::MAX };
    /// A pooler would hand our settings to the application.
    const FAREWELL: Option<&'static str> = Some("RESET ALL");
    type Database = Postgres;

    fn goes_alone(_statement: &str) -> bool {
        false
    }

    fn send(&mut self, sql: String) -> Answers<'_, Postgres> {
        send::<Postgres>(&mut self.connection, sql)
    }

    fn affected(result: &PgQueryResult) -> u64 {
        result.rows_affected()
    }

    /// The simple protocol answers in text, whatever the type; a boolean reads `t` or `f`.
    fn text_of(row: &PgRow) -> Result<Row, sqlx::Error> {
        let mut cells = Row::with_capacity(row.len());
        for index in 0..row.len() {
            let value = row.try_get_raw(index)?;
            let text = if value.is_null() { None } else { Some(value.as_str().map_err(sqlx::Error::Decode)?) };
            cells.push(text);
        }
        Ok(cells)
    }

    fn error(error: &sqlx::Error) -> SqlError {
        session_error(error, errors::from_server)
    }

    fn reset_statements(&mut self, options: &SessionOptions) -> Result<Vec<String>, SqlError> {
        let mut statements: Vec<String> = settings::RESET.iter().map(|sql| (*sql).to_owned()).collect();
        statements.extend(self.setup_statements(options));
        Ok(statements)
    }

    fn brief_waits(options: &SessionOptions) -> Option<String> {
        Some(wait_briefly(options.lock_timeout))
    }

    fn canceller(&self) -> Box<dyn Canceller> {
        Box::new(PostgresCanceller { options: self.options.clone(), server: self.server.clone(), pid: self.pid })
    }

    fn observer(&self) -> Box<dyn Observer> {
        Box::new(PostgresObserver {
            options: self.options.clone(),
            server: self.server.clone(),
            pid: self.pid,
            connection: None,
        })
    }

    async fn close(self) {
        // Best effort, and not for long: the server notices the end of the connection as well.
        let _ = tokio::time::timeout(FAREWELL, self.connection.close()).await;
    }

    async fn copy_in(&mut self, statement: &str, data: &str) -> Result<u64, SqlError> {
        let copied = async {
            let mut copy = self.connection.copy_in_raw(statement).await?;
            for chunk in data.as_bytes().chunks(COPY_CHUNK) {
                copy.send(chunk).await?;
                fail_point::pass("copied");
            }
            copy.finish().await
        };
        copied.await.map_err(|error| Self::error(&error))
    }

    async fn learn_client_defaults(&mut self, try_lock: Option<&str>) -> Result<(), SqlError> {
        let limit = self.server.connect_timeout;
        let probed = within(limit, &place(&self.server), probe::probe(&self.server, self.pid, try_lock)).await?;
        // While this session is idle, a pooler in transaction mode gives its connection to the next who asks.
        if probed.pid == Some(self.pid) {
            let message = "a pooler in transaction mode stands between dbwarden and the server";
            return Err(SqlError::new(SqlErrorKind::TransactionPooler, message));
        }
        if probed.had_lock {
            return Err(SqlError::new(SqlErrorKind::LockIneffective, LOCK_TAKEN_TWICE));
        }
        self.client_defaults = Some(probed.defaults);
        Ok(())
    }
}

/// Cancels over a second connection: the driver keeps the key of the protocol's own cancel request to itself.
struct PostgresCanceller {
    options: PgConnectOptions,
    server: Server,
    pid: i64,
}

#[async_trait]
impl Canceller for PostgresCanceller {
    async fn cancel(&self) -> Result<(), SqlError> {
        let place = place(&self.server);
        within(self.server.connect_timeout, &place, async {
            let mut connection = open(&self.options, &place).await?;
            let sql = format!("SELECT pg_catalog.pg_cancel_backend({})", self.pid);
            drain::<Postgres>(send::<Postgres>(&mut connection, sql))
                .await
                .map_err(|error| PostgresDriver::error(&error))
        })
        .await
    }
}
