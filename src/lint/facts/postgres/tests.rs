use std::path::Path;

use proptest::prelude::*;

use super::{facts, of_text, of_tree};
use crate::dialect::Engine;
use crate::lint::change::{Facts, Understood};
use crate::lint::facts::test_support::brief;
use crate::lint::squawk::Tree;
use crate::parse;

/// What a statement does, with the part that says so.
fn briefly(sql: &str) -> Vec<String> {
    let facts = facts(sql);
    assert_eq!(facts.understood, Understood::Whole, "{sql}: {facts:?}");
    facts.changes.iter().map(|change| brief(&change.action)).collect()
}

#[test]
fn each_form_of_statement_is_understood() {
    let mut forms: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in FORMS.lines().filter(|line| !line.is_empty()) {
        match (line.strip_prefix("    "), forms.last_mut()) {
            (Some(action), Some((_, actions))) => actions.push(action),
            _ => forms.push((line, Vec::new())),
        }
    }
    assert!(forms.len() > 100);
    for (sql, actions) in forms {
        assert_eq!(briefly(sql), actions, "{sql}");
    }
}

#[test]
fn a_change_points_at_its_clause() {
    let sql = "ALTER TABLE t\n  ADD a int , -- why\n  DROP COLUMN b /* so */";
    let places: Vec<&str> = facts(sql).changes.iter().map(|change| &sql[change.span.clone()]).collect();
    assert_eq!(places, ["ADD a int", "DROP COLUMN b"]);
    let sql = "DROP TABLE a, b";
    let places: Vec<&str> = facts(sql).changes.iter().map(|change| &sql[change.span.clone()]).collect();
    assert_eq!(places, ["a", "b"]);
}

#[test]
fn a_block_does_what_its_statements_do() {
    let sql = "DO $$\nBEGIN\n  IF true THEN\n    ALTER TABLE t DROP COLUMN a;\n  END IF;\n  PERFORM f();\nEND\n$$";
    let facts = facts(sql);
    let found: Vec<(&str, String)> =
        facts.changes.iter().map(|change| (&sql[change.span.clone()], brief(&change.action))).collect();
    assert_eq!(found[1..], [("DROP COLUMN a", "DropColumn { table: t, column: \"a\" }".to_owned())]);
    assert_eq!((&found[0].1[..], facts.understood), ("Other(\"DO\")", Understood::Partly));
}

#[test]
fn what_is_wrong_or_runs_code_is_partly_understood() {
    for sql in
        ["DO $$ BEGIN DROP TABLE t; END $$", "CALL p()", "ALTER TABLE t ADD a int, FROBNICATE b", "DROP TABLE t 1"]
    {
        let facts = facts(sql);
        assert_eq!(facts.understood, Understood::Partly, "{sql}: {facts:?}");
    }
    for sql in ["FROBNICATE", "", "-- nothing", "'", "SELECT"] {
        assert_ne!(facts(sql).understood, Understood::Partly, "{sql}");
    }
}

#[test]
fn a_section_reads_as_its_statements_do() {
    let forms: Vec<&str> = FORMS.lines().filter(|line| !line.is_empty() && !line.starts_with(' ')).collect();
    let script = |statements: &str| {
        let text = format!("-- dbwarden: irreversible\n-- upgrade\n{statements};\n");
        let parsed = parse::migration(Engine::Postgres, Path::new("0001_example.sql"), text.into_bytes());
        parsed.map(|migration| migration.upgrade)
    };
    // What the splitter refuses alone (a lone COMMIT) is left out.
    let forms: Vec<&str> = forms.into_iter().filter(|form| script(form).is_ok()).collect();
    assert!(forms.len() > 100);
    let all = script(&forms.join(";\n-- é\n")).unwrap();
    let tree = Tree::of(&all).unwrap();
    let read: Vec<Facts> = of_tree(&tree, &all).expect("sound statements");
    assert_eq!(read.len(), all.statements.len());
    for (index, read) in read.iter().enumerate() {
        assert_eq!(*read, facts(all.statement_text(index)), "{}", all.statement_text(index));
    }

    let broken = script("FROBNICATE a;\nDROP TABLE b").unwrap();
    assert_eq!(of_tree(&Tree::of(&broken).unwrap(), &broken), None, "each has to be read by itself");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is left of a statement, its changes point into it.
    #[test]
    fn no_text_is_too_broken(form in 0..200usize, cut in 0..80usize, length in 0..12usize, put in "[ -~é]{0,4}") {
        let statements: Vec<&str> = FORMS.lines().filter(|line| !line.is_empty() && !line.starts_with(' ')).collect();
        let mut sql = statements[form % statements.len()].to_owned();
        let start = cut.min(sql.len());
        sql.replace_range(start..(start + length).min(sql.len()), &put);
        for change in of_text(&sql).changes {
            prop_assert!(sql.get(change.span.clone()).is_some(), "{} has no {:?}", sql, change);
        }
    }
}

