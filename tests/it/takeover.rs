//! A run is killed while its statement goes on on the server: the next one waits until the server has ended that
//! statement, and only then goes on.

use std::time::{Duration, Instant};

use crate::harness::mariadb::MariaDb;
use crate::harness::{Engine, Project, Running, exit, wait_until};

/// Sequences, which no rollback takes back: the backend that came first, its last sign of life and the first one of
/// any other, in microseconds.
const TRACES: &str = "CREATE SEQUENCE first_pid; CREATE SEQUENCE beat; CREATE SEQUENCE taken; \
    CREATE TABLE ledger (run int)";

/// Slow for whom comes first, until it is stopped or a minute is over.
/// From version 17 on an index is built with a search path of nothing else but the catalog.
const WORK: &str = "CREATE FUNCTION work(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql SET search_path = public AS $$ \
    DECLARE now bigint := extract(epoch FROM clock_timestamp()) * 1000000; BEGIN \
    IF NOT (SELECT is_called FROM first_pid) THEN PERFORM setval('first_pid', pg_backend_pid()); END IF; \
    IF (SELECT last_value FROM first_pid) = pg_backend_pid() THEN \
        FOR beats IN 1..20 LOOP \
            PERFORM setval('beat', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint), pg_sleep(0.05); \
        END LOOP; \
    ELSIF NOT (SELECT is_called FROM taken) THEN PERFORM setval('taken', now); END IF; \
    RETURN n; END $$";

/// Waits for its statement, lets a second run wait for its lock, and kills it.
fn killed_with_a_second_run_waiting(project: &Project, first: Running) -> (Running, Instant) {
    let second = project.spawn(["migrate"]);
    let told = second.wait_for_stderr(|text| text.contains("migration lock"));
    assert!(told.contains("held by session "), "{told}");
    first.kill9();
    (second, Instant::now())
}

/// The takeover left its mark after the last sign of life of the killed run's statement, and long before that
/// statement would have ended by itself.
fn assert_no_overlap(project: &Project, killed: Instant) {
    let noticed = killed.elapsed();
    assert!(noticed < Duration::from_secs(40), "the server was left alone with the statement: {noticed:?}");
    let value = |name: &str| project.sql(&format!("SELECT last_value FROM {name}")).parse::<u64>().expect("a time");
    assert!(value("beat") < value("taken"), "the killed run's statement ran while the next run was at work");
    assert_eq!(project.versions(), ["0001", "0002"]);
}

fn assert_recovery_is_recorded(project: &Project, detail: &str) {
    let events = project.sql("SELECT detail FROM _dbwarden_events WHERE kind = 'recovered'");
    assert!(events.lines().count() == 1 && events.contains(detail), "{events}");
}

#[test]
fn postgres_a_killed_transaction_has_ended_before_the_next_run_begins() {
    let project = Project::new(Engine::Postgres);
    project.migration("0001_traces.sql", &format!("{TRACES};\n{WORK};"), "").migrate();
    let work = "INSERT INTO ledger VALUES (1);\nSELECT sum(work(n)) FROM generate_series(1, 60) AS n;";
    project.migration("0002_work.sql", work, "");
    let first = project.spawn(["migrate"]);
    wait_until("the statement is at work", || project.sql("SELECT is_called FROM beat") == "t");
    let (second, killed) = killed_with_a_second_run_waiting(&project, first);
    second.finish().exits(exit::DONE);
    assert_no_overlap(&project, killed);
    assert_eq!(project.sql("SELECT count(*) FROM ledger"), "1");
    assert_recovery_is_recorded(&project, "which held the lock");
}

