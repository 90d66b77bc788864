//! What rules for all engines make of the circumstances; what they find at all is in their examples.

use std::path::Path;

use crate::dialect::Engine;
use crate::lint::{Finding, Name, Options, Severity, Surroundings, TableSize, examine_after, lint};
use crate::model::Migration;
use crate::parse;

fn file(engine: Engine, number: usize, text: &str) -> Migration {
    let whole = match text.contains("-- upgrade") {
        true => text.to_owned(),
        false => format!("-- dbwarden: irreversible\n\n-- upgrade\n\n{text}\n"),
    };
    parse::migration(engine, Path::new(&format!("000{number}_example.sql")), whole.into_bytes()).unwrap()
}

fn found_with(engine: Engine, surroundings: Surroundings, text: &str) -> Vec<Finding> {
    lint(engine, &[&file(engine, 1, text)], &Options { surroundings, ..Options::default() })
}

fn severity(findings: &[Finding], rule: &str) -> Option<Severity> {
    findings.iter().find(|finding| finding.rule == rule).map(|finding| finding.severity)
}

/// The severity with which a rule is found in a file.
fn on(engine: Engine, rule: &str, text: &str) -> Option<Severity> {
    severity(&found_with(engine, Surroundings::default(), text), rule)
}

fn postgres(rule: &str, text: &str) -> Option<Severity> {
    on(Engine::Postgres, rule, text)
}

fn with_rows(rows: u64) -> Surroundings {
    let tables = Some([(Name::new("t"), TableSize { rows, bytes: rows * 100 })].into());
    Surroundings { tables, ..Surroundings::default() }
}

#[test]
fn the_size_of_the_table_decides() {
    for (rule, sql, unknown) in [
        ("blocking-index", "CREATE INDEX i ON t (a);", Severity::Warning),
        ("blocking-constraint", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);", Severity::Warning),
        ("set-not-null", "ALTER TABLE t ALTER COLUMN a SET NOT NULL;", Severity::Warning),
        ("rewriting-type-change", "ALTER TABLE t ALTER COLUMN a TYPE bigint;", Severity::Error),
        ("backfill-under-lock", "ALTER TABLE t ADD COLUMN a int;\nUPDATE t SET a = 1;", Severity::Warning),
    ] {
        let with = |surroundings| severity(&found_with(Engine::Postgres, surroundings, sql), rule);
        assert_eq!(with(Surroundings::default()), Some(unknown), "{rule}");
        assert_eq!(with(with_rows(200_000_000)), Some(Severity::Error), "{rule}");
        assert!(with(with_rows(0)) <= Some(Severity::Note), "{rule}");
    }
}

#[test]
fn the_remedy_is_the_statement_to_write() {
    let remedy = |sql: &str, rule: &str| {
        let found = found_with(Engine::Postgres, Surroundings::default(), sql);
        found.into_iter().find(|finding| finding.rule == rule).unwrap().remedy
    };
    for (rule, sql, expected) in [
        (
            "blocking-index",
            "create unique index\n  on s.t (lower(a)) -- why\n  WHERE b;",
            "create unique index CONCURRENTLY on s.t (lower(a)) WHERE b;",
        ),
        (
            "blocking-constraint",
            "ALTER TABLE t ADD CONSTRAINT c CHECK (\"a  b\" > 0 -- why\n);",
            "ALTER TABLE t ADD CONSTRAINT c CHECK (\"a  b\" > 0 ) NOT VALID; then, in a file of its own: ALTER TABLE t \
             VALIDATE CONSTRAINT c;",
        ),
        ("blocking-index-drop", "DROP INDEX IF EXISTS i;", "DROP INDEX CONCURRENTLY IF EXISTS i;"),
        ("blocking-index-drop", "DROP INDEX s.i, j;", "DROP INDEX CONCURRENTLY s.i;"),
        (
            "blocking-constraint",
            "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES o (id);",
            "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES o (id) NOT VALID; then, in a file of its own: ALTER TABLE t \
             VALIDATE CONSTRAINT t_a_fkey;",
        ),
    ] {
        assert_eq!(remedy(sql, rule), expected);
    }
}

