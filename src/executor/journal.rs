//! Steps that do not fit into one transaction: the journal knows at any instant which statements are done and which
//! one, if any, has been started.
//!
//! # What a migration costs on MySQL and MariaDB
//!
//! DDL commits by itself there, so every migration with DDL is such a step. For one that makes a table and an index, three
//! messages are sent, two for undoing it by `DROP TABLE`; of many, up to 16 share one ([`super::announced`]), with the same
//! statements (`tests/it/round_trips.rs` counts the messages):
//!
//! | message | why |
//! | --- | --- |
//! | `CREATE TABLE …;SHOW WARNINGS` | the statement, whose warnings come with its answer |
//! | `CREATE INDEX …;SHOW WARNINGS` | without a mark: what was written down before the first tells how far both came |
//! | `START TRANSACTION`, history row, event, `COMMIT` | the row is written only where the lock is ours: its number is out of range elsewhere, which ends the message. The event of a rollback asks in the same way whether the row was there |
//!
//! Once for up to 32 migrations ([`announced_together`]) the last message also holds looks and an entry: the next
//! migrations are announced in the same write, with how things stand before them. Which of them is in flight follows
//! from the history ([`crate::plan::in_flight`]).
//!
//! Of all this only the commit of the history row is the tool's own, as it is of the client that writes a history row
//! after each file: both flush 9.3 times for such a migration and twice for undoing it (`Innodb_data_fsyncs` on MariaDB
//! 10.11). A look at `information_schema` takes the server longer than writing a row (0.15 ms after a DDL statement,
//! 0.03 ms when nothing else was done in between), and replacing the entry half as long.

use std::time::Instant;

use super::progress::{Announcement, Progress, announced};
use super::record::took_since;
use super::retry::Retry;
use super::send::{Part, SendError};
use super::{Aftermath, Cause, Executor, StepFailure};
use crate::dialect::{Engine, Took, looks_before_each};
use crate::model::{Direction, Effect, JournalState, Script, StatementKind};
use crate::parse;
use crate::plan::{Plan, Segment, SegmentMode, Step, announced_together, effects_from, needs_no_mark};

