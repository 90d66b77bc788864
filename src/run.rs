use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::error::ErrorKind as ClapErrorKind;
use clap::{CommandFactory, Parser};

use crate::cli::{Cli, GlobalArgs};
use crate::commands::{self, Context, Outcome};
use crate::error::{Error, ErrorKind, Exit};
use crate::output::report::Report;
use crate::output::{Ending, Printer};

/// Where and why the program panicked, for the report at the edge.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Runs the command line and returns the exit code of the process.
pub fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    ExitCode::from(run_with(&arguments).code())
}

fn run_with(arguments: &[OsString]) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return refuse(arguments, &error),
    };
    std::panic::set_hook(Box::new(|panic| {
        let backtrace = std::backtrace::Backtrace::capture();
        let trace = match backtrace.status() {
            std::backtrace::BacktraceStatus::Captured => format!("\n{backtrace}"),
            _ => String::new(),
        };
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{panic}{trace}"));
    }));
    let printer = Printer::new(&cli.global);
    let context = Context { global: &cli.global, printer: &printer };
    let outcome =
        catch_unwind(AssertUnwindSafe(|| commands::dispatch(&context, &cli.command))).unwrap_or_else(|_| bug().into());
    finish(&printer, Some(cli.command.name()), &outcome)
}

fn finish(printer: &Printer, command: Option<&str>, outcome: &Outcome) -> Exit {
    let exit = outcome.exit();
    let (report, errors, warnings) = (outcome.report.as_ref(), &outcome.errors, &outcome.warnings);
    printer.finish(&Ending { command, exit, report, errors, warnings });
    exit
}

fn bug() -> Error {
    let panic = PANIC.lock().unwrap_or_else(PoisonError::into_inner).take();
    Error::new(ErrorKind::Bug, format!("a bug in dbwarden: {}", panic.unwrap_or_else(|| "it panicked".into())))
        .hint("run `dbwarden status` to see what was done, and report this message")
}

/// The arguments lead to no command: help and version are results, everything else is a usage error. clap's own
/// printing is not used, because `--json` promises a document also here.
fn refuse(arguments: &[OsString], error: &clap::Error) -> Exit {
    let flags = flags(arguments);
    let printer = Printer::new(&flags);
    let rendered = error.render();
    let outcome: Outcome = match error.kind() {
        ClapErrorKind::DisplayVersion if flags.json => Report::Version(commands::version_report()).into(),
        ClapErrorKind::DisplayHelp | ClapErrorKind::DisplayVersion => {
            Report::Text(if flags.json { rendered.to_string() } else { rendered.ansi().to_string() }).into()
        }
        _ => {
            let text = rendered.to_string();
            let text = text.trim_end();
            let message = text.strip_prefix("error: ").unwrap_or(text);
            Error::new(ErrorKind::Usage, message).into()
        }
    };
    finish(&printer, command(arguments), &outcome)
}

/// The flags that decide how to answer, found without clap, which has just refused the rest.
fn flags(arguments: &[OsString]) -> GlobalArgs {
    let given = |flag: &str| arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == flag);
    GlobalArgs { json: given("--json"), ..GlobalArgs::default() }
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

    fn exit(arguments: &[&str]) -> Exit {
        run_with(&arguments.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn wrong_arguments_are_a_usage_error_and_help_is_not() {
        for (arguments, code) in [
            (&["dbwarden", "--no-such-flag"][..], 2),
            (&["dbwarden", "migrat"], 2),
            (&["dbwarden", "migrate", "-h"], 0),
            (&["dbwarden", "--version"], 0),
            (&["dbwarden", "--json", "--version"], 0),
        ] {
            assert_eq!(exit(arguments).code(), code, "{arguments:?}");
        }
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
