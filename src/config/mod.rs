//! Flags, environment and `dbwarden.toml`, resolved once into validated [`Settings`].
//!
//! Nothing below this module sees a flag, a variable or a URL: `db` gets [`crate::db::ConnectOptions`], commands get
//! [`Target`]s. Precedence: flag, `DBWARDEN_*` variable ([`VARIABLES`]), file ([`DATABASE_KEYS`]), default.
//!
//! Secrets live in [`secrecy::SecretString`]. A type that holds one has no derived `Debug`, an error never carries a
//! value that could be one, and a URL is shown only taken apart and put together again without its password.
//!
//! To add a key: one line in [`DATABASE_KEYS`], a field in [`Target`], one line in `build.rs`; a variable above it is
//! one line in [`VARIABLES`].

mod backup;
#[cfg(test)]
mod bad_input_tests;
mod build;
mod check;
mod connection;
mod database_type;
mod describe;
mod discover;
mod environment;
mod error;
mod fields;
mod file;
mod interpolate;
mod keys;
mod material;
mod origin;
mod parameters;
mod pgpass;
mod place;
mod resolve;
mod sample;
mod secret;
mod settings;
mod suggest;
mod target;
mod url;
#[cfg(test)]
mod world;

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

pub use database_type::DatabaseType;
pub use describe::{DatabaseDescription, SettingDescription};
pub use discover::FILE_NAME;
pub use environment::{Environment, VARIABLES, Variable};
pub use error::ConfigError;
pub use interpolate::InterpolationError;
pub use keys::{DATABASE_KEYS, Key, KeyKind, TOP_KEYS};
pub use origin::Origin;
pub use parameters::ParameterError;
pub use resolve::resolve;
pub use sample::sample_toml;
pub use secret::{CommandFailure, redact};
pub use settings::Settings;
pub use target::{Purpose, Target};
pub use url::UrlError;

/// What was typed, as far as it is about settings.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config FILE`.
    pub config: Option<PathBuf>,
    /// `-d NAME`, any number of times.
    pub database: Vec<String>,
    /// `--all`: every configured database.
    pub all: bool,
    /// `--dev`: `dev_database_url` in place of `database_url`.
    pub dev: bool,
    /// `--url URL`.
    pub url: Option<SecretString>,
    /// `--lock-wait`.
    pub lock_wait: Option<Duration>,
    /// `--lock-timeout`.
    pub lock_timeout: Option<Duration>,
    /// `--statement-timeout`.
    pub statement_timeout: Option<Duration>,
    /// `--migrations-dir`; relative to the working directory.
    pub migrations_dir: Option<PathBuf>,
    /// `--backup-dir`; relative to the working directory.
    pub backup_dir: Option<PathBuf>,
}
