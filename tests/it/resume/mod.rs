//! Migrations that do not fit into one transaction: what is done stays done, and the next run goes on after it.
//!
//! On MySQL and MariaDB every DDL statement is such; on PostgreSQL and SQLite the marker makes one.

mod ahead;
mod directions;
mod done_if;
mod edited;
mod killed;
mod locked;
mod looks;
mod session;

use crate::harness::{Engine, Neighbour, Project, exit, wait_until};

on_each_engine![
    a_failed_statement_is_gone_on_with_after_it_was_corrected,
    what_is_already_done_must_not_be_edited,
    settings_of_the_done_part_hold_for_the_rest,
    an_unknown_outcome_is_settled_by_a_person,
    an_interrupted_rollback_is_finished_by_rollback_only,
    a_run_killed_while_it_made_its_tables_is_gone_on_with,
];

/// A file whose statements run outside any transaction, one by one.
fn one_by_one(statements: &[&str]) -> String {
    let text: String = statements.iter().map(|statement| format!("{statement};\n")).collect();
    format!("-- dbwarden: transaction = off\n{text}")
}

fn ledger(project: &Project) -> String {
    project.sql("SELECT entry FROM ledger ORDER BY entry")
}

fn started(project: &Project) {
    project.migration("0001_ledger.sql", "CREATE TABLE ledger (entry int);", "DROP TABLE ledger;").migrate();
}

fn a_failed_statement_is_gone_on_with_after_it_was_corrected(project: &Project) {
    started(project);
    let file = |second: &str| one_by_one(&["INSERT INTO ledger VALUES (1)", second, "INSERT INTO ledger VALUES (3)"]);
    project.migration("0002_work.sql", &file("INSERT INTO nowhere VALUES (2)"), "DELETE FROM ledger;");
    let failed = project.run(["migrate"]).exits(exit::PARTLY).says("0002_work.sql:").says("nowhere");
    assert!(failed.output().contains("statements 1 to 1 of 3"), "{}", failed.output());
    assert_eq!(ledger(project), "1");
    project.run(["status"]).exits(exit::DONE).mentions("interrupted");

    project.migration("0002_work.sql", &file("INSERT INTO ledger VALUES (2)"), "DELETE FROM ledger;").migrate();
    assert_eq!(ledger(project), "1\n2\n3", "each exactly once");
    assert_eq!(project.versions(), ["0001", "0002"]);
    project.run(["status"]).exits(exit::DONE).never_mentions("interrupted");
}

fn what_is_already_done_must_not_be_edited(project: &Project) {
    started(project);
    let file = |first: &str| one_by_one(&[first, "INSERT INTO nowhere VALUES (2)"]);
    project.migration("0002_work.sql", &file("INSERT INTO ledger VALUES (1)"), "");
    project.run(["migrate"]).exits(exit::PARTLY);
    project.migration("0002_work.sql", &file("INSERT INTO ledger VALUES (7)"), "");
    project.run(["migrate"]).exits(exit::DISAGREE).says("0002_work.sql").says("edited");
    assert_eq!(ledger(project), "1");
}

fn settings_of_the_done_part_hold_for_the_rest(project: &Project) {
    started(project);
    let (setting, probe) = match project.engine() {
        Engine::Postgres => ("SET TimeZone = 'Asia/Tokyo'", "current_setting('TimeZone') = 'Asia/Tokyo'"),
        Engine::MySql => ("SET time_zone = '+05:00'", "@@time_zone = '+05:00'"),
        Engine::Sqlite => {
            ("PRAGMA recursive_triggers = ON", "(SELECT recursive_triggers FROM pragma_recursive_triggers) = 1")
        }
    };
    let file = |table: &str| {
        one_by_one(&[setting, "INSERT INTO ledger VALUES (1)", &format!("INSERT INTO {table} SELECT 2 WHERE {probe}")])
    };
    project.migration("0002_work.sql", &file("nowhere"), "");
    project.run(["migrate"]).exits(exit::PARTLY);
    project.migration("0002_work.sql", &file("ledger"), "").migrate();
    assert_eq!(ledger(project), "1\n2");
}

/// Kills a run in the middle of the second statement of 0002, which writes 2 when it ends.
fn killed_in_the_second_statement(project: &Project) {
    started(project);
    let slow = format!("INSERT INTO ledger SELECT 2 FROM ({}) slow", project.snippets().slow);
    let file = one_by_one(&["INSERT INTO ledger VALUES (1)", &slow, "INSERT INTO ledger VALUES (3)"]);
    project.migration("0002_work.sql", &file, "");
    let run = project.spawn(["migrate"]);
    wait_until("the second statement has been announced", || {
        project.sql_works("SELECT cur FROM _dbwarden_journal")
            && !project.sql("SELECT done FROM _dbwarden_journal WHERE done = 1 AND cur = 1").is_empty()
    });
    run.kill9();
}

fn an_unknown_outcome_is_settled_by_a_person(project: &Project) {
    killed_in_the_second_statement(project);
    let stopped = project.run(["migrate", "--lock-wait", "30s"]).exits(exit::PARTLY).says("0002_work.sql");
    assert!(stopped.output().contains("resolve 0002 --statement 2"), "{}", stopped.output());
    let before = project.fingerprint();
    project.run(["resolve", "0002"]).exits(exit::USAGE);
    project.run(["resolve", "0002", "--statement", "3", "--done"]).exits(exit::USAGE).says("statement 2");
    project.run(["resolve", "0001", "--done"]).exits(exit::USAGE);
    assert_eq!(project.fingerprint(), before);

    // A person looks; here the count says it.
    let outcome = if ledger(project).contains('2') { "--done" } else { "--retry" };
    project.run(["resolve", "0002", "--statement", "2", outcome]).exits(exit::DONE).prints("0002_work.sql");
    project.run(["resolve", "0002", outcome]).exits(exit::USAGE);
    project.migrate();
    assert_eq!(ledger(project), "1\n2\n3", "each exactly once");
}