#[test]
fn a_remedy_is_in_the_engines_own_sql() {
    let remedy = |engine, text: &str, rule: &str| {
        let found = found_with(engine, Surroundings::default(), text);
        found.into_iter().find(|finding| finding.rule == rule).unwrap().remedy
    };
    let index = "-- upgrade\nCREATE INDEX i ON t (a);\nUPDATE t SET a = 1 WHERE a = 2;\n\
        -- rollback\nUPDATE t SET a = 2 WHERE a = 1;\n";
    for (engine, expected) in
        [(Engine::Postgres, "DROP INDEX i;"), (Engine::MySql, "DROP INDEX i ON t;"), (Engine::Sqlite, "DROP INDEX i;")]
    {
        assert_eq!(remedy(engine, index, "incomplete-rollback"), expected);
    }
    let trigger = "-- upgrade\nCREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();\n\
        ALTER TABLE t ADD COLUMN a int;\n-- rollback\nALTER TABLE t DROP COLUMN a;\n";
    assert_eq!(remedy(Engine::Postgres, trigger, "incomplete-rollback"), "DROP TRIGGER g ON t;");
    let required = remedy(Engine::MySql, "ALTER TABLE `order` ADD `key` int NOT NULL;", "required-column");
    assert!(required.starts_with("ALTER TABLE `order` ADD COLUMN `key` int NOT NULL DEFAULT …;"), "{required}");
}

#[test]
fn what_is_checked_already_may_be_not_null() {
    let set = "ALTER TABLE t ALTER COLUMN a SET NOT NULL;";
    let add = |column: &str| format!("ALTER TABLE t ADD CONSTRAINT c CHECK ({column} IS NOT NULL) NOT VALID;");
    let validate = "ALTER TABLE t VALIDATE CONSTRAINT c;";
    let in_files = |files: &[&str]| {
        let files: Vec<Migration> =
            files.iter().enumerate().map(|(index, text)| file(Engine::Postgres, index + 1, text)).collect();
        let files: Vec<&Migration> = files.iter().collect();
        severity(&lint(Engine::Postgres, &files, &Options::default()), "set-not-null")
    };
    assert_eq!(in_files(&[&add("a"), &format!("{validate}\n{set}")]), None);
    assert_eq!(in_files(&[&add("a"), validate, set]), None);
    assert_eq!(in_files(&[&add("a"), set]), Some(Severity::Warning), "not validated");
    assert_eq!(in_files(&[&add("b"), validate, set]), Some(Severity::Warning), "another column");
    let add_column = "ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 0;";
    assert_eq!(in_files(&[add_column, set]), None, "it is already");
    let drop = "ALTER TABLE t ALTER COLUMN a DROP NOT NULL;";
    assert_eq!(in_files(&[add_column, drop, set]), Some(Severity::Warning), "not any more");
}

#[test]
fn applied_files_tell_the_types_of_columns_and_their_tables_are_in_use() {
    let found = |engine, before: &str, after: &str, rule: &str| {
        let (before, after) = (file(engine, 1, before), file(engine, 2, after));
        let findings = examine_after(engine, &[&before], &[&after], &Options::default()).findings;
        severity(&findings, rule)
    };
    let created = "CREATE TABLE t (id int PRIMARY KEY, a varchar(50));";
    let change = |to: &str| format!("ALTER TABLE t ALTER COLUMN a TYPE {to};");
    let rewrites = |to: &str| found(Engine::Postgres, created, &change(to), "rewriting-type-change");
    assert_eq!([rewrites("text"), rewrites("varchar(80)")], [None, None]);
    assert_eq!(rewrites("varchar(20)"), Some(Severity::Error));
    let narrows = |to: &str| found(Engine::Postgres, created, &change(to), "narrowed-type");
    assert_eq!([narrows("varchar(20)"), narrows("varchar(80)")], [Some(Severity::Warning), None]);
    let renamed = "ALTER TABLE t CHANGE a b varchar(20);";
    assert_eq!(found(Engine::MySql, created, renamed, "narrowed-type"), Some(Severity::Warning));
    let modify =
        |to: &str| found(Engine::MySql, created, &format!("ALTER TABLE t MODIFY a {to};"), "column-definition-copy");
    assert_eq!(modify("varchar(50) NOT NULL"), Some(Severity::Note), "the type stays");
    assert_eq!(modify("varchar(300)"), Some(Severity::Warning));
}

