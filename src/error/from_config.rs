use super::{Error, ErrorKind};
use crate::config::ConfigError;

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        let new = Error::new(ErrorKind::Usage, error.to_string());
        match &error {
            ConfigError::Syntax { path, line, column, .. } => {
                new.at(path.display().to_string(), Some(*line), Some(*column))
            }
            ConfigError::UnknownDatabase { .. } => new.hint("`dbwarden database list` lists what is configured"),
            ConfigError::NoDefault { .. } => {
                new.hint("name one with -d, take --all, or set `default` in dbwarden.toml")
            }
            _ => new,
        }
    }
}
