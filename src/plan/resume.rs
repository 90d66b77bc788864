//! Going on with a migration that was interrupted, from what the journal says.

use super::{MigrationState, PlanError, Survey};
use crate::dialect::Engine;
use crate::model::{Direction, Effect, JournalEntry, JournalState, Script, Settlement, StatementKind};
use crate::parse;

/// Where an interrupted step goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The first `done` statements of the script are done and not run again (session settings among them are).
    pub done: usize,
}

/// A statement that was started and not known to be done, whose effect the catalog can show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenQuestion {
    /// The entry that leaves it open.
    pub entry: JournalEntry,
    /// What to look for.
    pub effect: Effect,
    /// The digest of the statement behind it, where that one may have been started without a mark of its own.
    next_digest: Option<String>,
}

impl OpenQuestion {
    /// The entry once it is known whether the statement was carried out. It may leave the next question open.
    pub fn answer(&self, done: bool) -> Option<JournalEntry> {
        let settled = self.entry.settle(if done { Settlement::Done } else { Settlement::Retry })?;
        Some(match &self.next_digest {
            Some(digest) if done => JournalEntry {
                current: Some(settled.done),
                current_digest: Some(digest.clone()),
                state: JournalState::Running,
                ..settled
            },
            _ => settled,
        })
    }
}

/// Whether statement `next` of `script` may start without a mark in the journal that the one before it is done: both
/// only add something, and the catalog tells how far they came. Each mark is a commit that waits for the disk, and
/// MySQL's DDL has enough of those by itself.
pub fn needs_no_mark(engine: Engine, script: &Script, next: usize) -> bool {
    let adds = |index: usize| {
        script.statements[index].kind == StatementKind::ImplicitCommit
            && parse::only_adds(engine, script.statement_text(index))
            && !evaluates(engine, script.statement_text(index))
    };
    engine == Engine::MySql && next > 0 && next < script.statements.len() && adds(next - 1) && adds(next)
}

/// Whether a statement that makes a table runs a query for it, and with it functions that can do anything, such as
/// giving up the migration lock: after those nothing may start without being asked for.
fn evaluates(engine: Engine, statement: &str) -> bool {
    let mut words = parse::statement_words(engine, statement);
    words.any(|word| word.eq_ignore_ascii_case("table")) && words.any(|word| word.eq_ignore_ascii_case("select"))
}

/// The question that looking into the catalog can answer, if the interrupted migration leaves one.
pub fn open_question(engine: Engine, survey: &Survey) -> Option<OpenQuestion> {
    let entry = survey.interrupted.as_ref()?;
    let index = entry.current.filter(|_| entry.settle(Settlement::Retry).is_some())?;
    let file = survey.in_state(&[MigrationState::Interrupted]).find_map(|entry| entry.file.as_deref())?;
    let script = match entry.direction {
        Direction::Upgrade => &file.upgrade,
        Direction::Rollback => file.rollback.script()?,
    };
    // Only of the very statement that was started: an edited file says nothing about it.
    if index >= script.statements.len() || entry.current_digest.as_deref() != Some(script.digest_of(index).as_str()) {
        return None;
    }
    let effect = parse::effect(engine, script.statement_text(index))?;
    let next_digest = needs_no_mark(engine, script, index + 1).then(|| script.digest_of(index + 1));
    Some(OpenQuestion { entry: entry.clone(), effect, next_digest })
}