#[test]
fn what_comes_back_under_its_name_is_not_gone() {
    for engine in Engine::ALL {
        let found = |rule, text: &str| on(engine, rule, text).is_some();
        let new_last = "CREATE TABLE n (id int PRIMARY KEY);\nINSERT INTO n SELECT id FROM t;\nDROP TABLE t;\n\
            ALTER TABLE n RENAME TO t;";
        let old_first = "ALTER TABLE t RENAME TO o;\nCREATE TABLE t (id int PRIMARY KEY);\n\
            INSERT INTO t SELECT id FROM o;\nDROP TABLE o;";
        for rebuild in [new_last, old_first] {
            assert!(!found("dropped-table", rebuild), "{engine}: {rebuild}");
            assert!(!found("renamed-table", rebuild), "{engine}: {rebuild}");
        }
        assert!(found("dropped-table", "ALTER TABLE t RENAME TO o;\nDROP TABLE o;"), "{engine}");
        assert!(!found("dropped-table", "CREATE TABLE t (id int PRIMARY KEY);\nDROP TABLE t;"), "{engine}");
        assert!(!found("unfiltered-delete", "DELETE FROM t;\nDROP TABLE t;"), "{engine}: the drop says it");
    }
}

#[test]
fn a_lock_that_is_not_held_any_more_delays_no_backfill() {
    let fill = "UPDATE t SET a = 1;";
    let rule = "backfill-under-lock";
    assert_eq!(postgres(rule, &format!("{fill}\nALTER TABLE t ADD COLUMN b int;")), None, "before the lock");
    assert_eq!(postgres(rule, &format!("ALTER TABLE t ADD COLUMN a int;\n-- @dbwarden:autocommit\n{fill}")), None);
    assert_eq!(postgres("unbatched-write", fill), Some(Severity::Warning));
    let both = format!("ALTER TABLE t ADD COLUMN a int;\n{fill}");
    assert_eq!(postgres("unbatched-write", &both), None, "one rule speaks of one danger");
    assert_eq!(postgres(rule, "CREATE TABLE n (a int);\nALTER TABLE t ADD COLUMN a int;\nUPDATE n SET a = 1;"), None);
}

pub(super) fn rolled_back(engine: Engine, rule: &str, upgrade: &str, rollback: &str) -> Option<Severity> {
    on(engine, rule, &format!("-- upgrade\n{upgrade}\n-- rollback\n{rollback}\n"))
}

#[test]
fn a_rollback_may_use_any_way_to_undo() {
    for engine in Engine::ALL {
        let left =
            |upgrade: &str, rollback: &str| rolled_back(engine, "incomplete-rollback", upgrade, rollback).is_some();
        let two = "CREATE TABLE a (id int PRIMARY KEY);\nCREATE TABLE b (id int PRIMARY KEY);";
        assert!(left(two, "DROP TABLE a;"), "{engine}");
        assert!(!left(two, "DROP TABLE b;\nDROP TABLE a;"), "{engine}");
        let index = "CREATE TABLE a (id int PRIMARY KEY, n int);\nCREATE INDEX i ON a (n);";
        assert!(!left(index, "DROP TABLE a;"), "{engine}: an index goes with its table");
        let column = "ALTER TABLE t ADD COLUMN c int;\nALTER TABLE t ADD COLUMN d int;";
        assert!(left(column, "ALTER TABLE t DROP COLUMN c;"), "{engine}");
        let rebuilt = "CREATE TABLE n (id int PRIMARY KEY);\nDROP TABLE t;\nALTER TABLE n RENAME TO t;";
        assert!(!left(column, rebuilt), "{engine}: the table is built as it was");
        let temporary = "CREATE TABLE a (id int PRIMARY KEY);\nALTER TABLE a RENAME TO b;";
        assert!(!left(temporary, "DROP TABLE b;"), "{engine}: another name");
        assert!(!left(
            "CREATE TABLE IF NOT EXISTS a (id int PRIMARY KEY);\nDELETE FROM t WHERE a = 1;",
            "DELETE FROM t WHERE a = 2;"
        ));
    }
}

