use super::*;

fn named(name: &str) -> ObjectName {
    match name.split_once('.') {
        Some((schema, name)) => ObjectName { schema: Some(schema.into()), name: name.into() },
        None => ObjectName { schema: None, name: name.into() },
    }
}

fn table(name: &str) -> Object {
    Object::Table(named(name))
}

fn index(name: &str, table: Option<&str>, concurrently: bool) -> Object {
    Object::Index { name: named(name), table: table.map(named), concurrently }
}

fn column(table: &str, column: &str) -> Object {
    Object::Column { table: named(table), column: column.into() }
}

fn constraint(table: &str, name: &str) -> Object {
    Object::Constraint { table: named(table), name: name.into() }
}

fn trigger(name: &str, table: Option<&str>) -> Object {
    Object::Trigger { name: named(name), table: table.map(named) }
}

fn check(engine: Engine, cases: Vec<(&str, Object, bool)>) {
    for (statement, object, present) in cases {
        let expected = Effect::Objects { objects: vec![object], present };
        assert_eq!(effect(engine, statement), Some(expected), "{statement}");
    }
}

#[test]
fn mysql_ddl_is_told_by_what_it_leaves() {
    check(
        Engine::MySql,
        vec![
            ("CREATE TABLE `a b` (c int)", table("a b"), true),
            ("create table if not exists shop.t (c int)", table("shop.t"), true),
            ("CREATE TABLE t AS SELECT 1", table("t"), true),
            ("DROP TABLE t", table("t"), false),
            ("CREATE UNIQUE INDEX i ON t (c)", index("i", Some("t"), false), true),
            ("CREATE INDEX i USING BTREE ON t (c)", index("i", Some("t"), false), true),
            ("DROP INDEX i ON t", index("i", Some("t"), false), false),
            ("ALTER TABLE t ADD COLUMN c int, ADD COLUMN d int", column("t", "c"), true),
            ("ALTER TABLE t MODIFY c bigint, ADD COLUMN d decimal(5, 2)", column("t", "d"), true),
            ("ALTER TABLE t ADD COLUMN IF NOT EXISTS c int, ADD d int", column("t", "d"), true),
            ("ALTER TABLE t ADD c int", column("t", "c"), true),
            ("ALTER TABLE t DROP c", column("t", "c"), false),
            ("ALTER TABLE t ADD UNIQUE KEY k (c)", index("k", Some("t"), false), true),
            ("ALTER TABLE t ADD UNIQUE k (c)", index("k", Some("t"), false), true),
            ("ALTER TABLE t ADD FULLTEXT k (c)", index("k", Some("t"), false), true),
            ("ALTER TABLE t ADD VECTOR INDEX k (c) M=8", index("k", Some("t"), false), true),
            ("CREATE VECTOR INDEX k ON t (c)", index("k", Some("t"), false), true),
            ("ALTER TABLE t DROP INDEX k", index("k", Some("t"), false), false),
            ("ALTER TABLE t RENAME INDEX a TO b", index("b", Some("t"), false), true),
            ("ALTER TABLE t RENAME TO u", table("u"), true),
            ("ALTER TABLE t RENAME u", table("u"), true),
            ("ALTER TABLE t ADD COLUMN c int, RENAME TO u", table("u"), true),
            ("ALTER TABLE t RENAME COLUMN a TO b", column("t", "b"), true),
            ("ALTER TABLE t CHANGE COLUMN a b int", column("t", "b"), true),
            ("ALTER IGNORE TABLE t ADD c int", column("t", "c"), true),
            ("RENAME TABLE a TO b", table("b"), true),
            ("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (b)", constraint("t", "f"), true),
            ("ALTER TABLE t DROP FOREIGN KEY f", constraint("t", "f"), false),
            (
                "CREATE DEFINER=`a`@`%` TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a=1",
                trigger("g", Some("t")),
                true,
            ),
            ("CREATE DEFINER=CURRENT_USER() PROCEDURE p() SELECT 1", Object::Routine(named("p")), true),
            ("CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW v AS SELECT 1", Object::View(named("v")), true),
            ("DROP EVENT IF EXISTS e", Object::Event(named("e")), false),
            ("CREATE DATABASE d", Object::Schema("d".into()), true),
        ],
    );
}

