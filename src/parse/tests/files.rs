use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use super::{parse, statements};
use crate::dialect::Engine;
use crate::model::{AllowanceScope, Dependency, Direction, Rollback, Script, StatementKind};
use crate::parse::{portable, script};

/// One line for each statement: section, line, kind, text on one line.
fn outline(engine: Engine, text: &str) -> String {
    let migration = parse(engine, text).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let mut outline = String::new();
    section(&mut outline, "up", &migration.upgrade);
    match &migration.rollback {
        Rollback::Script(script) => section(&mut outline, "down", script),
        Rollback::Irreversible => outline.push_str("irreversible\n"),
    }
    outline
}

fn section(outline: &mut String, name: &str, script: &Script) {
    for (index, statement) in script.statements.iter().enumerate() {
        let words: Vec<&str> = script.statement_text(index).split_whitespace().collect();
        let autocommit = if statement.autocommit { " autocommit" } else { "" };
        write!(outline, "{name} {} {:?}{autocommit}: {}", statement.line, statement.kind, words.join(" ")).unwrap();
        if let Some(data) = script.copy_data(index) {
            write!(outline, " <- {data:?}").unwrap();
        }
        outline.push('\n');
    }
    writeln!(outline, "{name} has {} statements", script.statements.len()).unwrap();
}

macro_rules! fixtures {
    ($($test:ident: $engine:ident $folder:literal $name:literal,)*) => {$(
        #[test]
        fn $test() {
            let sql = include_str!(concat!("../fixtures/", $folder, "/", $name, ".sql"));
            let expected = include_str!(concat!("../fixtures/", $folder, "/", $name, ".outline"));
            let outline = outline(Engine::$engine, sql);
            assert!(outline == expected, "the outline of {}/{} is\n{outline}", $folder, $name);
        }
    )*};
}

fixtures! {
    postgres_bodies: Postgres "postgres" "bodies",
    postgres_literals: Postgres "postgres" "literals",
    postgres_copy: Postgres "postgres" "copy",
    postgres_dump: Postgres "postgres" "dump",
    postgres_kinds: Postgres "postgres" "kinds",
    mysql_bodies: MySql "mysql" "bodies",
    mysql_literals: MySql "mysql" "literals",
    mysql_dump: MySql "mysql" "dump",
    mysql_kinds: MySql "mysql" "kinds",
    sqlite_bodies: Sqlite "sqlite" "bodies",
    sqlite_kinds: Sqlite "sqlite" "kinds",
}

#[test]
fn header_lines_describe_the_file() {
    let text = "-- description: Adds users: all of them\n-- depends_on: [\"0001\", \"ROC__views\"]\n-- seed\n\
                -- dbwarden: transaction = off\n-- dbwarden: allow drop-table because nobody reads it\n\n\
                -- upgrade\n-- dbwarden: lock_timeout = 500ms\nselect 1;\n-- rollback\n-- dbwarden: transaction = on\n";
    let migration = parse(Engine::Postgres, text).expect("a file");
    assert_eq!(migration.description, "Adds users: all of them");
    let dependencies = [Dependency::Version("1".parse().unwrap()), Dependency::Repeatable("ROC__views".to_string())];
    assert_eq!(migration.depends_on, dependencies);
    assert!(migration.seed);
    assert_eq!((migration.allowances[0].rule.as_str(), migration.allowances[0].line), ("drop-table", 5));
    assert_eq!(migration.allowances[0].reason, "nobody reads it");
    assert!(!migration.upgrade.directives.transaction);
    assert_eq!(migration.upgrade.directives.lock_timeout, Some(Duration::from_millis(500)));
    let rollback = &migration.rollback.script().expect("a script").directives;
    assert!(rollback.transaction, "the section overrides the header");
    assert_eq!(rollback.lock_timeout, None, "the other section's");
}

#[test]
fn sections_may_be_empty_and_hold_only_comments() {
    for text in ["-- upgrade\n-- rollback", "-- upgrade\n-- nothing; to do\n/* ; */\n-- rollback\n;;\n"] {
        let migration = parse(Engine::Sqlite, text).expect(text);
        assert!(migration.upgrade.is_empty() && migration.rollback.script().expect("a script").is_empty());
    }
}

#[test]
fn windows_files_mean_the_same() {
    for engine in Engine::ALL {
        let unix = "-- upgrade\nselect 1;\n\nselect\n  2\n-- rollback\nselect 3;\n";
        let windows = format!("\u{feff}{}", unix.replace('\n', "\r\n"));
        let (unix, windows) = (parse(engine, unix).expect("unix"), parse(engine, &windows).expect("windows"));
        assert_eq!(unix.checksum(), windows.checksum());
        assert_eq!(unix.upgrade.statements.len(), windows.upgrade.statements.len());
        assert_eq!(windows.upgrade.statement_text(1), "select\r\n  2");
        assert_eq!(windows.upgrade.text(), "select 1;\r\n\r\nselect\r\n  2\r\n");
        assert_eq!(windows.upgrade.statements[1].line, 4);
    }
}

