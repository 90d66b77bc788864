//! PostgreSQL: migrations that are done in a moment share a message, and each is applied as if it had come alone.

use std::ops::RangeInclusive;

use crate::harness::postgres::Postgres;
use crate::harness::proxy::{Fault, Moment, Place, Proxy};
use crate::harness::{Engine, Finished, Holder, Project, exit, wait_until};
use crate::network::{configure, through};
use rustix::process::Signal;

const ALL: [&str; 5] = ["0001", "0002", "0003", "0004", "0005"];

/// `0001` applied, and four migrations behind it that share a message; `0004` is this.
fn project(fourth: &str) -> Project {
    let project = Project::new(Engine::Postgres);
    project.tables(1).migrate();
    project.migration("0002_second.sql", "CREATE TABLE second (id int);", "DROP TABLE second;");
    project.migration("0003_third.sql", "CREATE TABLE third (id int);", "DROP TABLE third;");
    project.migration("0004_fourth.sql", fourth, "DROP TABLE fourth;");
    project.migration("0005_fifth.sql", "CREATE TABLE fifth (id int);", "DROP TABLE fifth;");
    project
}

fn brief() -> Project {
    project("CREATE TABLE fourth (id int);\nCREATE INDEX fourth_id ON fourth (id);")
}

/// `0004` has to wait for somebody, who is here; `0002` and `0003` are applied by then.
fn waiting() -> (Project, Holder) {
    let project = project("CREATE TABLE fourth (id int);\nDROP TABLE t1;");
    let holder = Holder::new(&project, "BEGIN; SELECT count(*) FROM t1");
    (project, holder)
}

#[track_caller]
fn two_stand_and_the_next_run_goes_on(project: &Project, holder: Holder, finished: &Finished) {
    finished.applies_once(&["0002 second", "0003 third"]);
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
    assert!(!project.has_table("fourth"));
    holder.release();
    project.migrate();
    assert_eq!(project.versions(), ALL);
}

#[test]
fn what_came_before_a_failure_stands() {
    for (fourth, message) in [
        ("CREATE TABLE fourth (id int);\nCREATE TABLE third (id int);", "relation \"third\" already exists"),
        // The server reads the whole message before it runs any of it.
        ("CREATE TABLE fourth (id int);\nCREATE TABLE fourth_too (id int,,);", "syntax error at or near \",\""),
        ("CREATE TABLE fourth (id int REFERENCES nowhere);\nDROP TABLE third;", "relation \"nowhere\" does not exist"),
    ] {
        let project = project(fourth);
        let report = project.run(["migrate"]).exits(exit::SQL_FAILED);
        let line = if fourth.contains("nowhere") { 3 } else { 4 };
        let report = report.says(&format!("0004_fourth.sql:{line}")).says(message);
        report.applies_once(&["0002 second", "0003 third"]);
        assert_eq!(project.versions(), ["0001", "0002", "0003"], "{fourth}");
        assert!(!project.has_table("fourth") && !project.has_table("fifth") && project.has_table("third"));
        project.migration("0004_fourth.sql", "CREATE TABLE fourth (id int);", "DROP TABLE fourth;").migrate();
        assert_eq!(project.versions(), ALL);
    }
}

#[test]
fn a_rollback_that_fails_amid_several_leaves_those_before_it_undone() {
    let project = brief();
    project.migration("0003_third.sql", "CREATE TABLE third (id int);", "DROP TABLE nowhere;");
    project.migrate();
    let report = project.run(["rollback", "--count", "4"]).exits(exit::SQL_FAILED);
    report.says("0003_third.sql").says("table \"nowhere\" does not exist");
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
    assert!(!project.has_table("fourth") && !project.has_table("fifth") && project.has_table("third"));
}

/// The versions that shared a transaction when they were undone.
const UNDONE_TOGETHER: &str = "SELECT string_agg(versions, ' ' ORDER BY versions) FROM \
     (SELECT string_agg(version, ',' ORDER BY id) AS versions FROM _dbwarden_events WHERE kind = 'rolled_back' \
     GROUP BY xmin::text) AS of_each";

