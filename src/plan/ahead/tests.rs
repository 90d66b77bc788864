use std::sync::Arc;

use super::*;
use crate::model::test_support::{journal_entry, row, script};
use crate::model::{Announced, JournalState, StatementKind};

const ENGINE: Engine = Engine::MySql;

fn step(number: usize, up: &str) -> Step {
    let text = format!("-- upgrade\n{up}\n-- rollback\n-- dbwarden: irreversible\n");
    let name = format!("{number:04}_a.sql");
    let file = parse::migration(ENGINE, name.as_ref(), text.into_bytes()).expect("a migration");
    Step::apply(ENGINE, &Arc::new(file))
}

/// How many of these are announced with the first.
fn together(ups: &[&str]) -> usize {
    let steps: Vec<Step> = ups.iter().enumerate().map(|(index, up)| step(index + 1, up)).collect();
    announced_together(ENGINE, &steps)
}

#[test]
fn what_the_catalog_tells_of_is_announced_together() {
    let table = "CREATE TABLE a (id int); CREATE INDEX a_id ON a (id);";
    assert_eq!(together(&[]), 0);
    assert_eq!(together(&[table]), 1);
    assert_eq!(together(&[table, "CREATE TABLE b (id int);", "DROP TABLE c, d;", "CREATE INDEX i ON e (id);"]), 4);
    let many: Vec<String> = (0..MOST + 1).map(|n| format!("CREATE TABLE t{n} (id int);")).collect();
    assert_eq!(together(&many.iter().map(String::as_str).collect::<Vec<_>>()), MOST);
    let long = format!("CREATE TABLE c (id int COMMENT '{}');", "x".repeat(LONGEST));
    assert_eq!(together(&[table, &long]), 1);
    let names = (0..MOST_TABLES).map(|n| format!("t{n}")).collect::<Vec<_>>().join(", ");
    assert_eq!(together(&["CREATE TABLE u (id int);", &format!("DROP TABLE {names};")]), 1);
}

#[test]
fn what_has_to_do_with_the_same_table_is_not() {
    for (first, second) in [
        ("CREATE TABLE a (id int);", "DROP TABLE A;"),
        ("DROP TABLE a;", "CREATE TABLE app.a (id int);"),
        ("CREATE TABLE a (id int);", "CREATE INDEX i ON a (id);"),
        ("DROP TABLE b, a;", "DROP TABLE a;"),
    ] {
        assert_eq!(together(&[first, second]), 1, "{first} {second}");
    }
}

#[test]
fn what_the_catalog_does_not_tell_or_needs_a_mark_stands_alone() {
    let table = "CREATE TABLE a (id int);";
    for other in [
        "INSERT INTO t VALUES (1);",
        "CREATE TABLE b (id int); INSERT INTO b VALUES (1);",
        "DROP TABLE b; DROP TABLE c;",
        "CREATE TABLE b AS SELECT f();",
        "ALTER TABLE b ADD COLUMN c int;",
        "TRUNCATE TABLE b;",
        "SET foreign_key_checks = 0; DROP TABLE b;",
        "CREATE VIEW b AS SELECT 1;",
        "CREATE TEMPORARY TABLE b (id int);",
        "-- dbwarden: done-if SELECT 1\nCREATE TABLE b (id int);",
        "CALL p();",
    ] {
        assert_eq!(together(&[table, other]), 1, "{other}");
        assert_eq!(together(&[other, table]), 1, "{other}");
    }
}

#[test]
fn other_engines_announce_one_by_one() {
    let text = "-- upgrade\n-- dbwarden: transaction = off\nCREATE TABLE a (id int);\n-- rollback\n";
    for engine in [Engine::Postgres, Engine::Sqlite] {
        let file = parse::migration(engine, "0001_a.sql".as_ref(), text.into()).expect("a migration");
        let step = Step::apply(engine, &Arc::new(file));
        assert_eq!(announced_together(engine, &[step.clone(), step]), 1);
    }
}

fn entry(direction: Direction) -> JournalEntry {
    let announced = |number: usize| Announced {
        file_name: format!("{number}_a.sql"),
        version: number.to_string().parse().expect("digits"),
        checksum: format!("checksum {number}"),
        total: number,
        first_digest: format!("digest {number}"),
        section: format!("section {number}"),
    };
    let first = journal_entry(&script("s", &[StatementKind::ImplicitCommit]), 0, Some(0), JournalState::Running);
    JournalEntry { direction, before: Some("0:0;0:1;0:-".into()), ahead: vec![announced(2), announced(3)], ..first }
}

#[test]
fn the_history_tells_which_one_is_in_flight() {
    let found = |direction, rows: &[i64]| {
        let rows = rows.iter().map(|number| row(*number, &format!("{number}_a.sql"))).collect();
        let entry = in_flight(entry(direction), &History::new(rows));
        assert_eq!((entry.done, entry.current, entry.ahead.len()), (0, Some(0), 0));
        (entry.file_name, entry.before)
    };
    let expected = |number: usize, before: &str| (format!("{number}_a.sql"), Some(before.to_string()));
    for (rows, number, before) in [(&[][..], 1, "0:0"), (&[1], 2, "0:1"), (&[1, 2], 3, "0:-"), (&[2, 3], 1, "0:0")] {
        assert_eq!(found(Direction::Upgrade, rows), expected(number, before), "{rows:?}");
    }
    for (rows, number, before) in [(&[1, 2, 3][..], 1, "0:0"), (&[2, 3], 2, "0:1"), (&[3], 3, "0:-")] {
        assert_eq!(found(Direction::Rollback, rows), expected(number, before), "{rows:?}");
    }
    let second = in_flight(entry(Direction::Upgrade), &History::new(vec![row(1, "1_a.sql")]));
    let told = (second.checksum.as_str(), second.total, second.current_digest.as_deref(), second.section.as_deref());
    assert_eq!(told, ("checksum 2", 2, Some("digest 2"), Some("section 2")));
    assert_eq!(second.version.as_ref().map(ToString::to_string).as_deref(), Some("2"));
}