#[test]
fn postgres_ddl_is_told_by_what_it_leaves() {
    check(
        Engine::Postgres,
        vec![
            ("CREATE INDEX CONCURRENTLY I ON ONLY s.t (c)", index("i", Some("s.t"), true), true),
            ("CREATE INDEX CONCURRENTLY IF NOT EXISTS \"I\" ON t (c)", index("I", Some("t"), true), true),
            ("DROP INDEX CONCURRENTLY IF EXISTS s.i", index("s.i", None, true), false),
            (
                "ALTER TYPE mood ADD VALUE 'it''s' BEFORE 'sad'",
                Object::EnumValue { name: named("mood"), value: "it's".into() },
                true,
            ),
            (
                "ALTER TYPE s.mood RENAME VALUE 'a' TO 'b'",
                Object::EnumValue { name: named("s.mood"), value: "b".into() },
                true,
            ),
            ("CREATE DATABASE d TEMPLATE template0", Object::Database("d".into()), true),
            ("DROP DATABASE IF EXISTS d", Object::Database("d".into()), false),
            ("CREATE SCHEMA s", Object::Schema("s".into()), true),
            ("DROP TRIGGER g ON t", trigger("g", Some("t")), false),
            ("DROP MATERIALIZED VIEW v", Object::View(named("v")), false),
            ("ALTER TABLE t RENAME a TO b", column("t", "b"), true),
            ("ALTER TABLE t DROP key", column("t", "key"), false),
            ("ALTER TABLE t ADD CONSTRAINT n NOT NULL c NOT VALID", constraint("t", "n"), true),
            (
                "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
                Object::Partition { table: named("t"), partition: named("p") },
                false,
            ),
        ],
    );
}

#[test]
fn several_objects_are_looked_at_together() {
    for (statement, names, present) in [
        ("DROP TABLE a, b", ["a", "b"], false),
        ("DROP TABLE IF EXISTS a, b CASCADE", ["a", "b"], false),
        ("RENAME TABLE a TO c, b TO d", ["c", "d"], true),
    ] {
        let objects = names.map(table).to_vec();
        assert_eq!(effect(Engine::MySql, statement), Some(Effect::Objects { objects, present }), "{statement}");
    }
}

#[test]
fn what_has_no_name_of_its_own_is_told_by_its_table() {
    for statement in [
        "ALTER TABLE t ADD PRIMARY KEY (c)",
        "ALTER TABLE t ADD INDEX (c, d)",
        "ALTER TABLE t ADD UNIQUE (c)",
        "ALTER TABLE t ADD VECTOR (c)",
        "ALTER TABLE t ADD VECTOR KEY (c)",
        // An index of MariaDB 11.7, or a column of a server before it.
        "ALTER TABLE t ADD VECTOR v (c)",
        "ALTER TABLE t ADD KEY USING BTREE (c)",
        "ALTER TABLE t ADD FOREIGN KEY (c) REFERENCES u (d)",
        "ALTER TABLE t ADD CONSTRAINT FOREIGN KEY (c) REFERENCES u (d)",
        "ALTER TABLE t ADD CONSTRAINT p PRIMARY KEY (c)",
        "ALTER TABLE t ADD CONSTRAINT p UNIQUE KEY k (c)",
        "ALTER TABLE t ADD (a int, b int)",
        "ALTER TABLE t DROP PRIMARY KEY",
        "ALTER TABLE t ENGINE = InnoDB",
        "ALTER TABLE t MODIFY c bigint, MODIFY d bigint",
        "ALTER TABLE t ADD COLUMN IF NOT EXISTS c int",
        "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4",
    ] {
        assert_eq!(effect(Engine::MySql, statement), Some(Effect::Change(Subject::Table(named("t")))), "{statement}");
    }
    for (engine, statement) in [
        (Engine::MySql, "ALTER TABLE t MODIFY COLUMN c bigint"),
        (Engine::MySql, "ALTER TABLE t CHANGE c c bigint"),
        (Engine::MySql, "ALTER TABLE t ALTER c SET DEFAULT 5"),
        (Engine::Postgres, "ALTER TABLE t ALTER COLUMN c TYPE bigint"),
        (Engine::Postgres, "ALTER TABLE ONLY t ALTER c SET NOT NULL"),
    ] {
        let subject = Subject::Column { table: named("t"), column: "c".into() };
        assert_eq!(effect(engine, statement), Some(Effect::Change(subject)), "{statement}");
    }
    for (statement, subject) in [
        ("CREATE INDEX CONCURRENTLY ON t (c)", Subject::Indexes(named("t"))),
        ("CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'", Subject::Routines(named("f"))),
        ("DROP FUNCTION f(int)", Subject::Routines(named("f"))),
        ("ALTER TABLE t DROP c, ADD c int", Subject::Table(named("t"))),
        ("ALTER TABLE t ADD UNIQUE USING INDEX i", Subject::Table(named("t"))),
        ("ALTER TABLE t ADD NOT NULL c NOT VALID", Subject::Table(named("t"))),
        ("ALTER TABLE t ALTER CONSTRAINT f ENFORCED", Subject::Table(named("t"))),
    ] {
        assert_eq!(effect(Engine::Postgres, statement), Some(Effect::Change(subject)), "{statement}");
    }
}

