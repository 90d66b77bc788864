use super::{Error, ErrorKind, FailedStatement};
use crate::db::SqlErrorKind;
use crate::executor::{Aftermath, Cause, RunReport, Signal, StepFailure};
use crate::plan::{Plan, SegmentMode, Step};

impl Error {
    /// Why a run stopped: what failed, what was kept, what to do next. None when it did not.
    pub fn from_run(plan: &Plan, report: &RunReport) -> Option<Self> {
        let failure = report.failure.as_ref()?;
        let Some(step) = plan.steps.get(failure.step) else {
            return Some(failure.cause.sql().map_or_else(|| Error::new(ErrorKind::Bug, "no such step"), Error::from));
        };
        let mut error = describe(step, failure);
        let ends =
            failure.blockers.iter().filter(|blocker| blocker.certain).filter_map(|blocker| blocker.end_with.as_ref());
        error.hints.extend(ends.take(1).map(|end| format!("if the blocking session may be ended: {end}")));
        error.blockers.clone_from(&failure.blockers);
        if !report.finished.is_empty() {
            let kept: Vec<String> =
                report.finished.iter().filter_map(|done| plan.steps.get(done.step)).map(Step::label).collect();
            error = error.note(format!("{} before it: {}", standing(step), shorten(&kept)));
        }
        Some(aftermath(error, step, failure))
    }

    /// The same for a run that lost its connection in a step and found out, over another one, that the step is not
    /// carried out. `obstacle` is what the next run would meet.
    pub fn looked_up(plan: &Plan, report: &RunReport, obstacle: Option<Error>) -> Self {
        let error = Error::from_run(plan, report).unwrap_or_else(|| Error::new(ErrorKind::Bug, "nothing failed"));
        match obstacle {
            Some(obstacle) if obstacle.kind == ErrorKind::Partial => {
                let notes = error.notes.into_iter().chain([obstacle.message]);
                Error {
                    kind: ErrorKind::Partial,
                    notes: notes.collect(),
                    hints: obstacle.hints,
                    location: error.location.or(obstacle.location),
                    statement: error.statement.or(obstacle.statement),
                    ..error
                }
            }
            _ => error,
        }
    }

    /// The same where `reason` kept it from finding out.
    pub fn not_looked_up(plan: &Plan, report: &RunReport, reason: &Error) -> Self {
        let error = Error::looked_up(plan, report, None);
        match reason.kind {
            ErrorKind::Interrupted | ErrorKind::Terminated => {
                let message = format!("{}; {} while it connected again", error.message, reason.message);
                Error { kind: reason.kind, message, ..error }
            }
            _ => error.note(format!("it could not be looked up: {}", reason.message)),
        }
    }

    /// A signal that came before anything was run.
    pub fn stopped(signal: Signal) -> Self {
        Error::new(kind_of(signal), format!("stopped by {signal}"))
            .note("nothing was run")
            .hint("run the same command again")
    }
}

const OWN_TABLES: &str = "see whether the migration changes dbwarden's own tables (`_dbwarden_…`): a loop over all tables \
                          of the schema must leave them out";

fn describe(step: &Step, failure: &StepFailure) -> Error {
    let label = step.label();
    match &failure.cause {
        Cause::Statement { statement, error } => match step.script() {
            Some(script) => {
                let file = step.origin();
                Error::from_statement(error, &FailedStatement { label: &label, file: &file, script, index: *statement })
            }
            None => Error::from(error),
        },
        Cause::Commit(error) => {
            let mut failed = Error::from(error).in_file(step.origin());
            failed.message = format!("{label} failed at its commit: {}", error.message);
            if error.kind == SqlErrorKind::Statement {
                failed.kind = ErrorKind::Sql;
                failed = failed.hint("a deferred constraint does not hold at the end of the migration");
            }
            failed
        }
        Cause::Role(error) => {
            let mut failed = Error::from(error).with_kind(ErrorKind::Refused);
            failed.message = format!("{label} was not started: {}", error.message);
            failed.hints = vec!["create the `role` of the configuration and grant it to the login user".to_string()];
            failed
        }
        Cause::Bookkeeping(error) => {
            let mut failed = Error::from(error);
            failed.message = format!("{label} could not be begun or recorded: {}", error.message);
            let ran_statements = step.script().is_some_and(|script| !script.statements.is_empty());
            if error.kind == SqlErrorKind::Statement && ran_statements {
                // What worked before the file's statements and does not after them is their doing.
                failed = failed.in_file(step.origin()).hint(OWN_TABLES);
                failed.kind = ErrorKind::Sql;
            }
            failed
        }
        Cause::ForeignKeys { violations } => Error::new(ErrorKind::Sql, format!("{label} violates foreign keys"))
            .in_file(step.origin())
            .note(violations.join("; "))
            .hint("delete or correct the rows that refer to nothing, in the migration itself"),
        Cause::LockLost => Error::new(ErrorKind::Connection, format!("{label} stopped: the migration lock was lost"))
            .hint("a statement of the migration, or someone else, released it: run `dbwarden status`, then run again"),
        Cause::Interrupted(signal) => Error::new(kind_of(*signal), format!("{label} was interrupted by {signal}"))
            .hint("run the same command again"),
    }
}

