use proptest::prelude::*;

use super::facts;
use crate::lint::change::Understood;
use crate::lint::facts::test_support::brief;

/// The table: a statement, and below it what it does.
fn forms(table: &str) -> Vec<(&str, Vec<&str>)> {
    let mut forms: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in table.lines().filter(|line| !line.is_empty()) {
        match (line.strip_prefix("    "), forms.last_mut()) {
            (Some(action), Some((_, actions))) => actions.push(action),
            _ => forms.push((line, Vec::new())),
        }
    }
    forms
}

fn assert_forms(table: &str, understood: Understood) {
    for (sql, expected) in forms(table) {
        let facts = facts(sql);
        let actions: Vec<String> = facts.changes.iter().map(|change| brief(&change.action)).collect();
        assert_eq!(actions, expected, "{sql}");
        assert_eq!(facts.understood, understood, "{sql}");
    }
}

#[test]
fn each_form_of_statement_is_understood() {
    assert!(forms(FORMS).len() > 60);
    assert_forms(FORMS, Understood::Whole);
}

#[test]
fn other_engines_sql_is_recognised() {
    assert_forms(FOREIGN, Understood::Partly);
    for sql in ["FROBNICATE", "", "-- nothing", "'", "COMMENT ON TABLE t IS 'x'", "INSERT t VALUES (1)"] {
        assert_eq!(facts(sql).understood, Understood::Tokens, "{sql}");
    }
}

#[test]
fn a_change_points_at_its_clause() {
    let places = |sql: &'static str| {
        let changes = facts(sql).changes;
        changes.into_iter().map(|change| &sql[change.span]).collect::<Vec<_>>()
    };
    assert_eq!(places("-- why\nALTER TABLE \"a\".[t]\n  ADD a int -- so"), ["ADD a int"]);
    assert_eq!(places("/* why */ UPDATE t SET a = 1 -- so\n"), ["UPDATE t SET a = 1"]);
    assert_eq!(places("INSERT INTO t VALUES (1)\n"), ["INSERT INTO t VALUES (1)"]);
    assert_eq!(
        places("ALTER TABLE IF EXISTS t ADD a numeric(1, 2), DROP b"),
        ["IF EXISTS", "ADD a numeric(1, 2)", "DROP b"]
    );
    assert_eq!(places("DROP TABLE a, b"), ["a", "b"]);
}

#[test]
fn rows_are_not_read() {
    // A megabyte of values costs what none costs: whatever stands there is never seen.
    for sql in ["INSERT INTO t (a) VALUES (((((", "REPLACE INTO t VALUES ('", "INSERT INTO t DEFAULT VALUES FROBNICATE"]
    {
        let facts = facts(sql);
        assert_eq!(facts.understood, Understood::Whole, "{sql}");
        assert_eq!(brief(&facts.changes[0].action), "Insert { table: t }", "{sql}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in "[ -~é\n]{0,60}") {
        facts(&text);
    }

    /// Whatever is left of a statement, its changes point into it.
    #[test]
    fn no_text_is_too_broken(
        form in 0..200usize, cut in 0..80usize, length in 0..12usize, put in "[ -~é]{0,4}|DROP|,|\\(|ADD|'"
    ) {
        let table = [FORMS, FOREIGN].concat();
        let forms = forms(&table);
        let mut sql = forms[form % forms.len()].0.to_owned();
        let start = cut.min(sql.len());
        sql.replace_range(start..(start + length).min(sql.len()), &put);
        for change in facts(&sql).changes {
            prop_assert!(sql.get(change.span.clone()).is_some(), "{} has no {:?}", sql, change);
        }
    }
}

/// A statement, and below it what it does.
const FORMS: &str = r#"
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, n DECIMAL( 10,  2 ) NOT NULL DEFAULT 0, "x y" text)
    CreateTable { table: t, columns: [ColumnDefinition { name: "id", data_type: "integer", not_null, primary_key, identity }, ColumnDefinition { name: "n", data_type: "decimal(10, 2)", not_null, default: Some(Constant("0")) }, ColumnDefinition { name: "x y", data_type: "text" }] }
