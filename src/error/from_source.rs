use super::{Error, ErrorKind, Excerpt};
use crate::parse::ParseError;
use crate::source::SourceError;

impl From<SourceError> for Error {
    fn from(error: SourceError) -> Self {
        let message = error.to_string();
        let new = || Error::new(ErrorKind::Usage, message.clone());
        match error {
            SourceError::Parse(errors) => {
                let count = errors.len();
                let related = errors.iter().map(Error::from).collect();
                Error::summary(format!("{count} problems in migration files"), related)
                    .note("nothing was run: every file is read before the first connection")
            }
            SourceError::Catalog(errors) => Error::from(errors),
            SourceError::MissingFolder(_) => {
                new().hint("`dbwarden init` makes one; migrations_dir in dbwarden.toml names another")
            }
            SourceError::NotAFolder(_) => new().hint("migrations_dir must name a folder"),
            SourceError::FolderNamedAsFile(_) => new().hint("rename the folder, or move it elsewhere"),
            SourceError::LinkLoop(_) | SourceError::BrokenLink(_) | SourceError::NotAFile(_) => {
                new().hint("replace it with the file itself, or remove it")
            }
            SourceError::Unreadable { source, path } => Error::from_io(&path, "read", &source),
            SourceError::Unwritable { source, path } => Error::from_io(&path, "written", &source),
            SourceError::AlreadyExists(_) => new().hint("nothing was overwritten: choose another name or version"),
        }
    }
}

impl From<&ParseError> for Error {
    fn from(error: &ParseError) -> Self {
        let file = error.path.display().to_string();
        let mut new = Error::new(ErrorKind::Usage, error.message()).at(file, error.line, error.column);
        new.excerpt = match (&error.text, &error.span) {
            (Some(text), Some(span)) => Some(Excerpt::around(text, span.clone())),
            _ => None,
        };
        new.hint(error.remedy())
    }
}