/// Settles where `script` goes on.
///
/// # Errors
/// [`PlanError::EditedSinceInterruption`] when the statements already done are not those of the script any more,
/// [`PlanError::UnknownOutcome`] when a statement was started and nobody knows whether it took effect.
pub(super) fn resume(entry: &JournalEntry, script: &Script) -> Result<Resume, PlanError> {
    if entry.done > script.statements.len() || entry.done_digest != script.digest_of_first(entry.done) {
        return Err(PlanError::EditedSinceInterruption(Box::new(entry.clone())));
    }
    match (entry.state, entry.current) {
        (JournalState::Failed, _) | (_, None) => Ok(Resume { done: entry.done }),
        (JournalState::Running | JournalState::Unknown, Some(current)) => {
            let text = (current < script.statements.len()).then(|| script.statement_text(current));
            let unchanged =
                text.is_some() && entry.current_digest.as_deref() == Some(script.digest_of(current).as_str());
            match text {
                Some(text) if unchanged && repeatable_by_form(text) => Ok(Resume { done: entry.done }),
                _ => Err(PlanError::UnknownOutcome {
                    entry: Box::new(entry.clone()),
                    statement: text.unwrap_or_default().to_string(),
                    line: script.statements.get(current).map_or(0, |statement| statement.line),
                }),
            }
        }
    }
}

/// Whether running the statement a second time changes nothing: `CREATE … IF NOT EXISTS`, `DROP … IF EXISTS`,
/// `CREATE OR REPLACE …`, and what only tidies up. Not so where `CONCURRENTLY` stands: an interrupted build leaves an invalid index, which
/// `IF NOT EXISTS` would take for the real one.
fn repeatable_by_form(text: &str) -> bool {
    let words: Vec<String> = text.split_whitespace().take(8).map(str::to_ascii_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words.contains(&"concurrently") {
        return false;
    }
    match words.as_slice() {
        ["create", "or", "replace", ..] => true,
        ["create", ..] => words.windows(3).any(|window| window == ["if", "not", "exists"]),
        ["vacuum" | "analyze" | "reindex" | "optimize" | "checkpoint", ..] => true,
        ["drop", ..] => words.windows(2).any(|window| window == ["if", "exists"]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::test_support::script;
    use crate::model::{Direction, StatementKind};

    fn entry(script: &Script, done: usize, current: Option<usize>, state: JournalState) -> JournalEntry {
        JournalEntry {
            direction: Direction::Upgrade,
            file_name: "1_a.sql".into(),
            version: None,
            checksum: String::new(),
            total: script.statements.len(),
            done,
            done_digest: script.digest_of_first(done),
            current,
            current_digest: current.map(|current| script.digest_of(current)),
            run_id: "r".into(),
            state,
        }
    }

    #[test]
    fn a_failed_statement_is_run_again() {
        let script = script("s", &[StatementKind::ImplicitCommit; 3]);
        let entry = entry(&script, 1, Some(1), JournalState::Failed);
        assert_eq!(resume(&entry, &script), Ok(Resume { done: 1 }));
    }

    #[test]
    fn an_edit_of_what_is_done_is_refused_and_of_the_rest_is_not() {
        let before = script("s", &[StatementKind::ImplicitCommit; 2]);
        let entry = entry(&before, 1, None, JournalState::Failed);
        let longer = script("s", &[StatementKind::ImplicitCommit; 5]);
        assert_eq!(resume(&entry, &longer), Ok(Resume { done: 1 }));
        let other = script("t", &[StatementKind::ImplicitCommit; 2]);
        assert!(matches!(resume(&entry, &other), Err(PlanError::EditedSinceInterruption(_))));
    }

    #[test]
    fn an_unknown_outcome_is_never_guessed() {
        let script = script("INSERT", &[StatementKind::Dml; 2]);
        let entry = entry(&script, 0, Some(0), JournalState::Running);
        assert!(matches!(resume(&entry, &script), Err(PlanError::UnknownOutcome { .. })));
    }

    #[test]
    fn statements_that_may_run_twice_by_their_form() {
        for (text, expected) in [
            ("CREATE TABLE IF NOT EXISTS a (b int)", true),
            ("create or  replace view v as select 1", true),
            ("DROP INDEX IF EXISTS i ON t", true),
            ("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)", false),
            ("CREATE TABLE a (b int)", false),
            ("INSERT INTO t VALUES ('if not exists')", false),
            ("VACUUM", true),
            ("REINDEX TABLE CONCURRENTLY t", false),
            ("DROP TABLE a", false),
        ] {
            assert_eq!(repeatable_by_form(text), expected, "{text}");
        }
    }
}
