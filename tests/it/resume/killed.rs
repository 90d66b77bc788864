//! Runs that die while the server works on a statement outside any transaction. What the server did with it is then
//! made certain: its session is ended before the statement gets its turn, and where it is to be done, it is done by
//! hand.

use crate::harness::{Engine, Finished, Neighbour, Project, exit, wait_until};

/// Applies `upgrade` as 0002, kills the run while its statement waits for the neighbour of `table`, and sees to it that
/// the statement was not carried out.
#[track_caller]
pub(super) fn killed_at(project: &Project, table: &str, upgrade: &str) {
    project.migration("0002_work.sql", upgrade, "");
    killed_in(project, table, &["migrate"]);
}

/// The same for any command.
#[track_caller]
pub(super) fn killed_in(project: &Project, table: &str, command: &[&str]) {
    let neighbour = Neighbour::of(project, table);
    let run = project.spawn(command.iter().chain(&["--lock-timeout", "60s"]));
    let waits = match project.engine() {
        Engine::Postgres => {
            "SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database \
             WHERE datname = current_database() AND locktype = 'relation' AND NOT granted"
        }
        _ => {
            "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = database() \
             AND STATE LIKE 'Waiting for table metadata%'"
        }
    };
    let session = found("the statement waits for the neighbour", || project.sql(waits));
    run.kill9();
    match project.engine() {
        Engine::Postgres => project.sql(&format!("SELECT pg_terminate_backend({session})")),
        _ => project.sql(&format!("KILL {session}")),
    };
    wait_until("its session has ended", || project.sql(waits).is_empty());
    neighbour.end();
}

/// Asks until there is an answer, and returns that one: a moment later there may be another.
#[track_caller]
fn found(what: &str, ask: impl Fn() -> String) -> String {
    let answer = std::cell::RefCell::new(String::new());
    wait_until(what, || {
        answer.replace(ask());
        !answer.borrow().is_empty()
    });
    answer.into_inner()
}

#[track_caller]
fn migrated(project: &Project, says: &str) -> Finished {
    let finished = project.run(["migrate", "--lock-wait", "30s"]).exits(exit::DONE).says(says);
    assert_eq!(project.versions().last().map(String::as_str), Some("0002"));
    project.run(["status"]).exits(exit::DONE).never_mentions("interrupted");
    finished
}

/// Runs `check` on a project whose run died in `statement`, once when it was not carried out, and once when it was.
#[track_caller]
fn settled(engine: Engine, setup: &str, header: &str, statement: &str, probe: &str, expected: &str) {
    for done in [false, true] {
        let project = Project::new(engine);
        project.migration("0001_start.sql", setup, "").migrate();
        killed_at(&project, "t", &format!("{header}{statement};"));
        let says = match done {
            true => {
                project.sql(statement);
                "had taken effect, as the catalog shows"
            }
            false => "had not taken effect and is run again, as the catalog shows",
        };
        let before = project.fingerprint();
        project.run(["migrate", "--dry-run", "--lock-wait", "30s"]).exits(exit::DONE).says(says);
        project.run(["check"]).exits(exit::PENDING).says(says);
        assert_eq!(project.fingerprint(), before);
        migrated(&project, says);
        assert_eq!(project.sql(probe), expected, "{statement}, done: {done}");
    }
}

#[test]
fn mysql_a_change_of_a_column_is_told_by_its_definition() {
    let setup = "CREATE TABLE t (id int, a varchar(10) NOT NULL DEFAULT 'x');";
    let probe = "SELECT COLUMN_TYPE, IS_NULLABLE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() \
                 AND TABLE_NAME = 't' AND COLUMN_NAME = 'a'";
    settled(Engine::MySql, setup, "", "ALTER TABLE t MODIFY a varchar(99)", probe, "varchar(99)|YES");
}

#[test]
fn mysql_a_key_without_a_name_is_made_once() {
    let probe = "SELECT count(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() \
                 AND TABLE_NAME = 't'";
    settled(Engine::MySql, "CREATE TABLE t (id int, a int);", "", "ALTER TABLE t ADD INDEX (a)", probe, "1");
    let setup = "CREATE TABLE u (id int PRIMARY KEY);\nCREATE TABLE t (id int, a int);";
    let probe = "SELECT count(*) FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE() \
                 AND TABLE_NAME = 't'";
    settled(Engine::MySql, setup, "", "ALTER TABLE t ADD CONSTRAINT FOREIGN KEY (a) REFERENCES u (id)", probe, "1");
}

