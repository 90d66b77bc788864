use std::sync::{Mutex, PoisonError};

use crate::db::notices::Notice;
use crate::db::{BatchError, Observation, SqlError, SqlErrorKind, StatementResult};
use crate::dialect::{Engine, LOCK_LOST};
use crate::model::Script;

use super::limit::Limit;
use super::watch::Watch;
use super::{Cause, Event, Executor, Signal};

/// One thing to send: a statement of the script, or one of the tool's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// The script's statement with this index.
    Script(usize),
    /// The tool's own statement.
    Own(String),
    /// The tool's own statement, conditional on the lock (or on a row being there): when it changes no row, nothing
    /// after it is committed.
    Conditional(String),
    /// The tool's own statement that takes on the configured role.
    Role(String),
    /// The end of a transaction of ours.
    Commit,
}

impl Part {
    /// What is sent; None of a statement whose script is missing.
    pub(super) fn text<'a>(&'a self, script: Option<&'a Script>) -> Option<&'a str> {
        match self {
            Part::Own(text) | Part::Conditional(text) | Part::Role(text) => Some(text),
            Part::Commit => Some("COMMIT"),
            Part::Script(index) => script.map(|script| script.statement_text(*index)),
        }
    }
}

/// Passes on what happens while an answer is awaited.
pub(super) type Tell<'a> = &'a (dyn Fn(Event<'_>) + Sync);

/// What stopped a [`Executor::send`].
#[derive(Debug)]
pub(super) struct SendError {
    pub(super) cause: Cause,
    /// The outcome of what was sent last is unknown: the connection ended before the answer.
    pub(super) outcome_unknown: bool,
    /// The statement of the script it stopped at, where it was one.
    pub(super) statement: Option<usize>,
}

impl SendError {
    pub(super) fn new(cause: Cause) -> Self {
        let outcome_unknown = cause.connection_is_gone();
        SendError { cause, outcome_unknown, statement: None }
    }

    fn at(self, part: Option<&Part>) -> Self {
        let statement = match part {
            Some(Part::Script(statement)) => Some(*statement),
            Some(Part::Own(_) | Part::Conditional(_) | Part::Role(_) | Part::Commit) | None => None,
        };
        SendError { statement, ..self }
    }

    /// The same, where a request to stop kept it from being tried again.
    pub(super) fn stopped_by(self, signal: Signal) -> Self {
        SendError { cause: Cause::Interrupted(signal), ..self }
    }

    /// What the server said, for deciding about another try.
    pub(super) fn kind(&self) -> Option<SqlErrorKind> {
        self.cause.sql().map(|error| error.kind)
    }
}

impl Executor<'_> {
    /// Sends `parts` in order, in as few batches as their meaning allows, and stops at the first that fails.
    pub(super) async fn send(&mut self, script: Option<&Script>, parts: &[Part]) -> Result<(), SendError> {
        let mut batch: Vec<(&Part, &str)> = Vec::with_capacity(parts.len());
        let mut conditional = false;
        let guard = self.tables.guard_change(LOCK_LOST).filter(|_| parts.last() == Some(&Part::Commit));
        for part in parts {
            let Some(text) = part.text(script) else { continue };
            if let (Part::Script(index), Some(script)) = (part, script) {
                if script.statements[*index].copy_data.is_some() {
                    self.send_batch(script_len(Some(script)), &mut batch).await?;
                    self.send_copy(script, *index).await?;
                    continue;
                }
                // PostgreSQL parses a whole message before it runs any of it: a setting that changes how text is
                // read (standard_conforming_strings) must have been made before what follows is sent.
                if self.session.engine() == Engine::Postgres && script.statements[*index].kind.sets_session() {
                    self.send_batch(script_len(Some(script)), &mut batch).await?;
                    batch.push((part, text));
                    self.send_batch(script_len(Some(script)), &mut batch).await?;
                    continue;
                }
            }
            if *part == Part::Commit && conditional {
                self.send_batch(script_len(script), &mut batch).await?;
            }
            batch.push((part, text));
            if let Part::Conditional(_) = part {
                match &guard {
                    Some(guard) => batch.push((part, guard)),
                    None => conditional = true,
                }
            }
        }
        self.send_batch(script_len(script), &mut batch).await
    }

    async fn send_batch(&mut self, total: usize, batch: &mut Vec<(&Part, &str)>) -> Result<(), SendError> {
        if batch.is_empty() {
            return Ok(());
        }
        let scripted = batch.iter().any(|(part, _)| matches!(part, Part::Script(_)));
        if let Some(signal) = self.interrupt.signal().filter(|_| scripted) {
            let first = batch.first().map(|(part, _)| *part);
            batch.clear();
            return Err(SendError::new(Cause::Interrupted(signal)).at(first));
        }
        let texts: Vec<&str> = batch.iter().map(|(_, text)| *text).collect();
        let step = self.step;
        let mut unchanged = false;
        let mut done = |index: usize, result: StatementResult, tell: Tell<'_>| match batch[index].0 {
            Part::Script(statement) => tell(Event::StatementFinished {
                step,
                statement: *statement,
                total,
                rows: result.rows,
                elapsed: result.elapsed,
            }),
            Part::Conditional(_) => unchanged |= result.rows == Some(0),
            Part::Own(_) | Part::Role(_) | Part::Commit => {}
        };
        let result = self.exchange(&texts, scripted, &mut done).await;
        let commits = batch.iter().any(|(part, _)| **part == Part::Commit);
        let alone = batch.len() == 1;
        let outcome = match (result, self.interrupt.signal()) {
            // Stopped on the server without an error (a SLEEP ends early): inside a transaction all of it is undone.
            // What ran alone, or was committed, is done.
            (Ok(()), Some(signal)) if scripted && !commits && !alone => Err(SendError::new(Cause::Interrupted(signal))),
            (Ok(()), _) if unchanged => Err(SendError::new(Cause::LockLost)),
            (Ok(()), _) => Ok(()),
            (Err(BatchError { index, error }), _) => Err(self.explain(batch.get(index).map(|(part, _)| *part), error)),
        };
        batch.clear();
        // MySQL lists the error itself among the warnings of a failed statement.
        if scripted && (outcome.is_ok() || self.tables.engine != Engine::MySql) {
            self.pass_on_notices().await;
        }
        outcome
    }

    /// Sends statements in one batch and waits for the answers, with an eye on what happens meanwhile: a request to stop,
    /// where they are a script's, and who is in their way.
    pub(super) async fn exchange(
        &mut self,
        texts: &[&str],
        scripted: bool,
        done: &mut (dyn FnMut(usize, StatementResult, Tell<'_>) + Send),
    ) -> Result<(), BatchError> {
        let (canceller, observer) = (self.session.canceller(), self.session.observer());
        let limit = if scripted { self.limit() } else { None };
        if scripted {
            self.blocked.forget();
        }
        // Both closures tell events, and both live as long as the call.
        let events = Mutex::new(&mut self.events);
        let tell = |event: Event<'_>| events.lock().unwrap_or_else(PoisonError::into_inner)(event);
        let mut finished = 0;
        let mut count = |index: usize, result: StatementResult| {
            finished = index + 1;
            limit.iter().for_each(Limit::statement_ended);
            done(index, result, &tell);
        };
        let blocked = &mut self.blocked;
        let mut seen = |observation: Observation, waited| blocked.seen(observation, waited, &mut |event| tell(event));
        // The tool's own writing is brief, and what it says must get there.
        let interrupt = scripted.then_some(&mut self.interrupt);
        let first_look = self.first_look;
        let watch = Watch { interrupt, canceller, observer, limit: limit.as_ref(), first_look, seen: &mut seen };
        let result = watch.over(self.session.run(texts, &mut count)).await;
        let last = texts.len() - 1;
        let result = result.unwrap_or_else(|error| Err(BatchError { index: finished.min(last), error }));
        result.map_err(|BatchError { index, error }| BatchError {
            index,
            error: match &limit {
                Some(limit) => limit.explain(error),
                None => error,
            },
        })
    }

    /// What bounds a statement where the server does not.
    fn limit(&self) -> Option<Limit> {
        let is_ours = !self.statement_timeout.is_zero() && !self.session.server().bounds_statements();
        is_ours.then(|| Limit::new(self.statement_timeout))
    }

    async fn send_copy(&mut self, script: &Script, index: usize) -> Result<(), SendError> {
        if let Some(signal) = self.interrupt.signal() {
            return Err(SendError::new(Cause::Interrupted(signal)).at(Some(&Part::Script(index))));
        }
        let data = script.copy_data(index).unwrap_or_default();
        let started = std::time::Instant::now();
        let (canceller, observer) = (self.session.canceller(), self.session.observer());
        self.blocked.forget();
        let result = {
            let (blocked, events) = (&mut self.blocked, &mut self.events);
            let mut seen =
                |observation: Observation, waited| blocked.seen(observation, waited, &mut |event| events(event));
            let (interrupt, first_look) = (Some(&mut self.interrupt), self.first_look);
            // Only PostgreSQL has this, whose server bounds statements.
            let watch = Watch { interrupt, canceller, observer, limit: None, first_look, seen: &mut seen };
            watch.over(self.session.copy_in(script.statement_text(index), data)).await
        };
        match result.and_then(|copied| copied) {
            Ok(rows) => {
                (self.events)(Event::StatementFinished {
                    step: self.step,
                    statement: index,
                    total: script.statements.len(),
                    rows: Some(rows),
                    elapsed: started.elapsed(),
                });
                Ok(())
            }
            Err(error) => Err(self.explain(Some(&Part::Script(index)), error)),
        }
    }

    pub(super) fn explain(&self, part: Option<&Part>, error: SqlError) -> SendError {
        if let (SqlErrorKind::Cancelled, Some(signal)) = (error.kind, self.interrupt.signal()) {
            return SendError::new(Cause::Interrupted(signal)).at(part);
        }
        let cause = match part {
            Some(Part::Script(statement)) => Cause::Statement { statement: *statement, error },
            Some(Part::Commit) => Cause::Commit(error),
            Some(Part::Role(_))
                if error.kind == SqlErrorKind::Statement || error.kind == SqlErrorKind::PermissionDenied =>
            {
                Cause::Role(error)
            }
            _ if error.message.contains(LOCK_LOST) => Cause::LockLost,
            Some(Part::Own(_) | Part::Conditional(_) | Part::Role(_)) | None => Cause::Bookkeeping(error),
        };
        SendError::new(cause).at(part)
    }

    pub(super) async fn pass_on_notices(&mut self) {
        let notices = self.notices().await;
        self.tell_notices(&notices);
    }

    /// What the server has to say of the last call. A server that cannot even tell its warnings will say why with the
    /// next statement.
    pub(super) async fn notices(&mut self) -> Vec<Notice> {
        self.session.warnings().await.unwrap_or_default()
    }

    pub(super) fn tell_notices(&mut self, notices: &[Notice]) {
        for notice in notices {
            (self.events)(Event::Notice(notice));
        }
    }
}

/// Statements of the script.
pub(super) fn script_len(script: Option<&Script>) -> usize {
    script.map_or(0, |script| script.statements.len())
}