impl Executor<'_> {
    /// Runs a step segment by segment, each with its mark in the journal, and records it at the end.
    pub(super) async fn run_journalled(
        &mut self,
        plan: &Plan,
        index: usize,
        started: Instant,
    ) -> Result<(), StepFailure> {
        let step = &plan.steps[index];
        let Some(script) = step.script() else { return Ok(()) };
        let carried_out = std::mem::take(&mut self.carried_out);
        let done = step.resume.as_ref().map_or(carried_out, |resume| resume.done);
        let announced = self.announced.take();
        let mut progress = Progress::new(step, script, done);
        progress.opened = announced.is_some_and(|announced| announced.leads);
        progress.written = announced.is_some() || step.resume.is_some();

        match self.run_segments(plan, index, started, &mut progress, announced).await {
            Ok(()) => Ok(()),
            Err(failed) => Err(self.settle(index, &mut progress, failed).await),
        }
    }

    async fn run_segments(
        &mut self,
        plan: &Plan,
        index: usize,
        started: Instant,
        progress: &mut Progress<'_>,
        announced: Option<Announcement>,
    ) -> Result<(), SendError> {
        let (step, script) = (progress.step, progress.script);
        self.repeat_settings(script, progress.done).await?;
        let left: Vec<&Segment> =
            step.segments.iter().filter(|segment| segment.statements.end > progress.done).collect();
        let mut current = announced.and_then(|_| first_effect(left.iter().copied()));
        let last_effect = left.iter().rposition(|segment| segment.has_effect());
        // What the journal will hold of the next steps once this one is recorded.
        let mut next_announced = None;
        let mut recorded = false;
        for (position, segment) in left.iter().enumerate() {
            let statements = segment.statements.start.max(progress.done)..segment.statements.end;
            let is_last = last_effect == Some(position);
            let next = left[position + 1..].iter().find(|segment| segment.has_effect());
            let next = next.filter(|next| next.mode == SegmentMode::Autocommit).map(|next| next.statements.start);
            match segment.mode {
                SegmentMode::Settings => {
                    // Without a word to the journal: what it says to be next still is.
                    self.send_alone(script, statements).await?;
                    continue;
                }
                SegmentMode::Transaction => {
                    progress.settled = false;
                    let mut after = progress.clone();
                    after.advance_to(statements.end);
                    let closing = |executor: &Self| match is_last {
                        true => {
                            executor.finishing(plan, index, took_since(started), executor.announces_next(plan, index))
                        }
                        false => executor.still_locked().chain(executor.marking(&after, next)).collect(),
                    };
                    self.send_transaction(step, script, statements, &closing).await?;
                    if is_last {
                        next_announced = self.announces_next(plan, index);
                    }
                    *progress = Progress { written: true, opened: true, settled: true, ..after };
                }
                SegmentMode::Autocommit => {
                    if current != Some(statements.start) {
                        self.announce(progress, Some(statements.start)).await?;
                    }
                    progress.settled = false;
                    self.run_unit(step, script, segment, progress).await?;
                    progress.advance_to(statements.end);
                    progress.settled = true;
                    if is_last {
                        next_announced = self.announced_behind(plan, index, announced);
                        let closing = self.finishing(plan, index, took_since(started), next_announced);
                        self.send_bookkeeping(step, closing).await?;
                    } else if !self.tells_by_itself(script, statements.end, next) {
                        self.announce(progress, next).await?;
                    }
                }
            }
            current = next;
            recorded |= is_last;
        }
        if !recorded {
            next_announced = self.announces_next(plan, index);
            let closing = self.finishing(plan, index, took_since(started), next_announced);
            self.send_bookkeeping(step, closing).await?;
        }
        self.announced = next_announced;
        Ok(())
    }

    /// Whether the catalog would tell that the statement before `end` is done when a run dies in the one behind it.
    fn tells_by_itself(&self, script: &Script, end: usize, next: Option<usize>) -> bool {
        next == Some(end) && needs_no_mark(self.tables.engine, script, end)
    }

    /// One statement outside any transaction (or a block under LOCK TABLES). One that met a lock timeout and is undone
    /// whole by it is tried again.
    async fn run_unit(
        &mut self,
        step: &Step,
        script: &Script,
        segment: &Segment,
        progress: &mut Progress<'_>,
    ) -> Result<(), SendError> {
        let statements = segment.statements.start.max(progress.done)..segment.statements.end;
        let resume = step.resume.as_ref().filter(|resume| resume.done == statements.start);
        let patched = resume.and_then(|resume| resume.instead.as_deref());
        let patched = patched.map(|text| script.with_statement(statements.start, text));
        let script = patched.as_ref().unwrap_or(script);
        let mut retry = Retry::new(self.settings.lock_retry);
        let may_retry = statements.len() == 1 && is_undone_whole(self.tables.engine, script, statements.start);
        let mut builds = 0;
        loop {
            self.remove_leftovers(script, statements.start).await?;
            // In the middle of a block, its locks are taken again: they went with the session that had them.
            let again = segment.statements.start..segment.statements.start + 1;
            let locked = if again.start < statements.start { self.send_alone(script, again).await } else { Ok(()) };
            let result = match locked {
                Ok(()) => self.send_alone(script, statements.clone()).await,
                failed => failed,
            };
            let Err(mut failed) = result else {
                builds += 1;
                if self.must_build_again(script, statements.start, builds).await? {
                    continue;
                }
                return Ok(());
            };
            if may_retry && !failed.outcome_unknown {
                match self.pause_before_retry(step, failed, &mut retry).await {
                    Ok(()) => continue,
                    Err(last) => failed = last,
                }
            }
            if let (Some(statement), true) = (failed.statement, segment.statements.len() > 1) {
                progress.advance_to(statement);
                let _ = self.session.execute("UNLOCK TABLES").await;
            }
            return Err(failed);
        }
    }

    /// Repeats the session settings among the statements that are already done: they died with their session.
    async fn repeat_settings(&mut self, script: &Script, done: usize) -> Result<(), SendError> {
        let is_setting = |index: &usize| script.statements[*index].kind.sets_session();
        for index in (0..done).filter(is_setting) {
            self.send_alone(script, index..index + 1).await?;
        }
        Ok(())
    }

    /// Writes the step's entry, on condition that the lock is ours: `current` is about to start.
    async fn announce(&mut self, progress: &mut Progress<'_>, current: Option<usize>) -> Result<(), SendError> {
        let parts = self.journal_parts(progress, current, self.fence.as_deref());
        let mut retry = Retry::new(self.settings.lock_retry);
        while let Err(failed) = self.send(None, &parts).await {
            if failed.outcome_unknown {
                return Err(failed);
            }
            self.pause_before_retry(progress.step, failed, &mut retry).await?;
        }
        (progress.written, progress.opened) = (true, true);
        Ok(())
    }

    /// The same as part of a transaction.
    fn marking(&self, progress: &Progress<'_>, current: Option<usize>) -> Vec<Part> {
        let fence = self.fence.as_deref().filter(|_| self.tables.engine == Engine::MySql);
        self.journal_parts(progress, current, fence)
    }

    /// What brings the entry up to date; for a statement about to start, together with a look at what it will change.
    fn journal_parts(&self, progress: &Progress<'_>, current: Option<usize>, condition: Option<&str>) -> Vec<Part> {
        self.journal_parts_with(progress, current, condition, &[])
    }

    /// The same for a step's first statement, with the steps `ahead` that follow without a mark of their own.
    fn journal_parts_with(
        &self,
        progress: &Progress<'_>,
        current: Option<usize>,
        condition: Option<&str>,
        ahead: &[Step],
    ) -> Vec<Part> {
        let engine = self.tables.engine;
        let of_first = current.map(|index| (index, effects_from(engine, progress.script, index)));
        let of_ahead = ahead.iter().filter_map(Step::script).map(|script| (0, effects_from(engine, script, 0)));
        let effects: Vec<(usize, Vec<Effect>)> = of_first.into_iter().chain(of_ahead).collect();
        let each: Vec<(usize, &[Effect])> =
            effects.iter().map(|(index, effects)| (*index, effects.as_slice())).collect();
        let looks = current.and_then(|_| looks_before_each(engine, &each));
        let value = looks.as_ref().map(|looks| looks.value.as_str());
        let text = self.journal_text(progress, current, JournalState::Running, value, condition, ahead);
        let mark = if condition.is_some() { Part::Conditional(text) } else { Part::Own(text) };
        looks.and_then(|looks| looks.first).map(Part::Own).into_iter().chain([mark]).collect()
    }

    fn journal_text(
        &self,
        progress: &Progress<'_>,
        current: Option<usize>,
        state: JournalState,
        looks: Option<&str>,
        condition: Option<&str>,
        ahead: &[Step],
    ) -> String {
        let mut entry = progress.entry(&self.run.run_id, current, state);
        entry.ahead = ahead.iter().filter_map(announced).collect();
        match progress.opened {
            true => self.tables.mark_journal(&entry, looks, condition),
            false => self.tables.open_journal(&entry, looks, condition),
        }
    }

    /// What ends a journalled step: its history row, and in the journal the next step's entry in place of its own, so
    /// that one write serves both; nothing where the journal has `next` already.
    pub(super) fn finishing(&self, plan: &Plan, index: usize, took: Took, next: Option<Announcement>) -> Vec<Part> {
        let mut parts = self.recording(plan, index, took);
        let direction = plan.steps[index].direction();
        let announced = next.map_or(&[][..], |next| &plan.steps[index + 1..=index + next.steps]);
        parts.extend(match (next, announced.split_first()) {
            (Some(next), _) if !next.leads => Vec::new(),
            // The row's own write, just before in the same transaction, has asked for the lock.
            (_, Some((first, ahead))) if let Some(script) = first.script() => {
                let current = first_effect(&first.segments);
                self.journal_parts_with(&Progress::new(first, script, 0), current, None, ahead)
            }
            _ => vec![Part::Own(self.tables.clear_journal(direction, None))],
        });
        parts
    }

    /// What the journal holds of the next steps once this one is recorded, of which `announced` told.
    pub(super) fn announced_behind(
        &self,
        plan: &Plan,
        index: usize,
        announced: Option<Announcement>,
    ) -> Option<Announcement> {
        announced.and_then(Announcement::behind_first).or_else(|| self.announces_next(plan, index))
    }

    /// How many of the next steps can be announced already: those that begin outside a transaction, in the session as
    /// it is now.
    fn announces_next(&self, plan: &Plan, index: usize) -> Option<Announcement> {
        let next = plan.steps.get(index + 1).filter(|next| next.resume.is_none() && !self.altered)?;
        let first = next.segments.iter().find(|segment| segment.has_effect());
        let begins_outside = !next.is_atomic() && first.is_some_and(|first| first.mode == SegmentMode::Autocommit);
        begins_outside.then(|| Announcement::new(announced_together(self.tables.engine, &plan.steps[index + 1..])))
    }

    /// Takes back the announcement of a step that will not be started after all.
    pub(super) async fn withdraw_announcement(&mut self, direction: Direction) {
        if self.announced.take().is_some() {
            let _ = self.session.execute(&self.tables.clear_journal(direction, self.fence.as_deref())).await;
        }
    }

    /// After a failure: leaves in the journal what is known, and says what is left in the database.
    pub(super) async fn settle(&mut self, index: usize, progress: &mut Progress<'_>, failed: SendError) -> StepFailure {
        let total = progress.script.statements.len();
        let mut owed = None;
        let aftermath = if failed.outcome_unknown {
            owed = progress.settled.then(|| Box::new(progress.entry(&self.run.run_id, None, JournalState::Failed)));
            Aftermath::Unknown
        } else if progress.done == 0 {
            if progress.written {
                let text = self.tables.clear_journal(progress.step.direction(), self.fence.as_deref());
                let _ = self.session.execute(&text).await;
            }
            Aftermath::Undone
        } else {
            if !matches!(failed.cause, Cause::LockLost) {
                let fence = self.fence.as_deref();
                let text = self.journal_text(progress, None, JournalState::Failed, None, fence, &[]);
                let _ = self.session.execute(&text).await;
            }
            Aftermath::Partial { done: progress.done, total }
        };
        StepFailure { owed, ..StepFailure::new(index, failed.cause, aftermath) }
    }
}