#[test]
fn what_nobody_can_see_into_is_not_judged() {
    let (made, drops) = ("SELECT make_table('users');", "DROP TABLE users;");
    assert_eq!(rolled_back(Engine::Postgres, "rollback-drops-other", made, drops), None);
    let block = "DO $$ BEGIN EXECUTE 'CREATE TABLE users (id int)'; END $$;";
    assert_eq!(rolled_back(Engine::Postgres, "rollback-drops-other", block, drops), None);
    let create = "CREATE TABLE users (id int);";
    assert_eq!(rolled_back(Engine::Postgres, "placeholder-rollback", create, "SELECT drop_users();"), None);
    assert_eq!(rolled_back(Engine::Postgres, "incomplete-rollback", create, "SELECT drop_users();"), None);
    assert!(rolled_back(Engine::Postgres, "placeholder-rollback", create, "SELECT 1;").is_some());
}

#[test]
fn a_rollback_drops_what_is_its_own() {
    for engine in Engine::ALL {
        let other = |upgrade: &str, rollback: &str| rolled_back(engine, "rollback-drops-other", upgrade, rollback);
        let add = "ALTER TABLE t ADD COLUMN a int;";
        assert_eq!(other(add, "ALTER TABLE t DROP COLUMN a;"), None, "{engine}");
        assert_eq!(other(add, "ALTER TABLE t DROP COLUMN b;"), Some(Severity::Error), "{engine}");
        let rebuilt = "CREATE TABLE n (id int PRIMARY KEY);\nDROP TABLE t;\nALTER TABLE n RENAME TO t;";
        assert_eq!(other(add, rebuilt), None, "{engine}");
        assert_eq!(other("ALTER TABLE t RENAME COLUMN a TO b;", "ALTER TABLE t DROP COLUMN b;"), None, "{engine}");
        assert_eq!(other(add, "CREATE TABLE kept (id int PRIMARY KEY);\nDROP TABLE kept;"), None, "{engine}");
    }
}

#[test]
fn children_go_before_their_parents() {
    let made = "CREATE TABLE p (id int PRIMARY KEY);\nCREATE TABLE c (id int PRIMARY KEY, p_id int, FOREIGN KEY (p_id) REFERENCES p (id));";
    let order = |engine, rollback: &str| rolled_back(engine, "rollback-order", made, rollback);
    let (wrong, right) = ("DROP TABLE p;\nDROP TABLE c;", "DROP TABLE c;\nDROP TABLE p;");
    for (engine, expected) in
        [(Engine::Postgres, Some(Severity::Error)), (Engine::MySql, Some(Severity::Error)), (Engine::Sqlite, None)]
    {
        assert_eq!(order(engine, wrong), expected, "{engine}");
        assert_eq!(order(engine, right), None, "{engine}");
    }
    assert_eq!(order(Engine::Postgres, "DROP TABLE p CASCADE;\nDROP TABLE c;"), None);
    assert_eq!(order(Engine::MySql, &format!("SET foreign_key_checks = 0;\n{wrong}")), None);
    let session =
        Surroundings { session: [("foreign_key_checks".to_owned(), "0".to_owned())].into(), ..Surroundings::default() };
    let text = format!("-- upgrade\n{made}\n-- rollback\n{wrong}\n");
    assert_eq!(severity(&found_with(Engine::MySql, session, &text), "rollback-order"), None);
    let indexed = "CREATE TABLE p (id int PRIMARY KEY, a int);\nCREATE INDEX i ON p (a);";
    let order = |rollback: &str| rolled_back(Engine::Postgres, "rollback-order", indexed, rollback);
    assert_eq!(order("DROP TABLE p;\nDROP INDEX i;"), Some(Severity::Error));
    assert_eq!(order("DROP TABLE p;\nDROP INDEX IF EXISTS i;"), None);
    assert_eq!(order("DROP INDEX i;\nDROP TABLE p;"), None);
}

