//! Whose `lock_timeout` and `statement_timeout` hold in a migration.

use std::time::{Duration, Instant};

use crate::harness::postgres::Postgres;
use crate::harness::{Engine, Holder, PASSWORD, Project, exit, wait_until};

on_each_engine![lock_retry_is_the_databases_own];

/// A migration that notes the lock timeout it runs with.
fn note(project: &Project, version: &str, directive: &str) {
    let value = match project.engine() {
        Engine::Postgres => "current_setting('lock_timeout')",
        _ => "concat(@@lock_wait_timeout, 's')",
    };
    let text = format!(
        "-- upgrade\n{directive}\nINSERT INTO seen SELECT {value};\n-- rollback\n{directive}\nINSERT INTO seen SELECT {value};\n"
    );
    project.file(&format!("migrations/{version}_note.sql"), text);
}

#[test]
fn the_file_wins_over_the_flag_that_over_the_variable_that_over_the_configuration() {
    [Engine::Postgres, Engine::MySql].into_iter().for_each(|engine| whose_holds(&Project::new(engine)));
}

fn whose_holds(project: &Project) {
    project.migration("0001_seen.sql", "CREATE TABLE seen (what varchar(20));", "DROP TABLE seen;");
    note(project, "0002", "");
    project.migrate();
    project.toml_extra("lock_timeout = \"7s\"");
    note(project, "0003", "");
    project.migrate();
    note(project, "0004", "");
    project.command(["migrate"]).env("DBWARDEN_LOCK_TIMEOUT", "8s").run().exits(exit::DONE);
    note(project, "0005", "");
    project.command(["migrate", "--lock-timeout", "9s"]).env("DBWARDEN_LOCK_TIMEOUT", "8s").run().exits(exit::DONE);
    note(project, "0006", "-- dbwarden: lock_timeout = 11s");
    // What one file asks for is not the next one's.
    note(project, "0007", "");
    project.run(["migrate", "--lock-timeout", "9s"]).exits(exit::DONE);
    project.run(["rollback", "-c", "2"]).exits(exit::DONE);
    assert_eq!(
        project.sql("SELECT what FROM seen").lines().collect::<Vec<_>>(),
        ["5s", "7s", "8s", "9s", "11s", "9s", "7s", "11s"]
    );
}

#[test]
fn sqlite_a_statement_waits_for_as_long_as_it_may() {
    let project = Project::new(Engine::Sqlite);
    project.toml_extra("lock_timeout = \"700ms\"\nlock_retry = \"0\"").tables(1).migrate();
    project.tables(2);
    let holder = Holder::new(&project, "BEGIN IMMEDIATE");
    for (arguments, least) in [(&["migrate"][..], 700), (&["migrate", "--lock-timeout", "1500ms"], 1500)] {
        let started = Instant::now();
        project.run(arguments).exits(exit::BLOCKED);
        assert!(started.elapsed() >= Duration::from_millis(least), "{arguments:?}: {:?}", started.elapsed());
    }
    let text = project.read("migrations/0002_create_t2.sql");
    let patient = text.replace("-- upgrade", "-- upgrade\n-- dbwarden: lock_timeout = 1min");
    project.file("migrations/0002_create_t2.sql", patient);
    let run = project.spawn(["migrate"]);
    run.wait_for_stderr(|text| text.contains("waiting for a lock"));
    holder.release();
    run.finish().exits(exit::DONE);
}

fn lock_retry_is_the_databases_own(project: &Project) {
    project.toml_extra("lock_timeout = \"1s\"\nlock_retry = \"0\"").tables(1).migrate();
    project.migration("0002_change.sql", "ALTER TABLE t1 ADD COLUMN a int;", "");
    let hold = match project.engine() {
        Engine::Postgres => "BEGIN; SELECT count(*) FROM t1",
        Engine::MySql => "START TRANSACTION; SELECT count(*) FROM t1",
        Engine::Sqlite => "BEGIN IMMEDIATE",
    };
    let holder = Holder::new(project, hold);
    project.run(["migrate"]).exits(exit::BLOCKED).never_mentions("trying again");
    let once_more = project.command(["migrate"]).env("DBWARDEN_LOCK_RETRY", "5s").run();
    once_more.exits(exit::BLOCKED).says("trying again");
    holder.release();
}

#[test]
fn postgres_limits_of_role_and_database_do_not_end_an_index_build_unless_configured() {
    let project = Project::new(Engine::Postgres);
    let role = format!("limited_{}", project.database());
    Postgres::get().admin(
        "postgres",
        &format!(
            "CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}' IN ROLE app;
             ALTER ROLE {role} SET statement_timeout = '300ms';
             ALTER ROLE {role} SET lock_timeout = '100ms';
             ALTER ROLE {role} SET idle_in_transaction_session_timeout = '200ms';
             ALTER DATABASE {0} SET statement_timeout = '300ms';
             ALTER DATABASE {0} SET lock_timeout = '100ms';",
            project.database()
        ),
    );
    Postgres::get().admin(project.database(), &format!("GRANT CREATE ON SCHEMA public TO {role}"));
    let url = project.url().replacen("//app:", &format!("//{role}:"), 1);
    project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\n"));
    let slow = "CREATE TABLE t1 (id int);\nINSERT INTO t1 SELECT generate_series(1, 10);\n\
                CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS \
                $$ BEGIN PERFORM pg_sleep(0.1); RETURN $1; END $$;\nCREATE TABLE t2 (id int);";
    project.migration("0001_tables.sql", slow, "");
    project.migration("0002_index.sql", "CREATE INDEX CONCURRENTLY t1_slow ON t1 (slow(id));", "DROP INDEX t1_slow;");
    project.migrate();
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 't1_slow'::regclass";
    assert_eq!(project.sql(valid), "t");

    // The build waits for those who may still see the table without the index.
    project.migration("0003_index.sql", "CREATE INDEX CONCURRENTLY t2_id ON t2 (id);", "DROP INDEX t2_id;");
    let mut owner = Postgres::get().psql(&role, project.database());
    let holder = Holder::with(
        &project,
        &mut owner,
        "SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; BEGIN; INSERT INTO t2 VALUES (1)",
    );
    let run = project.spawn(["migrate"]);
    run.wait_for_stderr(|text| text.contains("waiting for a lock"));
    holder.release();
    run.finish().exits(exit::DONE).never_mentions("trying again");

    project.toml_extra("statement_timeout = \"200ms\"");
    project.migration("0004_index.sql", "CREATE INDEX CONCURRENTLY t1_again ON t1 (slow(id));", "DROP INDEX t1_again;");
    project.run(["migrate"]).exits(exit::SQL_FAILED).says("statement timeout").says("statement_timeout");
    let text = project.read("migrations/0004_index.sql");
    project.file(
        "migrations/0004_index.sql",
        text.replacen("-- upgrade", "-- upgrade\n-- dbwarden: statement_timeout = 1min", 1),
    );
    project.migrate();
    assert_eq!(project.sql(&valid.replace("t1_slow", "t1_again")), "t");
    wait_until("nothing is left running", || {
        project.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dbwarden%' AND datname = current_database()") == "0"
    });
}
