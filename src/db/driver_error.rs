//! What errors of the driver mean that do not come from the server: the way to it, TLS, the protocol.

use std::error::Error as _;
use std::future::Future;
use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::error::DatabaseError;

use super::{SqlError, SqlErrorKind, Tls};

/// How long the last messages of a session may take.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);

/// The meaning of an error on an open session.
pub(super) fn session_error(error: &sqlx::Error, from_server: fn(&dyn DatabaseError) -> SqlError) -> SqlError {
    match error {
        sqlx::Error::Database(error) => from_server(&**error),
        sqlx::Error::Io(error) => {
            let message = match error.kind() {
                // What the driver has to say about an end is how many bytes it missed.
                io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
                    "the server closed the connection".to_owned()
                }
                _ => format!("the connection was lost: {error}"),
            };
            SqlError::new(SqlErrorKind::ConnectionLost, message)
        }
        other => SqlError::new(SqlErrorKind::Protocol, reason(other)),
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
            error.kind = at_login(&error).unwrap_or(match error.kind {
                // Whatever else a server has against it: there is no session.
                SqlErrorKind::Statement => SqlErrorKind::AuthenticationFailed,
                other => other,
            });
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
        other => {
            let message = format!("{place} does not answer as this engine does: {}", reason(other));
            SqlError::new(SqlErrorKind::Protocol, message)
        }
    }
}

/// The driver's own words, without the place in its source code that it puts behind them.
fn reason(error: &sqlx::Error) -> String {
    let text = match error {
        sqlx::Error::Protocol(text) => text.clone(),
        other => other.source().map_or_else(|| other.to_string(), ToString::to_string),
    };
    text.split(" (sqlx_").next().unwrap_or_default().to_owned()
}

/// What a second session that gets the migration lock as well proves.
pub(super) const LOCK_TAKEN_TWICE: &str = "another session got the migration lock, although this one holds it: two runs could change the \
     database at once";

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

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(kind: io::ErrorKind) -> SqlError {
        session_error(&sqlx::Error::Io(io::Error::new(kind, "os words")), |_| unreachable!())
    }

    #[test]
    fn an_end_of_the_connection_is_told_without_the_drivers_arithmetic() {
        let closed = lost(io::ErrorKind::UnexpectedEof);
        assert_eq!(
            (closed.kind, closed.message.as_str()),
            (SqlErrorKind::ConnectionLost, "the server closed the connection")
        );
        assert_eq!(lost(io::ErrorKind::TimedOut).message, "the connection was lost: os words");
    }

    #[test]
    fn what_happens_before_there_is_a_session_names_the_place() {
        let meaning = |error| {
            let error = connect_error(&error, "db:5432/app", |_| unreachable!(), |_| None);
            (error.kind, error.message)
        };
        let refused = io::Error::new(io::ErrorKind::ConnectionRefused, "refused");
        assert_eq!(
            meaning(sqlx::Error::Io(refused)),
            (SqlErrorKind::Unreachable, "cannot connect to db:5432/app: refused".to_owned())
        );
        let untrusted = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::DecryptError);
        assert_eq!(meaning(sqlx::Error::Io(untrusted)).0, SqlErrorKind::Tls);
        let strange = sqlx::Error::Protocol("unexpected response 0x48 (sqlx_postgres::connection::tls:95)".to_owned());
        assert_eq!(
            meaning(strange),
            (
                SqlErrorKind::Protocol,
                "db:5432/app does not answer as this engine does: unexpected response 0x48".to_owned()
            )
        );
    }

    #[tokio::test(flavor = "current_thread")]
    async fn an_attempt_is_bounded() {
        let never = std::future::pending::<Result<(), SqlError>>();
        let error = within(Duration::from_millis(20), "db:5432/app", never).await.unwrap_err();
        assert_eq!(error.message, "cannot connect to db:5432/app: no answer within 0.02 s");
    }
}