#[test]
fn the_nearest_word_on_lock_timeouts_counts() {
    let rule = "unbounded-lock-wait";
    let configured = |seconds| Surroundings {
        lock_timeout: Some(std::time::Duration::from_secs(seconds)),
        ..Surroundings::default()
    };
    let found = |surroundings, text: &str| severity(&found_with(Engine::Postgres, surroundings, text), rule).is_some();
    let alter = "ALTER TABLE t ADD COLUMN a int;";
    assert!(found(configured(0), alter));
    assert!(!found(configured(5), alter));
    let header = format!("-- dbwarden: irreversible\n-- dbwarden: lock_timeout = 3s\n-- upgrade\n{alter}\n");
    assert!(!found(configured(0), &header));
    assert!(!found(configured(0), &format!("SET lock_timeout = '3s';\n{alter}")));
    assert!(found(configured(5), &format!("SET lock_timeout TO '0s';\n{alter}")));
    assert!(!found(configured(0), &format!("CREATE TABLE t (id int);\n{alter}")), "a new table");
}

#[test]
fn a_condition_that_is_always_true_filters_nothing() {
    for engine in Engine::ALL {
        for condition in ["true", "1 = 1", "(1=1)", "TRUE -- all"] {
            let found = on(engine, "unfiltered-delete", &format!("DELETE FROM t WHERE {condition}\n;"));
            assert!(found.is_some(), "{engine}: {condition}");
        }
        for condition in ["1 = 1 AND a = 2", "trueish", "a = 1", "1 = 10"] {
            let found = on(engine, "unfiltered-delete", &format!("DELETE FROM t WHERE {condition};"));
            assert_eq!(found, None, "{engine}: {condition}");
        }
    }
    assert!(postgres("unbatched-write", "UPDATE t SET a = 1 WHERE true;").is_some());
}

#[test]
fn a_schema_takes_its_tables_along() {
    let dropped = |engine, sql: &str| on(engine, "dropped-table", sql);
    assert_eq!(dropped(Engine::Postgres, "DROP SCHEMA IF EXISTS app CASCADE;"), Some(Severity::Warning));
    assert_eq!(dropped(Engine::Postgres, "DROP SCHEMA app;"), None, "fails unless it is empty");
    assert_eq!(dropped(Engine::Postgres, "CREATE SCHEMA app;\nDROP SCHEMA app CASCADE;"), None, "a new one");
    assert_eq!(dropped(Engine::MySql, "DROP DATABASE IF EXISTS app;"), Some(Severity::Warning));
    assert_eq!(dropped(Engine::MySql, "DROP SCHEMA app;"), Some(Severity::Warning));
}

#[test]
fn a_materialized_view_of_the_same_file_is_new() {
    let index = "CREATE UNIQUE INDEX i ON m (id);";
    assert!(postgres("blocking-index", index).is_some());
    let made = format!("CREATE MATERIALIZED VIEW m AS SELECT 1 AS id;\n{index}");
    assert_eq!(postgres("blocking-index", &made), None);
}