#[test]
fn copy_data_keeps_its_line_ends() {
    let text = "-- upgrade\r\nCOPY t FROM stdin;\r\na\r\nb\r\n\\.\r\nselect 1;\r\n-- rollback";
    let migration = parse(Engine::Postgres, text).expect("a file");
    assert_eq!(migration.upgrade.copy_data(0), Some("a\r\nb\r\n"));
    assert_eq!(migration.upgrade.statement_text(1), "select 1");
}

#[test]
fn a_section_that_is_not_split_is_one_statement() {
    let text = "-- dbwarden: split = off\n-- upgrade\n-- first\nselect 1; select 2;\n-- rollback\nvacuum; select 1\n";
    let migration = parse(Engine::Postgres, text).expect("a file");
    assert_eq!(migration.upgrade.statements.len(), 1);
    assert_eq!(migration.upgrade.statement_text(0), "select 1; select 2");
    assert_eq!(migration.upgrade.statements[0].kind, StatementKind::Other);
    let rollback = migration.rollback.script().expect("a script");
    assert_eq!(rollback.statements[0].kind, StatementKind::NonTransactional);
}

#[test]
fn the_same_text_means_something_else_on_another_engine() {
    assert_eq!(statements(Engine::Sqlite, r"select '\'; select 1").len(), 2);
    assert_eq!(statements(Engine::MySql, r"select '\'; select 1'").len(), 1);
    assert_eq!(statements(Engine::Postgres, "select 1 -- a;\n; select 5 --1;\n").len(), 2);
    assert_eq!(statements(Engine::MySql, "select 5--1; select 2;").len(), 2);
    assert_eq!(statements(Engine::Postgres, "select 1 -- a\r; select 2").len(), 2, "a carriage return ends a comment");
}

#[test]
fn a_stored_script_is_read_as_it_was() {
    let text = "-- dbwarden: transaction = off\n-- dbwarden: lock_timeout = 5s\n-- upgrade\n-- rollback\n\
                -- dbwarden: lock_timeout = 1min\nselect 1;\n-- @dbwarden:autocommit\nselect ';';\n";
    for engine in Engine::ALL {
        let migration = parse(engine, text).expect("a file");
        let rollback = migration.rollback.script().expect("a script");
        let stored = portable(rollback);
        let read = script(engine, "0001 (stored)", Arc::new(stored.clone())).expect("a script");
        assert_eq!(read.directives, rollback.directives);
        let texts = |script: &Script| {
            (0..script.statements.len())
                .map(|index| (script.statement_text(index).to_string(), script.statements[index].autocommit))
                .collect::<Vec<_>>()
        };
        assert_eq!(texts(&read), texts(rollback));
        assert_eq!(portable(&read), stored);
    }
}

#[test]
fn markers_in_a_stored_script_are_comments() {
    let read = script(Engine::Sqlite, "stored", Arc::new("-- rollback\nselect 1;".to_string())).expect("a script");
    assert_eq!(read.statements.len(), 1);
}

#[test]
fn an_allowance_reaches_as_far_as_its_place() {
    use AllowanceScope::{File, Section, Statement};
    let allow = "-- dbwarden: allow drop-table because nobody reads it\n";
    for (text, scope) in [
        (format!("{allow}-- upgrade\nselect 1;\n-- rollback\n"), File),
        (format!("-- upgrade\n{allow}\nselect 1;\nselect 2;\n-- rollback\n"), Section(Direction::Upgrade)),
        (format!("-- upgrade\n\n{allow}select 1;\nselect 2;\n-- rollback\n"), Statement(Direction::Upgrade, 0)),
        (format!("-- upgrade\n{allow}-- why\nselect 1;\n-- rollback\n"), Statement(Direction::Upgrade, 0)),
        (format!("-- upgrade\nselect 1;\n{allow}\nselect 2;\n-- rollback\n"), Statement(Direction::Upgrade, 1)),
        (format!("-- upgrade\nselect 1;\n-- rollback\n{allow}"), Section(Direction::Rollback)),
        (
            format!("-- upgrade\nselect 1;\n-- rollback\nselect 1; select 2;\n{allow}select 3;\n"),
            Statement(Direction::Rollback, 2),
        ),
        (
            format!("-- dbwarden: split = off\n-- upgrade\nselect 1;\n{allow}select 2;\n-- rollback\n"),
            Section(Direction::Upgrade),
        ),
    ] {
        let migration = parse(Engine::Postgres, &text).expect(&text);
        assert_eq!(migration.allowances.len(), 1, "{text}");
        assert_eq!(migration.allowances[0].scope, scope, "{text}");
    }
    let behind = format!("-- upgrade\nselect 1;\n{allow}-- rollback\n");
    assert_eq!(parse(Engine::Postgres, &behind).expect_err("nothing follows")[0].line, Some(3));
}
