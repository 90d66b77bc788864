use std::io;
use std::path::PathBuf;

use super::interpolate::InterpolationError;
use super::origin::Origin;
use super::parameters::ParameterError;
use super::secret::CommandFailure;
use super::url::UrlError;
use crate::model::DurationError;

/// The configuration cannot be used. No variant holds a URL, a password or any other value that may be secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No file and no `DATABASE_URL`.
    #[error(
        "no configuration: there is no dbwarden.toml in {} or above it, and DATABASE_URL is not set; \
         run `dbwarden init`, or set DATABASE_URL", .searched_from.display()
    )]
    NoConfiguration {
        /// Where the search started.
        searched_from: PathBuf,
    },
    /// `--config` or `DBWARDEN_CONFIG` names a file that is not there.
    #[error("{origin}: there is no file {}", .path.display())]
    FileMissing {
        /// The file.
        path: PathBuf,
        /// Who named it.
        origin: Origin,
    },
    /// The file is there and cannot be read.
    #[error("{} cannot be read: {source}", .path.display())]
    FileUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not UTF-8.
    #[error("{} is not valid UTF-8 at byte {offset}", .path.display())]
    FileNotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first byte that does not belong.
        offset: usize,
    },
    /// The file is not TOML.
    #[error(
        "{}:{line}:{column}: {message}{}", .path.display(),
        .excerpt.as_ref().map(|line| format!("\n    {line}")).unwrap_or_default()
    )]
    Syntax {
        /// The file.
        path: PathBuf,
        /// 1-based.
        line: usize,
        /// 1-based, in characters.
        column: usize,
        /// What the TOML parser expected.
        message: String,
        /// The line, where it cannot hold a secret.
        excerpt: Option<String>,
    },
    /// A key that dbwarden does not know.
    #[error("{origin}: unknown key `{key}`{}", did_you_mean(.suggestion))]
    UnknownKey {
        /// File and line.
        origin: Origin,
        /// As written, with its table.
        key: String,
        /// What was probably meant.
        suggestion: Option<&'static str>,
    },
    /// A rule of `check` that does not exist.
    #[error(
        "{origin}: there is no rule `{rule}`{}; `dbwarden check --rules` lists them", did_you_mean(.suggestion)
    )]
    UnknownRule {
        /// File and line.
        origin: Origin,
        /// As written.
        rule: String,
        /// What was probably meant.
        suggestion: Option<&'static str>,
    },
    /// A value of the wrong TOML type.
    #[error("{origin}: `{key}` must be {expected}, not {found}")]
    WrongType {
        /// File and line.
        origin: Origin,
        /// The key.
        key: String,
        /// What it takes.
        expected: &'static str,
        /// What it got.
        found: &'static str,
    },
    /// A value that is none of the allowed ones.
    #[error("{origin}: `{key}` must be {expected}")]
    InvalidValue {
        /// Where it was set.
        origin: Origin,
        /// The key.
        key: String,
        /// What it takes.
        expected: String,
    },
    /// A duration that cannot be read.
    #[error("{origin}: `{key}`: {problem}")]
    InvalidDuration {
        /// Where it was set.
        origin: Origin,
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: DurationError,
    },
    /// A database name that cannot be a folder and a file prefix.
    #[error("{origin}: `{name}` cannot be a database's name: use a-z, 0-9, `_` and `-`")]
    DatabaseName {
        /// File and line.
        origin: Origin,
        /// The name.
        name: String,
    },
    /// A file without databases.
    #[error("{} configures no database: add a table such as [database.primary]", .path.display())]
    NoDatabases {
        /// The file.
        path: PathBuf,
    },
    /// A database that is not configured.
    #[error("{origin}: there is no database `{name}`{}; configured: {}", did_you_mean(.suggestion), .known.join(", "))]
    UnknownDatabase {
        /// Who asked for it.
        origin: Origin,
        /// The name asked for.
        name: String,
        /// The configured names.
        known: Vec<String>,
        /// What was probably meant.
        suggestion: Option<String>,
    },
    /// Several databases, and nothing says which one.
    #[error("several databases are configured ({}): choose with -d NAME or --all, or set `default`", .known.join(", "))]
    NoDefault {
        /// The configured names.
        known: Vec<String>,
    },
    /// Two settings that exclude each other.
    #[error("{origin}: `{first}` and `{second}` exclude each other: keep one of them")]
    Conflict {
        /// Where the second one stands.
        origin: Origin,
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// One URL for several databases.
    #[error("{origin} gives one URL, but {count} databases are selected: choose one with -d NAME")]
    UrlForSeveral {
        /// Where the URL came from.
        origin: Origin,
        /// How many are selected.
        count: usize,
    },
    /// A `${…}` that cannot be replaced.
    #[error("{origin}: `{key}`: {problem}")]
    Interpolation {
        /// File and line.
        origin: Origin,
        /// The key.
        key: String,
        /// What is wrong.
        problem: InterpolationError,
    },
    /// A file with a secret that cannot be read.
    #[error("{origin}: `{key}`: {} cannot be read: {source}", .path.display())]
    SecretFile {
        /// File and line.
        origin: Origin,
        /// The key.
        key: String,
        /// The file with the secret.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A command that should print a secret did not.
    #[error("{origin}: `{key}`: the command `{program}` {failure}")]
    SecretCommand {
        /// File and line.
        origin: Origin,
        /// The key.
        key: String,
        /// The program, without its arguments.
        program: String,
        /// How it failed.
        failure: CommandFailure,
    },
    /// A secret that is empty.
    #[error("{origin}: `{key}` is empty")]
    Empty {
        /// Where it was set.
        origin: Origin,
        /// The key.
        key: String,
    },
    /// A URL that cannot be read. Never shown.
    #[error("{origin}: `{key}`: {problem}")]
    Url {
        /// Where it was set.
        origin: Origin,
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: UrlError,
    },
    /// A connection parameter that cannot be honoured.
    #[error("{origin}: `{key}`: {problem}")]
    Parameter {
        /// Where it was set.
        origin: Origin,
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: ParameterError,
    },
    /// `database_type` says one engine, the URL another.
    #[error("{origin}: the URL is one of {actual}, but `database_type` says {declared}")]
    EngineMismatch {
        /// Where the URL was set.
        origin: Origin,
        /// What `database_type` says.
        declared: &'static str,
        /// What the URL's scheme says.
        actual: &'static str,
    },
    /// Neither `database_type` nor a URL tells the engine.
    #[error("{origin}: the engine of database `{database}` is not known: add `database_type`")]
    EngineUnknown {
        /// Where the database is configured.
        origin: Origin,
        /// The database.
        database: String,
    },
    /// A database that says nothing about where it is.
    #[error("{origin}: database `{database}` has no `{key}`; for example: {key} = \"{}\"", example(.key))]
    NoConnection {
        /// Where the database is configured.
        origin: Origin,
        /// The database.
        database: String,
        /// The key that is missing.
        key: &'static str,
    },
    /// No login name, and the operating system's is not known either.
    #[error("{origin}: `{key}` names no user, and the environment variable USER is not set either")]
    NoUser {
        /// Where the connection is configured.
        origin: Origin,
        /// The key.
        key: String,
    },
    /// No database on the server.
    #[error("{origin}: `{key}` names no database on the server")]
    NoDatabaseName {
        /// Where the connection is configured.
        origin: Origin,
        /// The key.
        key: String,
    },
}

fn did_you_mean(suggestion: &Option<impl AsRef<str>>) -> String {
    suggestion.as_ref().map(|name| format!(": did you mean `{}`?", name.as_ref())).unwrap_or_default()
}

/// Not the real database for development.
fn example(key: &str) -> &'static str {
    if key == "dev_database_url" { "sqlite:///./dev.db" } else { "${DATABASE_URL}" }
}
