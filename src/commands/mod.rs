//! One file per command, and what they share: the flags, the printer, and how a command ends.

mod check;
mod completions;
mod history;
mod init;
mod lock;
mod migrate;
mod new;
mod notes;
mod repair;
mod rollback;
mod run;
mod session;
mod settings;
mod signals;
mod status;
mod targets;
mod version;

pub(crate) use version::report as version_report;

use std::time::Duration;

use crate::cli::{Command, GlobalArgs, LimitArgs};
use crate::config::{self, Environment, Flags, Settings};
use crate::db::lock::LockHolder;
use crate::error::{Error, ErrorKind, Exit};
use crate::executor::Interrupt;
use crate::output::Printer;
use crate::output::report::Report;

/// What every command gets.
pub struct Context<'a> {
    /// Flags that every command takes.
    pub global: &'a GlobalArgs,
    /// The only way to talk to the user.
    pub printer: &'a Printer,
    /// This run's id: in the history, in the events, and in the server's process list.
    pub run_id: String,
    /// Whether somebody asked to stop.
    pub interrupt: Interrupt,
}

impl Context<'_> {
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
pub fn dispatch(global: &GlobalArgs, printer: &Printer, command: &Command) -> Outcome {
    match command {
        Command::Init(args) => return init::run(args).into(),
        Command::Completions(args) => return completions::run(args).into(),
        Command::Version(_) => return version::run().into(),
        _ => {}
    }
    let (interrupter, interrupt) = Interrupt::channel();
    let context = Context { global, printer, run_id: uuid::Uuid::now_v7().to_string(), interrupt };
    let settings = match resolve(&context, command) {
        Ok(settings) => settings,
        Err(error) => return error.into(),
    };
    targets::pass_on_warnings(&context, &settings);
    let mut outcome = match command {
        Command::New(args) => new::run(args, &settings).into(),
        Command::Config(_) => settings::config(&settings, global.all),
        Command::Database(_) => settings::list(&settings),
        _ => match runtime() {
            Ok(runtime) => runtime.block_on(async {
                signals::listen(interrupter);
                with_database(&context, &settings, command).await
            }),
            Err(error) => error.into(),
        },
    };
    // No layer puts a secret into a message; a driver or a server might.
    let secrets = settings.secrets();
    for (_, error) in &mut outcome.errors {
        error.scrub(&|text| config::redact(text, &secrets));
    }
    outcome
}

fn resolve(context: &Context<'_>, command: &Command) -> Result<Settings, Error> {
    let global = context.global;
    let limits = match command {
        Command::Migrate(args) => args.limits.clone(),
        Command::Rollback(args) => args.limits.clone(),
        Command::Downgrade(args) => args.limits.clone(),
        _ => LimitArgs::default(),
    };
    let flags = Flags {
        config: global.config.clone(),
        database: global.database.clone(),
        all: global.all,
        dev: global.dev,
        url: global.url.clone(),
        lock_wait: limits.lock_wait,
        lock_timeout: limits.lock_timeout,
        statement_timeout: limits.statement_timeout,
        migrations_dir: None,
    };
    let folder = std::env::current_dir()
        .map_err(|error| Error::from_io(std::path::Path::new("the working directory"), "found", &error))?;
    Ok(config::resolve(&flags, &Environment::from_process(), &folder, &context.run_id)?)
}

/// One thread is enough: a command waits for one server at a time.
fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorKind::Bug, format!("the runtime could not be started: {error}")))
}

/// Commands that talk to a database.
async fn with_database(context: &Context<'_>, settings: &Settings, command: &Command) -> Outcome {
    match command {
        Command::Migrate(args) => migrate::migrate(context, settings, args).await,
        Command::Rollback(args) => rollback::rollback(context, settings, args).await,
        Command::Downgrade(args) => rollback::downgrade(context, settings, args).await,
        Command::Status(args) => status::status(context, settings, args).await,
        Command::History(args) => history::history(context, settings, args).await,
        Command::Check(args) => check::check(context, settings, args).await,
        Command::Repair(args) => repair::repair(context, settings, args).await,
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
