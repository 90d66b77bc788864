//! Which steps go together.
//!
//! A commit waits for the disk, and on SQLite it is nearly all that a small migration costs: steps that are done in a
//! moment are committed together there, each in a savepoint, with the rows that record them. On PostgreSQL such steps
//! share a message, each with a commit that does not wait; where it has to, because a table goes with it, they share the
//! commit as well. On MySQL and MariaDB those share a message of which the catalog tells how far it came. A step that may
//! take long goes alone: nobody waits for the report of one migration until another one behind it has ended.

use super::{SegmentMode, Step};
use crate::dialect::Engine;
use crate::model::{Direction, Effect, Object, ObjectName, Script, StatementKind, TransactionControl};
use crate::parse;

/// The most steps of a group that shares a commit. How long it lasts ends it sooner where the machine is slow.
const MOST_OF_A_COMMIT: usize = 1000;

/// The most of one that shares a message: what the server says of them comes with the end of the last.
const MOST_OF_A_MESSAGE: usize = 16;

/// The longest text of a step in a group, and of all steps that share a message, in bytes.
const LONGEST: usize = 64 * 1024;

/// How many of the steps from the first on go together; 1 where the first one goes alone.
pub fn group(engine: Engine, steps: &[Step]) -> usize {
    let mut length = 0;
    let joins = |step: &&Step| {
        length += step.script().map_or(0, |script| script.span.len());
        is_brief(engine, step) && (engine == Engine::Sqlite || length <= LONGEST)
    };
    let most = match engine {
        Engine::Sqlite => MOST_OF_A_COMMIT,
        Engine::Postgres | Engine::MySql => MOST_OF_A_MESSAGE,
    };
    steps.iter().take(most).take_while(joins).count().max(1)
}

/// Whether steps that share a message are one transaction. Those that undo something are: a commit that drops a table
/// waits for the disk whatever is asked for, because the table's files go with it
/// (<https://www.postgresql.org/docs/current/wal-async-commit.html>). Not where an author's own `BEGIN` may say more.
pub fn shares_transaction(engine: Engine, steps: &[Step]) -> bool {
    let is_plain = |step: &Step| {
        let begins_itself = step.segments.first().is_some_and(|segment| segment.statements.start > 0);
        step.direction() == Direction::Rollback && !begins_itself
    };
    engine == Engine::Postgres && steps.iter().all(is_plain)
}

/// Whether the step is a transaction and nothing else (on MySQL: statements outside any), leaves the session as it was,
/// and is done in a moment whatever the tables hold.
fn is_brief(engine: Engine, step: &Step) -> bool {
    if step.resume.is_some() {
        return false;
    }
    let Some(script) = step.script() else { return true };
    let own_timeouts = script.directives.lock_timeout.is_some() || script.directives.statement_timeout.is_some();
    let is_whole = match step.segments.as_slice() {
        [] => engine != Engine::MySql,
        // Each statement commits by itself, and none stands in a transaction.
        segments if engine == Engine::MySql => segments.iter().all(|segment| segment.mode == SegmentMode::Autocommit),
        [only] => only.mode == SegmentMode::Transaction,
        _ => false,
    };
    is_whole && !own_timeouts && script.span.len() <= LONGEST && only_brief_statements(engine, script)
}

fn only_brief_statements(engine: Engine, script: &Script) -> bool {
    let mut created = Vec::new();
    let is_brief = |(index, kind): (usize, StatementKind)| {
        let text = script.statement_text(index);
        match (kind, engine) {
            (StatementKind::Ddl, Engine::Postgres) | (StatementKind::ImplicitCommit, Engine::MySql) => {
                let mut words = parse::statement_words(engine, text);
                let is_plain = !words.any(|word| NOT_TOGETHER.iter().any(|other| word.eq_ignore_ascii_case(other)));
                is_plain && is_brief_ddl(engine, text, &mut created)
            }
            (StatementKind::Ddl, Engine::Sqlite) => is_brief_ddl(engine, text, &mut created),
            // `now()` is the time of the message on PostgreSQL: what is written into rows keeps a message of its own.
            (StatementKind::Dml, Engine::Sqlite) => inserts_values(text),
            (StatementKind::TransactionControl(_), Engine::Sqlite) => true,
            (
                StatementKind::TransactionControl(TransactionControl::Begin | TransactionControl::Commit),
                Engine::Postgres,
            ) => true,
            _ => false,
        }
    };
    let kinds = script.statements.iter().map(|statement| statement.kind).enumerate();
    // A text that is sent whole may hold several statements, and has several answers.
    (engine == Engine::Sqlite || script.directives.split) && kinds.into_iter().all(is_brief)
}

/// Words of DDL with which a server has something to say beside the result (which would be told of another step of the
/// message), leaves something in the session, or reads the rows of a table.
const NOT_TOGETHER: [&str; 6] = ["exists", "cascade", "temp", "temporary", "materialized", "partition"];

