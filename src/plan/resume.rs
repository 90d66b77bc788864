//! Going on with a migration that was interrupted, from what the journal says.

use std::ops::Range;
use std::sync::Arc;

use super::difference::{Difference, difference_within};
use super::temporary::{is_about_temporary, lost_table};
use super::{MigrationState, PlanError, PlanNote, Started, Survey, locked_block};
use crate::dialect::{self, Engine};
use crate::model::{Direction, Effect, JournalEntry, Script, Settlement, StatementKind, Verdict, normalised_digest};
use crate::parse;

/// Where an interrupted step goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The first `done` statements of the script are done and not run again (session settings among them are).
    pub done: usize,
    /// What is run in place of the statement behind them, of which a part was carried out.
    pub instead: Option<String>,
}

/// A statement that was started and not known to be done, of which the database itself can tell.
#[derive(Debug, Clone)]
pub struct OpenQuestion {
    /// The entry that leaves it open.
    pub entry: JournalEntry,
    /// What to ask.
    pub ask: Ask,
    /// The digest of the statement behind it, where that one may have been started without a mark of its own.
    next_digest: Option<String>,
    /// What would finish the statement, were it carried out in part.
    remainder: Option<String>,
}

/// How to find out whether a statement was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// By the query its author wrote: one row, true or not zero for done.
    Author(String),
    /// By what it leaves in the catalog.
    Catalog(Effect),
}

impl OpenQuestion {
    /// How things stood before the statement, where the journal says so.
    pub fn before(&self) -> Option<&str> {
        dialect::before(self.entry.before.as_deref()?, self.entry.done)
    }

    /// The entry once it is known whether the statement was carried out, which may leave the next question open; and
    /// what is left to run of the statement itself. None where a person has to decide.
    pub fn answer(&self, verdict: Verdict) -> Option<(JournalEntry, Option<String>)> {
        match verdict {
            Verdict::Done => {
                let settled = self.entry.settle(Settlement::Done)?;
                Some((
                    match &self.next_digest {
                        Some(digest) => JournalEntry {
                            current: Some(settled.done),
                            current_digest: Some(digest.clone()),
                            state: self.entry.state,
                            ..settled
                        },
                        None => settled,
                    },
                    None,
                ))
            }
            Verdict::NotDone => Some((self.entry.settle(Settlement::Retry)?, None)),
            Verdict::Partly => {
                let remainder = self.remainder.clone()?;
                Some((self.entry.settle(Settlement::Retry)?, Some(remainder)))
            }
            Verdict::Unknown => None,
        }
    }
}

/// Statements that may follow each other without a mark, so that what is written down before the first stays small.
const MOST_WITHOUT_MARK: usize = 32;

/// Whether statement `next` of `script` may start without a mark in the journal that the one before it is done: both
/// only add something, and the catalog tells how far they came. Each mark is a commit that waits for the disk, and
/// MySQL's DDL has enough of those by itself.
pub fn needs_no_mark(engine: Engine, script: &Script, next: usize) -> bool {
    let adds = |index: usize| {
        script.statements[index].kind == StatementKind::ImplicitCommit
            && parse::only_adds(engine, script.statement_text(index))
            && effect_of(engine, script, index).is_some()
            && !evaluates(engine, script.statement_text(index))
    };
    engine == Engine::MySql
        && !next.is_multiple_of(MOST_WITHOUT_MARK)
        && next < script.statements.len()
        && adds(next - 1)
        && adds(next)
}

/// Whether a statement that makes a table runs a query for it, and with it functions that can do anything, such as
/// giving up the migration lock: after those nothing may start without being asked for.
pub(super) fn evaluates(engine: Engine, statement: &str) -> bool {
    let mut words = parse::statement_words(engine, statement);
    words.any(|word| word.eq_ignore_ascii_case("table")) && words.any(|word| word.eq_ignore_ascii_case("select"))
}

/// What to look at before statement `index` starts: its own effect, and those of the ones behind it that may start
/// without a mark.
pub fn effects_from(engine: Engine, script: &Script, index: usize) -> Vec<Effect> {
    let ends = |end: &usize| !needs_no_mark(engine, script, *end);
    let end = (index + 1..).find(ends).unwrap_or(index + 1);
    (index..end).map_while(|index| effect_of(engine, script, index)).collect()
}

/// The effect of one statement; None where the catalog cannot tell of it.
pub(super) fn effect_of(engine: Engine, script: &Script, index: usize) -> Option<Effect> {
    let effect = parse::effect(engine, script.statement_text(index))?;
    (is_single(engine, script, index) && !is_about_temporary(engine, script, index)).then_some(effect)
}

