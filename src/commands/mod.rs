//! One file per command, and what they share: the flags, the printer, and how a command ends.

mod backup;
mod check;
mod completions;
mod database;
mod history;
mod init;
mod lock;
mod migrate;
mod new;
mod notes;
mod prepare;
mod reconnect;
mod recovery;
mod repair;
mod request;
mod resolve;
mod restore;
mod rollback;
mod run;
pub(crate) mod session;
mod settle;
mod show_config;
mod signals;
mod status;
mod targets;
mod version;
mod with_backup;

pub(crate) use version::report as version_report;

use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;

use crate::cli::{CheckArgs, Command, DatabaseCommand, GlobalArgs, LimitArgs};
use crate::config::{self, Environment, Flags, Settings};
use crate::db::lock::LockHolder;
use crate::db::notices;
use crate::error::{Error, ErrorKind, Exit};
use crate::executor::{Interrupt, Interrupter};
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
    /// Whether somebody asked to stop.
    pub interrupt: Interrupt,
    interrupter: Interrupter,
}

impl<'a> Context<'a> {
    /// The context of one run.
    pub fn new(global: &'a GlobalArgs, printer: &'a Printer) -> Self {
        let (interrupter, interrupt) = Interrupt::channel();
        Context { global, printer, run_id: uuid::Uuid::now_v7().to_string(), interrupt, interrupter }
    }

    /// Flags, environment and configuration file, resolved. Warnings are shown at once: what they are about may be
    /// the reason for what fails later.
    pub fn settings(&self, limits: &LimitArgs, backup_dir: Option<&Path>) -> Result<Settings, Error> {
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
            backup_dir: backup_dir.map(Path::to_path_buf),
        };
        let folder = std::env::current_dir()
            .map_err(|error| Error::new(ErrorKind::Usage, format!("there is no working directory: {error}")))?;
        let settings = config::resolve(&flags, &Environment::from_process(), &folder, &self.run_id)?;
        settings.warnings.iter().for_each(|warning| self.printer.warning(warning));
        Ok(settings)
    }

    /// Does what only looks or waits, unless somebody asks to stop first: it may be dropped at any point.
    async fn unless_stopped<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let mut interrupt = self.interrupt.clone();
        tokio::select! {
            biased;
            signal = interrupt.requested() => Err(Error::stopped(signal)),
            result = work => result,
        }
    }

    /// What others see as the holder of the lock: the same as in the server's process list.
    fn application_name(&self) -> String {
        format!("dbwarden/{} {}", env!("CARGO_PKG_VERSION"), self.run_id)
    }

    /// Tells who holds the migration lock: at once, and then every ten seconds.
    fn tell_holder(&self) -> impl FnMut(&LockHolder, Duration) + Send {
        let mut next = Duration::ZERO;
        move |holder, waited| {
            if waited >= next {
                self.printer.waiting(Some(&holder.to_string()), waited);
                next = waited + Duration::from_secs(10);
            }
        }
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

    /// The same without `secrets` in its errors.
    pub fn without(self, secrets: &[SecretString]) -> Self {
        let clean = |(database, error): (Option<String>, Error)| (database, error.without(secrets));
        Outcome { errors: self.errors.into_iter().map(clean).collect(), ..self }
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
        Command::Check(args) if args.rules => check::list().into(),
        Command::Check(CheckArgs { explain: Some(rule), .. }) => check::explain(rule).into(),
        Command::Migrate(args) => connected(context, &args.limits, command),
        Command::Rollback(args) => connected(context, &args.limits, command),
        Command::Downgrade(args) => connected(context, &args.limits, command),
        Command::Status(_)
        | Command::History(_)
        | Command::Backup(_)
        | Command::Restore(_)
        | Command::Check(_)
        | Command::Repair(_)
        | Command::Resolve(_)
        | Command::LockStatus(_)
        | Command::Unlock(_) => connected(context, &LimitArgs::default(), command),
    }
}

/// Commands that talk to a database.
fn connected(context: &Context<'_>, limits: &LimitArgs, command: &Command) -> Outcome {
    let settings = match context.settings(limits, command.backup_dir()) {
        Ok(settings) => settings,
        Err(error) => return error.into(),
    };
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return error.into(),
    };
    notices::install();
    // What only looks, or asks a person, ends like any other program.
    let works = matches!(
        command,
        Command::Migrate(_) | Command::Rollback(_) | Command::Downgrade(_) | Command::Backup(_) | Command::Restore(_)
    );
    let outcome = runtime.block_on(async {
        if works {
            signals::listen(&context.interrupter);
        }
        with_settings(context, &settings, command).await
    });
    if !works {
        // The threads that read have nothing to finish.
        runtime.shutdown_background();
    }
    // No layer puts a secret into a message; a driver or a server might.
    outcome.without(&settings.secrets())
}

/// Leaves a value of many parts to the end of the process, which frees them all at once: one by one that takes longer
/// than much else of a command that finds nothing to do. For what is there once in a run.
fn leave_to_the_end<T>(value: T) {
    std::mem::forget(value);
}

/// One thread is enough: a command waits for one server at a time.
fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorKind::Bug, format!("the runtime could not be started: {error}")))
}

async fn with_settings(context: &Context<'_>, settings: &Settings, command: &Command) -> Outcome {
    match command {
        Command::Migrate(args) => migrate::migrate(context, settings, args).await,
        Command::Rollback(args) => rollback::rollback(context, settings, args).await,
        Command::Downgrade(args) => rollback::downgrade(context, settings, args).await,
        Command::Status(args) => status::status(context, settings, args).await,
        Command::History(args) => history::history(context, settings, args).await,
        Command::Backup(args) => backup::backup(context, settings, args).await,
        Command::Restore(args) => restore::restore(context, settings, args).await,
        Command::Check(args) => check::check(context, settings, args).await,
        Command::Repair(args) => repair::repair(context, settings, args).await,
        Command::Resolve(args) => resolve::resolve(context, settings, args).await,
        Command::LockStatus(_) => lock::status(context, settings).await,
        Command::Unlock(args) => lock::unlock(context, settings, args).await,
        Command::Init(_)
        | Command::New(_)
        | Command::Config(_)
        | Command::Database(_)
        | Command::Completions(_)
        | Command::Version(_) => Outcome::default(),
    }
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