#[test]
fn an_emptied_table_is_told_by_its_rows() {
    let emptied = |tables: &[&str]| Some(Effect::Emptied(tables.iter().map(|table| named(table)).collect()));
    assert_eq!(effect(Engine::MySql, "TRUNCATE TABLE s.t"), emptied(&["s.t"]));
    assert_eq!(effect(Engine::Postgres, "TRUNCATE a, ONLY b RESTART IDENTITY"), emptied(&["a", "b"]));
    assert_eq!(effect(Engine::Postgres, "TRUNCATE a CASCADE"), None);
}

#[test]
fn only_creating_adds_and_takes_nothing_away() {
    for (statement, expected) in [
        ("CREATE TABLE t (c int)", true),
        ("CREATE INDEX i ON t (c)", true),
        ("ALTER TABLE t ADD c int, DROP d", false),
        ("RENAME TABLE a TO b", false),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", false),
        ("DROP TABLE t", false),
    ] {
        assert_eq!(only_adds(Engine::MySql, statement), expected, "{statement}");
    }
}

#[test]
fn what_no_look_decides_has_no_effect() {
    for statement in [
        "CREATE OR REPLACE VIEW v AS SELECT 1",
        "CREATE TEMPORARY TABLE t (c int)",
        "RENAME TABLE a TO t, b TO a, t TO b",
        "ALTER TABLE t DROP c, ADD c int",
        "ALTER TABLE t CHANGE a b int, CHANGE b a int",
        "ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a",
        "ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u",
        "ALTER TABLE t TRUNCATE PARTITION p",
        "ALTER TABLE t IMPORT TABLESPACE",
        "INSERT INTO t VALUES (1)",
        "CALL p()",
        "",
    ] {
        assert_eq!(effect(Engine::MySql, statement), None, "{statement}");
    }
    for statement in [
        "CREATE PUBLICATION p FOR TABLE t",
        "CREATE EVENT TRIGGER g ON ddl_command_end",
        "CREATE RULE r AS ON INSERT TO t DO NOTHING",
    ] {
        assert_eq!(effect(Engine::Postgres, statement), None, "{statement}");
    }
}