#[test]
fn mysql_several_tables_are_renamed_together() {
    let setup = "CREATE TABLE t (id int);\nCREATE TABLE u (id int);";
    let probe = "SELECT group_concat(TABLE_NAME ORDER BY 1) FROM information_schema.TABLES \
                 WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT LIKE '\\_%'";
    settled(Engine::MySql, setup, "", "RENAME TABLE t TO t1, u TO u1", probe, "t1,u1");
}

#[test]
fn postgres_what_runs_outside_a_transaction_is_told_by_the_catalog() {
    let off = "-- dbwarden: transaction = off\n";
    let setup = "CREATE TABLE t (id int, a int);";
    let probe =
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'a'";
    settled(Engine::Postgres, setup, off, "ALTER TABLE t ALTER a TYPE bigint", probe, "bigint");
    let probe = "SELECT count(*) FROM pg_constraint WHERE conrelid = 't'::regclass";
    settled(Engine::Postgres, setup, off, "ALTER TABLE t ADD CHECK (a > 0)", probe, "1");
}

#[test]
fn postgres_names_mean_what_they_meant_to_the_file() {
    for done in [false, true] {
        let project = Project::new(Engine::Postgres);
        let setup = "CREATE SCHEMA shop;\nCREATE TABLE shop.t (id int);\nCREATE TABLE public.t (id int, a int);";
        project.migration("0001_start.sql", setup, "").migrate();
        let statement = "ALTER TABLE t ADD COLUMN a int";
        let upgrade = format!("-- dbwarden: transaction = off\nSET search_path = shop;\n{statement};");
        killed_at(&project, "shop.t", &upgrade);
        if done {
            project.sql(&format!("SET search_path = shop;\n{statement}"));
        }
        migrated(&project, if done { "had taken effect" } else { "had not taken effect" });
        project.sql("SELECT a FROM shop.t");
    }
}

#[test]
fn postgres_the_authors_own_transaction_before_it_counts() {
    let setup = "CREATE TABLE t (id int, a int);\nCREATE TABLE u (id int);";
    let before = "BEGIN;\nINSERT INTO u VALUES (1);\nCOMMIT;\n-- @dbwarden:autocommit\n";
    let probe = "SELECT (SELECT count(*) FROM u), count(*) FROM pg_constraint WHERE conrelid = 't'::regclass";
    settled(Engine::Postgres, setup, before, "ALTER TABLE t ADD UNIQUE (a)", probe, "1|1");
}

#[test]
fn mysql_names_mean_what_they_meant_to_the_file() {
    for done in [false, true] {
        let project = Project::new(Engine::MySql);
        let other = format!("{}_other", project.database());
        let setup =
            format!("CREATE DATABASE {other};\nCREATE TABLE {other}.t (id int);\nCREATE TABLE t (id int, a int);");
        project.migration("0001_start.sql", &setup, "").migrate();
        let statement = "ALTER TABLE t ADD COLUMN a int";
        project.migration("0002_work.sql", &format!("USE {other};\n{statement};"), "");
        let neighbour = Neighbour::of(&project, &format!("{other}.t"));
        let run = project.spawn(["migrate", "--lock-timeout", "60s"]);
        let waits = format!(
            "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '{other}' AND STATE LIKE 'Waiting for table metadata%'"
        );
        let session = found("the statement waits", || project.sql(&waits));
        run.kill9();
        project.sql(&format!("KILL {session}"));
        wait_until("its session has ended", || project.sql(&waits).is_empty());
        neighbour.end();
        if done {
            project.sql(&format!("USE {other};\n{statement}"));
        }
        migrated(&project, if done { "had taken effect" } else { "had not taken effect" });
        project.sql(&format!("SELECT a FROM {other}.t; DROP DATABASE {other}"));
    }
}

