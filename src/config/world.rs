#![allow(clippy::disallowed_methods)] // Lays out the files that tests resolve.

use std::path::Path;

use tempfile::TempDir;

use super::{ConfigError, Environment, Flags, Purpose, Settings, Target, resolve};
use crate::db::{ConnectOptions, Server, SqliteFile};

/// A folder with a `dbwarden.toml`, an environment and flags.
pub(super) struct World {
    pub(super) folder: TempDir,
    pub(super) environment: Vec<(String, String)>,
    pub(super) flags: Flags,
}

impl World {
    pub(super) fn empty() -> Self {
        World { folder: tempfile::tempdir().unwrap(), environment: Vec::new(), flags: Flags::default() }
    }

    pub(super) fn file(text: &str) -> Self {
        let world = World::empty();
        world.write("dbwarden.toml", text);
        world
    }

    /// A file with one database `primary` of these lines.
    pub(super) fn primary(lines: &str) -> Self {
        World::file(&format!("[database.primary]\n{lines}\n"))
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(super) fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Flags)) -> Self {
        change(&mut self.flags);
        self
    }

    pub(super) fn resolve(&self) -> Result<Settings, ConfigError> {
        self.resolve_in(self.folder.path())
    }

    pub(super) fn resolve_in(&self, cwd: &Path) -> Result<Settings, ConfigError> {
        resolve(&self.flags, &Environment::from_pairs(self.environment.clone()), cwd, "run-1")
    }

    pub(super) fn target(&self) -> Target {
        self.resolve().unwrap().selected()[0].clone()
    }

    pub(super) fn connect(&self) -> Result<ConnectOptions, ConfigError> {
        self.resolve()?.selected()[0].connect_options(Purpose::Migrate)
    }

    pub(super) fn server(&self) -> Server {
        match self.connect().unwrap() {
            ConnectOptions::Postgres(server) | ConnectOptions::MySql(server) => server,
            ConnectOptions::Sqlite(_) => panic!("SQLite"),
        }
    }

    pub(super) fn sqlite(&self) -> SqliteFile {
        match self.connect().unwrap() {
            ConnectOptions::Sqlite(file) => file,
            _ => panic!("a server"),
        }
    }

    /// The message of whatever fails first, with this folder called DIR.
    pub(super) fn error(&self) -> String {
        let error = match self.connect() {
            Ok(options) => panic!("no error, leads to {}", options.location()),
            Err(error) => error,
        };
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        error.to_string().replace(&self.folder.path().display().to_string(), "DIR")
    }

    pub(super) fn described(&self, key: &str) -> String {
        let description = &self.resolve().unwrap().describe()[0];
        let setting = description.settings.iter().find(|setting| setting.key == key);
        setting.map_or("-".into(), |setting| format!("{} ({})", setting.value, setting.origin))
    }
}