/// A statement, and below it what it does.
const FORMS: &str = r#"
CREATE TABLE t (id bigserial PRIMARY KEY, n numeric( 10,  2 ) NOT NULL DEFAULT 0)
    CreateTable { table: t, columns: [ColumnDefinition { name: "id", data_type: "bigserial", not_null, primary_key, identity }, ColumnDefinition { name: "n", data_type: "numeric( 10, 2 )", not_null, default: Some(Constant("0")) }] }
CREATE TABLE IF NOT EXISTS "App".T (a int, b text, PRIMARY KEY (a, B), FOREIGN KEY (b) REFERENCES o (x), CHECK (a > 0))
    CreateTable { table: App.t, columns: [ColumnDefinition { name: "a", data_type: "int", not_null }, ColumnDefinition { name: "b", data_type: "text", not_null }], constraints: [Constraint { kind: PrimaryKey, columns: ["a", "b"] }, Constraint { kind: ForeignKey { references: o }, columns: ["b"] }, Constraint { kind: Check }], if_not_exists }
CREATE TEMP TABLE t AS SELECT * FROM o
    CreateTable { table: t, temporary, from_elsewhere }
CREATE TABLE t (LIKE o INCLUDING ALL)
    CreateTable { table: t, from_elsewhere }
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)
    CreateTable { table: p1, from_elsewhere, options: [TableOption { name: "PARTITION OF", value: "p" }] }
CREATE TABLE p (a int) PARTITION BY RANGE (a)
    CreateTable { table: p, columns: [ColumnDefinition { name: "a", data_type: "int" }], options: [TableOption { name: "PARTITION BY" }] }
CREATE UNLOGGED TABLE t (a varchar(20)[] UNIQUE, b int REFERENCES app.o, c int GENERATED ALWAYS AS (a * 2) STORED, d int GENERATED BY DEFAULT AS IDENTITY)
    CreateTable { table: t, columns: [ColumnDefinition { name: "a", data_type: "varchar(20)[]", unique }, ColumnDefinition { name: "b", data_type: "int", references: Some(app.o) }, ColumnDefinition { name: "c", data_type: "int", generated_stored }, ColumnDefinition { name: "d", data_type: "int", identity }], options: [TableOption { name: "UNLOGGED" }] }
SELECT a INTO t FROM o
    CreateTable { table: t, from_elsewhere }
DROP TABLE IF EXISTS a, app.b CASCADE
    DropTable { table: a, if_exists, cascade }
    DropTable { table: app.b, if_exists, cascade }
ALTER TABLE ONLY t RENAME TO u
    RenameTable { table: t, to: u }
ALTER TABLE t SET SCHEMA old
    RenameTable { table: t, to: old.t }
ALTER TABLE IF EXISTS t ADD COLUMN IF NOT EXISTS a timestamptz DEFAULT now(), DROP b
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "timestamptz", default: Some(Stable("now()")) }, if_not_exists }
    DropColumn { table: t, column: "b" }