#[test]
fn statements_that_may_run_twice_by_their_form() {
    use Engine::{MySql, Postgres, Sqlite};
    for (engine, text, expected) in [
        (MySql, "CREATE TABLE IF NOT EXISTS a (b int)", true),
        (MySql, "create or  replace view v as select 1", true),
        (MySql, "CREATE OR REPLACE DEFINER = root@localhost PROCEDURE p() SELECT 1", true),
        (MySql, "CREATE OR REPLACE TABLE a (b int)", false),
        (MySql, "CREATE OR REPLACE SEQUENCE s", false),
        (MySql, "CREATE OR REPLACE DATABASE d", false),
        (MySql, "DROP INDEX IF EXISTS i ON t", true),
        (MySql, "DROP/**/TABLE IF EXISTS t", true),
        (
            MySql,
            "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW IF NOT EXISTS (SELECT 1) THEN SET @a = 1; END IF",
            false,
        ),
        (MySql, "ANALYZE TABLE t", true),
        (MySql, "ANALYZE UPDATE t SET n = n + 1", false),
        (MySql, "ANALYZE FORMAT=JSON DELETE FROM t", false),
        (MySql, "GRANT SELECT ON t TO u", true),
        (MySql, "REVOKE SELECT ON t FROM u", false),
        (MySql, "ALTER VIEW v AS SELECT 1", true),
        (Postgres, "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)", false),
        (Postgres, "CREATE TABLE a (b int)", false),
        (Postgres, "INSERT INTO t VALUES ('if not exists')", false),
        (Postgres, "VACUUM", true),
        (Postgres, "REINDEX TABLE CONCURRENTLY t", true),
        (Postgres, "DROP INDEX CONCURRENTLY IF EXISTS i", false),
        (Postgres, "DROP TABLE a", false),
        (Postgres, "ALTER SYSTEM SET work_mem = '64MB'", true),
        (Postgres, "ALTER DATABASE d RENAME TO e", false),
        (Sqlite, "PRAGMA journal_mode = WAL", true),
    ] {
        assert_eq!(is_repeatable(engine, text), expected, "{text}");
    }
}

#[test]
fn what_was_carried_out_in_part_is_finished() {
    for (engine, statement, rest) in [
        (Engine::MySql, "DROP TABLE a, b", Some("DROP TABLE IF EXISTS a, b")),
        (Engine::MySql, "drop view if exists a, b", Some("drop view if exists a, b")),
        (
            Engine::Postgres,
            "ALTER TABLE t DETACH PARTITION s.p CONCURRENTLY",
            Some("ALTER TABLE t DETACH PARTITION s.p FINALIZE"),
        ),
        (Engine::Postgres, "ALTER TABLE t DETACH PARTITION p", None),
        (Engine::MySql, "RENAME TABLE a TO b, c TO d", None),
    ] {
        assert_eq!(remainder(engine, statement).as_deref(), rest, "{statement}");
    }
}

#[test]
fn what_a_broken_off_build_leaves() {
    for (statement, expected) in [
        ("CREATE INDEX CONCURRENTLY i ON t (a)", Some(Leftover::Index { name: named("i"), table: Some(named("t")) })),
        ("CREATE INDEX i ON t (a)", None),
        ("REINDEX INDEX CONCURRENTLY s.i", Some(Leftover::BesideIndex(named("s.i")))),
        ("REINDEX (VERBOSE) TABLE CONCURRENTLY t", Some(Leftover::BesideIndexesOf(named("t")))),
        ("REINDEX SCHEMA CONCURRENTLY s", Some(Leftover::BesideIndexesIn(Some("s".into())))),
        ("REINDEX DATABASE CONCURRENTLY d", Some(Leftover::BesideIndexesIn(None))),
        ("REINDEX TABLE t", None),
    ] {
        assert_eq!(leftover(Engine::Postgres, statement), expected, "{statement}");
    }
}

#[test]
fn temporary_tables_are_known_by_name() {
    for (statement, expected) in [
        ("CREATE TEMPORARY TABLE IF NOT EXISTS `a`.`b` (c int)", Some(named("a.b"))),
        ("create or replace temporary table t as select 1", Some(named("t"))),
        ("CREATE TABLE t (c int)", None),
    ] {
        assert_eq!(temporary_table(Engine::MySql, statement), expected, "{statement}");
    }
}
