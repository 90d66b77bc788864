//! Kills from outside while the server is at work on a statement, which it may go on with for a while.

use crate::harness::{Engine, Neighbour, Project, exit, wait_until};

on_each_engine![rows_in_a_transaction, an_undoing_transaction];

/// Whether a statement that contains `text` is being carried out for somebody else.
fn is_under_way(project: &Project, text: &str) -> bool {
    let (head, tail) = text.split_at(1);
    // Put together by the server, so that the question does not find itself.
    match project.engine() {
        Engine::Postgres => {
            let asked = format!(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
                 AND query LIKE '%{head}' || '{tail}%'"
            );
            project.sql(&asked) != "0"
        }
        Engine::MySql => {
            let asked = format!(
                "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = database() \
                 AND INFO LIKE CONCAT('%{head}', '{tail}%')"
            );
            project.sql(&asked) != "0"
        }
        Engine::Sqlite => false,
    }
}

/// Starts `arguments`, kills it while the statement with `text` runs, and runs it again when the way is free.
fn killed_and_run_again(project: &Project, arguments: &[&str], text: &str, neighbour: Option<Neighbour>) {
    let run = project.spawn(arguments.iter().chain(&["--lock-timeout", "60s"]));
    match project.engine() {
        // What it has begun shows to others as the lock that its transaction holds.
        Engine::Sqlite => wait_until("the transaction is open", || {
            !project.sql_works("PRAGMA busy_timeout = 0; BEGIN IMMEDIATE; ROLLBACK")
        }),
        _ => wait_until("the statement runs", || is_under_way(project, text)),
    }
    run.kill9();
    if let Some(neighbour) = neighbour {
        neighbour.end();
    }
    project.run(arguments.iter().chain(&["--lock-wait", "60s"])).exits(exit::DONE);
    assert_eq!(project.sql("SELECT count(*) FROM _dbwarden_journal"), "0");
}

fn ledger(project: &Project) -> String {
    project.sql("SELECT entry FROM ledger ORDER BY entry")
}

/// Two entries with a slow one between them.
fn slow_entries(project: &Project) -> String {
    let slow = project.snippets().slow;
    format!(
        "INSERT INTO ledger VALUES ('first');\nINSERT INTO ledger SELECT 'slow' FROM ({slow}) slow;\n\
         INSERT INTO ledger VALUES ('last');"
    )
}

fn rows_in_a_transaction(project: &Project) {
    project.sql("CREATE TABLE ledger (entry varchar(20))");
    project.tables(1).migrate();
    project.migration("0002_slow.sql", &slow_entries(project), "");
    killed_and_run_again(project, &["migrate"], ") slow", None);
    assert_eq!(ledger(project), "first\nlast\nslow");
    assert_eq!(project.versions(), ["0001", "0002"]);
}

fn an_undoing_transaction(project: &Project) {
    project.sql("CREATE TABLE ledger (entry varchar(20))");
    project.tables(3).migration("0003_create_t3.sql", "SELECT 1;", &slow_entries(project)).migrate();
    killed_and_run_again(project, &["rollback", "--count", "2"], ") slow", None);
    assert_eq!(ledger(project), "first\nlast\nslow");
    assert_eq!(project.versions(), ["0001"]);
}

/// A PostgreSQL project with a row in `t1`, and a migration that works on it.
fn on_t1(upgrade: &str, rollback: &str) -> Project {
    let project = Project::new(Engine::Postgres);
    project.sql("CREATE TABLE ledger (entry varchar(20))");
    project.tables(1).migrate();
    project.sql("INSERT INTO t1 VALUES (1)");
    project.migration("0002_work.sql", upgrade, rollback);
    project
}

#[test]
fn postgres_ddl_in_a_transaction() {
    let project = on_t1("INSERT INTO ledger VALUES ('a');\nALTER TABLE t1 ADD COLUMN c int;", "");
    let neighbour = Neighbour::of(&project, "t1");
    killed_and_run_again(&project, &["migrate"], "ALTER TABLE t1", Some(neighbour));
    assert_eq!(ledger(&project), "a");
    assert_eq!(project.sql("SELECT c FROM t1"), "");
}

#[test]
fn postgres_ddl_outside_a_transaction() {
    let upgrade = "-- dbwarden: transaction = off\nCREATE TABLE a (id int);\nALTER TABLE t1 ADD COLUMN c int;\n\
                   CREATE TABLE b (id int);";
    let project = on_t1(upgrade, "");
    let neighbour = Neighbour::of(&project, "t1");
    killed_and_run_again(&project, &["migrate"], "ALTER TABLE t1", Some(neighbour));
    assert!(["a", "b"].iter().all(|table| project.has_table(table)));
    assert_eq!(project.sql("SELECT c FROM t1"), "");
}

#[test]
fn postgres_copy() {
    let rows: String = (0..20_000).map(|row| format!("{row}\n")).collect();
    let project = on_t1(&format!("COPY t1 FROM stdin;\n{rows}\\.\nINSERT INTO ledger VALUES ('copied');"), "");
    let neighbour = Neighbour::with(&project, "LOCK TABLE t1 IN SHARE MODE");
    killed_and_run_again(&project, &["migrate"], "COPY t1", Some(neighbour));
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "20001");
    assert_eq!(ledger(&project), "copied");
}

#[test]
fn postgres_vacuum() {
    let project = on_t1("INSERT INTO ledger VALUES ('a');\nVACUUM t1;\nINSERT INTO ledger VALUES ('b');", "");
    let neighbour = Neighbour::with(&project, "LOCK TABLE t1 IN SHARE UPDATE EXCLUSIVE MODE");
    killed_and_run_again(&project, &["migrate"], "VACUUM t1", Some(neighbour));
    assert_eq!(ledger(&project), "a\nb");
}

#[test]
fn postgres_an_index_that_is_dropped_concurrently() {
    let rollback = "INSERT INTO ledger VALUES ('undoing');\nDROP INDEX CONCURRENTLY t1_id;";
    let project = on_t1("CREATE INDEX CONCURRENTLY t1_id ON t1 (id);", rollback);
    project.migrate();
    let neighbour = Neighbour::of(&project, "t1");
    killed_and_run_again(&project, &["rollback"], "DROP INDEX CONCURRENTLY", Some(neighbour));
    assert_eq!(project.sql("SELECT count(*) FROM pg_indexes WHERE indexname = 't1_id'"), "0");
    assert_eq!(ledger(&project), "undoing");
    assert_eq!(project.versions(), ["0001"]);
}

#[test]
fn mysql_a_table_that_is_dropped() {
    let project = Project::new(Engine::MySql);
    project.sql("CREATE TABLE ledger (entry varchar(20))");
    let undo = "INSERT INTO ledger VALUES ('undoing');\nDROP TABLE t2;\nINSERT INTO ledger VALUES ('undone');";
    project.tables(2).migration("0002_create_t2.sql", "CREATE TABLE t2 (id int);", undo).migrate();
    let neighbour = Neighbour::of(&project, "t2");
    killed_and_run_again(&project, &["rollback"], "DROP TABLE t2", Some(neighbour));
    assert_eq!(ledger(&project), "undoing\nundone");
    assert!(!project.has_table("t2"));
    assert_eq!(project.versions(), ["0001"]);
}