/// With `split = off`, one text may hold several statements.
fn is_single(engine: Engine, script: &Script, index: usize) -> bool {
    let alone = || parse::script(engine, "", Arc::new(script.statement_text(index).to_string()));
    script.directives.split || alone().is_ok_and(|script| script.statements.len() == 1)
}

/// The script an entry tells of: as it was when the step began, where the journal kept that, else as the file has it,
/// unless what counts was edited.
pub fn script_in_flight(engine: Engine, entry: &JournalEntry, survey: &Survey) -> Option<Arc<Script>> {
    let kept = kept_script(engine, entry).map(Arc::new);
    kept.or_else(|| section_of_file(entry, survey).filter(|script| tells_of(entry, script)).cloned().map(Arc::new))
}

/// The statements whose outcome an entry leaves open, as indexes: one, or under LOCK TABLES all from there to the end of
/// the block. `script` is the one it tells of.
pub fn open_statements(engine: Engine, entry: &JournalEntry, script: Option<&Script>) -> Option<Range<usize>> {
    let first = entry.current.filter(|_| entry.is_open())?;
    let block = script.and_then(|script| locked_block(engine, script, first));
    Some(first..block.map_or(first + 1, |block| block.end))
}

/// The entry once a person has said of its open statements that those up to index `last` took effect, or none.
pub fn settle_through(entry: &JournalEntry, script: Option<&Script>, done: Option<usize>) -> Option<JournalEntry> {
    let Some(last) = done else { return entry.settle(Settlement::Retry) };
    let settled = entry.settle(Settlement::Done)?;
    match script {
        Some(script) if last + 1 > settled.done => {
            Some(JournalEntry { done: last + 1, done_digest: script.digest_of_first(last + 1), ..settled })
        }
        _ => Some(settled),
    }
}

/// The script as it was when the step began, where the journal kept it.
pub fn kept_script(engine: Engine, entry: &JournalEntry) -> Option<Script> {
    let text = Arc::new(entry.section.clone()?);
    let script = parse::script(engine, &entry.file_name, text).ok()?;
    tells_of(entry, &script).then_some(script)
}

/// Whether the statements the entry speaks of are those of the script.
fn tells_of(entry: &JournalEntry, script: &Script) -> bool {
    let same_current = match (entry.current, &entry.current_digest) {
        (Some(current), Some(digest)) => current < script.statements.len() && *digest == script.digest_of(current),
        _ => true,
    };
    entry.done <= script.statements.len() && entry.done_digest == script.digest_of_first(entry.done) && same_current
}

/// The question that the database can answer, if the interrupted migration leaves one.
pub fn open_question(engine: Engine, survey: &Survey) -> Option<OpenQuestion> {
    let entry = survey.interrupted.as_ref().filter(|entry| entry.is_open())?;
    let script = script_in_flight(engine, entry, survey)?;
    let index = entry.done;
    // Under LOCK TABLES nothing was written down: what stands behind this statement may have been carried out, too.
    if locked_block(engine, &script, index).is_some() {
        return None;
    }
    let ask = match author_asks(entry, &script, survey) {
        Some(query) => Ask::Author(query),
        None => Ask::Catalog(effect_of(engine, &script, index)?),
    };
    Some(OpenQuestion {
        ask,
        next_digest: needs_no_mark(engine, &script, index + 1).then(|| script.digest_of(index + 1)),
        remainder: parse::remainder(engine, script.statement_text(index)),
        entry: entry.clone(),
    })
}

/// What the author asks about the statement; also where that was added to the file after the interruption.
fn author_asks(entry: &JournalEntry, script: &Script, survey: &Survey) -> Option<String> {
    let in_file = section_of_file(entry, survey).filter(|section| tells_of(entry, section));
    let asked = |script: &Script| script.statements.get(entry.done)?.done_if.clone();
    in_file.and_then(asked).or_else(|| asked(script))
}

/// The section of the file that was running.
fn section_of_file<'a>(entry: &JournalEntry, survey: &'a Survey) -> Option<&'a Script> {
    let file = survey.in_state(&[MigrationState::Interrupted]).find_map(|entry| entry.file.as_deref())?;
    match entry.direction {
        Direction::Upgrade => Some(&file.upgrade),
        Direction::Rollback => file.rollback.script(),
    }
}

