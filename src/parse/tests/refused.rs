use std::path::Path;

use super::parse;
use crate::dialect::Engine::{self, MySql, Postgres, Sqlite};
use crate::parse::{Enclosure, Marker, ParseErrorKind as Kind, migration, script};

#[test]
fn each_mistake_is_told_with_its_line() {
    let client = |program, command: &str| Kind::ClientCommand { program, command: command.to_string() };
    let delimiter = |delimiter: &str| Kind::DelimiterNotReset { delimiter: delimiter.to_string() };
    let table: Vec<(Engine, &str, usize, Kind)> = vec![
        (Postgres, "select 1;\n-- upgrade\n-- rollback", 1, Kind::SqlBeforeUpgrade),
        (Postgres, "-- upgrade\n-- upgrade\n-- rollback", 2, Kind::DuplicateMarker(Marker::Upgrade)),
        (Postgres, "-- upgrade\n-- rollback\n-- rollback", 3, Kind::DuplicateMarker(Marker::Rollback)),
        (Postgres, "-- rollback\nselect 1;\n-- upgrade", 1, Kind::RollbackFirst),
        (Postgres, "-- dbwarden: irreversible\n-- upgrade\n-- rollback\nselect 1", 1, Kind::IrreversibleWithRollback),
        (Sqlite, "-- upgrade\nselect 1;\nselect 'a\n-- rollback", 3, Kind::Unterminated(Enclosure::String)),
        (Sqlite, "-- upgrade\n\nselect [a\n-- rollback", 3, Kind::Unterminated(Enclosure::QuotedIdentifier)),
        (MySql, "-- upgrade\nselect `a\n-- rollback", 2, Kind::Unterminated(Enclosure::QuotedIdentifier)),
        (MySql, "-- upgrade\n/*! select 1;\n-- rollback", 2, Kind::Unterminated(Enclosure::BlockComment)),
        (MySql, "-- upgrade\nselect '\\'\n-- rollback", 2, Kind::Unterminated(Enclosure::String)),
        (Postgres, "-- upgrade\ndo $a$ $$ $b$\n-- rollback", 2, Kind::Unterminated(Enclosure::DollarQuote)),
        (Postgres, "-- upgrade\n/* /* */\n-- rollback", 2, Kind::Unterminated(Enclosure::BlockComment)),
        (MySql, "-- upgrade\nDELIMITER $$\nselect 1$$\n-- rollback", 2, delimiter("$$")),
        (MySql, "-- upgrade\n-- rollback\ndelimiter //", 3, delimiter("//")),
        (MySql, "-- upgrade\nDELIMITER\n-- rollback", 2, Kind::BadDelimiter),
        (Postgres, "-- upgrade\nselect 1;\ncommit;\n-- rollback", 3, Kind::CommitWithoutBegin),
        (Sqlite, "-- upgrade\nselect 1; end;\n-- rollback", 2, Kind::CommitWithoutBegin),
        (Postgres, "-- upgrade\nbegin;\n-- rollback\nselect 1", 2, Kind::BeginWithoutCommit),
        (MySql, "-- upgrade\nbegin;\n-- rollback\nselect 1", 2, Kind::BeginWithoutCommit),
        (Sqlite, "-- upgrade\nbegin;\nbegin;\ncommit;\n-- rollback", 3, Kind::NestedBegin),
        (Postgres, "-- upgrade\n\n\nrollback;\n-- rollback", 4, Kind::RollbackStatement),
        (Postgres, "-- upgrade\nbegin;\nselect 1;\nprepare transaction 'x';\n-- rollback", 4, Kind::PrepareTransaction),
        (MySql, "-- upgrade\nrollback work;\n-- rollback", 2, Kind::RollbackStatement),
        (Postgres, "-- upgrade\nbegin;\nvacuum;\ncommit;\n-- rollback", 3, Kind::InsideTransaction),
        (Postgres, "-- upgrade\n\\i it's.sql\nselect 1;\n-- rollback", 2, client("psql", r"\i")),
        (Postgres, "-- upgrade\nselect 1\n\\gexec\n-- rollback", 3, client("psql", r"\gexec")),
        (Postgres, "-- upgrade\nselect 1;\n\\connect other\n-- rollback", 3, client("psql", r"\connect")),
        (MySql, "-- upgrade\nsource it's.sql\n-- rollback", 2, client("mysql", "source")),
        (MySql, "-- upgrade\n\\. x.sql\n-- rollback", 2, client("mysql", r"\.")),
        (Sqlite, "-- upgrade\n .read it's.sql\n-- rollback", 2, client("sqlite3", ".read")),
        (Postgres, "-- upgrade\n\ncopy t from stdin;\n1\n-- rollback", 3, Kind::CopyWithoutEnd),
        (Postgres, "-- upgrade\ncopy t from stdin; select 1;\n\\.\n-- rollback", 2, Kind::TextAfterCopy),
        (Sqlite, "-- upgrade\ncreate table t (\n-- rollback", 2, Kind::UnclosedParenthesis),
        (Postgres, "-- upgrade\nselect 1;\ninsert into t values (1;\n-- rollback", 3, Kind::UnclosedParenthesis),
        (Sqlite, "-- upgrade\ncreate trigger a before delete on b begin\n-- rollback", 2, Kind::UnterminatedBody),
        (Postgres, "-- upgrade\nselect 1;\n-- dbwarden: split = off\n-- rollback", 3, Kind::MisplacedDirective),
        (
            Postgres,
            "-- upgrade\nselect 1\n-- dbwarden: split = off\n;-- rollback\n-- rollback",
            3,
            Kind::MisplacedDirective,
        ),
        (Postgres, "-- upgrade\nselect 1;\n-- @dbwarden:autocommit\n-- rollback", 3, Kind::AutocommitWithoutStatement),
        (Postgres, "-- upgrade\nbegin;\ncommit work and chain;\n-- rollback", 3, Kind::CommitAndMore),
        (MySql, "-- upgrade\nselect 1;\nCOMMIT RELEASE;\n-- rollback", 3, Kind::CommitAndMore),
        (MySql, "-- upgrade\nselect 1;\nCOMMIT AND NO CHAIN RELEASE;\n-- rollback", 3, Kind::CommitAndMore),
        (Postgres, "-- depends_on: 0001\n-- upgrade\n-- rollback", 1, Kind::BadDependsOn { value: "0001".to_string() }),
        (
            Postgres,
            "-- dbwarden: allow drop-table\n-- upgrade\n-- rollback",
            1,
            Kind::AllowWithoutReason { rule: "drop-table".to_string() },
        ),
    ];
    for (engine, text, line, kind) in table {
        let errors = parse(engine, text).expect_err(text);
        let found: Vec<_> = errors.iter().map(|error| (error.line, &*error.kind)).collect();
        assert_eq!(found, [(Some(line), &kind)], "{text:?}");
        assert!(!errors[0].remedy().is_empty() && !errors[0].message().is_empty());
    }
}

