use super::{Error, ErrorKind};
use crate::db::lock::LockError;

impl From<LockError> for Error {
    fn from(error: LockError) -> Self {
        match &error {
            LockError::Sql(sql) => Error::from(sql),
            LockError::Io { path, source } => Error::from_io(path, "locked", source),
            LockError::Held(holder) => {
                let who = holder.as_ref().map(|holder| format!(", held by {holder}")).unwrap_or_default();
                Error::new(ErrorKind::LockHeld, format!("another run holds the migration lock{who}"))
                    .note("nothing was run")
                    .hint("run it again when the other run has ended; `--lock-wait` waits longer")
                    .hint("`dbwarden lock-status` shows the holder, `dbwarden unlock` ends its session")
            }
        }
    }
}
