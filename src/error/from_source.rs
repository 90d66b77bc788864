use std::io;

use super::{Error, ErrorKind};
use crate::source::SourceError;

impl From<SourceError> for Error {
    fn from(error: SourceError) -> Self {
        let message = error.to_string();
        let (path, hint) = match error {
            SourceError::Parse(errors) => return errors.into(),
            SourceError::Catalog(errors) => return errors.into(),
            SourceError::MissingFolder(path) => {
                (path, "create the folder, or set `migrations_dir` (`dbwarden config` shows where it comes from)")
            }
            SourceError::NotAFolder(path) => (path, "set `migrations_dir` to the folder of the migration files"),
            SourceError::FolderNamedAsFile(path) if path.extension().is_some_and(|extension| extension == "sql") => {
                (path, "rename the folder: only files end in .sql")
            }
            SourceError::FolderNamedAsFile(path) => {
                (path, "name the files in it, or none to have the whole folder read")
            }
            SourceError::LinkLoop(path) | SourceError::BrokenLink(path) => (path, "remove the link, or repair it"),
            SourceError::NotAFile(path) => (path, "remove it from the folder of the migration files"),
            SourceError::Unreadable { path, source } if source.kind() == io::ErrorKind::NotFound => {
                (path, "correct the path: it starts from the current folder")
            }
            SourceError::Unreadable { path, .. } => (path, "check the rights of the file and of its folder"),
            SourceError::Unwritable { path, .. } => (path, "check the rights of the folder"),
            SourceError::AlreadyExists(path) => (path, "nothing was overwritten: choose another name"),
        };
        Error::new(ErrorKind::Usage, message).in_file(path.display().to_string()).hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_which_folder_and_what_to_do() {
        let error = Error::from(SourceError::MissingFolder("elsewhere".into()));
        assert_eq!(error.message, "there is no folder elsewhere");
        assert_eq!(error.location.expect("the folder").file, "elsewhere");
        assert_eq!(error.hints.len(), 1);
    }

    #[test]
    fn a_file_that_is_not_there_is_no_matter_of_rights() {
        let hint = |kind: io::ErrorKind| {
            let error = SourceError::Unreadable { path: "0001_a.sql".into(), source: kind.into() };
            Error::from(error).hints.remove(0)
        };
        assert!(hint(io::ErrorKind::NotFound).contains("path"));
        assert!(hint(io::ErrorKind::PermissionDenied).contains("rights"));
        let folder = |path: &str| Error::from(SourceError::FolderNamedAsFile(path.into())).hints.remove(0);
        assert!(folder("migrations").contains("name the files"));
        assert!(folder("migrations/0001_a.sql").contains("rename"));
    }
}