#[test]
fn missing_sections_are_told() {
    for (text, kinds) in [
        ("", vec![Kind::MissingUpgrade, Kind::MissingRollback]),
        ("select 1;\n", vec![Kind::MissingUpgrade, Kind::MissingRollback]),
        ("-- upgrade path\n-- rollback;\n", vec![Kind::MissingUpgrade, Kind::MissingRollback]),
        ("-- upgrade\nselect 1;\n", vec![Kind::MissingRollback]),
        ("-- upgrade\nselect 1 -- rollback\n", vec![Kind::MissingRollback]),
    ] {
        let errors = parse(Postgres, text).expect_err(text);
        assert_eq!(errors.into_iter().map(|error| *error.kind).collect::<Vec<_>>(), kinds, "{text:?}");
    }
}

#[test]
fn unknown_directives_are_told_with_what_was_meant() {
    for (line, suggestion) in [
        ("-- dbwarden: irreversable", Some("-- dbwarden: irreversible")),
        ("-- dbwarden: lock-timeout = 5s", Some("-- dbwarden: lock_timeout = 5s")),
        ("-- dbwarden: autocommit", Some("-- @dbwarden:autocommit")),
        ("--dbwarden:transactions=off", Some("-- dbwarden: transaction = off")),
        ("-- @dbwarden: autocomit", Some("-- @dbwarden:autocommit")),
        ("-- dbwarden: doneif SELECT 1", Some("-- dbwarden: done-if SELECT …")),
        ("-- dbwarden: nonsense", None),
    ] {
        let errors = parse(Postgres, &format!("{line}\n-- upgrade\n-- rollback\n")).expect_err(line);
        match &*errors[0].kind {
            Kind::UnknownDirective { suggestion: found, .. } => assert_eq!(*found, suggestion, "{line}"),
            other => panic!("{line}: {other:?}"),
        }
    }
    for line in ["transaction = maybe", "split", "lock_timeout = 5", "statement_timeout", "irreversible = yes"] {
        let errors = parse(Sqlite, &format!("-- dbwarden: {line}\n-- upgrade\n-- rollback\n")).expect_err(line);
        assert!(matches!(*errors[0].kind, Kind::BadDirectiveValue { .. }), "{line}: {errors:?}");
    }
}

