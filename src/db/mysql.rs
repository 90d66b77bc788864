//! MySQL and MariaDB sessions.
use super::{Server, Session, SessionOptions, SqlError, SqlErrorKind};
pub(super) async fn connect(_server: &Server, _session: &SessionOptions) -> Result<Box<dyn Session>, SqlError> {
    Err(SqlError::new(SqlErrorKind::Protocol, "soon"))
}
