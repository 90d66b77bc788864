//! SQL that only one engine has, and that a naive runner breaks.

use crate::harness::{Engine, Project, exit};

#[test]
fn postgres_runs_what_cannot_run_in_a_transaction_alone_and_in_its_place() {
    let project = Project::new(Engine::Postgres);
    let upgrade = "CREATE TABLE t1 (id int);\nCREATE INDEX CONCURRENTLY t1_id ON t1 (id);\n\
                   CREATE TABLE seen AS SELECT count(*) FROM pg_indexes WHERE indexname = 't1_id';";
    let rollback = "DROP TABLE seen;\nDROP INDEX CONCURRENTLY t1_id;\nDROP TABLE t1;";
    project.migration("0001_index.sql", upgrade, rollback);
    let plan = project.run(["migrate", "--dry-run"]).exits(exit::DONE).prints("CREATE INDEX CONCURRENTLY");
    plan.mentions("outside");
    project.migrate();
    assert_eq!(project.sql("SELECT count FROM seen"), "1");
    assert_eq!(project.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 't1_id'::regclass"), "t");
    project.run(["rollback"]).exits(exit::DONE);
    assert!(!project.has_table("t1"));
}

#[test]
fn postgres_vacuum_and_reindex_need_no_annotation() {
    let project = Project::new(Engine::Postgres);
    project.tables(1).migration(
        "0002_clean.sql",
        "VACUUM t1;\nREINDEX TABLE CONCURRENTLY t1;\nINSERT INTO t1 VALUES (1);",
        "",
    );
    project.migrate();
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "1");
}

#[test]
fn postgres_an_annotated_statement_runs_outside_in_its_place() {
    let project = Project::new(Engine::Postgres);
    let upgrade = "CREATE TABLE t1 (id int, x bigint DEFAULT txid_current());\nINSERT INTO t1 VALUES (1);\n\
                   -- @dbwarden:autocommit\nINSERT INTO t1 VALUES (2);\nINSERT INTO t1 VALUES (3);";
    project.migration("0001_three.sql", upgrade, "DROP TABLE t1;").migrate();
    assert_eq!(project.sql("SELECT count(DISTINCT x), string_agg(id::text, ',' ORDER BY x) FROM t1"), "3|1,2,3");
}

#[test]
fn postgres_an_enum_value_can_be_used_in_the_file_that_adds_it() {
    let project = Project::new(Engine::Postgres);
    project.migration("0001_type.sql", "CREATE TYPE mood AS ENUM ('sad');\nCREATE TABLE t1 (m mood);", "");
    let upgrade = "ALTER TYPE mood ADD VALUE 'glad';\nINSERT INTO t1 VALUES ('glad');";
    project.migration("0002_value.sql", upgrade, "DELETE FROM t1;").migrate();
    assert_eq!(project.sql("SELECT m FROM t1"), "glad");
}

#[test]
fn postgres_copies_data_from_the_file() {
    let project = Project::new(Engine::Postgres);
    let upgrade = "CREATE TABLE t1 (id int, name text);\nCOPY t1 (id, name) FROM STDIN;\n1\tone; -- 'two\n2\t\\N\n\
                   -- rollback\tx\n\\.\n\nINSERT INTO t1 VALUES (3, 'three');";
    let wrong = project.migration("0001_copy.sql", upgrade, "").run(["migrate"]);
    wrong.exits(exit::SQL_FAILED).says("0001_copy.sql").says("-- rollback");
    project.migration("0001_copy.sql", &upgrade.replace("-- rollback\tx\n", ""), "DROP TABLE t1;").migrate();
    assert_eq!(project.sql("SELECT count(*), count(name), min(name) FROM t1"), "3|2|one; -- 'two");
}