/// What stands in the way of going the other way, with what of it is done.
pub(super) fn other_direction(engine: Engine, survey: &Survey, entry: &JournalEntry) -> PlanError {
    let script = script_in_flight(engine, entry, survey);
    let texts = |script: Arc<Script>| (0..entry.done).map(|index| script.statement_text(index).to_string()).collect();
    PlanError::OtherDirectionInterrupted {
        entry: Box::new(entry.clone()),
        standing: script.map(texts).unwrap_or_default(),
    }
}

/// Whether anything that outlives a session was carried out, or may have been.
pub fn has_begun(engine: Engine, entry: &JournalEntry, survey: &Survey) -> bool {
    let is_effect = |kind: StatementKind| !kind.sets_session() && !matches!(kind, StatementKind::TransactionControl(_));
    let done = |script: Arc<Script>| script.statements[..entry.done].iter().any(|statement| is_effect(statement.kind));
    entry.is_open() || script_in_flight(engine, entry, survey).map_or(entry.done > 0, done)
}

/// Settles where `script` goes on, which stands in `file`.
///
/// # Errors
/// [`PlanError::EditedSinceInterruption`] when the statements already done are not those of the script any more,
/// [`PlanError::UnknownOutcome`] when a statement was started and nobody knows whether it took effect.
pub(super) fn resume(
    engine: Engine,
    survey: &Survey,
    entry: &JournalEntry,
    script: &Script,
    file: &str,
) -> Result<Resume, PlanError> {
    if entry.done > script.statements.len() || entry.done_digest != script.digest_of_first(entry.done) {
        return Err(PlanError::EditedSinceInterruption {
            difference: difference_since(engine, entry, script, true).map(Box::new),
            entry: Box::new(entry.clone()),
            file: file.to_string(),
        });
    }
    if let Some((table, index)) = lost_table(engine, script, entry.done) {
        return Err(PlanError::TemporaryTableLost {
            entry: Box::new(entry.clone()),
            file: file.to_string(),
            line: script.statements[index].line,
            statement: index + 1,
            table,
        });
    }
    let done = Resume { done: entry.done, instead: survey.remainder.clone() };
    let Some(current) = entry.current.filter(|_| entry.is_open()) else { return Ok(done) };
    let unchanged = tells_of(entry, script);
    if unchanged && may_run_again(engine, script, current) {
        return Ok(done);
    }
    let kept = kept_script(engine, entry);
    let told = if unchanged { Some(script) } else { kept.as_ref() };
    let open = open_statements(engine, entry, told).unwrap_or(current..current + 1);
    Err(PlanError::UnknownOutcome {
        statement: told.map(|told| Started {
            source: told.source.clone(),
            span: told.statements[current].span.clone(),
            line: unchanged.then_some(told.statements[current].line),
        }),
        through: open.end,
        difference: if unchanged { None } else { difference_since(engine, entry, script, false).map(Box::new) },
        entry: Box::new(entry.clone()),
        file: file.to_string(),
    })
}

fn may_run_again(engine: Engine, script: &Script, index: usize) -> bool {
    is_single(engine, script, index)
        && locked_block(engine, script, index).is_none()
        && !is_about_temporary(engine, script, index)
        && parse::is_repeatable(engine, script.statement_text(index))
}

/// What was edited in `script` since the step began: where `done` only in the statements that are done, else also in
/// the one that was running. None where the journal did not keep the text.
fn difference_since(engine: Engine, entry: &JournalEntry, script: &Script, done: bool) -> Option<Difference> {
    let kept = kept_script(engine, entry)?;
    let old = entry.section.as_deref()?;
    let through = entry.done + usize::from(!done);
    let end = kept.statements.get(..through).and_then(<[_]>::last).map_or(0, |statement| statement.span.end);
    difference_within(old, script, Some(old[..end].matches('\n').count() + 1))
}

/// Tells of the first statement that is still to run and is not what it was when the step began.
pub(super) fn edited_ahead(engine: Engine, entry: &JournalEntry, script: &Script, file: String) -> Option<PlanNote> {
    if entry.checksum == normalised_digest(script.text()) {
        return None;
    }
    let kept = kept_script(engine, entry)?;
    let length = script.statements.len().max(kept.statements.len());
    let digest = |script: &Script, index: usize| (index < script.statements.len()).then(|| script.digest_of(index));
    let index = (entry.done..length).find(|&index| digest(script, index) != digest(&kept, index))?;
    let line = script.statements.get(index).map(|statement| statement.line);
    Some(PlanNote::EditedAhead { file, statement: index + 1, line })
}

#[cfg(test)]
mod tests;
