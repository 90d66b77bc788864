use std::io;
use std::path::Path;

use super::{Error, ErrorKind};
use crate::db::lock::LockError;

impl From<LockError> for Error {
    fn from(error: LockError) -> Self {
        match &error {
            LockError::Sql(sql) => Error::from(sql),
            LockError::Io { path, source } => from_io(path, source),
            LockError::NoLocks { path, file_system, source } => {
                let place = file_system.map_or_else(String::new, |name| format!(", {name},"));
                let message = format!("the file system{place} of {} cannot lock files: {source}", path.display());
                Error::new(ErrorKind::Refused, message)
                    .note("nothing was run: without a lock two runs could apply the same migration")
                    .hint("keep the database on a local disk, or mount the file system with locks")
            }
            LockError::SeveralNames { path, names } => {
                let message = format!("the database file {} has {names} names (hard links)", path.display());
                Error::new(ErrorKind::Refused, message)
                    .note("nothing was run: lock and journal belong to one name, and do not protect from who uses another")
                    .hint(format!("`find / -xdev -samefile {}` lists them; remove all but one", path.display()))
            }
            LockError::Held(holder) => {
                Error::new(ErrorKind::LockHeld, format!("the migration lock is held by another run: {holder}"))
                    .note("nothing was run")
                    .hint("run it again when the other run has ended; `--lock-wait` waits longer")
                    .hint("`dbwarden lock-status` shows the holder, `dbwarden unlock` ends its session")
            }
        }
    }
}

fn from_io(path: &Path, source: &io::Error) -> Error {
    let failed = Error::from_io(path, "locked", source).note("nothing was run");
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            let hint = "give the user that runs dbwarden the right to write the database file and its folder: the lock \
                        and SQLite's journal are files beside the database";
            Error { hints: vec![hint.to_string()], ..failed }.with_kind(ErrorKind::Refused)
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            failed.with_kind(ErrorKind::Connection).hint("make room on the disk, then run it again")
        }
        // Through a symbolic link it is not opened.
        _ => failed.hint("move away what is in its place; a lock file is a plain file"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit_of(source: io::Error) -> u8 {
        Error::from(LockError::Io { path: "app.db.dbwarden-lock".into(), source }).kind.exit_code()
    }

    #[test]
    fn what_is_in_the_way_of_the_lock_decides_the_exit_code() {
        assert_eq!(exit_of(io::ErrorKind::PermissionDenied.into()), 7);
        assert_eq!(exit_of(io::ErrorKind::ReadOnlyFilesystem.into()), 7);
        assert_eq!(exit_of(io::ErrorKind::StorageFull.into()), 9);
        assert_eq!(exit_of(io::ErrorKind::IsADirectory.into()), 2);
        let source = io::Error::other("no locks available");
        let refused = Error::from(LockError::NoLocks { path: "app.db".into(), file_system: Some("NFS"), source });
        assert_eq!(refused.kind, ErrorKind::Refused);
        assert!(refused.message.contains("NFS") && refused.message.contains("no locks available"), "{refused}");
    }
}