fn kind_of(signal: Signal) -> ErrorKind {
    match signal {
        Signal::Interrupt => ErrorKind::Interrupted,
        Signal::Terminate => ErrorKind::Terminated,
    }
}

fn aftermath(mut error: Error, step: &Step, failure: &StepFailure) -> Error {
    if let Some(lost) = failure.cause.sql().filter(|error| error.kind == SqlErrorKind::ConnectionLost) {
        // Nothing is wrong with the file, the commit or the bookkeeping.
        error.message = format!("{} was interrupted: {}", step.label(), lost.message);
        if failure.aftermath != Aftermath::Unknown {
            return after_a_lost_connection(error, step, failure);
        }
    }
    match failure.aftermath {
        Aftermath::Undone if step.segments.iter().any(|segment| segment.mode == SegmentMode::Autocommit) => {
            if error.kind == ErrorKind::Sql && error.hints.is_empty() {
                error = error.hint("correct the file and run the same command again");
            }
            error.note(format!("nothing of {} is recorded", step.label()))
        }
        Aftermath::Undone => {
            if error.kind == ErrorKind::Sql && error.hints.is_empty() {
                error = error.hint("correct the file and run the same command again");
            }
            error.note(format!("{} was undone completely", step.label()))
        }
        Aftermath::Partial { done, total } => {
            match &failure.cause {
                // A clean stop in the middle is still a clean stop: the next run goes on by itself.
                Cause::Interrupted(_) => {}
                // Nobody may write what is done without the lock: the journal stays behind, and a person settles it.
                Cause::LockLost => error.kind = ErrorKind::Partial,
                // Nothing to correct.
                Cause::Statement { error: sql, .. }
                    if !matches!(sql.kind, SqlErrorKind::Statement | SqlErrorKind::InTransaction) =>
                {
                    error.kind = ErrorKind::Partial;
                    error = error.hint(format!("run the same command again: it goes on at statement {}", done + 1));
                }
                Cause::Statement { .. } => {
                    error.kind = ErrorKind::Partial;
                    error.hints.clear();
                    error = error.hint(format!(
                        "correct statement {} and run the same command again: it goes on there",
                        done + 1
                    ));
                }
                Cause::Commit(_) | Cause::ForeignKeys { .. } | Cause::Role(_) | Cause::Bookkeeping(_) => {
                    error.kind = ErrorKind::Partial;
                    error = error.hint("then run the same command again: it goes on there");
                }
            }
            error.note(format!("statements 1 to {done} of {total} of {} stand", step.label()))
        }
        Aftermath::Unknown => {
            error.kind = ErrorKind::Connection;
            error.hints.clear();
            let label = step.label();
            error.note(format!("whether {label} was finished is not known until the next run")).hint(
                if step.is_atomic() {
                    "run the same command again: it finds out and goes on"
                } else {
                    "run the same command again: it goes on, or says what a person has to decide first"
                },
            )
        }
    }
}

/// The connection was lost, and it is known all the same what stands.
fn after_a_lost_connection(mut error: Error, step: &Step, failure: &StepFailure) -> Error {
    error.kind = ErrorKind::Connection;
    error.hints.clear();
    let label = step.label();
    match failure.aftermath {
        Aftermath::Partial { done: 0, .. } => error.hint("run the same command again"),
        Aftermath::Partial { done, total } => error
            .note(format!("statements 1 to {done} of {total} of {label} stand"))
            .hint("run the same command again: it goes on there"),
        Aftermath::Undone | Aftermath::Unknown => {
            error.note(format!("nothing of {label} was {}", standing(step))).hint("run the same command again")
        }
    }
}

fn standing(step: &Step) -> &'static str {
    match step.direction() {
        crate::model::Direction::Upgrade => "applied",
        crate::model::Direction::Rollback => "undone",
    }
}

/// At most three labels.
fn shorten(labels: &[String]) -> String {
    match labels {
        [first, .., last] if labels.len() > 3 => format!("{first} to {last} ({})", labels.len()),
        _ => labels.join(", "),
    }
}
