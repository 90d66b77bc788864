//! MySQL and MariaDB sessions.

mod errors;
mod exclusion;
mod observer;
mod settings;
mod warnings;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlQueryResult, MySqlRow, MySqlSslMode};
use sqlx::{ConnectOptions as _, Connection, MySql, Row as _};

use super::adapter::Adapter;
use super::batch::Bounds;
use super::driver::{Answers, Driver, drain, send};
use super::driver_error::{FAREWELL, check_certificates, connect_error, refuse_plain_text, session_error, within};
use super::leading_word::answers_once;
use super::{
    Canceller, Network, Observer, Row, Server, ServerInfo, Session, SessionOptions, SqlError, SqlErrorKind, TlsMode,
    row,
};
use crate::dialect::Engine;
use crate::dialect::blocker_sql::MySqlQuestions;
use observer::MySqlObserver;
use settings::Baseline;

/// Opens a session and gives it its settings, in one round trip after the login.
pub(super) async fn connect(server: &Server, session: &SessionOptions) -> Result<Box<dyn Session>, SqlError> {
    let options = options(server)?;
    let place = place(server);
    let setup = settings::setup(server, session)?;
    within(server.connect_timeout, &place, async {
        let connection = open(&options, &place).await?;
        let driver = MySqlDriver {
            connection,
            options: options.clone(),
            server: server.clone(),
            connection_id: 0,
            mariadb: false,
            baseline: Baseline::default(),
        };
        let unknown = ServerInfo {
            product: "MySQL".to_owned(),
            version: String::new(),
            user: String::new(),
            session_id: 0,
            encrypted: None,
        };
        let mut adapter = Adapter::new(driver, unknown);
        introduce(&mut adapter, setup).await?;
        Ok(Box::new(adapter) as Box<dyn Session>)
    })
    .await
}

/// Applies the settings and asks the server who it is and what the session began with, in one message.
async fn introduce(adapter: &mut Adapter<MySqlDriver>, setup: Vec<String>) -> Result<(), SqlError> {
    let mut statements: Vec<String> = settings::CLIENT_DEFAULTS.iter().map(|sql| (*sql).to_owned()).collect();
    statements.push(settings::introduction());
    statements.push("SHOW SESSION STATUS LIKE 'Ssl_cipher'".to_owned());
    statements.extend(setup);
    let rows = adapter.query(&statements.join(";\n")).await?;
    let [introduction, cipher, ..] = rows.as_slice() else {
        return Err(SqlError::new(SqlErrorKind::Protocol, "the server did not say who it is"));
    };
    let version = introduction.text(0).unwrap_or_default();
    (adapter.server.product, adapter.server.version) = product(version);
    adapter.driver.connection_id = introduction.number(1).unwrap_or_default();
    adapter.server.session_id = adapter.driver.connection_id;
    adapter.server.user = introduction.text(2).unwrap_or_default().to_owned();
    adapter.driver.mariadb = adapter.server.product == "MariaDB";
    adapter.driver.baseline = Baseline::read(introduction, adapter.driver.mariadb);
    adapter.server.encrypted = adapter.driver.server.encrypted(cipher.text(1).is_some_and(|cipher| !cipher.is_empty()));
    Ok(())
}

/// Product and version of what `version()` says: `10.11.19-MariaDB-0+deb12u1`, `8.0.36-0ubuntu0.22.04.1`.
fn product(version: &str) -> (String, String) {
    const MARIADB: &str = "-MariaDB";
    match version.find(MARIADB) {
        Some(at) => ("MariaDB".to_owned(), version[..at + MARIADB.len()].to_owned()),
        None => ("MySQL".to_owned(), version.split('-').next().unwrap_or_default().to_owned()),
    }
}

/// The server without user and password, for messages.
fn place(server: &Server) -> String {
    super::ConnectOptions::MySql(server.clone()).location()
}

async fn open(options: &MySqlConnectOptions, place: &str) -> Result<MySqlConnection, SqlError> {
    options.connect().await.map_err(|error| match &error {
        sqlx::Error::Configuration(reason) if reason.to_string().starts_with("RSA auth backend disabled") => {
            let message = format!("{place} takes this account's password only over TLS, which was not had");
            SqlError::new(SqlErrorKind::Tls, message)
        }
        error => connect_error(error, place, errors::from_server, errors::at_login),
    })
}

