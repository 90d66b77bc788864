//! dbwarden migrates SQL databases: versioned plain-SQL files, each with its upgrade and its rollback, applied
//! exactly once on PostgreSQL, MySQL/MariaDB and SQLite.
//!
//! # The map
//!
//! Three layers; a module may use what stands below it, never what stands above (`tests/it/edges.rs` checks it).
//!
//! | layer | modules | what lives there |
//! | --- | --- | --- |
//! | edge | [`cli`], [`commands`], [`output`], [`error`], [`config`], [`check`] | arguments, settings, one file per command, the only printing, the only exit codes; [`check`] is for applications |
//! | effects | [`source`], [`git`], [`db`], [`backup`], [`executor`], `heap`, `fail_point` | files, their history, sessions, backups, carrying out a plan, room for what they hold, dying in tests |
//! | core | [`model`], [`dialect`], [`parse`], [`plan`], [`lint`] | pure functions: no async, no I/O, no clock, no printing |
//!
//! `migrate` flows through them like this: arguments, `config::resolve`, `source` reads and `parse` parses every
//! file while a connection is made, of which nothing is said before all files are good, lock, read the history under the
//! lock, `plan` decides, `executor` acts and tells, `output` prints.

pub mod backup;
pub mod check;
pub mod cli;
pub mod commands;
pub mod config;
pub mod db;
pub mod dialect;
pub mod error;
pub mod executor;
mod fail_point;
pub mod git;
mod heap;
pub mod lint;
pub mod model;
pub mod output;
pub mod parse;
pub mod plan;
pub mod source;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::error::ErrorKind as ClapErrorKind;
use clap::{CommandFactory, Parser};
use secrecy::SecretString;

use crate::cli::{Cli, ColorChoice, GlobalArgs};
use crate::commands::{Context, Outcome};
use crate::error::{Error, ErrorKind, Exit};
use crate::output::report::Report;
use crate::output::{Ending, LogFormat, Options, Printer};

/// Where and why the program panicked, for the report at the edge.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Runs the command line and returns the exit code of the process.
pub fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(cannot_run) = backup::become_program(&arguments) {
        return cannot_run;
    }
    ExitCode::from(run_with(&arguments).code())
}

fn run_with(arguments: &[OsString]) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let flags = flags(arguments);
            let outcome = no_command(arguments, &error, flags.json);
            return finish(&Printer::new(options(&flags)), command(arguments), &outcome);
        }
    };
    remember_panics();
    let printer = Printer::new(Options { json: cli.wants_json(), ..options(&cli.global) });
    let context = Context::new(&cli.global, &printer);
    let outcome = guarded(|| commands::dispatch(&context, &cli.command)).without(&credentials(arguments));
    finish(&printer, Some(cli.command.name()), &outcome)
}

fn options(flags: &GlobalArgs) -> Options {
    Options {
        json: flags.json,
        verbose: flags.verbose,
        quiet: flags.quiet,
        color: match flags.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        },
        log_format: match flags.log_format {
            cli::LogFormat::Text => LogFormat::Text,
            cli::LogFormat::Json => LogFormat::Json,
        },
    }
}

fn finish(printer: &Printer, command: Option<&str>, outcome: &Outcome) -> Exit {
    let exit = outcome.exit();
    let (report, errors, warnings) = (outcome.report.as_ref(), &outcome.errors, &outcome.warnings);
    printer.finish(&Ending { command, exit, report, errors, warnings });
    exit
}

/// Instead of printing at once, where a progress line or a JSON document may stand.
fn remember_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let backtrace = std::backtrace::Backtrace::capture();
        let trace = match backtrace.status() {
            std::backtrace::BacktraceStatus::Captured => format!("\n{backtrace}"),
            _ => String::new(),
        };
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{panic}{trace}"));
    }));
}

/// A panic becomes an error: the user gets a message, the exit code and the JSON document all the same.
fn guarded(command: impl FnOnce() -> Outcome) -> Outcome {
    catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|_| bug().into())
}

