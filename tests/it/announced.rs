//! MySQL and MariaDB: brief migrations that the journal announces together share a message, and each is applied as if it
//! had come alone.

use crate::harness::proxy::{Fault, Moment, Place, Proxy};
use crate::harness::{Engine, Holder, Project, exit, wait_until};
use crate::network::through;
use rustix::process::Signal;

const ALL: [&str; 6] = ["0001", "0002", "0003", "0004", "0005", "0006"];

/// `0001` applied, `0002` that goes alone and announces the others, and those; `0005` is this.
fn project(fifth: &str) -> Project {
    let project = Project::new(Engine::MySql);
    project.tables(1).migrate();
    for (number, name) in [(2, "second"), (3, "third"), (4, "fourth"), (6, "sixth")] {
        let up = format!("CREATE TABLE {name} (id int);");
        project.migration(&format!("000{number}_{name}.sql"), &up, &format!("DROP TABLE {name};"));
    }
    project.migration("0005_fifth.sql", fifth, "DROP TABLE fifth;");
    project
}

fn brief() -> Project {
    project("CREATE TABLE fifth (id int);\nCREATE INDEX fifth_id ON fifth (id);")
}

/// `0005` has to wait for somebody, who is here, in its second statement.
fn waiting() -> (Project, Holder) {
    let project = project("CREATE TABLE fifth (id int);\nDROP TABLE t1;");
    let holder = Holder::new(&project, "BEGIN; SELECT count(*) FROM t1");
    (project, holder)
}

fn until_the_fifth_waits(project: &Project) {
    wait_until("the fifth waits", || project.versions() == ALL[..4] && project.has_table("fifth"));
}

#[track_caller]
fn all_are_applied_once(project: &Project) {
    assert_eq!(project.versions(), ALL);
    assert_eq!(project.sql("SELECT count(*) FROM _dbwarden_journal"), "0");
    let told = "SELECT GROUP_CONCAT(version ORDER BY id) FROM _dbwarden_events WHERE kind = 'applied'";
    assert_eq!(project.sql(told), ALL.join(","));
}

#[test]
fn what_came_before_a_failure_stands_and_so_does_what_its_migration_has_done() {
    for (fifth, line, standing) in [
        ("CREATE TABLE fifth (id int);\nCREATE INDEX nowhere ON fifth (\n  no_column);", 5, true),
        ("CREATE TABLE fifth (id int);\nCREATE INDEX nowhere ON ON fifth (id);", 4, true),
        ("CREATE TABLE fourth (id int);\nCREATE INDEX fifth_id ON fourth (id);", 3, false),
    ] {
        let project = project(fifth);
        let expected = if standing { exit::PARTLY } else { exit::SQL_FAILED };
        let report = project.run(["migrate"]).exits(expected).says(&format!("0005_fifth.sql:{line}"));
        report.applies_once(&["0002 second", "0003 third", "0004 fourth"]);
        assert_eq!(project.versions(), ALL[..4], "{fifth}");
        assert_eq!(project.has_table("fifth"), standing);
        assert!(!project.has_table("sixth"));
        assert!(!report.stderr.contains("warning"), "the error is no warning besides: {report:?}");
        let mended = "CREATE TABLE fifth (id int);\nCREATE INDEX fifth_id ON fifth (id);";
        project.migration("0005_fifth.sql", mended, "DROP TABLE fifth;").migrate();
        all_are_applied_once(&project);
    }
}

#[test]
fn a_rollback_that_fails_amid_several_leaves_those_before_it_undone() {
    let project = brief();
    project.migration("0003_third.sql", "CREATE TABLE third (id int);", "DROP TABLE nowhere;");
    project.migrate();
    let report = project.run(["rollback", "--count", "5"]).exits(exit::SQL_FAILED);
    report.says("0003_third.sql").says("nowhere");
    assert_eq!(project.versions(), ALL[..3]);
    assert!(!project.has_table("fourth") && !project.has_table("sixth") && project.has_table("third"));
}

#[test]
fn what_the_server_warns_of_is_told() {
    let project = project("CREATE TABLE fifth (id int, KEY one (id), KEY two (id));");
    let finished = project.run(["migrate"]).exits(exit::DONE);
    assert_eq!(finished.stderr.to_lowercase().matches("duplicate").count(), 1, "{finished:?}");
    all_are_applied_once(&project);
}

#[test]
fn an_answer_that_is_lost_is_settled_in_the_same_run() {
    let project = brief();
    let proxy = Proxy::new(Engine::MySql, project.port());
    let proxy = proxy.strike(Place::With("CREATE TABLE fourth", 1), Moment::After, Fault::Cut);
    let finished = through(&proxy, &project, &["migrate"]).exits(exit::DONE);
    assert!(proxy.struck());
    finished.applies_once(&["0002 second", "0003 third", "0004 fourth", "0005 fifth", "0006 sixth"]);
    all_are_applied_once(&project);
}

