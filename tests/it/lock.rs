//! The migration lock: one run at a time, whoever is killed leaves nothing behind.

use rustix::process::Signal;

use crate::harness::{Engine, Project, Running, exit, wait_until};

on_each_engine![
    who_waits_says_who_holds_the_lock,
    who_waits_too_long_gives_up,
    a_killed_run_leaves_no_lock,
    a_failed_run_leaves_no_lock,
    lock_status_shows_the_holder,
    reading_needs_no_lock,
    an_interrupted_run_stops_cleanly,
    a_terminated_run_stops_cleanly,
    a_run_whose_terminal_closes_stops_cleanly,
    who_waits_can_be_stopped,
];

/// Migrations of which the second keeps the lock for some seconds.
fn slow_project(project: &Project) -> Running {
    project.tables(1);
    project.migration("0002_slow.sql", &format!("{};\nINSERT INTO t1 VALUES (1);", project.snippets().slow), "");
    let holder = project.spawn(["migrate"]);
    // The history row of the first tells that the second is under way.
    wait_until("the first migration is recorded", || {
        project.has_table("_dbwarden_migrations") && project.versions() == ["0001"]
    });
    holder
}

fn who_waits_says_who_holds_the_lock(project: &Project) {
    let holder = slow_project(project);
    let waiter = project.spawn(["migrate"]);
    let told = waiter.wait_for_stderr(|text| text.contains("lock"));
    assert!(told.to_lowercase().contains("wait"), "{told}");
    holder.finish().exits(exit::DONE);
    waiter.finish().exits(exit::DONE).mentions("up to date");
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "1");
}

fn who_waits_too_long_gives_up(project: &Project) {
    project.toml_extra("lock_wait = \"500ms\"");
    let holder = slow_project(project);
    project.run(["migrate"]).exits(exit::LOCKED).mentions("lock");
    project.run(["rollback"]).exits(exit::LOCKED);
    holder.finish().exits(exit::DONE);
}

fn a_killed_run_leaves_no_lock(project: &Project) {
    slow_project(project).kill9();
    let report = project.run(["migrate"]);
    // Where a statement outside any transaction was running, nobody can know whether it is done.
    assert!(matches!(report.code, Some(exit::DONE | exit::PARTLY)), "{report:?}");
    project.run(["lock-status"]).exits(exit::DONE).mentions("free");
}

fn a_failed_run_leaves_no_lock(project: &Project) {
    project.tables(1).migration("0002_break.sql", project.snippets().failing.0, "");
    project.run(["migrate"]).exits(exit::SQL_FAILED);
    project.run(["lock-status"]).exits(exit::DONE).mentions("free");
    project.remove("migrations/0002_break.sql").migrate();
}

fn lock_status_shows_the_holder(project: &Project) {
    let holder = slow_project(project);
    project.run(["lock-status"]).exits(exit::DONE).mentions("held");
    holder.finish().exits(exit::DONE);
    project.run(["lock-status"]).exits(exit::DONE).mentions("free");
}

#[test]
fn unlock_needs_consent_and_ends_the_holder_on_postgres() {
    unlock_ends_the_holder(&Project::new(Engine::Postgres));
}

#[test]
fn unlock_needs_consent_and_ends_the_holder_on_mysql() {
    unlock_ends_the_holder(&Project::new(Engine::MySql));
}

fn unlock_ends_the_holder(project: &Project) {
    let holder = slow_project(project);
    let refused = project.command(["unlock"]).input("n\n").run();
    assert_ne!(refused.code, Some(exit::DONE), "{refused:?}");
    project.run(["unlock", "--yes"]).exits(exit::DONE);
    let ended = holder.finish();
    assert_ne!(ended.code, Some(exit::DONE), "{ended:?}");
    project.run(["unlock", "--yes"]).exits(exit::DONE).mentions("free");
}

fn reading_needs_no_lock(project: &Project) {
    let holder = slow_project(project);
    for arguments in [&["status"][..], &["history"], &["migrate", "--dry-run"]] {
        project.run(arguments).exits(exit::DONE);
    }
    project.run(["lock-status"]).mentions("held");
    holder.finish().exits(exit::DONE);
}

