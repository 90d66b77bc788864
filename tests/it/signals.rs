//! SIGINT and SIGTERM at any moment: nothing goes on running on the server, nothing is half done that could be undone,
//! the lock is free, and the next run goes on.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Engine, Finished, Holder, Project, Running, exit, wait_until};

/// How long a run and the server may still be at work after a signal: the promised two seconds, and what a machine with
/// many times more work than processors needs to start the clients that look. The statement would take 75.
const AT_ONCE: Duration = Duration::from_secs(10);

on_each_engine![
    a_long_statement_is_stopped_on_the_server,
    a_long_statement_outside_a_transaction_is_stopped_on_the_server,
    a_statement_that_waits_for_a_lock_is_stopped,
    a_pause_between_two_tries_ends_at_once,
    the_first_process_of_a_container_stops_cleanly,
];

/// A statement of a minute and more, without effect.
fn endless(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "SELECT pg_sleep(75)",
        // Not SLEEP: killed, it returns as if it had come to its end, at least on MySQL.
        Engine::MySql => {
            "INSERT INTO t1 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
             SELECT max(a.i + b.i + c.i + d.i) FROM n a, n b, n c, n d"
        }
        Engine::Sqlite => {
            "INSERT INTO t1 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000000000) \
             SELECT max(i) FROM n"
        }
    }
}

/// `0002` writes a row, runs for more than a minute, and writes another one.
fn endless_project(project: &Project, directive: &str) {
    project.tables(1);
    let file =
        |statement: &str| format!("{directive}\nINSERT INTO t1 VALUES (7);\n{statement};\nINSERT INTO t1 VALUES (8);");
    project.migration("0002_endless.sql", &file(endless(project.engine())), "");
}

/// What is at work on the server for a dbwarden, on this project's database.
fn at_work(project: &Project) -> usize {
    let sessions = match project.engine() {
        Engine::Postgres => {
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'dbwarden%'"
        }
        Engine::MySql => {
            "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
        }
        Engine::Sqlite => return 0,
    };
    project.sql(sessions).parse().expect("a number")
}

/// Starts `migrate` and waits until the endless statement runs.
fn in_the_endless_statement(project: &Project) -> Running {
    let run = project.spawn(["migrate"]);
    wait_for_the_endless_statement(project);
    run
}

fn wait_for_the_endless_statement(project: &Project) {
    let sleeps = match project.engine() {
        Engine::Postgres => {
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
        }
        Engine::MySql => {
            "SELECT count(*) FROM information_schema.processlist \
             WHERE db = database() AND info LIKE 'INSERT INTO t1 WITH RECURSIVE%'"
        }
        Engine::Sqlite => "",
    };
    wait_until("the endless statement runs", || match project.engine() {
        // The file is locked for as long as it runs.
        Engine::Sqlite => {
            let begun = project.has_table("_dbwarden_migrations") && project.versions() == ["0001"];
            begun && !project.sql_works(".timeout 0\nBEGIN IMMEDIATE")
        }
        _ => project.sql(sleeps) == "1",
    });
}

/// Sends the signal, and waits for the end of the run and of what it left on the server.
fn stopped(project: &Project, run: Running, signal: Signal) -> (Finished, Duration) {
    let started = Instant::now();
    run.signal(signal);
    let ended = run.finish();
    wait_until("the server is left alone", || at_work(project) == 0);
    (ended, started.elapsed())
}

fn code(signal: Signal) -> i32 {
    if signal == Signal::INT { 130 } else { 143 }
}

/// How the run ended, and that it is recorded, and that nobody is kept out.
fn assert_clean_stop(project: &Project, ended: Finished, took: Duration, signal: Signal) {
    let name = if signal == Signal::INT { "SIGINT" } else { "SIGTERM" };
    ended.exits(code(signal)).says(name).says("run the same command again");
    assert!(took < AT_ONCE, "it took {took:?}");
    assert_eq!(project.versions(), ["0001"]);
    let recorded = project.sql(&format!(
        "SELECT DISTINCT version FROM _dbwarden_events WHERE kind = 'interrupted' AND detail LIKE '%{name}%'"
    ));
    assert_eq!(recorded, "0002");
    project.run(["lock-status"]).exits(exit::DONE).mentions("free");
}

/// The statement is made harmless, and the next run does what is left.
fn the_next_run_finishes(project: &Project) {
    let text = project.read("migrations/0002_endless.sql");
    let harmless = text.replace(endless(project.engine()), "INSERT INTO t1 VALUES (0)");
    project.file("migrations/0002_endless.sql", harmless).migrate();
    assert_eq!(project.sql("SELECT id FROM t1 WHERE id <> 0 ORDER BY id"), "7\n8", "each exactly once");
}

fn a_long_statement_is_stopped_on_the_server(project: &Project) {
    endless_project(project, "");
    for signal in [Signal::INT, Signal::TERM] {
        let run = in_the_endless_statement(project);
        let (ended, took) = stopped(project, run, signal);
        assert_clean_stop(project, ended, took, signal);
        assert_eq!(project.sql("SELECT count(*) FROM t1"), "0", "undone");
    }
    the_next_run_finishes(project);
}

