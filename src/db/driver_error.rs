//! What errors of the driver mean that do not come from the server: the way to it, TLS, the protocol.

use std::error::Error as _;
use std::future::Future;
use std::path::Path;
use std::time::Duration;

use sqlx::error::DatabaseError;

use super::{SqlError, SqlErrorKind, Tls};

/// The meaning of an error on an open session.
pub(super) fn session_error(error: &sqlx::Error, from_server: fn(&dyn DatabaseError) -> SqlError) -> SqlError {
    match error {
        sqlx::Error::Database(error) => from_server(&**error),
        sqlx::Error::Io(error) => {
            SqlError::new(SqlErrorKind::ConnectionLost, format!("the connection was lost: {error}"))
        }
        other => protocol(other),
    }
}

/// The meaning of an error while connecting to `place`.
///
/// `at_login` corrects what a code means before there is a session.
pub(super) fn connect_error(
    error: &sqlx::Error,
    place: &str,
    from_server: fn(&dyn DatabaseError) -> SqlError,
    at_login: fn(&SqlError) -> Option<SqlErrorKind>,
) -> SqlError {
    match error {
        sqlx::Error::Database(error) => {
            let mut error = from_server(&**error);
            error.kind = at_login(&error).unwrap_or(error.kind);
            error
        }
        sqlx::Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(tls) => SqlError::new(SqlErrorKind::Tls, format!("TLS with {place} failed: {tls}")),
            None => SqlError::new(SqlErrorKind::Unreachable, format!("cannot connect to {place}: {error}")),
        },
        // The driver's configuration errors are all about keys and certificates.
        sqlx::Error::Tls(reason) | sqlx::Error::Configuration(reason) => {
            SqlError::new(SqlErrorKind::Tls, format!("TLS with {place} failed: {reason}"))
        }
        other => protocol(other),
    }
}

fn protocol(error: &sqlx::Error) -> SqlError {
    let message = match error.source() {
        Some(source) => source.to_string(),
        None => error.to_string(),
    };
    SqlError::new(SqlErrorKind::Protocol, message)
}

/// Bounds an attempt to connect; a limit of zero is none.
pub(super) async fn within<T>(
    limit: Duration,
    place: &str,
    attempt: impl Future<Output = Result<T, SqlError>>,
) -> Result<T, SqlError> {
    if limit.is_zero() {
        return attempt.await;
    }
    tokio::time::timeout(limit, attempt).await.unwrap_or_else(|_| {
        let message = format!("cannot connect to {place}: no answer within {} s", limit.as_secs_f64());
        Err(SqlError::new(SqlErrorKind::Unreachable, message))
    })
}

/// Refuses certificate files that cannot be opened: the driver would report them as a failure of the network.
pub(super) fn check_certificates(tls: &Tls) -> Result<(), SqlError> {
    let unreadable = |path: &Path| match std::fs::File::open(path) {
        Ok(_) => Ok(()),
        Err(error) => {
            Err(SqlError::new(SqlErrorKind::Tls, format!("cannot open certificate file {}: {error}", path.display())))
        }
    };
    [&tls.root_certificate, &tls.certificate, &tls.key].into_iter().flatten().try_for_each(|path| unreadable(path))
}

/// The refusal where TLS is required and switched off at once.
pub(super) fn refuse_plain_text(place: &str) -> SqlError {
    let message = format!("TLS is required, and switched off for {place}");
    SqlError::new(SqlErrorKind::Tls, message)
}
