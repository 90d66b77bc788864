//! Somebody holds what a migration wants to change: nobody waits for the migration longer than `lock_timeout`, it goes
//! on when the way is free, and it says who was in the way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::{Engine, Holder, PASSWORD, Project, exit, wait_until};

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

struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
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
        // The reader ends also where this fails.
        let ended = Ended(&over);
        let result = during();
        drop(ended);
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
    run.says("trying again");
    // The lock timeout, and what a loaded machine needs to start a client.
    assert!(longest < Duration::from_secs(5), "a reader waited {longest:?}");
    assert_eq!(project.versions(), ["0001", "0002"]);
    project.sql("SELECT a FROM t1");
}

fn who_stays_in_the_way_is_named_and_nothing_is_applied(project: &Project) {
    blocked_project(project, "lock_timeout = \"4s\"\nlock_retry = \"1s\"");
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
    let blocker = blockers.iter().find(|blocker| blocker["id"].as_i64() == id.parse().ok()).expect("the holder");
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

/// The blockers in the error of a `migrate` that gives up.
fn blockers_of_a_run(project: &Project) -> Vec<Value> {
    let document = project.run(["migrate", "--json"]).exits(exit::BLOCKED).json();
    document["errors"][0]["blockers"].as_array().expect("a list").clone()
}

/// Waits until the server says that `session` does something.
fn wait_for_query(session: &str) {
    let query =
        format!("SELECT count(*) FROM information_schema.processlist WHERE id = {session} AND info IS NOT NULL");
    wait_until("the holder's statement runs", || MariaDb::get().admin(&query) == "1");
}

#[test]
fn mysql_what_is_said_of_a_blocker_grows_with_the_rights() {
    let project = Project::new(Engine::MySql);
    blocked_project(&project, "lock_timeout = \"4s\"\nlock_retry = \"1s\"");
    let mut holder = in_the_way(&project);
    let session = holder.session();
    let named =
        |blockers: &[Value]| blockers.iter().find(|blocker| blocker["id"].as_i64() == session.parse().ok()).cloned();

    // Who may see transactions sees whose is open.
    let user = format!("sees_{}", project.database());
    MariaDb::get().admin(&format!(
        "CREATE USER {user} IDENTIFIED BY '{PASSWORD}'; GRANT PROCESS ON *.* TO {user}; GRANT ALL ON {}.* TO {user}",
        project.database()
    ));
    let url = project.url().replacen("//app:", &format!("//{user}:"), 1);
    project.file("dbwarden.toml", project.read("dbwarden.toml").replacen(&project.url(), &url, 1));
    let blockers = blockers_of_a_run(&project);
    assert_eq!(named(&blockers).expect("the holder")["state"], "idle in transaction", "{blockers:?}");

    // MariaDB tells who has a lock on the table with its plugin, and MySQL whom it lets see it.
    let tells = match MariaDb::is_mysql() {
        true => &format!("GRANT SELECT ON performance_schema.* TO {user}"),
        false => "INSTALL SONAME 'metadata_lock_info'",
    };
    MariaDb::get().admin(tells);
    holder.start("SELECT count(*), sleep(30) FROM t1;");
    wait_for_query(&session);
    let blockers = blockers_of_a_run(&project);
    let blocker = named(&blockers).expect("the holder");
    assert_eq!((blockers.len(), &blocker["certain"]), (1, &json!(true)), "{blockers:?}");
    assert_eq!(blocker["query"], "SELECT count(*), sleep(30) FROM t1", "{blocker}");
    assert!(blocker["state"].as_str().is_some_and(|state| state.starts_with("Query")), "{blocker}");
    assert_eq!(blocker["end_with"], format!("KILL {session}"), "{blocker}");
    assert!(blocker["transaction_ms"].as_u64().is_some_and(|open| open >= 2000), "{blocker}");

    // Row locks.
    drop(holder);
    let mut holder = Holder::new(&project, "INSERT INTO t1 VALUES (1); START TRANSACTION; UPDATE t1 SET id = 2");
    let session = holder.session();
    project.migration("0002_change.sql", "UPDATE t1 SET id = 3;", "");
    let blockers = blockers_of_a_run(&project);
    assert_eq!(blockers.len(), 1, "{blockers:?}");
    assert_eq!(blockers[0]["id"].to_string(), session);
    assert_eq!((&blockers[0]["certain"], &blockers[0]["state"]), (&json!(true), &json!("idle in transaction")));
}

#[test]
fn postgres_what_another_users_session_runs_is_left_out_and_the_rest_is_told() {
    let project = Project::new(Engine::Postgres);
    blocked_project(&project, "lock_timeout = \"4s\"\nlock_retry = \"100ms\"");
    let mut superuser = Postgres::get().psql("postgres", project.database());
    let mut holder = Holder::with(&project, &mut superuser, "BEGIN; SELECT count(*) FROM t1");
    let blockers = blockers_of_a_run(&project);
    assert_eq!(blockers.len(), 1, "{blockers:?}");
    assert_eq!(blockers[0]["id"].to_string(), holder.session());
    assert_eq!((&blockers[0]["user"], &blockers[0]["application"]), (&json!("postgres"), &json!("psql")));
    assert_eq!((&blockers[0]["query"], &blockers[0]["state"]), (&Value::Null, &Value::Null));
}

#[test]
fn postgres_values_in_a_blockers_statement_are_not_shown() {
    let project = Project::new(Engine::Postgres);
    blocked_project(&project, "lock_timeout = \"4s\"\nlock_retry = \"100ms\"");
    let mut holder = Holder::new(&project, "CREATE TABLE secrets (word text); BEGIN; LOCK TABLE t1");
    holder.start("INSERT INTO secrets VALUES ('hunter' || '2');");
    wait_until("the row is there", || {
        project.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'INSERT INTO secrets%'") == "1"
    });
    let report = project.run(["migrate"]).exits(exit::BLOCKED);
    // The values in somebody else's statement are nobody's business.
    report.says("INSERT INTO secrets").never_mentions("hunter");
    holder.release();
    project.migrate();
}

#[test]
fn postgres_a_long_statement_that_waits_for_nobody_names_nobody() {
    let project = Project::new(Engine::Postgres);
    let holder = Holder::new(&project, "CREATE TABLE other (id int); BEGIN; LOCK TABLE other");
    project.migration("0001_slow.sql", "SELECT pg_sleep(3);", "");
    project.migrate().never_mentions("waiting");
    let watchers = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dbwarden%' AND datname = current_database()";
    wait_until("the watching connection is gone too", || project.sql(watchers) == "0");
    holder.release();
}

#[test]
fn the_victim_of_a_deadlock_is_tried_again() {
    for engine in [Engine::Postgres, Engine::MySql] {
        let project = Project::new(engine);
        let tables = "CREATE TABLE a (id int PRIMARY KEY, n int);\nCREATE TABLE b (id int PRIMARY KEY, n int);\n\
                      INSERT INTO a VALUES (1, 0);\nINSERT INTO b VALUES (1, 0);";
        project.migration("0001_tables.sql", tables, "").migrate();
        let mut holder = match engine {
            Engine::Postgres => {
                // Who has waited for this long looks for a cycle, and gives up: it is to be the migration.
                let patience = format!("ALTER DATABASE {} SET deadlock_timeout = '5s'", project.database());
                Postgres::get().admin("postgres", &patience);
                let mut superuser = Postgres::get().psql("postgres", project.database());
                Holder::with(&project, &mut superuser, "SET deadlock_timeout = '90s'; BEGIN; UPDATE b SET n = n + 10")
            }
            // The transaction that has changed least gives up.
            _ => Holder::new(
                &project,
                &format!(
                    "START TRANSACTION; UPDATE b SET n = n + 10; INSERT INTO b SELECT seq + 1, 0 FROM {}",
                    MariaDb::numbers(98)
                ),
            ),
        };
        project.migration("0002_both.sql", "UPDATE a SET n = n + 1;\nUPDATE b SET n = n + 1;", "");
        project.toml_extra("lock_timeout = \"60s\"");
        let run = project.spawn(["migrate"]);
        wait_until("the migration waits for the holder", || match engine {
            Engine::Postgres => {
                project.sql(
                    "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
                     WHERE NOT granted AND datname = current_database()",
                ) == "1"
            }
            // Not by INNODB_TRX, which is a copy that is not renewed while it is read all the time.
            _ => {
                project.sql("SELECT count(*) FROM information_schema.processlist WHERE info = 'UPDATE b SET n = n + 1'")
                    == "1"
            }
        });
        // It waits for us, and now we wait for it.
        holder.run("UPDATE a SET n = n + 10; COMMIT");
        run.finish().exits(exit::DONE).says("trying again").mentions("deadlock");
        assert_eq!(project.sql("SELECT n FROM a"), "11", "each once");
        assert_eq!(project.sql("SELECT max(n) FROM b"), "11");
        holder.release();
    }
}
