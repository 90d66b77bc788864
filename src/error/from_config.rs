use std::path::Path;

use super::{Error, ErrorKind};
use crate::config::{ConfigError, Origin};

/// Every [`ConfigError`] says itself what to do: its message is what the user corrects.
impl From<&ConfigError> for Error {
    fn from(error: &ConfigError) -> Self {
        let failure = Error::new(ErrorKind::Usage, error.to_string());
        match place(error) {
            Some((path, line, column)) => failure.at(path.display().to_string(), line, column),
            None => failure,
        }
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Error::from(&error)
    }
}

/// The place in the configuration file.
fn place(error: &ConfigError) -> Option<(&Path, Option<usize>, Option<usize>)> {
    let origin = match error {
        ConfigError::NoConfiguration { .. } | ConfigError::NoDefault { .. } => return None,
        ConfigError::FileMissing { path, .. }
        | ConfigError::FileUnreadable { path, .. }
        | ConfigError::FileNotUtf8 { path, .. }
        | ConfigError::NoDatabases { path } => return Some((path, None, None)),
        ConfigError::Syntax { path, line, column, .. } => return Some((path, Some(*line), Some(*column))),
        ConfigError::UnknownKey { origin, .. }
        | ConfigError::UnknownRule { origin, .. }
        | ConfigError::WrongType { origin, .. }
        | ConfigError::InvalidValue { origin, .. }
        | ConfigError::InvalidDuration { origin, .. }
        | ConfigError::DatabaseName { origin, .. }
        | ConfigError::UnknownDatabase { origin, .. }
        | ConfigError::Conflict { origin, .. }
        | ConfigError::UrlForSeveral { origin, .. }
        | ConfigError::Interpolation { origin, .. }
        | ConfigError::SecretFile { origin, .. }
        | ConfigError::SecretCommand { origin, .. }
        | ConfigError::Empty { origin, .. }
        | ConfigError::Url { origin, .. }
        | ConfigError::Parameter { origin, .. }
        | ConfigError::EngineMismatch { origin, .. }
        | ConfigError::EngineUnknown { origin, .. }
        | ConfigError::NoConnection { origin, .. }
        | ConfigError::NoUser { origin, .. }
        | ConfigError::NoDatabaseName { origin, .. } => origin,
    };
    match origin {
        Origin::File { path, line } => Some((path, Some(*line), None)),
        Origin::Default | Origin::Environment(_) | Origin::Flag(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_file_is_the_place() {
        let origin = Origin::File { path: "dbwarden.toml".into(), line: 3 };
        let error =
            Error::from(ConfigError::UnknownKey { origin, key: "lock_wiat".into(), suggestion: Some("lock_wait") });
        assert_eq!(error.location.expect("a place").to_string(), "dbwarden.toml:3");
        assert_eq!(error.message, "dbwarden.toml:3: unknown key `lock_wiat`: did you mean `lock_wait`?");
    }

    #[test]
    fn a_flag_has_no_place_in_a_file() {
        let error = Error::from(ConfigError::UrlForSeveral { origin: Origin::Flag("--url"), count: 2 });
        assert_eq!((error.kind, error.location), (ErrorKind::Usage, None));
    }
}