fn an_interrupted_run_stops_cleanly(project: &Project) {
    stops_cleanly(project, Signal::INT, 130);
}

fn a_terminated_run_stops_cleanly(project: &Project) {
    stops_cleanly(project, Signal::TERM, 143);
}

fn a_run_whose_terminal_closes_stops_cleanly(project: &Project) {
    stops_cleanly(project, Signal::HUP, 143);
}

fn who_waits_can_be_stopped(project: &Project) {
    let holder = slow_project(project);
    let waiter = project.spawn(["migrate"]);
    waiter.wait_for_stderr(|text| text.contains("lock"));
    waiter.signal(Signal::TERM);
    waiter.finish().exits(143).says("nothing was run");
    project.run(["lock-status"]).mentions("held");
    holder.finish().exits(exit::DONE);
}

#[test]
fn postgres_a_second_signal_ends_the_process_at_once() {
    let project = Project::new(Engine::Postgres);
    // Bounded, so that a failure of this test leaves nothing running for long.
    let stubborn = "DO $$ BEGIN FOR i IN 1..60 LOOP\n\
        BEGIN PERFORM pg_sleep(1); EXCEPTION WHEN query_canceled THEN NULL; END;\n\
        END LOOP; END $$;";
    project.tables(1).migration("0002_stubborn.sql", stubborn, "");
    let run = project.spawn(["migrate"]);
    run.wait_for_stderr(|text| text.contains("0001"));
    let sleeps = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%query_cancele' || 'd%'";
    wait_until("the stubborn statement runs", || project.sql(sleeps) == "1");
    run.signal(Signal::TERM);
    run.signal(Signal::INT);
    let ended = run.finish();
    assert_eq!(ended.code, None, "it was to die of the signal: {ended:?}");
    wait_until("the server stops what nobody waits for", || project.sql(sleeps) == "0");
    project.run(["lock-status"]).exits(exit::DONE).mentions("free");
}

#[test]
fn mysql_what_ran_under_lock_tables_is_not_repeated_after_a_stop() {
    let project = Project::new(Engine::MySql);
    let file = |seconds: u8| {
        format!(
            "LOCK TABLES t1 WRITE;\nINSERT INTO t1 VALUES (7);\nUPDATE t1 SET id = id + SLEEP({seconds});\nUNLOCK TABLES;"
        )
    };
    project.tables(1).migration("0002_locked.sql", &file(9), "");
    let run = project.spawn(["migrate"]);
    wait_until("the slow statement runs", || project.sql("SHOW PROCESSLIST").contains("SLEEP(9)"));
    run.signal(Signal::TERM);
    run.finish().exits(143);
    project.migration("0002_locked.sql", &file(0), "").migrate();
    assert_eq!(project.sql("SELECT * FROM t1"), "7");
}

fn stops_cleanly(project: &Project, signal: Signal, code: i32) {
    let holder = slow_project(project);
    holder.signal(signal);
    holder.finish().exits(code);
    assert_eq!(project.versions(), ["0001"]);
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "0");
    project.run(["lock-status"]).exits(exit::DONE).mentions("free");
}

#[test]
fn mysql_a_statement_that_hides_its_end_still_stops_the_run() {
    let project = Project::new(Engine::MySql);
    project.tables(1).migration("0002_slow.sql", "SELECT SLEEP(9);\nINSERT INTO t1 VALUES (1);", "");
    let holder = project.spawn(["migrate"]);
    wait_until("the slow statement runs", || project.sql("SHOW PROCESSLIST").contains("SELECT SLEEP(9)"));
    holder.signal(Signal::INT);
    holder.finish().exits(130);
    assert_eq!(project.versions(), ["0001"]);
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "0");
}

#[test]
fn postgres_a_migration_that_gives_up_the_lock_is_undone() {
    let project = Project::new(Engine::Postgres);
    project.tables(3).migration("0002_create_t2.sql", "SELECT pg_advisory_unlock_all();", "SELECT 1;");
    project.run(["migrate"]).exits(exit::UNREACHABLE).mentions("lock");
    assert_eq!(project.versions(), ["0001"]);
    assert!(!project.has_table("t3"));
    project.migration("0002_create_t2.sql", "SELECT 1;", "SELECT 1;").migrate();
}