CREATE TABLE IF NOT EXISTS main.[t] (a int, b text, PRIMARY KEY (a, B), CONSTRAINT f FOREIGN KEY (b) REFERENCES o (x), UNIQUE (a, b DESC), CHECK (a > 0))
    CreateTable { table: main.t, columns: [ColumnDefinition { name: "a", data_type: "int", not_null }, ColumnDefinition { name: "b", data_type: "text", not_null }], constraints: [Constraint { kind: PrimaryKey, columns: ["a", "B"] }, Constraint { name: Some("f"), kind: ForeignKey { references: o }, columns: ["b"] }, Constraint { kind: Unique, columns: ["a", "b"] }, Constraint { kind: Check }], if_not_exists }
CREATE TEMP TABLE t AS SELECT * FROM o
    CreateTable { table: t, temporary, from_elsewhere }
CREATE TABLE t (a PRIMARY KEY) WITHOUT ROWID, STRICT
    CreateTable { table: t, columns: [ColumnDefinition { name: "a", not_null, primary_key }], options: [TableOption { name: "STRICT" }, TableOption { name: "WITHOUT ROWID" }] }
CREATE TABLE t (a varchar(20) UNIQUE, b int REFERENCES o ON DELETE CASCADE, c int AS (a * 2) STORED, d int GENERATED ALWAYS AS (a), e text COLLATE NOCASE CHECK (e <> ''))
    CreateTable { table: t, columns: [ColumnDefinition { name: "a", data_type: "varchar(20)", unique }, ColumnDefinition { name: "b", data_type: "int", references: Some(o) }, ColumnDefinition { name: "c", data_type: "int", generated_stored }, ColumnDefinition { name: "d", data_type: "int", generated_virtual }, ColumnDefinition { name: "e", data_type: "text", check, charset: Some("nocase") }] }
CREATE VIRTUAL TABLE f USING fts5(a, b)
    CreateTable { table: f, from_elsewhere, options: [TableOption { name: "USING", value: "fts5" }] }
DROP TABLE IF EXISTS main.a
    DropTable { table: main.a, if_exists }
ALTER TABLE t RENAME TO u
    RenameTable { table: t, to: u }
ALTER TABLE main.t RENAME TO 'u'
    RenameTable { table: main.t, to: main.u }
ALTER TABLE t ADD a text DEFAULT CURRENT_TIMESTAMP
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "text", default: Some(Stable("CURRENT_TIMESTAMP")) } }
ALTER TABLE t ADD COLUMN a text NOT NULL DEFAULT 'x'
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "text", not_null, default: Some(Constant("'x'")) } }
ALTER TABLE t ADD a int DEFAULT (-1)
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "int", default: Some(Constant("(- 1)")) } }
ALTER TABLE t ADD a int DEFAULT (1 + 1)
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "int", default: Some(Stable("(1 + 1)")) } }
ALTER TABLE t ADD a int DEFAULT (random())
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "int", default: Some(Volatile("(random ())")) } }
ALTER TABLE t ADD a text DEFAULT (datetime('now'))
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "text", default: Some(Stable("(datetime ('now'))")) } }
ALTER TABLE t ADD a text DEFAULT "x"
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "text", default: Some(Constant("\"x\"")) } }
ALTER TABLE t ADD a int DEFAULT true
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "int", default: Some(Constant("true")) } }
ALTER TABLE t ADD a int DEFAULT NULL
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "int", default: Some(Constant("NULL")) } }
ALTER TABLE t DROP COLUMN "a"
    DropColumn { table: t, column: "a" }
ALTER TABLE t RENAME COLUMN a TO b
    RenameColumn { table: t, column: "a", to: "b" }
ALTER TABLE t RENAME a TO b
    RenameColumn { table: t, column: "a", to: "b" }
ALTER TABLE t ALTER COLUMN a SET NOT NULL
    SetNotNull { table: t, column: "a" }
ALTER TABLE t ALTER a DROP NOT NULL
    DropNotNull { table: t, column: "a" }
ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL)
    AddConstraint { table: t, constraint: Constraint { name: Some("c"), kind: Check, columns: ["a"] } }
ALTER TABLE t DROP CONSTRAINT c
    DropConstraint { table: t, name: Some("c") }
CREATE UNIQUE INDEX IF NOT EXISTS main.i ON t (a, lower(b) DESC) WHERE c IS NULL AND d > 1
    CreateIndex(Index { name: Some(main.i), table: main.t, unique, if_not_exists, columns: ["a", "b", "c", "d"] })
DROP INDEX IF EXISTS i
    DropIndex { index: i, if_exists }
CREATE TRIGGER IF NOT EXISTS g AFTER INSERT ON t BEGIN UPDATE o SET a = CASE WHEN 1 THEN 2 END; END
    Create { object: Trigger, name: g, if_not_exists, table: Some(t) }