ALTER TABLE t ADD a uuid DEFAULT gen_random_uuid()
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "uuid", default: Some(Volatile("gen_random_uuid()")) } }
ALTER TABLE t ADD a text DEFAULT 'x'::text
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "text", default: Some(Constant("'x'::text")) } }
ALTER TABLE t ADD a int DEFAULT -1 CHECK (a > 0)
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "int", default: Some(Constant("-1")), check } }
ALTER TABLE t ADD a int DEFAULT app.next()
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "int", default: Some(Volatile("app.next()")) } }
ALTER TABLE t ADD a jsonb DEFAULT jsonb_build_object('a', random())
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "jsonb", default: Some(Volatile("jsonb_build_object('a', random())")) } }
ALTER TABLE t ADD a timestamp DEFAULT CURRENT_TIMESTAMP
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "timestamp", default: Some(Stable("CURRENT_TIMESTAMP")) } }
ALTER TABLE t ADD a int GENERATED ALWAYS AS (b + 1) VIRTUAL
    AddColumn { table: t, column: ColumnDefinition { name: "a", data_type: "int", generated_virtual } }
ALTER TABLE t RENAME COLUMN a TO b
    RenameColumn { table: t, column: "a", to: "b" }
ALTER TABLE t RENAME a TO b
    RenameColumn { table: t, column: "a", to: "b" }
ALTER TABLE t RENAME CONSTRAINT a TO b
    SetTableOption { table: t, option: TableOption { name: "RENAME CONSTRAINT", value: "a TO b" } }
ALTER TABLE t ALTER COLUMN a TYPE double precision USING a::float8
    ChangeType { table: t, column: ColumnDefinition { name: "a", data_type: "double precision" }, using }
ALTER TABLE t ALTER a SET DATA TYPE timestamp(3) with time zone
    ChangeType { table: t, column: ColumnDefinition { name: "a", data_type: "timestamp(3) with time zone" } }
ALTER TABLE t ALTER a SET NOT NULL, ALTER b DROP NOT NULL, ALTER c SET DEFAULT 1, ALTER d DROP DEFAULT
    SetNotNull { table: t, column: "a" }
    DropNotNull { table: t, column: "b" }
    SetDefault { table: t, column: "c" }
    DropDefault { table: t, column: "d" }
ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY
    SetTableOption { table: t, option: TableOption { name: "ALTER COLUMN ADD GENERATED", value: "a" } }
ALTER TABLE t ALTER a SET STATISTICS 100
    SetTableOption { table: t, option: TableOption { name: "ALTER COLUMN SET STATISTICS", value: "a" } }
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a, b) REFERENCES app.o (c, d) ON DELETE CASCADE NOT VALID
    AddConstraint { table: t, constraint: Constraint { name: Some("f"), kind: ForeignKey { references: app.o }, columns: ["a", "b"], not_valid } }
ALTER TABLE t ADD CONSTRAINT c CHECK (Name IS NOT NULL) NOT VALID
    AddConstraint { table: t, constraint: Constraint { name: Some("c"), kind: Check, columns: ["name"], not_valid } }
ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX i
    AddConstraint { table: t, constraint: Constraint { name: Some("u"), kind: Unique, using_index } }
ALTER TABLE t ADD UNIQUE (a) INCLUDE (b)
    AddConstraint { table: t, constraint: Constraint { kind: Unique, columns: ["a"] } }
ALTER TABLE t ADD PRIMARY KEY (a)
    AddConstraint { table: t, constraint: Constraint { kind: PrimaryKey, columns: ["a"] } }
ALTER TABLE t ADD CONSTRAINT e EXCLUDE USING gist (r WITH &&)
    AddConstraint { table: t, constraint: Constraint { name: Some("e"), kind: Exclude } }
ALTER TABLE t VALIDATE CONSTRAINT f
    ValidateConstraint { table: t, name: "f" }
ALTER TABLE t DROP CONSTRAINT IF EXISTS f CASCADE
    DropConstraint { table: t, name: Some("f") }
ALTER TABLE t ATTACH PARTITION p FOR VALUES FROM (1) TO (2)
    AttachPartition { table: t, partition: p }
ALTER TABLE t DETACH PARTITION p CONCURRENTLY
    DetachPartition { table: t, concurrently }
ALTER TABLE t DETACH PARTITION p
    DetachPartition { table: t }
ALTER TABLE t SET TABLESPACE fast
    SetTableOption { table: t, option: TableOption { name: "SET TABLESPACE", value: "fast" } }
ALTER TABLE t SET LOGGED
    SetTableOption { table: t, option: TableOption { name: "SET LOGGED" } }
ALTER TABLE t SET (fillfactor = 70)
    SetTableOption { table: t, option: TableOption { name: "SET", value: "(fillfactor = 70)" } }
