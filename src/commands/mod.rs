//! One file per command, and what they share: the flags, the printer, and how a command ends.

mod completions;
mod database;
mod init;
mod new;
mod show_config;
mod version;

pub(crate) use version::report as version_report;

use crate::cli::{Command, DatabaseCommand, GlobalArgs, LimitArgs};
use crate::config::{self, Environment, Flags, Settings};
use crate::error::{Error, ErrorKind, Exit};
use crate::output::Printer;
use crate::output::report::Report;

/// What every command gets.
pub struct Context<'a> {
    /// Flags that every command takes.
    pub global: &'a GlobalArgs,
    /// The only way to talk to the user.
    pub printer: &'a Printer,
    /// Names this run in the history, in the process list of servers and in the report.
    pub run_id: String,
}

impl<'a> Context<'a> {
    /// The context of one run.
    pub fn new(global: &'a GlobalArgs, printer: &'a Printer) -> Self {
        Context { global, printer, run_id: uuid::Uuid::now_v7().to_string() }
    }

    /// Flags, environment and configuration file, resolved. Warnings are shown at once: what they are about may be
    /// the reason for what fails later.
    pub fn settings(&self, limits: &LimitArgs) -> Result<Settings, Error> {
        let flags = Flags {
            config: self.global.config.clone(),
            database: self.global.database.clone(),
            all: self.global.all,
            dev: self.global.dev,
            url: self.global.url.clone(),
            lock_wait: limits.lock_wait,
            lock_timeout: limits.lock_timeout,
            statement_timeout: limits.statement_timeout,
            migrations_dir: self.global.migrations_dir.clone(),
        };
        let folder = std::env::current_dir()
            .map_err(|error| Error::new(ErrorKind::Usage, format!("there is no working directory: {error}")))?;
        let settings = config::resolve(&flags, &Environment::from_process(), &folder, &self.run_id)?;
        settings.warnings.iter().for_each(|warning| self.printer.warning(warning));
        Ok(settings)
    }
}

/// How a command ended. Half-way through, both a report and errors are there.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What it found or did.
    pub report: Option<Report>,
    /// What failed, with the database it belongs to.
    pub errors: Vec<(Option<String>, Error)>,
    /// What is odd but did not stop it.
    pub warnings: Vec<String>,
    /// Whether it was asked to tell by its exit code that work is pending or something was found, and it is so.
    pub pending: bool,
}

impl Outcome {
    /// The exit: that of the gravest failure ([`ErrorKind::GRAVEST_FIRST`]).
    pub fn exit(&self) -> Exit {
        let pending = self.pending.then_some(ErrorKind::Pending);
        Exit(ErrorKind::gravest(self.errors.iter().map(|(_, error)| error.kind).chain(pending)))
    }
}

impl From<Report> for Outcome {
    fn from(report: Report) -> Self {
        Outcome { report: Some(report), ..Outcome::default() }
    }
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        Outcome { errors: vec![(None, error)], ..Outcome::default() }
    }
}

impl From<Result<Report, Error>> for Outcome {
    fn from(result: Result<Report, Error>) -> Self {
        match result {
            Ok(report) => report.into(),
            Err(error) => error.into(),
        }
    }
}

/// Runs a command. Only those that talk to a database start a runtime: `version` and `completions` answer at once.
pub fn dispatch(context: &Context<'_>, command: &Command) -> Outcome {
    match command {
        Command::Init(args) => init::run(args).into(),
        Command::New(args) => new::run(args, context).into(),
        Command::Completions(args) => completions::run(args).into(),
        Command::Version(_) => version::run().into(),
        Command::Config(_) => show_config::run(context).into(),
        Command::Database(args) => match args.command {
            DatabaseCommand::List(_) => database::list(context).into(),
        },
        Command::Migrate(_)
        | Command::Rollback(_)
        | Command::Downgrade(_)
        | Command::Status(_)
        | Command::History(_)
        | Command::Check(_)
        | Command::Repair(_)
        | Command::LockStatus(_)
        | Command::Unlock(_) => match runtime() {
            Ok(runtime) => runtime.block_on(with_database(context, command)),
            Err(error) => error.into(),
        },
    }
}

/// One thread is enough: a command waits for one server at a time.
fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorKind::Bug, format!("the runtime could not be started: {error}")))
}

/// Commands that talk to a database.
async fn with_database(_context: &Context<'_>, command: &Command) -> Outcome {
    Error::new(ErrorKind::Bug, format!("`{}` is not wired yet", command.name())).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pending_counts_only_where_nothing_failed() {
        let mut outcome = Outcome { pending: true, ..Outcome::default() };
        assert_eq!(outcome.exit().code(), 3);
        outcome.errors.push((Some("a".into()), Error::new(ErrorKind::Connection, "gone")));
        assert_eq!(outcome.exit().code(), 9);
    }

    #[test]
    fn nothing_wrong_is_zero() {
        assert_eq!(Outcome::default().exit(), Exit::OK);
    }
}
