use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

use super::describe::DatabaseDescription;
use super::error::ConfigError;
use super::target::Target;

/// Flags, environment and file, resolved once: what every command works from.
pub struct Settings {
    /// The configuration file; None: the environment was enough.
    pub file: Option<PathBuf>,
    /// The database commands work on when none is named; None: several, and nobody chose.
    pub default: Option<String>,
    /// What is not right though it works. For people, on stderr.
    pub warnings: Vec<String>,
    pub(super) databases: Vec<Database>,
    /// Indexes into `databases`, all of them resolved.
    pub(super) selected: Vec<usize>,
}

pub(super) struct Database {
    pub(super) name: String,
    pub(super) target: Result<Target, ConfigError>,
}

impl Settings {
    /// The databases to work on, in the order asked for (`--all`: in the order of the file). Never empty.
    pub fn selected(&self) -> Vec<&Target> {
        self.selected.iter().filter_map(|index| self.databases.get(*index)?.target.as_ref().ok()).collect()
    }

    /// Every configured database, in the order of the file. One that is not selected may be unusable here, because
    /// its variables are set elsewhere; that is no reason for a command on another one to fail.
    pub fn databases(&self) -> impl Iterator<Item = (&str, Result<&Target, &ConfigError>)> {
        self.databases.iter().map(|database| (database.name.as_str(), database.target.as_ref()))
    }

    /// The secrets met so far while connecting to the selected databases, for [`super::redact`].
    pub fn secrets(&self) -> Vec<SecretString> {
        self.selected().into_iter().flat_map(Target::secrets).cloned().collect()
    }

    /// The effective settings of every database and where each came from, redacted. Reads no secrets.
    pub fn describe(&self) -> Vec<DatabaseDescription> {
        self.databases
            .iter()
            .map(|Database { name, target }| DatabaseDescription {
                name: name.clone(),
                default: self.default.as_ref() == Some(name),
                problem: target.as_ref().err().map(ConfigError::to_string),
                settings: target.as_ref().map(|target| target.settings.clone()).unwrap_or_default(),
            })
            .collect()
    }
}

/// Shows names only.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("file", &self.file).field("selected", &self.selected()).finish_non_exhaustive()
    }
}
