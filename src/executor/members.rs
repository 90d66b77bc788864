//! Members of a group: the statements of several in one call, and the rows of all in few statements.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::record::lasted;
use super::send::{Part, SendError, Tell, script_len};
use super::{Cause, Event, Executor, StepSuccess};
use crate::db::{BatchError, SqlError, SqlErrorKind, StatementResult};
use crate::dialect::Took;
use crate::model::AppliedMigration;
use crate::plan::{Plan, Step, Work, stored_rollback};

const SAVEPOINT: &str = "SAVEPOINT _dbwarden_step";
const RELEASE: &str = "RELEASE _dbwarden_step";

/// How many rows one statement writes or removes: their texts are in memory at once.
const ROWS: usize = 50;

/// What stopped [`Executor::send_members`].
#[derive(Debug)]
pub(super) struct MemberFailure {
    /// The step, as its place in the plan.
    pub(super) step: usize,
    /// What happened.
    pub(super) error: SendError,
    /// Whether what it did is in a savepoint of its own, and has to be undone.
    pub(super) savepoint_is_open: bool,
}

/// A statement to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Savepoint,
    /// The one with this index in the member's script.
    Statement(usize),
    /// The member's last.
    Release,
}

impl Executor<'_> {
    /// Runs several steps within the open transaction. The first has been told of. How long each took is what its
    /// statements took, and not the call that they share.
    pub(super) async fn send_members(
        &mut self,
        plan: &Plan,
        members: Range<usize>,
        finished: &mut Vec<StepSuccess>,
    ) -> Result<(), MemberFailure> {
        let pieces: Vec<(usize, Piece)> =
            members.clone().flat_map(|index| pieces(&plan.steps[index]).map(move |piece| (index, piece))).collect();
        let texts: Vec<&str> = pieces.iter().map(|&(index, piece)| text(&plan.steps[index], piece)).collect();
        let began = Instant::now();
        let (mut ended, mut took, mut took_before) = (0, Duration::ZERO, Duration::ZERO);
        let mut done = |index: usize, result: StatementResult, tell: Tell<'_>| {
            let (step, piece) = pieces[index];
            ended = index + 1;
            took += result.elapsed;
            match piece {
                Piece::Savepoint => {}
                Piece::Statement(statement) => tell(Event::StatementFinished {
                    step,
                    statement,
                    total: script_len(plan.steps[step].script()),
                    rows: result.rows,
                    elapsed: result.elapsed,
                }),
                Piece::Release => {
                    finished.push(StepSuccess { step, elapsed: took });
                    took_before += std::mem::take(&mut took);
                    if let Some(&(next, _)) = pieces.get(ended) {
                        let total = plan.steps.len();
                        tell(Event::StepStarted { index: next, total, step: &plan.steps[next] });
                    }
                }
            }
        };
        let result = self.exchange(&texts, true, &mut done).await;
        let (step, piece) = pieces[ended.min(pieces.len() - 1)];
        self.step = step;
        self.step_started = began + took_before;
        self.pass_on_notices().await;
        result.map_err(|BatchError { error, .. }| {
            let part = match piece {
                Piece::Statement(statement) => Some(Part::Script(statement)),
                Piece::Savepoint | Piece::Release => None,
            };
            let error = self.explain(part.as_ref(), error);
            MemberFailure { step, error, savepoint_is_open: piece != Piece::Savepoint }
        })
    }

    /// Writes what the history and the events tell of the steps, which come one behind the other.
    pub(super) async fn record_members(&mut self, plan: &Plan, done: &[StepSuccess]) -> Result<(), SendError> {
        for done in done.chunks(ROWS) {
            for (text, rows) in self.recording_of(plan, done) {
                let changed = self.session.execute(&text).await;
                let changed = changed.map_err(|error| SendError::new(Cause::Bookkeeping(error)))?;
                if rows.is_some_and(|rows| rows != changed) {
                    let error = SqlError::new(SqlErrorKind::Statement, "not every migration has the row it should");
                    return Err(SendError::new(Cause::Bookkeeping(error)));
                }
            }
            self.next_sequence += i64::try_from(done.len()).unwrap_or(i64::MAX);
        }
        Ok(())
    }

    /// The statements, and how many rows each changes where that is known.
    fn recording_of(&self, plan: &Plan, done: &[StepSuccess]) -> Vec<(String, Option<u64>)> {
        let step = |success: &StepSuccess| &plan.steps[success.step];
        let took = |success: &StepSuccess| lasted(success.elapsed);
        let rollbacks: Vec<_> = done.iter().map(|success| rollback_to_store(step(success))).collect();
        let mut rows = Vec::new();
        for ((success, rollback), sequence) in done.iter().zip(&rollbacks).zip(self.next_sequence..) {
            if let Work::Apply(file) | Work::Record(file) = &step(success).work {
                rows.push(self.row(step(success), file, rollback.as_ref(), took(success), sequence));
            }
        }
        let reverted = reverted(done.iter().map(step));
        let mut texts = Vec::new();
        if !reverted.is_empty() {
            texts.push((self.tables.delete_history_rows(&reverted), Some(reverted.len() as u64)));
        }
        if !rows.is_empty() {
            texts.extend(self.tables.insert_history_rows(&rows).into_iter().map(|text| (text, None)));
        }
        texts.push((self.events_of(plan, done.iter().map(|success| (success.step, took(success)))), None));
        texts
    }

    /// The statement that tells of finished steps.
    pub(super) fn events_of(&self, plan: &Plan, done: impl Iterator<Item = (usize, Took)>) -> String {
        let mut events = Vec::new();
        for (index, took) in done {
            events.push(self.event_of(&plan.steps[index], took));
            events.extend(self.end_of_rollback(plan, index));
        }
        self.tables.insert_events(&events)
    }
}

/// The rows of the steps that undo something.
pub(super) fn reverted<'p>(steps: impl Iterator<Item = &'p Step>) -> Vec<&'p AppliedMigration> {
    let row = |step: &'p Step| match &step.work {
        Work::Revert { row, .. } => Some(&**row),
        Work::Apply(_) | Work::Record(_) => None,
    };
    steps.filter_map(row).collect()
}

fn rollback_to_store(step: &Step) -> Option<(String, String)> {
    match &step.work {
        Work::Apply(file) | Work::Record(file) => file.rollback.script().map(stored_rollback),
        Work::Revert { .. } => None,
    }
}

/// Each member's savepoint ends with it: whatever fails behind it leaves it as it is.
fn pieces(step: &Step) -> impl Iterator<Item = Piece> {
    let statements = step.segments.iter().flat_map(|segment| segment.statements.clone());
    std::iter::once(Piece::Savepoint).chain(statements.map(Piece::Statement)).chain([Piece::Release])
}

fn text(step: &Step, piece: Piece) -> &str {
    match piece {
        Piece::Savepoint => SAVEPOINT,
        Piece::Release => RELEASE,
        Piece::Statement(index) => step.script().map_or("", |script| script.statement_text(index)),
    }
}
