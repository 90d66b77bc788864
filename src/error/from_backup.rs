use super::{Error, ErrorKind};
use crate::backup::BackupError;
use crate::db::lock::LockError;

impl From<BackupError> for Error {
    fn from(error: BackupError) -> Self {
        let message = error.to_string();
        let new = |kind| Error::new(kind, message.clone());
        match error {
            BackupError::Lock(error @ LockError::Held(_)) => Error::from(error),
            BackupError::Lock(LockError::Sql(error)) | BackupError::Sql(error) => {
                Error::from(&error).with_kind(ErrorKind::Backup)
            }
            BackupError::Lock(error) => Error::from(error).with_kind(ErrorKind::Backup),
            BackupError::Io { path, source, .. } => match source.kind() {
                std::io::ErrorKind::StorageFull => new(ErrorKind::Backup)
                    .hint(format!("make room in {}, or name another folder with --backup-dir", path.display())),
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => new(ErrorKind::Backup)
                    .hint("let dbwarden's user write there, or name another folder with --backup-dir"),
                _ => new(ErrorKind::Backup),
            },
            BackupError::NotAFolder(_) => {
                new(ErrorKind::Backup).hint("name another folder with --backup-dir or backup_dir")
            }
            BackupError::NoRoom { .. } => {
                new(ErrorKind::Backup).hint("make room, or name another folder with --backup-dir or backup_dir")
            }
            BackupError::ProgramMissing { package, .. } => new(ErrorKind::Backup)
                .hint(format!("install {package}"))
                .hint("or name the program: dump_program and restore_program in dbwarden.toml"),
            BackupError::ProgramTooOld { package, .. } => new(ErrorKind::Backup)
                .hint(format!("install {package}"))
                .hint("or name a newer program: dump_program and restore_program in dbwarden.toml"),
            BackupError::OtherProduct { .. } => new(ErrorKind::Backup)
                .hint("install MySQL's own client programs")
                .hint("or name its mysqldump: dump_program in dbwarden.toml"),
            BackupError::ProgramFailed { said, .. } => {
                said.into_iter().fold(new(ErrorKind::Backup), |error, line| error.note(line))
            }
            BackupError::NotFound(_) => {
                new(ErrorKind::Usage).hint("`dbwarden backup list` shows what there is").note("nothing was changed")
            }
            BackupError::NoManifest(_) => new(ErrorKind::Backup)
                .hint("dbwarden restores only what it can verify; use the engine's own program for this file")
                .note("nothing was changed"),
            BackupError::BadManifest { .. } | BackupError::Damaged { .. } => {
                new(ErrorKind::Backup).hint("use another backup: `dbwarden backup list`").note("nothing was changed")
            }
            BackupError::Differs(_) => {
                new(ErrorKind::Backup).hint("do not rely on this backup; `dbwarden backup` takes a new one")
            }
            BackupError::OtherEngine { .. } | BackupError::Exists(_) => {
                new(ErrorKind::Usage).note("nothing was changed")
            }
            BackupError::Unsupported(_) => new(ErrorKind::Refused).note("nothing was changed"),
            BackupError::InUse { may_be_ended: true, .. } => new(ErrorKind::Refused)
                .hint("stop what uses it, or end its sessions with --force")
                .note("nothing was changed"),
            BackupError::InUse { .. } => new(ErrorKind::Refused)
                .hint("stop what uses it: this user may not end these sessions, a superuser may")
                .note("nothing was changed"),
            BackupError::MayNotCreate { remedy, .. } => new(ErrorKind::Backup).hint(remedy),
            BackupError::NotSwapped { state, .. } => new(ErrorKind::Backup).note(state),
        }
    }
}
