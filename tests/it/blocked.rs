//! Somebody holds what a migration wants to change: nobody waits for the migration longer than `lock_timeout`, it goes
//! on when the way is free, and it says who was in the way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Engine, Holder, Project, exit};

on_each_engine![
    others_wait_no_longer_than_the_lock_timeout_and_the_migration_goes_on_after_the_release,
    who_stays_in_the_way_is_named_and_nothing_is_applied,
];

/// What keeps a migration of `t1` from running while others may still read: a transaction that has read the table.
/// SQLite has one lock for the whole file, and only a writer's is in the way of another writer.
fn in_the_way(project: &Project) -> Holder {
    let sql = match project.engine() {
        Engine::Postgres => "BEGIN; SELECT count(*) FROM t1",
        Engine::MySql => "START TRANSACTION; SELECT count(*) FROM t1",
        Engine::Sqlite => "BEGIN IMMEDIATE; INSERT INTO t1 VALUES (1)",
    };
    Holder::new(project, sql)
}

/// `t1` is there, and `0002` wants to change it.
fn blocked_project(project: &Project, settings: &str) {
    project.toml_extra(settings).tables(1).migrate();
    project.migration("0002_change.sql", "ALTER TABLE t1 ADD COLUMN a int;", "ALTER TABLE t1 DROP COLUMN a;");
}

/// The longest that one reader after the other had to wait, while `during` went on.
fn longest_read<T>(project: &Project, during: impl FnOnce() -> T) -> (Duration, T) {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut longest = Duration::ZERO;
            while !over.load(Ordering::Relaxed) {
                let started = Instant::now();
                project.sql("SELECT count(*) FROM t1");
                longest = longest.max(started.elapsed());
            }
            longest
        });
        let result = during();
        over.store(true, Ordering::Relaxed);
        (reader.join().expect("a reader"), result)
    })
}

fn others_wait_no_longer_than_the_lock_timeout_and_the_migration_goes_on_after_the_release(project: &Project) {
    blocked_project(project, "lock_timeout = \"1s\"\nlock_retry = \"90s\"");
    let holder = in_the_way(project);
    let (longest, run) = longest_read(project, || {
        let run = project.spawn(["migrate"]);
        // Far longer than any reader may wait.
        run.wait_for_stderr(|text| text.contains("attempt 5"));
        holder.release();
        run.finish().exits(exit::DONE)
    });
    run.says("trying again").says("waiting for a lock");
    // The lock timeout, and what a loaded machine needs to start a client.
    assert!(longest < Duration::from_secs(5), "a reader waited {longest:?}");
    assert_eq!(project.versions(), ["0001", "0002"]);
    project.sql("SELECT a FROM t1");
}

fn who_stays_in_the_way_is_named_and_nothing_is_applied(project: &Project) {
    blocked_project(project, "lock_timeout = \"2s\"\nlock_retry = \"1s\"");
    let before = project.schema();
    let mut holder = in_the_way(project);
    let report = project.run(["migrate", "--json"]).exits(exit::BLOCKED);
    let document = report.json();
    assert_eq!(document["exit"]["name"], "blocked");
    assert_eq!(document["exit"]["retryable"], true);
    let blockers = document["errors"][0]["blockers"].as_array().expect("a list");
    let (id, user, application, state) = match project.engine() {
        Engine::Postgres => (holder.session(), json!("app"), json!("psql"), json!("idle in transaction")),
        // The server does not know what a client calls itself.
        Engine::MySql => (holder.session(), json!("app"), Value::Null, json!("idle, perhaps in a transaction")),
        Engine::Sqlite => (holder.pid().to_string(), json!(owner()), json!("sqlite3"), json!("writing")),
    };
    let blocker = blockers.iter().find(|blocker| blocker["id"].to_string() == id).expect("the holder");
    assert_eq!(blocker["user"], user, "{document}");
    assert_eq!(blocker["application"], application, "{document}");
    assert_eq!(blocker["state"], state, "{document}");
    if project.engine() != Engine::MySql {
        assert_eq!((blocker["certain"].as_bool(), blockers.len()), (Some(true), 1), "{document}");
    }
    let report = report.says("waiting for a lock").says("blocked by: ");
    report.says(
        &format!("session {id} ")
            .replace("session", if project.engine() == Engine::Sqlite { "process" } else { "session" }),
    );
    holder.release();
    assert_eq!(project.versions(), ["0001"]);
    assert_eq!(project.schema(), before);
    project.migrate();
}

/// Whom processes of the tests belong to.
fn owner() -> String {
    format!("uid {}", rustix::process::getuid().as_raw())
}