#[test]
fn what_is_undone_together_waits_for_the_disk_once() {
    let project = brief();
    project.migrate();
    project.run(["rollback", "--to-version", "0001"]).exits(exit::DONE);
    assert_eq!(project.sql(UNDONE_TOGETHER), "0005,0004,0003,0002");
    let timed = "SELECT count(*) FROM _dbwarden_events WHERE kind = 'rolled_back' AND duration_ms BETWEEN 0 AND 60000";
    assert_eq!(project.sql(timed), "4");
    assert_eq!(project.versions(), ["0001"]);
    project.migrate();
    project.run(["rollback", "--count", "2"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
}

#[test]
fn a_rollback_that_waits_for_a_lock_keeps_no_other_meanwhile() {
    let project = brief();
    project.migrate();
    let holder = Holder::new(&project, "BEGIN; SELECT count(*) FROM third");
    project.toml_extra("lock_timeout = \"1min\"");
    let run = project.spawn(["rollback", "--count", "3"]);
    // What comes before it is undone and no lock of it is held, while it waits.
    wait_until("the others are gone", || project.versions() == ["0001", "0002", "0003"]);
    run.wait_for_stderr(|text| text.contains("waiting for a lock"));
    assert!(!project.has_table("fourth") && !project.has_table("fifth"));
    holder.release();
    let finished = run.finish().exits(exit::DONE);
    assert_eq!(finished.stderr.matches("  undone ").count(), 3, "{finished:?}");
    assert_eq!(project.sql(UNDONE_TOGETHER), "0003 0004 0005");
}

/// The boundaries that `command` passes from the message on that holds the migrations.
fn from_the_message_on(whole: &Project, command: &[&str]) -> RangeInclusive<usize> {
    let record = whole.path("boundaries");
    let recording = whole.command(command.iter().copied()).fail_point(format!("record {}", record.display()));
    recording.run().exits(exit::DONE);
    let boundaries = whole.read("boundaries");
    let boundaries: Vec<&str> = boundaries.lines().collect();
    let message = boundaries.iter().rposition(|name| name.starts_with("message BEGIN")).expect("the message");
    assert!(message + 3 < boundaries.len(), "{boundaries:?}");
    message + 1..=boundaries.len()
}

#[test]
fn a_rollback_killed_from_there_on_ends_undone_exactly_once() {
    let undo = ["rollback", "--to-version", "0001"];
    let whole = brief();
    whole.migrate();
    let mut killed = 0;
    for boundary in from_the_message_on(&whole, &undo) {
        let project = brief();
        project.migrate();
        killed += usize::from(project.command(undo).fail_point(format!("KILL {boundary}")).run().was_killed());
        project.run(undo).exits(exit::DONE);
        assert_eq!(project.schema(), whole.schema(), "killed at boundary {boundary}");
        assert_eq!(project.versions(), ["0001"], "killed at boundary {boundary}");
        let undone = "SELECT count(*) FROM _dbwarden_events WHERE kind = 'rolled_back'";
        assert_eq!(project.sql(undone), "4", "killed at boundary {boundary}");
    }
    assert!(killed > 15, "{killed} kills");
}

#[test]
fn a_message_whose_answer_is_lost_is_settled_in_the_same_run() {
    let project = brief();
    let proxy = Proxy::new(Engine::Postgres, project.port());
    let proxy = proxy.strike(Place::With("CREATE TABLE fourth", 1), Moment::After, Fault::Cut);
    let finished = through(&proxy, &project, &["migrate"]).exits(exit::DONE);
    assert!(proxy.struck());
    finished.applies_once(&["0002 second", "0003 third", "0004 fourth", "0005 fifth"]);
    assert_eq!(project.versions(), ALL);

    let proxy = Proxy::new(Engine::Postgres, project.port());
    let proxy = proxy.strike(Place::With("DROP TABLE third", 1), Moment::After, Fault::Cut);
    let finished = through(&proxy, &project, &["rollback", "--count", "3"]).exits(exit::DONE);
    assert!(proxy.struck());
    assert_eq!(finished.stderr.matches("  undone ").count(), 3, "{finished:?}");
    assert_eq!(project.versions(), ["0001", "0002"]);
}

#[test]
fn a_message_that_did_not_get_there_is_nothing_applied() {
    let project = brief();
    let proxy = Proxy::new(Engine::Postgres, project.port());
    let proxy = proxy.strike(Place::With("CREATE TABLE fourth", 1), Moment::Before, Fault::Cut);
    let finished = through(&proxy, &project, &["migrate"]).exits(exit::UNREACHABLE).says("0002 second");
    finished.applies_once(&[]);
    assert_eq!(project.versions(), ["0001"]);
    project.migrate();
    assert_eq!(project.versions(), ALL);
}

#[test]
fn a_session_that_is_ended_amid_several_leaves_what_came_before() {
    let (project, holder) = waiting();
    let run = project.spawn(["migrate"]);
    wait_until("the fourth waits", || project.versions() == ["0001", "0002", "0003"]);
    wait_until("its session is ended", || {
        project.sql(
            "SELECT bool_or(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() \
             AND application_name LIKE 'dbwarden%' AND query LIKE '%fourth%'",
        ) == "t"
    });
    let finished = run.finish().exits(exit::UNREACHABLE).says("0004 fourth");
    two_stand_and_the_next_run_goes_on(&project, holder, &finished);
}

#[test]
fn a_signal_stops_the_one_that_runs() {
    let (project, holder) = waiting();
    let run = project.spawn(["migrate"]);
    wait_until("the fourth waits", || project.versions() == ["0001", "0002", "0003"]);
    run.signal(Signal::TERM);
    let finished = run.finish().exits(exit::TERMINATED);
    two_stand_and_the_next_run_goes_on(&project, holder, &finished);
}

#[test]
fn one_that_meets_a_lock_timeout_is_tried_again_alone() {
    let (project, holder) = waiting();
    project.toml_extra("lock_timeout = \"500ms\"\nlock_retry = \"1min\"");
    let run = project.spawn(["migrate"]);
    run.wait_for_stderr(|text| text.contains("trying again"));
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
    holder.release();
    run.finish().exits(exit::DONE).applies_once(&["0002 second", "0003 third", "0004 fourth", "0005 fifth"]);
    assert_eq!(project.versions(), ALL);
}

#[test]
fn one_that_had_to_wait_is_not_the_others_time() {
    let (project, holder) = waiting();
    project.toml_extra("lock_timeout = \"1min\"");
    let run = project.spawn(["migrate"]);
    run.wait_for_stderr(|text| text.contains("waiting for a lock"));
    holder.release();
    run.finish().exits(exit::DONE);
    let times = "SELECT string_agg((execution_ms >= 1000)::text, ' ' ORDER BY sequence) FROM _dbwarden_migrations; \
                 SELECT string_agg((duration_ms >= 1000)::text, ' ' ORDER BY id) FROM _dbwarden_events";
    let expected = "false false false true false";
    assert_eq!(project.sql(times), format!("{expected}\n{expected}"));
}

#[test]
fn each_has_the_role_that_is_asked_for() {
    let project = brief();
    let role = format!("{}_owner", project.database());
    let as_admin = |sql: &str| Postgres::get().admin(project.database(), sql);
    as_admin(&format!("CREATE ROLE {role}; GRANT {role} TO app; GRANT CREATE, USAGE ON SCHEMA public TO {role}"));
    project.toml_extra(&format!("role = \"{role}\"")).migrate();
    let owners = project.sql(
        "SELECT string_agg((tableowner = current_database() || '_owner')::text, ' ' ORDER BY tablename = 't1', tablename) \
         FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '\\_%'",
    );
    assert_eq!(owners, "true true true true false");
    as_admin(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

/// What a run said to the server.
fn said(project: &Project, expected: i32) -> String {
    let proxy = Proxy::new(Engine::Postgres, project.port());
    through(&proxy, project, &["migrate"]).exits(expected);
    proxy.queries().join("\n")
}

#[test]
fn only_the_last_commit_waits_for_the_disk() {
    let unwaiting = "SET LOCAL synchronous_commit = off";
    let queries = said(&brief(), exit::DONE);
    assert_eq!(queries.matches(unwaiting).count(), 3, "{queries}");
    assert!(queries.rfind(unwaiting) < queries.find("CREATE TABLE fifth"), "{queries}");
    let each = brief();
    let proxy = Proxy::new(Engine::Postgres, each.port());
    configure(&each, proxy.port(), "durable_commits = \"each\"");
    each.migrate();
    assert!(proxy.queries().iter().all(|text| !text.contains("synchronous_commit = off")));
    assert_eq!(proxy.queries().iter().filter(|text| text.contains("CREATE TABLE")).count(), 1, "still one message");
}

#[test]
fn what_came_before_a_failure_is_on_the_disk_before_it_is_told() {
    let queries = said(&project("DROP TABLE fourth;"), exit::SQL_FAILED);
    let waited = queries.find("pg_logical_emit_message").expect("a commit that waits");
    assert!(queries.find("CREATE TABLE fifth") < Some(waited) && Some(waited) < queries.rfind("DROP TABLE fourth"));
    // Nothing is to be covered where nothing is committed.
    let none = Project::new(Engine::Postgres);
    none.tables(1).migrate();
    none.migration("0002_second.sql", "DROP TABLE nowhere;", "");
    none.migration("0003_third.sql", "CREATE TABLE third (id int);", "");
    let queries = said(&none, exit::SQL_FAILED);
    assert!(!queries.contains("pg_logical_emit_message"), "{queries}");
}

#[test]
fn what_is_not_known_to_be_on_the_disk_is_looked_up() {
    let project = project("DROP TABLE fourth;");
    let proxy = Proxy::new(Engine::Postgres, project.port());
    let proxy = proxy.strike(Place::With("pg_logical_emit_message", 1), Moment::Before, Fault::Cut);
    let finished = through(&proxy, &project, &["migrate"]).exits(exit::UNREACHABLE);
    assert!(proxy.struck());
    let looked = finished.stderr.find("connecting again").expect("a look");
    assert!(Some(looked) < finished.stderr.find("  applied 0002"), "{finished:?}");
    finished.says("0004 fourth").applies_once(&["0002 second", "0003 third"]);
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
}

#[test]
fn killed_from_there_on_each_ends_applied_exactly_once() {
    let whole = brief();
    let mut killed = 0;
    for boundary in from_the_message_on(&whole, &["migrate"]) {
        let project = brief();
        let run = project.command(["migrate"]).fail_point(format!("KILL {boundary}")).run();
        killed += usize::from(run.was_killed());
        project.migrate();
        assert_eq!(project.schema(), whole.schema(), "killed at boundary {boundary}");
        assert_eq!(project.versions(), ALL, "killed at boundary {boundary}");
    }
    assert!(killed > 25, "{killed} kills");
}