fn bug() -> Error {
    let panic = PANIC.lock().unwrap_or_else(PoisonError::into_inner).take();
    Error::new(ErrorKind::Bug, format!("a bug in dbwarden: {}", panic.unwrap_or_else(|| "it panicked".into())))
        .hint("run `dbwarden status` to see what was done, and report this message")
}

/// The arguments lead to no command: help and version are results, everything else is a usage error. clap's own
/// printing is not used, because `--json` promises a document also here.
fn no_command(arguments: &[OsString], error: &clap::Error, json: bool) -> Outcome {
    let rendered = error.render();
    match error.kind() {
        ClapErrorKind::DisplayVersion if json => Report::Version(commands::version_report()).into(),
        ClapErrorKind::DisplayHelp | ClapErrorKind::DisplayVersion => {
            Report::Text(if json { rendered.to_string() } else { rendered.ansi().to_string() }).into()
        }
        ClapErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Error::new(ErrorKind::Usage, format!("no command was given\n\n{}", rendered.to_string().trim_end())).into()
        }
        _ => {
            let text = config::redact(rendered.to_string().trim_end(), &credentials(arguments));
            Error::new(ErrorKind::Usage, text.strip_prefix("error: ").unwrap_or(&text)).into()
        }
    }
}

/// What stands before the `@` of arguments that look like URLs, and the passwords among their parameters: messages
/// quote the argument they are about, and a URL may stand in the wrong place.
fn credentials(arguments: &[OsString]) -> Vec<SecretString> {
    let arguments = arguments.iter().filter_map(|argument| argument.to_str());
    arguments
        .flat_map(|argument| {
            let login = argument.rsplit_once('@').and_then(|(before, _)| {
                let login = before.split_once("://").map_or(before, |(_, login)| login);
                login.split_once(':').map(|(_, password)| password)
            });
            let parameter = argument.split_once("password=").map(|(_, after)| after.split('&').next().unwrap_or(after));
            login.into_iter().chain(parameter).map(SecretString::from)
        })
        .collect()
}

/// The flags that decide how to answer, found without clap, which has just refused the rest.
fn flags(arguments: &[OsString]) -> GlobalArgs {
    let given = |flag: &str| arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == flag);
    let format = arguments.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
    GlobalArgs { json: given("--json") || given("--format=json") || format, ..GlobalArgs::default() }
}

/// The first word that is a command's name.
fn command(arguments: &[OsString]) -> Option<&str> {
    let declared = Cli::command();
    let mut words = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
    words.find(|word| declared.find_subcommand(word).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(arguments: &[&str], json: bool) -> Outcome {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let error = Cli::try_parse_from(&arguments).expect_err("no command");
        no_command(&arguments, &error, json)
    }

    #[test]
    fn wrong_arguments_are_a_usage_error_and_help_is_not() {
        for (arguments, code) in [
            (&["dbwarden", "--no-such-flag"][..], 2),
            (&["dbwarden", "migrat"], 2),
            (&["dbwarden"], 2),
            (&["dbwarden", "migrate", "-h"], 0),
            (&["dbwarden", "--version"], 0),
        ] {
            assert_eq!(refused(arguments, false).exit().code(), code, "{arguments:?}");
        }
        assert!(matches!(refused(&["dbwarden", "-V"], true).report, Some(Report::Version(_))));
    }

    #[test]
    fn a_misplaced_url_is_not_repeated() {
        for argument in ["postgres://me:hunter2@db/app", "--ulr=postgres://me:hunter2@db/app"] {
            let outcome = refused(&["dbwarden", argument], false);
            let message = &outcome.errors[0].1.message;
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_panic_is_reported_as_a_bug() {
        assert_eq!(guarded(|| panic!("found by a test")).exit().code(), 70);
    }

    #[test]
    fn json_and_the_command_are_known_although_the_rest_is_wrong() {
        let arguments = ["dbwarden", "migrate", "--json", "--nope"].map(OsString::from);
        assert!(flags(&arguments).json);
        assert_eq!(command(&arguments), Some("migrate"));
        let arguments = ["dbwarden", "--", "--json"].map(OsString::from);
        assert!(!flags(&arguments).json);
    }
}
