//! What looks into the catalog tell of a statement: nothing before it, and that it is done after it.

use dbwarden::dialect::{before, looks_before_each, select_look};
use dbwarden::model::Verdict;
use dbwarden::parse;

use crate::harness::mariadb::MariaDb;
use crate::harness::{Engine, Project};

/// Looks around `statement`, which `setup` prepares.
#[track_caller]
fn tells(project: &Project, statement: &str) {
    let engine = project.engine();
    let effect = parse::effect(engine, statement).unwrap_or_else(|| panic!("{statement} has an effect"));
    let looks = looks_before_each(engine, &[(3, std::slice::from_ref(&effect))]).expect("a look before");
    let first = looks.first.map(|first| format!("{first};\n")).unwrap_or_default();
    let written = project.sql(&format!("{first}SELECT {}", looks.value));
    let after = select_look(engine, &effect, None).expect("a look");
    let judged = || effect.judge(before(&written, 3), &project.sql(&after));
    assert_eq!(judged(), Verdict::NotDone, "before {statement}: {written}");
    project.sql(statement);
    assert_eq!(judged(), Verdict::Done, "after {statement}: {written}, {}", project.sql(&after));
}

#[test]
fn mysql_every_form() {
    let project = Project::new(Engine::MySql);
    project.sql(
        "CREATE TABLE u (id int PRIMARY KEY);
         CREATE TABLE t (id int, a int, b varchar(20), c int, d int, e int, KEY k (a));
         CREATE TABLE p (id int) PARTITION BY HASH (id) PARTITIONS 2;
         CREATE VIEW v AS SELECT 1 one; CREATE TABLE gone1 (id int); CREATE TABLE gone2 (id int);
         CREATE PROCEDURE proc() SELECT 1",
    );
    for statement in [
        "CREATE TABLE `new one` (id int)",
        "CREATE TABLE copied AS SELECT * FROM t",
        "CREATE INDEX i ON t (b)",
        "ALTER TABLE t ADD COLUMN f int, DROP COLUMN e",
        "ALTER TABLE t MODIFY a bigint NOT NULL",
        "ALTER TABLE t ALTER b SET DEFAULT 'it''s'",
        "ALTER TABLE t MODIFY c int AFTER d",
        "ALTER TABLE t CHANGE d d int COMMENT 'why'",
        "ALTER TABLE t CHANGE d d2 int",
        "ALTER TABLE t ADD PRIMARY KEY (id)",
        "ALTER TABLE t ADD INDEX (b, c)",
        "ALTER TABLE t ADD UNIQUE (c)",
        "ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES u (id)",
        "ALTER TABLE t ADD CONSTRAINT named FOREIGN KEY (c) REFERENCES u (id)",
        "ALTER TABLE t DROP FOREIGN KEY named",
        "ALTER TABLE t ADD CHECK (c > 0)",
        "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id, c)",
        "ALTER TABLE t COMMENT 'a table'",
        "ALTER TABLE gone2 ENGINE = MyISAM",
        "ALTER TABLE u CONVERT TO CHARACTER SET latin1",
        "ALTER TABLE p ADD PARTITION PARTITIONS 1",
        "ALTER TABLE p REMOVE PARTITIONING",
        "ALTER TABLE gone1 RENAME TO gone3",
        "RENAME TABLE gone3 TO gone1, gone2 TO gone4",
        "DROP TABLE gone1, gone4",
        "DROP VIEW v",
        "CREATE SQL SECURITY INVOKER VIEW v AS SELECT 2 two",
        "CREATE DEFINER = CURRENT_USER TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1",
        "CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1",
        "DROP PROCEDURE proc",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    ] {
        tells(&project, statement);
    }
}

#[test]
fn postgres_every_form() {
    let project = Project::new(Engine::Postgres);
    project.sql(
        "CREATE TABLE u (id int PRIMARY KEY); CREATE SCHEMA shop; CREATE TYPE mood AS ENUM ('sad');
         CREATE TABLE t (id int, a int, b text, c int); CREATE INDEX k ON t (a);
         CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 (id int); CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
         CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    );
    for statement in [
        "CREATE TABLE shop.new (id int)",
        "CREATE INDEX CONCURRENTLY i ON t (b)",
        "CREATE INDEX CONCURRENTLY ON t (c)",
        "DROP INDEX CONCURRENTLY k",
        "ALTER TABLE t ALTER COLUMN a TYPE bigint",
        "ALTER TABLE t ALTER a SET NOT NULL",
        "ALTER TABLE t ALTER a SET DEFAULT 5",
        "ALTER TABLE t ALTER a SET STATISTICS 500",
        "ALTER TABLE t ADD COLUMN d int DEFAULT 7, ALTER b SET NOT NULL",
        "ALTER TABLE t DROP d, ADD d int",
        "ALTER TABLE t ALTER d SET NOT NULL",
        "ALTER TABLE t ALTER d ADD GENERATED ALWAYS AS IDENTITY",
        "ALTER TABLE t ADD PRIMARY KEY (id)",
        "ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES u (id) NOT VALID",
        "ALTER TABLE t VALIDATE CONSTRAINT t_id_fkey",
        "ALTER TABLE t ADD CONSTRAINT positive CHECK (c > 0)",
        "ALTER TABLE t RENAME CONSTRAINT positive TO above_zero",
        "ALTER TABLE t SET (fillfactor = 70)",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE t REPLICA IDENTITY FULL",
        "ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1)",
        "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY",
        "ALTER TABLE t RENAME b TO b2",
        "ALTER TABLE t RENAME TO t2",
        "ALTER TYPE mood ADD VALUE 'glad'",
        "ALTER TYPE mood RENAME VALUE 'glad' TO 'merry'",
        "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION f(int)",
        "CREATE TRIGGER g BEFORE INSERT OR UPDATE OF a ON t2 FOR EACH ROW EXECUTE FUNCTION fire()",
        "ALTER TABLE t2 DISABLE TRIGGER g",
        "DROP TRIGGER g ON t2",
        "CREATE MATERIALIZED VIEW v AS SELECT 1 one",
        "DROP MATERIALIZED VIEW v",
        "CREATE SEQUENCE s",
        "CREATE TYPE pair AS (a int, b int)",
        "DROP SCHEMA shop CASCADE",
    ] {
        tells(&project, statement);
    }
}