#[test]
fn a_remedy_has_names_as_sql_has_them() {
    let remedy = |engine, rule: &str, sql: &str| {
        let found = found_with(engine, Surroundings::default(), sql);
        found.into_iter().find(|finding| finding.rule == rule).unwrap().remedy
    };
    let renamed = "ALTER TABLE \"Old\" RENAME TO \"New one\";";
    assert!(
        remedy(Engine::Postgres, "renamed-table", renamed)
            .contains("CREATE VIEW \"Old\" AS SELECT * FROM \"New one\";")
    );
    let renamed = "ALTER TABLE `a b` RENAME COLUMN c TO `d-e`;";
    assert!(remedy(Engine::MySql, "renamed-column", renamed).contains("UPDATE `a b` SET `d-e` = c"));
    let added = "ALTER TABLE \"Users\" ADD COLUMN \"Age\" int NOT NULL;";
    let added = remedy(Engine::Postgres, "required-column", added);
    assert!(added.starts_with("ALTER TABLE \"Users\" ADD COLUMN \"Age\" int NOT NULL DEFAULT"), "{added}");
    let made =
        "-- upgrade\nCREATE TABLE \"A b\" (id bigint);\nCREATE TABLE c (id bigint);\n-- rollback\nDROP TABLE c;\n";
    assert_eq!(remedy(Engine::Postgres, "incomplete-rollback", made), "DROP TABLE \"A b\";");
    assert!(remedy(Engine::Sqlite, "unfiltered-delete", "DELETE FROM [a b];").contains("DELETE FROM \"a b\" WHERE"));
    assert!(remedy(Engine::MySql, "unfiltered-delete", "DELETE FROM `Plain`;").contains("DELETE FROM Plain WHERE"));
}

#[test]
fn two_columns_that_stand_crosswise_are_found() {
    let copied = |insert: &str| {
        let text = format!(
            "CREATE TABLE n (id INTEGER PRIMARY KEY, b TEXT, a TEXT);\n{insert};\nDROP TABLE t;\n\
             ALTER TABLE n RENAME TO t;"
        );
        on(Engine::Sqlite, "copied-by-position", &text)
    };
    for insert in ["INSERT INTO n (id, b, a) SELECT id, a, b FROM t", "INSERT INTO n SELECT t.id, [a], \"b\" FROM t"] {
        assert_eq!(copied(insert), Some(Severity::Error), "{insert}");
    }
    for insert in [
        "INSERT INTO n (id, a, b) SELECT id, a, b FROM t",
        "INSERT INTO n SELECT id, b, a FROM t",
        "INSERT INTO n (id, b, a) SELECT id, a, a FROM t",
        "INSERT INTO n (id, b, a) SELECT id, coalesce(a, b), 1 FROM t",
        "INSERT INTO n (id, b) SELECT id, old FROM t",
    ] {
        assert_eq!(copied(insert), None, "{insert}");
    }
}

#[test]
fn a_rollback_that_empties_a_table_loses_other_rows() {
    let inserted = "INSERT INTO roles (id) VALUES (1);";
    for engine in Engine::ALL {
        let found = |upgrade: &str, rollback: &str| rolled_back(engine, "rollback-drops-other", upgrade, rollback);
        assert_eq!(found(inserted, "DELETE FROM roles;"), Some(Severity::Warning), "{engine}");
        assert_eq!(found(inserted, "DELETE FROM roles WHERE id = 1;"), None, "{engine}");
        let made = format!("CREATE TABLE roles (id int PRIMARY KEY);\n{inserted}");
        assert_eq!(found(&made, "DELETE FROM roles;\nDROP TABLE roles;"), None, "{engine}");
        assert_eq!(found(&format!("DELETE FROM roles;\n{inserted}"), "DELETE FROM roles;"), None, "{engine}");
    }
}

#[test]
fn a_remedy_for_a_block_is_the_statement_in_it() {
    let block = "DO $$ BEGIN UPDATE t SET a = 1; PERFORM f(); END $$;";
    let found = found_with(Engine::Postgres, Surroundings::default(), block);
    let found = found.into_iter().find(|finding| finding.rule == "unbatched-write").unwrap();
    assert!(found.remedy.ends_with(": UPDATE t SET a = 1 WHERE id BETWEEN 1 AND 5000"), "{}", found.remedy);
}