#[test]
fn postgres_bodies_of_every_form_stay_whole() {
    let project = Project::new(Engine::Postgres);
    let upgrade = r#"
CREATE FUNCTION one() RETURNS int LANGUAGE plpgsql AS $a$
BEGIN
    EXECUTE format($b$ SELECT 1; -- %s $b$, 'x');

    RETURN 1; /* nested /* comment; */ still */
END $a$;
CREATE FUNCTION two() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 ELSE 0 END; END;
DO $$ BEGIN
    IF E'\'; --' <> U&'\0041;' THEN PERFORM 1; END IF;
END $$;
CREATE TABLE "odd;name" (a text DEFAULT E'it\'s; "fine"', "b--c" int);
"#;
    let rollback = "DROP TABLE \"odd;name\"; DROP FUNCTION one(); DROP FUNCTION two();";
    project.migration("0001_bodies.sql", upgrade, rollback).migrate();
    assert_eq!(project.sql("SELECT one() + two()"), "3");
    project.sql("INSERT INTO \"odd;name\" (\"b--c\") VALUES (1)");
    assert_eq!(project.sql("SELECT a FROM \"odd;name\""), "it's; \"fine\"");
    project.run(["rollback"]).exits(exit::DONE);
}

#[test]
fn postgres_lock_table_stays_in_the_transaction_it_protects() {
    let project = Project::new(Engine::Postgres);
    project
        .tables(1)
        .migration("0002_lock.sql", "LOCK TABLE t1 IN EXCLUSIVE MODE;\nINSERT INTO t1 VALUES (1);", "")
        .migrate();
}

#[test]
fn postgres_notices_are_shown() {
    let project = Project::new(Engine::Postgres);
    project.migration("0001_notice.sql", "DO $$ BEGIN RAISE WARNING 'look at this'; END $$;", "");
    project.migrate().says("look at this");
}

#[test]
fn postgres_the_history_is_found_whatever_a_file_does_to_the_search_path() {
    let project = Project::new(Engine::Postgres);
    let planted = "CREATE SCHEMA evil;\nCREATE FUNCTION evil.pg_try_advisory_lock(int, int) RETURNS bool LANGUAGE sql AS 'SELECT true';\n\
                   CREATE TABLE evil._dbwarden_migrations (x int);\nSET search_path = evil, pg_catalog;";
    project.migration("0001_planted.sql", planted, "DROP SCHEMA evil CASCADE;").tables(0);
    project.migration("0002_create.sql", "CREATE TABLE public.t1 (id int);", "DROP TABLE public.t1;").migrate();
    assert_eq!(project.versions(), ["0001", "0002"]);
}

#[test]
fn mysql_delimiters_routines_triggers_and_events_work() {
    let project = Project::new(Engine::MySql);
    project.tables(1);
    let upgrade = "\
delimiter $$
CREATE PROCEDURE fill(IN n int)
BEGIN
    -- it's a loop; really
    WHILE n > 0 DO
        INSERT INTO t1 VALUES (n);

        SET n = n - 1;
    END WHILE;
    SELECT count(*) FROM t1;
    SELECT 'second; result set';
END$$
CREATE TRIGGER t1_check BEFORE INSERT ON t1 FOR EACH ROW BEGIN IF NEW.id > 90 THEN SET NEW.id = 90; END IF; END$$
  DELIMITER ;;
CREATE EVENT clean ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM t1; DELETE FROM t1; END;;
DELIMITER ;
# a comment; in the engine's own style
CREATE FUNCTION two() RETURNS int DETERMINISTIC BEGIN DECLARE x int DEFAULT 2; RETURN CASE x WHEN 2 THEN 2 ELSE 0 END; END;
INSERT INTO t1 VALUES (99);
/*!50100 INSERT INTO t1 VALUES (50) */;
INSERT INTO t1 SELECT 7 WHERE 'it\\'s; --' <> \"a;b\";
CALL fill(3);
INSERT INTO t1 VALUES (two());";
    let rollback = "DROP EVENT clean; DROP TRIGGER t1_check; DROP PROCEDURE fill; DROP FUNCTION two; DELETE FROM t1;";
    project.migration("0002_routines.sql", upgrade, rollback).migrate();
    assert_eq!(project.sql("SELECT group_concat(id ORDER BY id) FROM t1"), "1,2,2,3,7,50,90");
    project.run(["rollback"]).exits(exit::DONE);
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "0");
}

#[test]
fn mysql_a_lone_commit_is_harmless() {
    let project = Project::new(Engine::MySql);
    project
        .tables(1)
        .migration("0002_rows.sql", "INSERT INTO t1 VALUES (1);\ncommit;\nINSERT INTO t1 VALUES (2);", "")
        .migrate();
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "2");
}