ALTER TABLE t DISABLE TRIGGER ALL
    SetTableOption { table: t, option: TableOption { name: "DISABLE TRIGGER", value: "ALL" } }
ALTER TABLE t ENABLE ROW LEVEL SECURITY
    SetTableOption { table: t, option: TableOption { name: "ENABLE ROW LEVEL SECURITY" } }
ALTER TABLE t OWNER TO app
    SetTableOption { table: t, option: TableOption { name: "OWNER TO", value: "app" } }
ALTER TABLE t REPLICA IDENTITY FULL
    SetTableOption { table: t, option: TableOption { name: "REPLICA IDENTITY", value: "FULL" } }
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON app.t USING btree (a, lower(b)) WHERE a > 1
    CreateIndex(Index { name: Some(i), table: app.t, unique, concurrently, if_not_exists })
CREATE INDEX ON ONLY t (a)
    CreateIndex(Index { table: t, only })
DROP INDEX CONCURRENTLY IF EXISTS i, app.j
    DropIndex { index: i, concurrently, if_exists }
    DropIndex { index: app.j, concurrently, if_exists }
REINDEX TABLE CONCURRENTLY t
    Reindex { concurrently }
REINDEX (CONCURRENTLY) INDEX i
    Reindex { concurrently }
REINDEX TABLE t
    Reindex
CREATE OR REPLACE VIEW app.v AS SELECT 1
    Create { object: View, name: app.v, replace }
CREATE MATERIALIZED VIEW IF NOT EXISTS v AS SELECT 1
    Create { object: MaterializedView, name: v, if_not_exists }
CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$
    Create { object: Function, name: f, replace }
CREATE PROCEDURE p() LANGUAGE sql AS $$ SELECT 1 $$
    Create { object: Procedure, name: p }
CREATE TRIGGER g BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION f()
    Create { object: Trigger, name: g, table: Some(app.t) }
CREATE POLICY p ON t USING (true)
    Create { object: Policy, name: p, table: Some(t) }
CREATE SEQUENCE s
    Create { object: Sequence, name: s }
CREATE TYPE mood AS ENUM ('a', 'b')
    Create { object: Type, name: mood }
CREATE DOMAIN d AS text CHECK (value <> '')
    Create { object: Domain, name: d }
CREATE SCHEMA app CREATE TABLE t (a int)
    Create { object: Schema, name: app }
    CreateTable { table: t, columns: [ColumnDefinition { name: "a", data_type: "int" }] }
CREATE SCHEMA AUTHORIZATION app
    Create { object: Schema, name: app }
CREATE EXTENSION IF NOT EXISTS pgcrypto
    Create { object: Extension, name: pgcrypto, if_not_exists }
CREATE ROLE r
    Create { object: Role, name: r }
CREATE USER u
    Create { object: Role, name: u }
CREATE STATISTICS s ON a, b FROM t
    Create { object: Other, name: s }
CREATE RULE r AS ON INSERT TO t DO NOTHING
    Create { object: Other, name: r }
DROP VIEW v, w
    Drop { object: View, name: v }
    Drop { object: View, name: w }
DROP FUNCTION IF EXISTS f(int), g CASCADE
    Drop { object: Function, name: f, if_exists, cascade }
    Drop { object: Function, name: g, if_exists, cascade }
DROP TRIGGER g ON t
    Drop { object: Trigger, name: g }
DROP TYPE mood
    Drop { object: Type, name: mood }
DROP SCHEMA app CASCADE
    Drop { object: Schema, name: app, cascade }
DROP MATERIALIZED VIEW v
    Drop { object: MaterializedView, name: v }
DROP OWNED BY r
    Other("DROP OWNED")
ALTER VIEW v RENAME TO w
    Rename { object: View, name: v, to: "w" }
ALTER FUNCTION f(int) RENAME TO g
    Rename { object: Function, name: f, to: "g" }
ALTER TYPE mood RENAME TO feeling
    Rename { object: Type, name: mood, to: "feeling" }
ALTER INDEX app.i RENAME TO j
    Rename { object: Other, name: app.i, to: "j" }
ALTER SEQUENCE s RENAME TO r
    Rename { object: Sequence, name: s, to: "r" }
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'it''s' AFTER 'a'
    AddEnumValue { name: mood, value: "it's" }