fn options(server: &Server) -> Result<MySqlConnectOptions, SqlError> {
    // Nothing of what the driver would set by itself: settings::CLIENT_DEFAULTS does it in one message, and without
    // changing what a migration means.
    let mut options = MySqlConnectOptions::new()
        .username(&server.user)
        .database(&server.database)
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None)
        .set_names(false)
        .statement_cache_capacity(0)
        .disable_statement_logging();
    if let Some(password) = &server.password {
        options = options.password(password.expose_secret());
    }
    let mode = server.tls.in_effect();
    match &server.network {
        Network::Socket { path, .. } => {
            // A socket has no name to verify. TLS is used where offered: MySQL 8 takes the password of an account
            // with caching_sha2_password only over an encrypted connection.
            let mode = if mode == TlsMode::Disable { MySqlSslMode::Disabled } else { MySqlSslMode::Preferred };
            return Ok(options.socket(path).ssl_mode(mode));
        }
        Network::Tcp { host, port } => options = options.host(host).port(*port),
    }
    if server.tls.required && mode == TlsMode::Disable {
        return Err(refuse_plain_text(&place(server)));
    }
    check_certificates(&server.tls)?;
    options = options.ssl_mode(match mode {
        TlsMode::Disable => MySqlSslMode::Disabled,
        TlsMode::Prefer => MySqlSslMode::Preferred,
        TlsMode::Require => MySqlSslMode::Required,
        TlsMode::VerifyCa => MySqlSslMode::VerifyCa,
        TlsMode::VerifyFull => MySqlSslMode::VerifyIdentity,
    });
    if let Some(path) = &server.tls.root_certificate {
        options = options.ssl_ca(path);
    }
    if let Some(path) = &server.tls.certificate {
        options = options.ssl_client_cert(path);
    }
    if let Some(path) = &server.tls.key {
        options = options.ssl_client_key(path);
    }
    Ok(options)
}

/// MySQL's part of a session.
struct MySqlDriver {
    connection: MySqlConnection,
    options: MySqlConnectOptions,
    server: Server,
    connection_id: i64,
    mariadb: bool,
    baseline: Baseline,
}

#[async_trait]
impl Driver for MySqlDriver {
    const ENGINE: Engine = Engine::MySql;
    /// Below the smallest `max_allowed_packet` in use, 1 MiB.
    const BOUNDS: Bounds = Bounds { bytes: 256 * 1024, statements: usize::MAX };
    type Database = MySql;

    fn goes_alone(statement: &str) -> bool {
        !answers_once(statement)
    }

    fn send(&mut self, sql: String) -> Answers<'_, MySql> {
        send::<MySql>(&mut self.connection, sql)
    }

    fn affected(result: &MySqlQueryResult) -> u64 {
        result.rows_affected()
    }

    /// The text protocol answers in text, whatever the type.
    fn text_of(row: &MySqlRow) -> Result<Row, sqlx::Error> {
        let mut cells = Row::with_capacity(row.len());
        for index in 0..row.len() {
            let bytes = row.try_get_unchecked::<Option<&[u8]>, _>(index)?;
            cells.push(bytes.map(row::lossy).as_deref());
        }
        Ok(cells)
    }

    fn error(error: &sqlx::Error) -> SqlError {
        let mut error = session_error(error, errors::from_server);
        warnings::leave_out(&mut error);
        error
    }

    fn reset_statements(&mut self, options: &SessionOptions) -> Result<Vec<String>, SqlError> {
        let mut statements = self.baseline.restore(&self.server.database);
        statements.extend(settings::setup(&self.server, options)?);
        Ok(statements)
    }

    fn canceller(&self) -> Box<dyn Canceller> {
        Box::new(MySqlCanceller {
            options: self.options.clone(),
            server: self.server.clone(),
            connection_id: self.connection_id,
        })
    }

    fn observer(&self) -> Box<dyn Observer> {
        Box::new(MySqlObserver {
            options: self.options.clone(),
            server: self.server.clone(),
            questions: MySqlQuestions::new(self.connection_id, self.mariadb),
            connection: None,
        })
    }

    /// There is nothing to learn; the second connection is for the lock alone.
    async fn learn_client_defaults(&mut self, try_lock: Option<&str>) -> Result<(), SqlError> {
        if let Some(try_lock) = try_lock {
            let place = place(&self.server);
            let second = exclusion::check(&self.options, &self.server, self.connection_id, try_lock);
            within(self.server.connect_timeout, &place, second).await?;
        }
        Ok(())
    }

    async fn close(self) {
        // Best effort, and not for long: the server notices the end of the connection as well.
        let _ = tokio::time::timeout(FAREWELL, self.connection.close()).await;
    }

    fn warnings_query() -> Option<&'static str> {
        Some(warnings::QUERY)
    }

    fn asking_for_warnings(statement: &str) -> Option<String> {
        warnings::asked_behind(statement)
    }
}

/// Cancels over a second connection; MySQL has no other way.
struct MySqlCanceller {
    options: MySqlConnectOptions,
    server: Server,
    connection_id: i64,
}

#[async_trait]
impl Canceller for MySqlCanceller {
    async fn cancel(&self) -> Result<(), SqlError> {
        let place = place(&self.server);
        within(self.server.connect_timeout, &place, async {
            let mut connection = open(&self.options, &place).await?;
            let sql = format!("KILL QUERY {}", self.connection_id);
            drain::<MySql>(send::<MySql>(&mut connection, sql)).await.map_err(|error| MySqlDriver::error(&error))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_tells_the_product() {
        let named = |product: &str, version: &str| (product.to_owned(), version.to_owned());
        assert_eq!(product("10.11.19-MariaDB-0+deb12u1"), named("MariaDB", "10.11.19-MariaDB"));
        assert_eq!(product("8.0.36-0ubuntu0.22.04.1"), named("MySQL", "8.0.36"));
        assert_eq!(product("8.4.0"), named("MySQL", "8.4.0"));
    }
}
