//! Several migrations that the journal announces in one write: each write is a commit's worth of work for the server, and
//! which of them is in flight follows from the history.

use std::collections::BTreeSet;

use super::resume::{effect_of, evaluates};
use super::{SegmentMode, Step, Work, effects_from};
use crate::dialect::{self, Engine};
use crate::model::{Direction, Effect, History, JournalEntry, Object, ObjectName, Script};
use crate::parse;

/// The most of them.
const MOST: usize = 32;

/// The longest text of all of them together, which one message has to carry.
const LONGEST: usize = 32 * 1024;

/// The most tables that all of them together change: each is looked for.
const MOST_TABLES: usize = 64;

/// How many of `steps`, from the first on, the journal can announce together; at least 1 where there is any.
///
/// What is written down of each is how things stood before the first of them. So each consists of statements that the
/// catalog tells of beyond doubt and that need no mark between them, and none has to do with a table that an earlier one
/// changes.
pub fn announced_together(engine: Engine, steps: &[Step]) -> usize {
    let mut changed = BTreeSet::new();
    let mut length = 0;
    let joins = |step: &&Step| {
        let Some(tables) = tables_changed(engine, step) else { return false };
        length += step.script().map_or(0, |script| script.text().len());
        length <= LONGEST && tables.into_iter().all(|table| changed.insert(table)) && changed.len() <= MOST_TABLES
    };
    steps.iter().take(MOST).take_while(joins).count().max(steps.len().min(1))
}

/// The tables that a step changes; None where it has to be announced by itself.
fn tables_changed(engine: Engine, step: &Step) -> Option<BTreeSet<String>> {
    let script = step.script().filter(|_| engine == Engine::MySql && step.resume.is_none())?;
    // A repeatable's row tells of its last time, too.
    let is_versioned = step.version().is_some() && !matches!(step.work, Work::Record(_));
    let is_plain = script.statements.iter().all(|statement| statement.done_if.is_none());
    let each_alone = step.segments.len() == script.statements.len()
        && step.segments.iter().all(|segment| segment.mode == SegmentMode::Autocommit);
    if !is_versioned || !is_plain || !each_alone || script.statements.is_empty() {
        return None;
    }
    let effects = effects_from(engine, script, 0);
    if effects.len() != script.statements.len() {
        return None;
    }
    (0..effects.len())
        .map(|index| tables_of(engine, script, index))
        .collect::<Option<Vec<_>>>()
        .map(|tables| tables.into_iter().flatten().map(|table| table.name.to_lowercase()).collect())
}

/// The tables that a statement makes, drops, or adds an index to. By their names alone, so that one that is also called
/// by its database is known again.
fn tables_of(engine: Engine, script: &Script, index: usize) -> Option<Vec<ObjectName>> {
    let text = script.statement_text(index);
    let drops = parse::statement_words(engine, text).take(2).map(str::to_ascii_lowercase).eq(["drop", "table"]);
    if !(drops || parse::only_adds(engine, text)) || evaluates(engine, text) {
        return None;
    }
    let Effect::Objects { objects, .. } = effect_of(engine, script, index)? else { return None };
    let table = |object| match object {
        Object::Table(table) | Object::Index { table: Some(table), .. } => Some(table),
        _ => None,
    };
    objects.into_iter().map(table).collect()
}

/// The entry as it would stand had each migration been announced by itself: of those that `entry` announces, the first
/// that the history does not say to be finished.
pub fn in_flight(entry: JournalEntry, history: &History) -> JournalEntry {
    if entry.ahead.is_empty() {
        return entry;
    }
    let is_there = |file_name: &str| history.rows().iter().any(|row| row.file_name == file_name);
    let is_finished = |file_name: &str| is_there(file_name) == (entry.direction == Direction::Upgrade);
    let names = || std::iter::once(&entry.file_name).chain(entry.ahead.iter().map(|announced| &announced.file_name));
    let place = names().position(|file_name| !is_finished(file_name)).unwrap_or(entry.ahead.len());
    let before = entry.before.as_deref().and_then(|written| dialect::before_of(written, place)).map(str::to_string);
    let mut entry = JournalEntry { before, ..entry };
    let mut ahead = std::mem::take(&mut entry.ahead);
    let Some(behind_first) = place.checked_sub(1) else { return entry };
    let announced = ahead.swap_remove(behind_first);
    JournalEntry {
        file_name: announced.file_name,
        version: Some(announced.version),
        checksum: announced.checksum,
        total: announced.total,
        current_digest: Some(announced.first_digest),
        section: Some(announced.section),
        ..entry
    }
}

#[cfg(test)]
mod tests;