ALTER TYPE mood RENAME VALUE 'a' TO 'b'
    Other("ALTER TYPE")
ALTER SYSTEM SET work_mem = '1GB'
    Other("ALTER SYSTEM")
ALTER DOMAIN d ADD CONSTRAINT c CHECK (value > '') NOT VALID
    Other("ALTER DOMAIN")
ALTER ROLE r SET search_path = app
    Other("ALTER ROLE")
TRUNCATE TABLE a, b CASCADE
    Truncate { table: a, cascade }
    Truncate { table: b, cascade }
INSERT INTO t VALUES (1)
    Insert { table: t }
INSERT INTO t SELECT 1, 'x'
    Insert { table: t }
INSERT INTO t SELECT * FROM o ON CONFLICT DO NOTHING
    Insert { table: t, from_query }
UPDATE t SET a = 1
    Update { table: t }
UPDATE ONLY app.t SET a = 1 WHERE b IS NULL
    Update { table: app.t, filtered }
UPDATE t SET a = 1 WHERE id BETWEEN 1 AND 1000
    Update { table: t, filtered, bounded }
UPDATE t SET a = 1 WHERE n > 1 AND n <= 1000
    Update { table: t, filtered, bounded }
UPDATE t SET a = 1 WHERE id IN (SELECT id FROM t WHERE a IS NULL LIMIT 1000)
    Update { table: t, filtered, bounded }
UPDATE t SET a = 1 WHERE t.id = 7
    Update { table: t, filtered, bounded }
DELETE FROM t
    Delete { table: t }
DELETE FROM t USING o WHERE t.a = o.a
    Delete { table: t, filtered }
WITH d AS (DELETE FROM t RETURNING *) INSERT INTO old SELECT * FROM d
    Insert { table: old, from_query }
    Delete { table: t }
MERGE INTO t USING o ON t.a = o.a WHEN MATCHED THEN DELETE
    Update { table: t, filtered }
SELECT count(*) FROM t
    Read
SELECT set_config('search_path', '', false)
    Set { name: "search_path", value: "''" }
EXPLAIN DELETE FROM t
    Read
COPY t (a, b) FROM STDIN
    Copy { table: t }
COPY t TO STDOUT
    Read
GRANT ALL PRIVILEGES ON ALL TABLES IN SCHEMA app TO PUBLIC
    Grant { all, to_public }
GRANT SELECT ON t TO r WITH GRANT OPTION
    Grant { grantable }
GRANT r TO u WITH ADMIN OPTION
    Grant { grantable }
GRANT SELECT (a), INSERT ON t TO app
    Grant
REVOKE ALL ON t FROM PUBLIC
    Revoke
SET search_path = app, public
    Set { name: "search_path", value: "app, public" }
SET LOCAL lock_timeout TO '2s'
    Set { name: "lock_timeout", value: "'2s'", local }
SET SESSION statement_timeout = 0
    Set { name: "statement_timeout", value: "0" }
SET TIME ZONE 'UTC'
    Set { name: "timezone", value: "'UTC'" }
SET ROLE owner
    Set { name: "role", value: "owner" }
RESET ALL
    Set { name: "all", value: "DEFAULT" }
RESET lock_timeout
    Set { name: "lock_timeout", value: "DEFAULT" }
LOCK TABLE a, ONLY b IN ACCESS EXCLUSIVE MODE
    Lock { tables: [a, b] }
VACUUM FULL t
    Maintain { table: Some(t), full }
VACUUM (FULL, ANALYZE) a, b
    Maintain { table: Some(a), full }
    Maintain { table: Some(b), full }
VACUUM (FULL off) a
    Maintain { table: Some(a) }
ANALYZE t
    Maintain { table: Some(t) }
CLUSTER t USING i
    Maintain { table: Some(t), full }
CLUSTER
    Maintain { full }
REFRESH MATERIALIZED VIEW v
    Refresh { view: v }
REFRESH MATERIALIZED VIEW CONCURRENTLY app.v WITH DATA
    Refresh { view: app.v, concurrently }
COMMENT ON TABLE t IS 'x'
    Other("COMMENT ON")
"#;