fn a_long_statement_outside_a_transaction_is_stopped_on_the_server(project: &Project) {
    endless_project(project, "-- dbwarden: transaction = off");
    let run = in_the_endless_statement(project);
    let (ended, took) = stopped(project, run, Signal::TERM);
    assert_clean_stop(project, ended, took, Signal::TERM);
    the_next_run_finishes(project);
}

/// Somebody else has what `0002` wants.
fn waiting_project(project: &Project, settings: &str) -> Holder {
    project.toml_extra(settings).tables(1).migrate();
    project.migration("0002_endless.sql", "ALTER TABLE t1 ADD COLUMN a int;", "");
    let hold = match project.engine() {
        Engine::Postgres => "BEGIN; SELECT count(*) FROM t1",
        Engine::MySql => "START TRANSACTION; SELECT count(*) FROM t1",
        Engine::Sqlite => "BEGIN IMMEDIATE",
    };
    Holder::new(project, hold)
}

fn a_statement_that_waits_for_a_lock_is_stopped(project: &Project) {
    // For ever: the wait that is told of is the only one.
    let holder = waiting_project(project, "lock_timeout = \"0\"");
    let run = project.spawn(["migrate"]);
    run.wait_for_stderr(|text| text.contains("waiting for a lock"));
    let started = Instant::now();
    run.signal(Signal::INT);
    run.finish().exits(130);
    assert!(started.elapsed() < AT_ONCE, "it took {:?}", started.elapsed());
    holder.release();
    assert_eq!(project.versions(), ["0001"]);
    project.migrate();
}

fn a_pause_between_two_tries_ends_at_once(project: &Project) {
    let holder = waiting_project(project, "lock_timeout = \"1s\"\nlock_retry = \"60s\"");
    let run = project.spawn(["migrate"]);
    run.wait_for_stderr(|text| text.contains("attempt 4"));
    run.signal(Signal::TERM);
    run.finish().exits(143).says("SIGTERM");
    holder.release();
    assert_eq!(project.versions(), ["0001"]);
    project.migrate();
}

/// A process of a namespace of its own, of which it is the first: no signal has a default action there.
struct Contained {
    run: Running,
    inside: Pid,
}

fn contained(project: &Project) -> Contained {
    // Where only an ordinary user runs the tests, with a namespace of users around it.
    let as_user = if rustix::process::getuid().is_root() { "" } else { "--user --map-root-user" };
    let run = project.shell(&format!("exec unshare {as_user} --pid --fork --mount-proc dbwarden migrate")).spawn();
    let children = format!("/proc/{0}/task/{0}/children", run.id());
    let child = || std::fs::read_to_string(&children).ok()?.trim().parse().ok().and_then(Pid::from_raw);
    wait_until("the namespace is made (where the system forbids it, this cannot be tested)", || child().is_some());
    Contained { inside: child().expect("a process"), run }
}

fn the_first_process_of_a_container_stops_cleanly(project: &Project) {
    endless_project(project, "");
    for signal in [Signal::TERM, Signal::INT] {
        let Contained { run, inside } = contained(project);
        wait_for_the_endless_statement(project);
        let started = Instant::now();
        kill_process(inside, signal).expect("a signal");
        let ended = run.finish();
        wait_until("the server is left alone", || at_work(project) == 0);
        assert_clean_stop(project, ended, started.elapsed(), signal);
    }
    the_next_run_finishes(project);
}

#[test]
fn postgres_a_second_signal_ends_even_the_first_process_of_a_container() {
    let project = Project::new(Engine::Postgres);
    let stubborn = "DO $$ BEGIN FOR i IN 1..60 LOOP\n\
        BEGIN PERFORM pg_sleep(1); EXCEPTION WHEN query_canceled THEN NULL; END;\n\
        END LOOP; END $$;";
    project.tables(1).migration("0002_stubborn.sql", stubborn, "");
    let Contained { run, inside } = contained(&project);
    wait_for_the_endless_statement(&project);
    kill_process(inside, Signal::TERM).expect("a signal");
    kill_process(inside, Signal::INT).expect("a signal");
    let ended = run.finish();
    assert_ne!(ended.code, Some(exit::DONE), "{ended:?}");
    wait_until("the server stops what nobody waits for", || at_work(&project) == 0);
    project.run(["lock-status"]).exits(exit::DONE).mentions("free");
}

/// A server that takes connections and says nothing.
#[test]
fn a_run_that_connects_is_stopped_at_once() {
    for engine in [Engine::Postgres, Engine::MySql] {
        let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = silent.local_addr().expect("its address").port();
        let project = Project::bare(Engine::Sqlite);
        let url = format!("{}://app@127.0.0.1:{port}/app", engine.name());
        project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\n")).tables(1);
        let run = project.spawn(["migrate"]);
        let (connection, _) = silent.accept().expect("a connection");
        run.signal(Signal::TERM);
        let started = Instant::now();
        run.finish().exits(143).says("nothing was run");
        assert!(started.elapsed() < AT_ONCE, "{engine:?}: it took {:?}", started.elapsed());
        drop(connection);

        // And one that is not there yet.
        drop(silent);
        let run = project.spawn(["migrate", "--wait-for-db", "60s"]);
        run.wait_for_stderr(|text| text.contains("waiting for 127.0.0.1"));
        run.signal(Signal::INT);
        run.finish().exits(130).says("nothing was run");
    }
}
