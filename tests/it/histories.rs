//! What real histories hold beyond plain statements: dumps, loops over all tables, transactions of their own.

use crate::harness::{Engine, Project, exit};

#[test]
fn postgres_applies_a_dump() {
    let project = Project::new(Engine::Postgres);
    let dump = "\\restrict Key\n\nSELECT pg_catalog.set_config('search_path', '', false);\n\
                CREATE TABLE public.t1 (id integer);\nCOPY public.t1 (id) FROM stdin;\n1\n2\n\\.\n\n\
                \\unrestrict Key\n";
    project.migration("0001_dump.sql", dump, "DROP TABLE public.t1;");
    project.migration("0002_more.sql", "INSERT INTO t1 VALUES (3);", "DELETE FROM t1 WHERE id = 3;").migrate();
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "3");
    project.run(["rollback", "-t", "0"]).exits(exit::DONE);
}

#[test]
fn mysql_applies_a_dump() {
    let project = Project::new(Engine::MySql);
    let dump = "/*M!999999\\- enable the sandbox mode */ \n\
                /*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;\n\
                CREATE TABLE `t1` (`id` int);\nLOCK TABLES `t1` WRITE;\n\
                /*!40000 ALTER TABLE `t1` DISABLE KEYS */;\nINSERT INTO `t1` VALUES (1),(2);\n\
                /*!40000 ALTER TABLE `t1` ENABLE KEYS */;\nUNLOCK TABLES;\n\
                /*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;\n";
    project.migration("0001_dump.sql", dump, "DROP TABLE t1;");
    project.migration("0002_more.sql", "INSERT INTO t1 VALUES (3);", "DELETE FROM t1 WHERE id = 3;").migrate();
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "3");
    project.run(["rollback", "-t", "0"]).exits(exit::DONE);
}

#[test]
fn mysql_converting_all_tables_does_not_stop_the_bookkeeping() {
    let project = Project::new(Engine::MySql);
    let convert = "CREATE PROCEDURE convert_all() BEGIN\n\
        DECLARE done INT DEFAULT 0; DECLARE name VARCHAR(64);\n\
        DECLARE names CURSOR FOR SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE();\n\
        DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1;\n\
        OPEN names;\n\
        walk: LOOP FETCH names INTO name; IF done THEN LEAVE walk; END IF;\n\
        SET @alter = CONCAT('ALTER TABLE `', name, '` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci, \
        ADD COLUMN touched int');\n\
        PREPARE altering FROM @alter; EXECUTE altering; DEALLOCATE PREPARE altering;\n\
        END LOOP;\nEND;\nCALL convert_all();\nDROP PROCEDURE convert_all;";
    project.tables(1).migration("0002_convert.sql", convert, "");
    project.migration("0003_t2.sql", "CREATE TABLE t2 (id int);", "DROP TABLE t2;").migrate();
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
    project.run(["rollback", "-t", "0"]).exits(exit::DONE);
    assert!(!project.has_table("t1") && !project.has_table("t2"));
}

#[test]
fn postgres_a_loop_that_takes_our_tables_away_is_undone_and_named() {
    let project = Project::new(Engine::Postgres);
    let moving = "CREATE SCHEMA app;\nDO $$ DECLARE name text; BEGIN\n\
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP\n\
        EXECUTE format('ALTER TABLE %I SET SCHEMA app', name);\nEND LOOP; END $$;";
    project.tables(1).migration("0002_move.sql", moving, "");
    let report = project.run(["migrate"]).exits(exit::SQL_FAILED);
    report.says("0002_move.sql").mentions("_dbwarden_").mentions("undone");
    assert_eq!(project.versions(), ["0001"]);
}

#[test]
fn postgres_a_commit_inside_a_block_is_answered_with_the_annotation() {
    let project = Project::new(Engine::Postgres);
    let block = "DO $$ BEGIN INSERT INTO t1 VALUES (1); COMMIT; INSERT INTO t1 VALUES (2); END $$;";
    project.tables(1).migration("0002_fill.sql", block, "");
    project.run(["migrate"]).exits(exit::SQL_FAILED).says("-- @dbwarden:autocommit");
    project.migration("0002_fill.sql", &format!("-- @dbwarden:autocommit\n{block}"), "").migrate();
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "2");
}
