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
            SourceError::FolderNamedAsFile(path) => (path, "rename the folder: only files end in .sql"),
            SourceError::LinkLoop(path) | SourceError::BrokenLink(path) => (path, "remove the link, or repair it"),
            SourceError::NotAFile(path) => (path, "remove it from the folder of the migration files"),
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
}
