//! Which steps may share one commit.
//!
//! A commit waits for the disk, and on SQLite it is nearly all that a small migration costs. Steps that are done in a
//! moment are committed together there, each in a savepoint, with the rows that record them. A step that may take long has a
//! commit of its own: nobody waits for the report of one migration until another one behind it has ended.

use super::{SegmentMode, Step};
use crate::dialect::Engine;
use crate::model::{Effect, Object, ObjectName, Script, StatementKind};
use crate::parse;

/// The most steps of a group. How long it lasts ends it sooner where the machine is slow.
const MOST: usize = 1000;

/// The longest text of a step in a group, in bytes.
const LONGEST: usize = 64 * 1024;

/// How many of the steps from the first on may share one commit; 1 where the first one shares it with none.
pub fn group(engine: Engine, steps: &[Step]) -> usize {
    if engine != Engine::Sqlite {
        return 1;
    }
    steps.iter().take(MOST).take_while(|step| is_brief(step)).count().max(1)
}

/// Whether the step is a transaction and nothing else, leaves the session as it was, and is done in a moment whatever
/// the tables hold.
fn is_brief(step: &Step) -> bool {
    if step.resume.is_some() {
        return false;
    }
    let Some(script) = step.script() else { return true };
    let own_timeouts = script.directives.lock_timeout.is_some() || script.directives.statement_timeout.is_some();
    let one_transaction = match step.segments.as_slice() {
        [] => true,
        [only] => only.mode == SegmentMode::Transaction,
        _ => false,
    };
    one_transaction && !own_timeouts && script.span.len() <= LONGEST && only_brief_statements(script)
}

fn only_brief_statements(script: &Script) -> bool {
    let mut created = Vec::new();
    script.statements.iter().enumerate().all(|(index, statement)| match statement.kind {
        StatementKind::Ddl => is_brief_ddl(script.statement_text(index), &mut created),
        StatementKind::Dml => inserts_values(script.statement_text(index)),
        StatementKind::TransactionControl(_) => true,
        _ => false,
    })
}

/// `created` collects the tables that are new and empty.
fn is_brief_ddl(text: &str, created: &mut Vec<ObjectName>) -> bool {
    let mut words = parse::statement_words(Engine::Sqlite, text).map(str::to_ascii_lowercase);
    let verb = words.next().unwrap_or_default();
    let effect = parse::effect(Engine::Sqlite, text);
    let object = match &effect {
        Some(Effect::Objects { objects, present: true }) => objects.first(),
        _ => None,
    };
    match (verb.as_str(), object) {
        ("create", Some(Object::Index { table: Some(table), .. })) => {
            created.iter().any(|new| new.name.eq_ignore_ascii_case(&table.name))
        }
        ("create", Some(Object::View(_) | Object::Trigger { .. })) => true,
        // Not from a query, and its name is for sure that of a new table.
        ("create", Some(Object::Table(name))) => {
            let from_a_query = words.any(|word| word == "select" || word == "exists");
            created.push(name.clone());
            !from_a_query
        }
        // Frees the pages of a table without reading its rows.
        ("drop", _) => true,
        // A column that goes is taken out of every row.
        ("alter", _) => !words.any(|word| word == "drop"),
        _ => false,
    }
}

fn inserts_values(text: &str) -> bool {
    let mut words = parse::statement_words(Engine::Sqlite, text).map(str::to_ascii_lowercase);
    words.next().is_some_and(|verb| verb == "insert" || verb == "replace") && !words.any(|word| word == "select")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn step(engine: Engine, up: &str) -> Step {
        let text = format!("-- upgrade\n{up}\n-- rollback\n-- dbwarden: irreversible\n");
        let file = parse::migration(engine, "0001_a.sql".as_ref(), text.into_bytes()).expect("a migration");
        Step::apply(engine, &Arc::new(file))
    }

    fn is_in_a_group(up: &str) -> bool {
        group(Engine::Sqlite, &[step(Engine::Sqlite, up), step(Engine::Sqlite, up)]) == 2
    }

    #[test]
    fn what_is_done_in_a_moment_shares_a_commit() {
        for up in [
            "CREATE TABLE t (a); CREATE INDEX i ON T (a);",
            "INSERT INTO t VALUES (1), ('select');",
            "REPLACE INTO t DEFAULT VALUES;",
            "ALTER TABLE t ADD COLUMN b; ALTER TABLE t RENAME TO u;",
            "DROP TABLE t; DROP INDEX i;",
            "CREATE VIEW v AS SELECT 1;",
            "CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM u; END;",
            "BEGIN; CREATE TABLE t (a); COMMIT;",
        ] {
            assert!(is_in_a_group(up), "{up}");
        }
    }

    #[test]
    fn what_may_take_long_or_changes_the_session_shares_none() {
        for up in [
            "CREATE INDEX i ON t (a);",
            "CREATE TABLE u AS SELECT * FROM t;",
            "CREATE TABLE IF NOT EXISTS t (a); CREATE INDEX i ON t (a);",
            "INSERT INTO t SELECT * FROM u;",
            "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a;",
            "UPDATE t SET a = 1;",
            "DELETE FROM t;",
            "ALTER TABLE t DROP COLUMN a;",
            "SELECT 1;",
            "PRAGMA foreign_keys = ON; CREATE TABLE t (a);",
            "VACUUM;",
            "CREATE TABLE t (a); REINDEX;",
        ] {
            assert!(!is_in_a_group(up), "{up}");
        }
        let long = format!("INSERT INTO t VALUES ('{}');", "x".repeat(LONGEST));
        assert!(!is_in_a_group(&long));
        assert!(!is_in_a_group("-- dbwarden: lock_timeout = 5s\nCREATE TABLE t (a);"));
    }

    #[test]
    fn a_group_ends_before_what_shares_none_and_has_a_most() {
        let steps = |texts: &[&str]| texts.iter().map(|up| step(Engine::Sqlite, up)).collect::<Vec<_>>();
        let (brief, long) = ("CREATE TABLE t (a);", "UPDATE t SET a = 1;");
        assert_eq!(group(Engine::Sqlite, &steps(&[brief, brief, long, brief])), 2);
        assert_eq!(group(Engine::Sqlite, &steps(&[long, brief])), 1);
        assert_eq!(group(Engine::Sqlite, &steps(&vec![brief; MOST + 1])), MOST);
    }

    #[test]
    fn elsewhere_each_step_has_its_own() {
        for engine in [Engine::Postgres, Engine::MySql] {
            assert_eq!(group(engine, &[step(engine, "CREATE TABLE t (a int);"), step(engine, "SELECT 1;")]), 1);
        }
    }
}