fn an_interrupted_rollback_is_finished_by_rollback_only(project: &Project) {
    started(project);
    let undo = |second: &str| one_by_one(&["DELETE FROM ledger WHERE entry = 1", second]);
    let up = "INSERT INTO ledger VALUES (1), (2);";
    project.migration("0002_work.sql", up, &undo("DELETE FROM nowhere")).migrate();
    project.run(["rollback"]).exits(exit::PARTLY);
    assert_eq!(ledger(project), "2");
    project.migration("0003_next.sql", "INSERT INTO ledger VALUES (3);", "DELETE FROM ledger WHERE entry = 3;");
    project.run(["migrate"]).exits(exit::PARTLY).says("dbwarden rollback");

    // Corrected in the database's own copy of the text, as `repair` takes it over.
    project.migration("0002_work.sql", up, &undo("DELETE FROM ledger WHERE entry = 2"));
    project.run(["repair", "--yes"]).exits(exit::DONE);
    project.run(["rollback", "-c", "5"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001"], "it finishes the interrupted one and nothing more");
    assert_eq!(ledger(project), "");
}

#[test]
fn mysql_the_catalog_tells_whether_an_interrupted_ddl_statement_took_effect() {
    let project = Project::new(Engine::MySql);
    project.tables(1).migrate();
    project.migration("0002_more.sql", "CREATE TABLE t2 (id int);\nALTER TABLE t1 ADD COLUMN c int;", "");
    let neighbour = Neighbour::of(&project, "t1");
    let run = project.spawn(["migrate", "--lock-timeout", "60s"]);
    wait_until("ALTER TABLE waits for the neighbour", || {
        let waits = "SELECT count(*) FROM information_schema.PROCESSLIST \
             WHERE DB = database() AND STATE LIKE 'Waiting for table metadata%'";
        project.sql(waits) != "0"
    });
    run.kill9();
    neighbour.end();
    let finished = project.run(["migrate", "--lock-wait", "30s"]).exits(exit::DONE).says("as the catalog shows");
    assert!(finished.output().contains("statement 2"), "{}", finished.output());
    assert_eq!(project.versions(), ["0001", "0002"]);
    project.sql("SELECT c FROM t1");
}

#[test]
fn mysql_the_catalog_tells_how_far_a_row_of_creating_statements_came() {
    let project = Project::new(Engine::MySql);
    project.tables(1).migrate();
    let upgrade = "CREATE TABLE t2 (id int);\nCREATE TABLE t3 (id int);\nCREATE INDEX t1_id ON t1 (id);\n\
                   CREATE TABLE t4 (id int);";
    project.migration("0002_more.sql", upgrade, "");
    let neighbour = Neighbour::of(&project, "t1");
    let run = project.spawn(["migrate", "--lock-timeout", "60s"]);
    wait_until("CREATE INDEX waits for the neighbour", || {
        let waits = "SELECT count(*) FROM information_schema.PROCESSLIST \
             WHERE DB = database() AND STATE LIKE 'Waiting for table metadata%'";
        project.sql(waits) != "0"
    });
    assert_eq!(project.sql("SELECT done, cur FROM _dbwarden_journal"), "0|0", "no mark was needed");
    run.kill9();
    neighbour.end();
    project.run(["migrate", "--lock-wait", "30s"]).exits(exit::DONE).says("as the catalog shows");
    assert_eq!(project.versions(), ["0001", "0002"]);
    assert!(["t2", "t3", "t4"].iter().all(|table| project.has_table(table)));
    let built = "SELECT count(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = database() \
                 AND INDEX_NAME = 't1_id'";
    assert_eq!(project.sql(built), "1");
}

#[test]
fn postgres_an_interrupted_concurrent_index_is_built_again() {
    let project = Project::new(Engine::Postgres);
    project.tables(1).migrate();
    project.migration("0002_index.sql", "CREATE INDEX CONCURRENTLY IF NOT EXISTS t1_id ON t1 (id);", "");
    let neighbour = Neighbour::of(&project, "t1");
    let run = project.spawn(["migrate", "--lock-timeout", "60s"]);
    let invalid = "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('t1_id') AND NOT indisvalid";
    wait_until("the index is begun", || project.sql(invalid) == "1");
    run.kill9();
    neighbour.end();
    project.run(["migrate", "--lock-wait", "30s"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001", "0002"]);
    assert_eq!(project.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('t1_id')"), "t");
}

#[test]
fn postgres_a_failed_concurrent_index_does_not_stand_in_the_way() {
    let project = Project::new(Engine::Postgres);
    project.tables(1).migrate();
    project.sql("INSERT INTO t1 VALUES (1), (1)");
    project.migration("0002_index.sql", "CREATE UNIQUE INDEX CONCURRENTLY t1_id ON t1 (id);", "");
    project.run(["migrate"]).exits(exit::SQL_FAILED).says("0002_index.sql");
    project.sql("DELETE FROM t1");
    project.migrate().says("t1_id");
    assert_eq!(project.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('t1_id')"), "t");
}

fn a_run_killed_while_it_made_its_tables_is_gone_on_with(project: &Project) {
    project.tables(1).migrate();
    // What is left when only the first of the tables was made.
    project.sql("DROP TABLE _dbwarden_migrations; DROP TABLE _dbwarden_journal; DROP TABLE t1");
    project.sql("DELETE FROM _dbwarden_events");
    project.migrate();
    assert_eq!(project.versions(), ["0001"]);
}