/// `created` collects the tables that are new and empty.
fn is_brief_ddl(engine: Engine, text: &str, created: &mut Vec<ObjectName>) -> bool {
    let mut words = parse::statement_words(engine, text).map(str::to_ascii_lowercase);
    let verb = words.next().unwrap_or_default();
    let effect = parse::effect(engine, text);
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
            // `AS TABLE t`, `AS EXECUTE p` on PostgreSQL; a generated column there goes alone, too.
            let is_of_a_query = |word: &str| word == "select" || (word == "as" && engine == Engine::Postgres);
            let from_a_query = words.any(|word| word == "exists" || is_of_a_query(&word));
            created.push(name.clone());
            !from_a_query
        }
        // Frees the pages of a table without reading its rows.
        ("drop", _) => true,
        // A column that goes is taken out of every row; on PostgreSQL, one that comes may be filled in.
        ("alter", _) => engine == Engine::Sqlite && !words.any(|word| word == "drop"),
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
    use crate::model::test_support::row;
    use crate::plan::{RollbackSource, Work};

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
        assert_eq!(group(Engine::Sqlite, &steps(&vec![brief; MOST_OF_A_COMMIT + 1])), MOST_OF_A_COMMIT);
    }

    fn shares_a_message(up: &str) -> bool {
        group(Engine::Postgres, &[step(Engine::Postgres, up), step(Engine::Postgres, up)]) == 2
    }

    #[test]
    fn brief_ddl_shares_a_message_on_postgres() {
        for up in [
            "CREATE TABLE t (a int PRIMARY KEY, b int REFERENCES u); CREATE UNIQUE INDEX i ON t (b);",
            "CREATE TABLE s.t (a timestamptz DEFAULT now()); CREATE VIEW v AS SELECT a FROM s.t;",
            "DROP TABLE t; DROP INDEX i;",
            "BEGIN; CREATE TABLE t (a int); COMMIT;",
        ] {
            assert!(shares_a_message(up), "{up}");
        }
    }

    #[test]
    fn what_reads_the_clock_or_rows_or_says_something_has_a_message_of_its_own() {
        for up in [
            "INSERT INTO t VALUES (now());",
            "ALTER TABLE t ADD COLUMN a timestamptz DEFAULT now();",
            "CREATE INDEX i ON t (a);",
            "CREATE INDEX CONCURRENTLY i ON t (a);",
            "CREATE TABLE t AS TABLE u;",
            "CREATE TABLE t (a) AS SELECT 1;",
            "CREATE TABLE t PARTITION OF u DEFAULT;",
            "CREATE MATERIALIZED VIEW v AS SELECT 1;",
            "CREATE TABLE IF NOT EXISTS t (a int);",
            "DROP TABLE t CASCADE;",
            "CREATE TEMP TABLE t (a int);",
            "SET search_path = s; CREATE TABLE t (a int);",
            "SAVEPOINT s; CREATE TABLE t (a int);",
            "DO $$ BEGIN END $$;",
            "-- dbwarden: split = off\nCREATE TABLE t (a int); CREATE TABLE u (a int);",
        ] {
            assert!(!shares_a_message(up), "{up}");
        }
    }

    fn undoing(down: &str) -> Step {
        let row = Arc::new(row(1, "0001_a.sql"));
        let Step { segments, work, .. } = step(Engine::Postgres, down);
        let Work::Apply(file) = work else { unreachable!("a step that applies") };
        let script = Arc::new(file.upgrade.clone());
        Step { work: Work::Revert { row, script, source: RollbackSource::File, file: None }, segments, resume: None }
    }

    #[test]
    fn what_is_undone_together_on_postgres_is_one_transaction() {
        let engine = Engine::Postgres;
        let (plain, begins) =
            (undoing("DROP TABLE t;"), undoing("BEGIN ISOLATION LEVEL SERIALIZABLE; DROP TABLE t; COMMIT;"));
        assert!(shares_transaction(engine, &[plain.clone(), plain.clone()]));
        assert!(!shares_transaction(engine, &[plain.clone(), begins]), "its own BEGIN says more");
        assert!(!shares_transaction(engine, &[step(engine, "DROP TABLE t;")]), "what is applied commits by itself");
        assert!(!shares_transaction(Engine::MySql, &[plain]));
    }

    #[test]
    fn a_message_has_a_most_and_a_length() {
        let brief = step(Engine::Postgres, "CREATE TABLE t (a int);");
        assert_eq!(group(Engine::Postgres, &vec![brief; MOST_OF_A_MESSAGE + 1]), MOST_OF_A_MESSAGE);
        let wide = format!("CREATE TABLE t (a text DEFAULT '{}');", "x".repeat(LONGEST / 3));
        assert_eq!(group(Engine::Postgres, &vec![step(Engine::Postgres, &wide); 4]), 2);
    }

    fn shares_a_message_on_mysql(up: &str) -> bool {
        group(Engine::MySql, &[step(Engine::MySql, up), step(Engine::MySql, up)]) == 2
    }

    #[test]
    fn on_mysql_statements_outside_any_transaction_share_a_message() {
        for up in ["CREATE TABLE t (a int); CREATE INDEX i ON t (a);", "DROP TABLE t;"] {
            assert!(shares_a_message_on_mysql(up), "{up}");
        }
        for up in [
            "INSERT INTO t VALUES (1);",
            "CREATE TABLE t (a int); INSERT INTO t VALUES (1);",
            "CREATE TABLE t AS SELECT 1;",
            "CREATE TABLE IF NOT EXISTS t (a int);",
            "CREATE INDEX i ON t (a);",
            "ALTER TABLE t ADD COLUMN b int;",
            "SET @a = 1; DROP TABLE t;",
            "",
        ] {
            assert!(!shares_a_message_on_mysql(up), "{up}");
        }
    }
}