#[test]
fn sqlite_every_form() {
    let project = Project::new(Engine::Sqlite);
    project.sql("CREATE TABLE t (id int, a int); CREATE VIEW v AS SELECT 1");
    for statement in [
        "CREATE TABLE [new one] (id int)",
        "CREATE UNIQUE INDEX i ON t (a)",
        "ALTER TABLE t ADD COLUMN b int",
        "ALTER TABLE t ADD c int AS (a + 1)",
        "ALTER TABLE t RENAME COLUMN b TO b2",
        "ALTER TABLE t DROP b2",
        "ALTER TABLE t RENAME TO t2",
        "CREATE TRIGGER g AFTER INSERT ON t2 BEGIN SELECT 1; END",
        "DROP TRIGGER g",
        "DROP VIEW v",
        "DROP INDEX i",
        "DROP TABLE T2",
    ] {
        tells(&project, statement);
    }
}

#[test]
fn postgres_another_object_of_the_name_is_not_taken_for_it() {
    let project = Project::new(Engine::Postgres);
    project.sql("CREATE SCHEMA shop; CREATE TABLE shop.t (id int); CREATE TABLE t (id int)");
    let effect = parse::effect(Engine::Postgres, "DROP TABLE t").unwrap();
    let path = "SET search_path = shop, public";
    let looks = looks_before_each(Engine::Postgres, &[(0, std::slice::from_ref(&effect))]).unwrap();
    let written = project.sql(&format!("{path};\nSELECT {}", looks.value));
    let written = written.lines().last().unwrap_or_default().to_string();
    project.sql(&format!("{path};\nDROP TABLE t"));
    let now = project.sql(&format!("{path};\n{}", select_look(Engine::Postgres, &effect, None).unwrap()));
    assert_eq!(effect.judge(before(&written, 0), now.lines().last().unwrap_or_default()), Verdict::Done);
    assert!(project.has_table("public.t"));
}

#[test]
fn mysql_rows_and_statistics_are_no_change_of_a_table() {
    let project = Project::new(Engine::MySql);
    project.sql("CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a int)");
    let effect = parse::effect(Engine::MySql, "ALTER TABLE t ADD INDEX (a)").unwrap();
    let look = select_look(Engine::MySql, &effect, None).unwrap();
    let first = project.sql(&look);
    project.sql(&format!("INSERT INTO t (a) SELECT 1 FROM {}; ANALYZE TABLE t", MariaDb::numbers(200)));
    assert_eq!(project.sql(&look), first);
}

#[test]
fn postgres_rows_and_tidying_up_are_no_change_of_a_table() {
    let project = Project::new(Engine::Postgres);
    project.sql("CREATE TABLE t (id int PRIMARY KEY, a text)");
    let effect = parse::effect(Engine::Postgres, "ALTER TABLE t ADD CHECK (a <> '')").unwrap();
    let look = select_look(Engine::Postgres, &effect, None).unwrap();
    let first = project.sql(&look);
    project.sql("INSERT INTO t SELECT n, 'x' FROM generate_series(1, 500) n");
    project.sql("VACUUM FULL t");
    project.sql("ANALYZE t");
    project.sql("VACUUM FREEZE t");
    assert_eq!(project.sql(&look), first);
}

#[test]
fn mysql_a_table_that_somebody_is_changing_stops_no_mark() {
    let project = Project::new(Engine::MySql);
    project.tables(1);
    let rows = format!("SELECT 1 FROM {}", MariaDb::numbers(300_000));
    project.sql(&format!("CREATE TABLE busy (id int); INSERT INTO busy {rows}"));
    let mut other =
        project.client().stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null()).spawn().unwrap();
    let change =
        "ALTER TABLE busy ADD COLUMN slow int DEFAULT 1, ALGORITHM=COPY, LOCK=EXCLUSIVE;\n".replace("slow", "a");
    let changes: String =
        ["a", "b", "c", "d", "e", "f"].map(|name| change.replace("COLUMN a", &format!("COLUMN {name}"))).concat();
    std::io::Write::write_all(other.stdin.as_mut().unwrap(), changes.as_bytes()).unwrap();
    drop(other.stdin.take());
    crate::harness::wait_until("the table is being changed", || {
        !project.sql("SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'ALTER TABLE busy%'").is_empty()
    });
    project.migration("0002_key.sql", "ALTER TABLE busy ADD INDEX (id);", "");
    project.run(["migrate", "--lock-timeout", "60s"]).exits(0);
    other.wait().unwrap();
    assert_eq!(project.versions(), ["0001", "0002"]);
}