#[test]
fn a_message_that_did_not_get_there_is_nothing_applied() {
    let project = brief();
    let proxy = Proxy::new(Engine::MySql, project.port());
    let proxy = proxy.strike(Place::With("CREATE TABLE fourth", 1), Moment::Before, Fault::Cut);
    let finished = through(&proxy, &project, &["migrate"]).exits(exit::UNREACHABLE).says("0003 third");
    finished.applies_once(&["0002 second"]);
    project.migrate();
    all_are_applied_once(&project);
}

#[test]
fn a_session_that_is_ended_amid_several_leaves_what_it_has_done() {
    let (project, holder) = waiting();
    let run = project.spawn(["migrate"]);
    until_the_fifth_waits(&project);
    let of_the_run =
        "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'DROP TABLE t1%'";
    wait_until("it is seen", || !project.sql(of_the_run).is_empty());
    let id = project.sql(of_the_run);
    project.sql(&format!("KILL {id}"));
    let finished = run.finish();
    assert_ne!(finished.code, Some(exit::DONE), "{finished:?}");
    finished.applies_once(&["0002 second", "0003 third", "0004 fourth"]);
    holder.release();
    project.migrate();
    all_are_applied_once(&project);
}

#[test]
fn a_signal_stops_the_one_that_runs() {
    let (project, holder) = waiting();
    let run = project.spawn(["migrate"]);
    until_the_fifth_waits(&project);
    run.signal(Signal::TERM);
    let finished = run.finish().exits(exit::TERMINATED);
    finished.applies_once(&["0002 second", "0003 third", "0004 fourth"]);
    assert!(!project.has_table("sixth"));
    holder.release();
    project.migrate();
    all_are_applied_once(&project);
}

#[test]
fn one_that_meets_a_lock_timeout_goes_on_alone_where_it_stands() {
    let (project, holder) = waiting();
    project.toml_extra("lock_timeout = \"1s\"\nlock_retry = \"1min\"");
    let run = project.spawn(["migrate"]);
    run.wait_for_stderr(|text| text.contains("trying again"));
    assert_eq!(project.versions(), ALL[..4]);
    holder.release();
    let finished = run.finish().exits(exit::DONE);
    finished.applies_once(&["0002 second", "0003 third", "0004 fourth", "0005 fifth", "0006 sixth"]);
    all_are_applied_once(&project);
}

#[test]
fn one_that_had_to_wait_is_not_the_others_time() {
    let (project, holder) = waiting();
    project.toml_extra("lock_timeout = \"1min\"");
    let run = project.spawn(["migrate"]);
    run.wait_for_stderr(|text| text.contains("waiting for a lock"));
    holder.release();
    run.finish().exits(exit::DONE);
    let times = "SELECT GROUP_CONCAT(execution_ms >= 1000 ORDER BY sequence) FROM _dbwarden_migrations";
    assert_eq!(project.sql(times), "0,0,0,0,1,0");
    let told = "SELECT GROUP_CONCAT(duration_ms >= 1000 ORDER BY id) FROM _dbwarden_events WHERE kind = 'applied'";
    assert_eq!(project.sql(told), "0,0,0,0,1,0");
}

#[test]
fn a_server_whose_client_is_killed_finishes_what_was_sent_and_records_it() {
    let (project, holder) = waiting();
    let run = project.spawn(["migrate"]);
    until_the_fifth_waits(&project);
    run.signal(Signal::KILL);
    run.finish().killed();
    holder.release();
    project.migrate();
    all_are_applied_once(&project);
    assert!(!project.has_table("t1") && project.has_table("sixth"));
}

#[test]
fn killed_anywhere_each_ends_applied_or_undone_exactly_once() {
    let undo = ["rollback", "--to-version", "0001"];
    let whole = brief();
    let boundaries = |command: &[&str]| {
        let record = whole.path("boundaries");
        let _ = std::fs::remove_file(&record);
        whole
            .command(command.iter().copied())
            .fail_point(format!("record {}", record.display()))
            .run()
            .exits(exit::DONE);
        let names = whole.read("boundaries");
        let first = names.lines().position(|name| name.contains("CREATE TABLE") || name.contains("DROP TABLE"));
        first.expect("a statement's")..names.lines().count()
    };
    let mut killed = 0;
    let migrating = boundaries(&["migrate"]);
    let schema = whole.schema();
    for boundary in migrating {
        let project = brief();
        let run = project.command(["migrate"]).fail_point(format!("KILL {}", boundary + 1)).run();
        killed += usize::from(run.was_killed());
        project.migrate();
        assert_eq!(project.schema(), schema, "killed at boundary {boundary}");
        all_are_applied_once(&project);
    }
    for boundary in boundaries(&undo) {
        let project = brief();
        project.migrate();
        let run = project.command(undo).fail_point(format!("KILL {}", boundary + 1)).run();
        killed += usize::from(run.was_killed());
        project.run(undo).exits(exit::DONE);
        assert_eq!(project.schema(), whole.schema(), "killed at boundary {boundary}");
        assert_eq!(project.versions(), ["0001"], "killed at boundary {boundary}");
        let undone = "SELECT count(*) FROM _dbwarden_events WHERE kind = 'rolled_back'";
        assert_eq!(project.sql(undone), "5", "killed at boundary {boundary}");
    }
    assert!(killed > 60, "{killed} kills");
}