#[test]
fn mysql_partly_applied_names_the_statement_and_what_stands() {
    let project = Project::new(Engine::MySql);
    let upgrade =
        "CREATE TABLE t1 (id int);\nCREATE TABLE t2 (id int);\nCREATE TABLE t1 (id int);\nCREATE TABLE t3 (id int);";
    project.migration("0001_tables.sql", upgrade, "");
    let report = project.run(["migrate"]).exits(exit::PARTLY);
    report.says("0001_tables.sql:5:").says("CREATE TABLE t1 (id int)").says("'t1' already exists").mentions("2");
    assert!(project.has_table("t2") && !project.has_table("t3"));
    assert_eq!(project.versions().len(), 0);
}

#[test]
fn sqlite_rebuilds_a_table_without_losing_its_children() {
    let project = Project::new(Engine::Sqlite);
    let tables = "CREATE TABLE parent (id integer PRIMARY KEY);\n\
                  CREATE TABLE child (parent_id int REFERENCES parent ON DELETE CASCADE);\n\
                  INSERT INTO parent VALUES (1);\nINSERT INTO child VALUES (1);";
    project.migration("0001_tables.sql", tables, "");
    let rebuild = "CREATE TABLE new_parent (id integer PRIMARY KEY, name text);\n\
                   INSERT INTO new_parent (id) SELECT id FROM parent;\nDROP TABLE parent;\n\
                   ALTER TABLE new_parent RENAME TO parent;";
    project.migration("0002_plain.sql", rebuild, "");
    let wrapped = format!("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n{rebuild}\nCOMMIT;\nPRAGMA foreign_keys=ON;");
    project.migration("0003_wrapped.sql", &wrapped, "").migrate();
    assert_eq!(project.sql("SELECT count(*) FROM child"), "1");
    assert_eq!(project.sql("SELECT count(*) FROM parent"), "1");
}

#[test]
fn sqlite_names_of_every_quoting_and_triggers_with_case_work() {
    let project = Project::new(Engine::Sqlite);
    let upgrade = "CREATE TABLE [odd;name] (`a;b` text, \"c--d\" int);\nCREATE TABLE log (x);\n\
                   CREATE TEMP TRIGGER t0 AFTER INSERT ON log BEGIN SELECT 1; END;\n\
                   CREATE TRIGGER IF NOT EXISTS t1 AFTER INSERT ON [odd;name] WHEN CASE NEW.`a;b` WHEN 'x' THEN 1 ELSE 0 END\n\
                   BEGIN\n  INSERT INTO log SELECT CASE WHEN 1 THEN 'end; ' ELSE '' END;\n  -- don't; stop\n  DELETE FROM log WHERE 0;\nEND;\n\
                   INSERT INTO [odd;name] VALUES ('x', 1)";
    project.migration("0001_odd.sql", upgrade, "DROP TABLE [odd;name]; DROP TABLE log;").migrate();
    assert_eq!(project.sql("SELECT count(*) FROM log"), "1");
    project.run(["rollback"]).exits(exit::DONE);
}

#[test]
fn sqlite_vacuum_runs_alone() {
    let project = Project::new(Engine::Sqlite);
    project
        .tables(1)
        .migration("0002_vacuum.sql", "INSERT INTO t1 VALUES (1);\nVACUUM;\nINSERT INTO t1 VALUES (2);", "")
        .migrate();
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "2");
}

#[test]
fn postgres_a_file_chooses_the_isolation_of_its_transaction() {
    let project = Project::new(Engine::Postgres);
    let level = "current_setting('transaction_isolation')";
    project.migration("0001_seen.sql", "CREATE TABLE seen (level text);", "DROP TABLE seen;");
    let set = format!("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nINSERT INTO seen SELECT {level};");
    project.migration("0002_set.sql", &set, "");
    let begin = format!("BEGIN ISOLATION LEVEL REPEATABLE READ;\nINSERT INTO seen SELECT {level};\nCOMMIT;");
    project.migration("0003_begin.sql", &begin, "");
    project.migration("0004_plain.sql", &format!("INSERT INTO seen SELECT {level};"), "").migrate();
    assert_eq!(project.sql("SELECT level FROM seen"), "serializable\nrepeatable read\nread committed");
}
