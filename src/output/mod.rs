//! Everything the user sees: data on stdout, progress and messages on stderr.
//!
//! The [`Printer`] is made once from the flags and passed by reference. Commands hand it a [`report::Report`] and
//! errors; it decides between text for people and the one JSON document of `--json`. A closed stdout or stderr
//! stops nothing.

mod elapsed;
mod formats;
mod human;
mod json;
mod printer;
mod progress;
pub mod report;
mod sanitize;
mod snippet;
mod stream;
mod style;

pub use elapsed::elapsed;
pub use printer::Printer;
pub use sanitize::{sanitize, sanitize_line};

use crate::error::{Error, Exit};
use report::Report;

/// What the user wants to see, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// stdout is one JSON document.
    pub json: bool,
    /// Statements, details of server errors.
    pub verbose: bool,
    /// Only errors, and what was asked for.
    pub quiet: bool,
    /// When to use colour; `Auto` honours NO_COLOR and CLICOLOR_FORCE.
    pub color: anstream::ColorChoice,
    /// How messages on stderr are written.
    pub log_format: LogFormat,
}

/// How messages on stderr are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// All that is to be said when a command has ended.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    /// The command's name; None where the arguments did not lead to one.
    pub command: Option<&'a str>,
    /// How the process ends.
    pub exit: Exit,
    /// What the command found or did, also where it failed half-way.
    pub report: Option<&'a Report>,
    /// Failures, with the database they belong to.
    pub errors: &'a [(Option<String>, Error)],
    /// What is odd but did not stop the command.
    pub warnings: &'a [String],
}
