use std::convert::Infallible;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use secrecy::SecretString;

/// Flags that every command takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Work on this database of the configuration; repeat it for several
    #[arg(short, long, value_name = "NAME", global = true)]
    pub database: Vec<String>,
    /// Work on all configured databases
    #[arg(long, global = true, conflicts_with = "database")]
    pub all: bool,
    /// Read this configuration instead of the nearest dbwarden.toml
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Read migrations from this folder
    #[arg(long, value_name = "FOLDER", global = true)]
    pub migrations_dir: Option<PathBuf>,
    /// Use dev_database_url
    #[arg(long, global = true)]
    pub dev: bool,
    /// Connect to this URL (it shows in the process list: prefer DATABASE_URL)
    #[arg(long, value_name = "URL", value_parser = secret, global = true)]
    pub url: Option<SecretString>,
    /// Write one JSON document to stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// Say more: every statement, details of server errors
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, global = true)]
    pub color: ColorChoice,
    /// How messages on stderr are written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, global = true)]
    pub log_format: LogFormat,
}

/// A URL holds a password: from here on nothing can print it.
fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(SecretString::from(text))
}

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal; NO_COLOR and CLICOLOR_FORCE are honoured.
    #[default]
    Auto,
    /// Also into a pipe or a file.
    Always,
    /// Nowhere.
    Never,
}

/// How messages on stderr are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}