#[test]
fn mysql_a_table_that_was_there_before_is_no_sign_of_its_creation() {
    let project = Project::new(Engine::MySql);
    project.tables(1).migrate();
    project.sql("CREATE TABLE t3 (other int)");
    project.migration("0002_work.sql", "", "");
    let upgrade = "CREATE INDEX i ON t1 (id);\nCREATE TABLE t2 (id int);\nCREATE TABLE t3 (id int);";
    killed_at(&project, "t1", upgrade);
    project.sql("CREATE INDEX i ON t1 (id); CREATE TABLE t2 (id int)");
    let stopped = project.run(["migrate", "--lock-wait", "30s"]).exits(exit::PARTLY).says("0002_work.sql");
    assert!(stopped.output().contains("t3") && stopped.output().contains("already exists"), "{}", stopped.output());
    assert_eq!(project.versions(), ["0001"]);
}

#[test]
fn mysql_of_several_dropped_tables_the_rest_is_dropped() {
    let project = Project::new(Engine::MySql);
    project.migration("0001_start.sql", "CREATE TABLE a (id int);\nCREATE TABLE t (id int);", "").migrate();
    killed_at(&project, "t", "DROP TABLE a, t;\nCREATE TABLE b (id int);");
    // MariaDB drops one after the other; whether the first is gone by now depends on the server.
    project.sql("DROP TABLE IF EXISTS a");
    migrated(&project, "had taken effect in part and is finished");
    assert!(!project.has_table("a") && !project.has_table("t") && project.has_table("b"));
}

#[test]
fn mysql_a_table_is_emptied_again_only_while_it_is_empty() {
    for (rows, code) in [("DELETE FROM t", exit::DONE), ("INSERT INTO t VALUES (7)", exit::PARTLY)] {
        let project = Project::new(Engine::MySql);
        project.migration("0001_start.sql", "CREATE TABLE t (id int);\nINSERT INTO t VALUES (1);", "").migrate();
        killed_at(&project, "t", "TRUNCATE t;");
        project.sql(rows);
        project.run(["migrate", "--lock-wait", "30s"]).exits(code);
        assert_eq!(project.sql("SELECT count(*) FROM t WHERE id = 7"), if code == exit::DONE { "0" } else { "1" });
    }
}

#[test]
fn postgres_an_interrupted_reindex_leaves_no_second_index() {
    let project = Project::new(Engine::Postgres);
    project.migration("0001_start.sql", "CREATE TABLE t (id int);\nCREATE INDEX i ON t (id);", "").migrate();
    project.migration("0002_work.sql", "REINDEX TABLE CONCURRENTLY t;", "");
    let neighbour = Neighbour::of(&project, "t");
    let run = project.spawn(["migrate", "--lock-timeout", "60s"]);
    let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
    wait_until("the second index is begun", || project.sql(invalid) == "1");
    run.kill9();
    let session = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'REINDEX%' AND pid <> pg_backend_pid()";
    project.sql(&format!("SELECT pg_terminate_backend(pid) FROM ({session}) s"));
    wait_until("its session has ended", || project.sql(session).is_empty());
    neighbour.end();
    project.run(["migrate", "--lock-wait", "30s"]).exits(exit::DONE).says("i_ccnew");
    assert_eq!(
        project.sql("SELECT string_agg(indexrelid::regclass::text, ',') FROM pg_index WHERE indrelid = 't'::regclass"),
        "i"
    );
}

#[test]
fn postgres_an_interrupted_detachment_is_finished() {
    let project = Project::new(Engine::Postgres);
    let setup = "CREATE TABLE t (id int) PARTITION BY LIST (id);\nCREATE TABLE p PARTITION OF t FOR VALUES IN (1);";
    project.migration("0001_start.sql", setup, "").migrate();
    project.migration("0002_work.sql", "ALTER TABLE t DETACH PARTITION p CONCURRENTLY;", "");
    let neighbour = Neighbour::of(&project, "p");
    let run = project.spawn(["migrate", "--lock-timeout", "60s"]);
    wait_until("the detachment is begun", || project.sql("SELECT inhdetachpending FROM pg_inherits") == "t");
    run.kill9();
    let session = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'ALTER TABLE t%' AND pid <> pg_backend_pid()";
    project.sql(&format!("SELECT pg_terminate_backend(pid) FROM ({session}) s"));
    wait_until("its session has ended", || project.sql(session).is_empty());
    neighbour.end();
    migrated(&project, "had taken effect in part and is finished");
    assert_eq!(project.sql("SELECT count(*) FROM pg_inherits"), "0");
}