DROP TRIGGER g
    Drop { object: Trigger, name: g }
CREATE VIEW v AS SELECT 1
    Create { object: View, name: v }
DROP VIEW IF EXISTS v
    Drop { object: View, name: v, if_exists }
INSERT INTO t (a, b) VALUES (1, 2), (3, 4)
    Insert { table: t }
INSERT OR REPLACE INTO main."t" AS x SELECT * FROM o
    Insert { table: main.t, from_query }
INSERT INTO t SELECT 1
    Insert { table: t }
INSERT INTO t DEFAULT VALUES
    Insert { table: t }
WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x
    Insert { table: t, from_query }
REPLACE INTO t VALUES (1)
    Insert { table: t }
UPDATE t SET a = 1
    Update { table: t }
UPDATE OR IGNORE t SET a = 1 WHERE id > 5 AND id <= 10
    Update { table: t, filtered, bounded }
UPDATE t SET a = 1 WHERE id BETWEEN 1 AND 10
    Update { table: t, filtered, bounded }
UPDATE t SET a = 1 WHERE a = 2
    Update { table: t, filtered }
DELETE FROM t
    Delete { table: t }
DELETE FROM t WHERE id IN (SELECT id FROM t LIMIT 100)
    Delete { table: t, filtered, bounded }
SELECT 1
    Read
VALUES (1)
    Read
EXPLAIN DELETE FROM t
    Read
PRAGMA foreign_keys = OFF
    Set { name: "foreign_keys", value: "OFF" }
PRAGMA main.Journal_Mode('wal')
    Set { name: "journal_mode", value: "'wal'" }
PRAGMA user_version
    Read
PRAGMA table_info(t)
    Read
PRAGMA foreign_key_check
    Read
VACUUM
    Maintain { full }
VACUUM INTO 'copy.db'
    Maintain
ANALYZE t
    Maintain { table: Some(t) }
ANALYZE
    Maintain
REINDEX t
    Reindex
ATTACH 'a.db' AS a
    Other("ATTACH")
DETACH a
    Other("DETACH")
BEGIN IMMEDIATE
    Other("BEGIN")
COMMIT
    Other("COMMIT")
SAVEPOINT s
    Other("SAVEPOINT")
RELEASE s
    Other("RELEASE")
ROLLBACK TO s
    Other("ROLLBACK")
"#;

const FOREIGN: &str = r#"
ALTER TABLE IF EXISTS t ADD COLUMN IF NOT EXISTS a int
    SetTableOption { table: t, option: TableOption { name: "IF EXISTS" } }
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "int" }, if_not_exists }
ALTER TABLE t ADD a int, DROP COLUMN IF EXISTS b
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "int" } }
    DropColumn { table: t, column: "b" }
ALTER TABLE t ALTER COLUMN a TYPE bigint
    ChangeType { table: t, column: ColumnDefinition { name: "a", data_type: "bigint" } }
ALTER TABLE t ALTER COLUMN a SET DEFAULT 1, ALTER b DROP DEFAULT
    SetDefault { table: t, column: "a" }
    DropDefault { table: t, column: "b" }
ALTER TABLE t MODIFY a int, CHANGE b c text
    ChangeType { table: t, column: ColumnDefinition { name: "a", data_type: "int" } }
    RenameColumn { table: t, column: "b", to: "c" }
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES o (id)
    AddConstraint { table: t, constraint: Constraint { name: Some("f"), kind: ForeignKey { references: o } } }
ALTER TABLE t ADD UNIQUE (a)
    AddConstraint { table: t, constraint: Constraint { kind: Unique } }
ALTER TABLE t ADD PRIMARY KEY (a)
    AddConstraint { table: t, constraint: Constraint { kind: PrimaryKey } }
ALTER TABLE t ADD INDEX i (a)
    SetTableOption { table: t, option: TableOption { name: "ADD INDEX" } }
ALTER TABLE t DROP PRIMARY KEY
    DropConstraint { table: t }
CREATE INDEX CONCURRENTLY i ON t (a)
    CreateIndex(Index { name: Some(i), table: t, concurrently })
CREATE TABLE t (a int) ENGINE = InnoDB
    CreateTable { table: t, from_elsewhere }
DROP TABLE a, b CASCADE
    DropTable { table: a, cascade }
    DropTable { table: b, cascade }
TRUNCATE TABLE t
    Truncate { table: t }
"#;