#[test]
fn postgres_a_killed_index_build_has_ended_before_it_is_built_again() {
    let project = Project::new(Engine::Postgres);
    let rows = "CREATE TABLE t1 (id int);\nINSERT INTO t1 SELECT generate_series(1, 60);";
    project.migration("0001_traces.sql", &format!("{TRACES};\n{WORK};\n{rows}"), "").migrate();
    project.migration("0002_index.sql", "CREATE INDEX CONCURRENTLY t1_work ON t1 (work(id));", "");
    let first = project.spawn(["migrate"]);
    wait_until("the statement is at work", || project.sql("SELECT is_called FROM beat") == "t");
    let (second, killed) = killed_with_a_second_run_waiting(&project, first);
    second.finish().exits(exit::DONE);
    assert_no_overlap(&project, killed);
    assert_eq!(project.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 't1_work'::regclass"), "t");
    assert_recovery_is_recorded(&project, "which stopped behind statement 0 of 1");
}

/// MariaDB notices that its client is gone when it wants to answer: the statement comes to its end, and holds the lock
/// until then.
#[test]
fn mysql_a_killed_statement_has_ended_before_the_next_run_goes_on() {
    // MySQL takes no function that writes in a statement that makes a table (1746).
    if MariaDb::is_mysql() {
        return;
    }
    let project = Project::new(Engine::MySql);
    // What a table without transactions holds stays, whatever becomes of the statement that wrote it.
    let traces = "CREATE TABLE beats (at timestamp(6), connection bigint) ENGINE = MyISAM;\n\
                  CREATE TABLE ledger (at timestamp(6), connection bigint);\n\
                  CREATE TABLE t1 (id int);\nINSERT INTO t1 SELECT seq FROM NUMBERS;\n\
                  CREATE FUNCTION work(n int) RETURNS int BEGIN DECLARE ignored int; SET ignored = sleep(0.2); \
                  INSERT INTO beats VALUES (sysdate(6), connection_id()); RETURN n; END;";
    project.migration("0001_traces.sql", &traces.replace("NUMBERS", &MariaDb::numbers(40)), "").migrate();
    let work = "CREATE TABLE t2 AS SELECT work(id) AS id FROM t1;\n\
                INSERT INTO ledger VALUES (sysdate(6), connection_id());";
    project.migration("0002_work.sql", work, "");
    let first = project.spawn(["migrate"]);
    wait_until("the statement is at work", || project.sql("SHOW PROCESSLIST").contains("User sleep"));
    let (second, _) = killed_with_a_second_run_waiting(&project, first);
    let told = second.wait_for_stderr(|text| text.contains("CREATE TABLE t2"));
    assert!(told.contains("held by session"), "{told}");
    second.finish().exits(exit::DONE);
    assert_eq!(project.versions(), ["0001", "0002"]);
    assert_eq!(
        project.sql("SELECT count(*), count(DISTINCT connection) FROM beats"),
        "40|1",
        "it ran once, to its end"
    );
    assert_eq!(project.sql("SELECT count(*) FROM t2"), "40");
    assert_eq!(project.sql("SELECT count(*) FROM ledger"), "1");
    let order = "SELECT (SELECT max(at) FROM beats) < (SELECT at FROM ledger), \
                 (SELECT max(connection) FROM beats) < (SELECT connection FROM ledger)";
    assert_eq!(project.sql(order), "1|1");
    assert_recovery_is_recorded(&project, "which stopped behind statement");
}

/// A statement whose client is gone holds the lock: the next run does not go on beside it, and says what it waits for.
#[test]
fn mysql_a_run_that_waits_for_a_killed_ones_statement_gives_up_in_time() {
    let project = Project::new(Engine::MySql);
    project.tables(1).migrate();
    project.migration("0002_slow.sql", &format!("INSERT INTO t1 {};", project.snippets().slow), "");
    let first = project.spawn(["migrate"]);
    let slow = || project.sql("SHOW PROCESSLIST").contains("INSERT INTO t1");
    wait_until("the statement is at work", slow);
    first.kill9();
    let report = project.run(["migrate", "--lock-wait", "1s"]);
    if slow() {
        report.exits(exit::LOCKED).says("INSERT INTO t1").says("unlock");
        // Who does not want to wait ends it.
        project.run(["unlock", "--yes"]).exits(exit::DONE);
        wait_until("the server has ended it", || !slow());
    }
    project.migrate();
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "1");
}