#[test]
fn a_done_if_is_one_query_before_one_statement() {
    for (text, expected) in [
        ("-- upgrade\n-- dbwarden: done-if SELECT 1\n-- rollback\n", Kind::DoneIfWithoutStatement),
        ("-- dbwarden: done-if SELECT 1\n-- upgrade\nselect 1;\n-- rollback\n", Kind::DoneIfWithoutStatement),
        (
            "-- upgrade\n-- dbwarden: done-if SELECT 1\n-- dbwarden: done-if SELECT 2\nselect 1;\n-- rollback\n",
            Kind::DoneIfTwice,
        ),
        ("-- upgrade\n-- dbwarden: done-if SELECT 1; SELECT 2\nselect 1;\n-- rollback\n", Kind::DoneIfNotOneQuery),
        ("-- upgrade\n-- dbwarden: done-if SELECT 'open\nselect 1;\n-- rollback\n", Kind::DoneIfNotOneQuery),
    ] {
        let errors = parse(Postgres, text).expect_err(text);
        assert_eq!(*errors[0].kind, expected, "{text}");
    }
    for line in ["done-if", "done-if = SELECT 1", "done-if DELETE FROM t", "done-if selection"] {
        let errors =
            parse(Sqlite, &format!("-- upgrade\n-- dbwarden: {line}\nselect 1;\n-- rollback\n")).expect_err(line);
        assert!(matches!(*errors[0].kind, Kind::BadDirectiveValue { .. }), "{line}: {errors:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_place() {
    let path = Path::new("dir/0001_x.sql");
    let errors = migration(Sqlite, path, b"-- upgrade\nselect '\xff';\n-- rollback\n".to_vec()).expect_err("not UTF-8");
    assert_eq!(*errors[0].kind, Kind::InvalidUtf8 { offset: 19 });
    assert_eq!((errors[0].line, errors[0].column), (Some(2), Some(9)));
    let errors = parse(Sqlite, "-- upgrade\n\0-- rollback\n").expect_err("NUL");
    assert_eq!(*errors[0].kind, Kind::NulByte { offset: 11 });
}

#[test]
fn all_problems_of_a_file_are_told_in_order() {
    let text = "-- dbwarden: nonsense\n-- upgrade\ncommit;\n\\i x\nrollback;\n-- rollback\n\\i y\nselect 'é' '\n";
    let errors = parse(Postgres, text).expect_err("five problems");
    let places: Vec<_> = errors.iter().filter_map(|error| error.line.zip(error.column)).collect();
    assert_eq!(places, [(1, 1), (3, 1), (4, 1), (5, 1), (7, 1), (8, 12)]);
    assert!(errors[5].to_string().starts_with("0001_x.sql:8:12: "), "{}", errors[5]);
}

#[test]
fn a_bad_name_is_told_with_the_content() {
    let errors = migration(Sqlite, Path::new("V1__a.sql"), b"\xff".to_vec()).expect_err("both");
    assert!(matches!(*errors[0].kind, Kind::FileName(_)) && matches!(*errors[1].kind, Kind::InvalidUtf8 { .. }));
}

#[test]
fn a_stored_script_is_checked_as_well() {
    let error = script(Postgres, "0001 (stored)", "select 1;\ncommit;".to_string().into()).expect_err("a lone COMMIT");
    assert_eq!((error.line, *error.kind), (Some(2), Kind::CommitWithoutBegin));
}
