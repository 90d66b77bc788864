use std::ops::Range;

use super::foreign_keys::may_violate;
use super::retry::Retry;
use super::send::{Part, SendError};
use super::{Event, Executor};
use crate::dialect::{Engine, role_begin, role_end};
use crate::model::{Script, StatementKind};
use crate::plan::Step;

impl Executor<'_> {
    /// Runs statements of the script outside any transaction.
    pub(super) async fn send_alone(&mut self, script: &Script, statements: Range<usize>) -> Result<(), SendError> {
        self.leave_traces(script, statements.clone());
        let engine = self.tables.engine;
        let Some(role) = self.settings.role.as_deref() else { return self.send_one_by_one(script, statements).await };
        self.send(None, &[Part::Role(role_begin(engine, role))]).await?;
        let result = self.send_one_by_one(script, statements).await;
        // Also after a failure: what comes next is the journal's entry about it, written as the login user.
        let back = self.send(None, &[Part::Own(role_end(engine).to_string())]).await;
        result.and(back)
    }

    /// A batch would let the server go on to the next statement before this one's end is known.
    async fn send_one_by_one(&mut self, script: &Script, statements: Range<usize>) -> Result<(), SendError> {
        for index in statements {
            self.send(Some(script), &[Part::Script(index)]).await?;
        }
        Ok(())
    }

    /// Runs statements of the script in one transaction that ends with what `closing` gives, as one message where
    /// nothing is left to ask before the commit; on a lock conflict the whole is undone and tried again.
    pub(super) async fn send_transaction(
        &mut self,
        step: &Step,
        script: &Script,
        statements: Range<usize>,
        closing: &dyn Fn(&Self) -> Vec<Part>,
    ) -> Result<(), SendError> {
        self.leave_traces(script, statements.clone());
        self.note_violations(script, statements.clone()).await;
        let whole = self.closes_in_one_message(script, statements.clone());
        let mut retry = Retry::new(self.settings.lock_retry);
        loop {
            let mut parts = self.opening_of(script, statements.clone(), whole);
            parts.extend(self.in_role(statements.clone()));
            let result = if whole {
                parts.extend(closing(self));
                parts.push(Part::Commit);
                self.send(Some(script), &parts).await
            } else {
                let mut result = self.send(Some(script), &parts).await;
                if result.is_ok() {
                    result = self.refuse_new_violations().await;
                }
                if result.is_ok() {
                    let mut parts = closing(self);
                    parts.push(Part::Commit);
                    result = self.send(Some(script), &parts).await;
                }
                result
            };
            let Err(failed) = result else { return Ok(()) };
            if failed.outcome_unknown {
                return Err(failed);
            }
            self.undo().await;
            self.pause_before_retry(step, failed, &mut retry).await?;
        }
    }

    /// Statements of the script in a transaction, run as the role that was asked for.
    pub(super) fn in_role(&self, statements: Range<usize>) -> Vec<Part> {
        let (engine, role) = (self.tables.engine, self.settings.role.as_deref());
        let begin = role.map(|role| Part::Role(role_begin(engine, role)));
        let end = role.map(|_| Part::Own(role_end(engine).to_string()));
        begin.into_iter().chain(statements.map(Part::Script)).chain(end).collect()
    }

    /// Whether a transaction of these statements travels whole, its end included. MySQL's bookkeeping is conditional,
    /// and SQLite's foreign keys may have to be checked: both are known only before the commit.
    pub(super) fn closes_in_one_message(&self, script: &Script, statements: Range<usize>) -> bool {
        match self.tables.engine {
            Engine::Postgres => true,
            Engine::MySql => false,
            Engine::Sqlite => !may_violate(script, statements),
        }
    }

    /// Records a step that has nothing (more) to run. What it ran outside a transaction is done: on a lock conflict
    /// the record is tried again.
    pub(super) async fn send_bookkeeping(&mut self, step: &Step, closing: Vec<Part>) -> Result<(), SendError> {
        let mut parts = self.opening();
        parts.extend(closing);
        parts.push(Part::Commit);
        let mut retry = Retry::new(self.settings.lock_retry);
        loop {
            let Err(failed) = self.send(None, &parts).await else { return Ok(()) };
            if failed.outcome_unknown {
                return Err(failed);
            }
            self.undo().await;
            self.pause_before_retry(step, failed, &mut retry).await?;
        }
    }

    /// Takes back the open transaction. An error means that there is none any more, or no connection.
    pub(super) async fn undo(&mut self) {
        let _ = self.session.execute("ROLLBACK").await;
    }

    /// Waits before another try of what `failed`.
    ///
    /// # Errors
    /// Where there is none: the failure itself, or a request to stop that came meanwhile.
    pub(super) async fn pause_before_retry(
        &mut self,
        step: &Step,
        failed: SendError,
        retry: &mut Retry,
    ) -> Result<(), SendError> {
        let (Some(kind), Some(error)) = (failed.kind(), failed.cause.sql()) else { return Err(failed) };
        let Some(pause) = retry.next_pause(kind) else { return Err(failed) };
        let blockers = if failed.cause.was_blocked(self.blocked.is_now()) { self.blocked.blockers() } else { &[] };
        (self.events)(Event::Retrying { step, error, attempt: retry.attempt(), pause, blockers });
        tokio::select! {
            () = tokio::time::sleep(pause) => Ok(()),
            signal = self.interrupt.requested() => Err(failed.stopped_by(signal)),
        }
    }

    /// Remembers that the session may not be what it was, so that it is set up again for the next step.
    fn leave_traces(&mut self, script: &Script, statements: Range<usize>) {
        self.altered |= statements.into_iter().any(|index| may_alter_session(script, index));
    }
}

/// Whether a statement can change what the session has set. Plain DDL and DML cannot; a query can call a function
/// that does (`SELECT set_config(…)` opens every pg_dump).
fn may_alter_session(script: &Script, index: usize) -> bool {
    match script.statements[index].kind {
        StatementKind::Ddl | StatementKind::Copy | StatementKind::AddEnumValue => false,
        StatementKind::ImplicitCommit => false,
        StatementKind::Dml => {
            !["insert", "update", "delete", "replace"].iter().any(|verb| script.starts_with(index, verb))
        }
        StatementKind::TransactionControl(_)
        | StatementKind::NonTransactional
        | StatementKind::SessionSetting
        | StatementKind::ConnectionSetting
        | StatementKind::Other => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::test_support::script;

    #[test]
    fn only_plain_statements_leave_the_session_alone() {
        for (text, kind, expected) in [
            ("CREATE TABLE", StatementKind::Ddl, false),
            ("INSERT INTO", StatementKind::Dml, false),
            ("SELECT set_config", StatementKind::Dml, true),
            ("DO $$$$", StatementKind::Other, true),
            ("SET search_path", StatementKind::SessionSetting, true),
        ] {
            assert_eq!(may_alter_session(&script(text, &[kind]), 0), expected, "{text}");
        }
    }
}