/// Whether a statement outside any transaction that met a lock timeout has left nothing behind. A procedure of
/// PostgreSQL may have committed before it, and of a MySQL statement only DDL is certain: its tables need not know
/// transactions.
fn is_undone_whole(engine: Engine, script: &Script, index: usize) -> bool {
    let kind = script.statements[index].kind;
    match engine {
        Engine::MySql => matches!(kind, StatementKind::ImplicitCommit | StatementKind::NonTransactional),
        Engine::Postgres => {
            let first = parse::statement_words(engine, script.statement_text(index)).next();
            !first.is_some_and(|word| ["call", "do"].iter().any(|other| word.eq_ignore_ascii_case(other)))
        }
        Engine::Sqlite => true,
    }
}

/// The first statement with an effect, when it runs outside a transaction.
fn first_effect<'a>(segments: impl IntoIterator<Item = &'a Segment>) -> Option<usize> {
    let first = segments.into_iter().find(|segment| segment.has_effect())?;
    (first.mode == SegmentMode::Autocommit).then_some(first.statements.start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::test_support::script;

    #[test]
    fn only_what_leaves_nothing_behind_is_tried_again() {
        use StatementKind::{Ddl, Dml, ImplicitCommit, NonTransactional, Other};
        for (engine, text, kind, expected) in [
            (Engine::Postgres, "INSERT INTO t", Dml, true),
            (Engine::Postgres, "/* x */ CALL p()", Other, false),
            (Engine::Postgres, "DO $$$$", Other, false),
            (Engine::Postgres, "VACUUM", NonTransactional, true),
            (Engine::MySql, "INSERT INTO t", Dml, false),
            (Engine::MySql, "ALTER TABLE t", ImplicitCommit, true),
            (Engine::Sqlite, "CREATE TABLE t", Ddl, true),
        ] {
            assert_eq!(is_undone_whole(engine, &script(text, &[kind]), 0), expected, "{text}");
        }
    }
}
