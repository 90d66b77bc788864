use super::{Error, ErrorKind};
use crate::db::lock::LockError;

impl From<LockError> for Error {
    fn from(error: LockError) -> Self {
        match &error {
            LockError::Sql(sql) => Error::from(sql),
            LockError::Io { path, source } => Error::from_io(path, "locked", source),
            LockError::Held(holder) => {
                Error::new(ErrorKind::LockHeld, format!("the migration lock is held by another run: {holder}"))
                    .note("nothing was run")
                    .hint("run it again when the other run has ended; `--lock-wait` waits longer")
                    .hint("`dbwarden lock-status` shows the holder, `dbwarden unlock` ends its session")
            }
        }
    }
}
