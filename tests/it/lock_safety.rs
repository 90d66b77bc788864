//! Where the migration lock would keep nobody out, nothing is run; and a migration that gives it up stops the run.

use crate::harness::galera::Galera;
use crate::harness::postgres::Postgres;
use crate::harness::{Engine, PASSWORD, Project, exit, percent_encode};

#[test]
fn postgres_a_server_whose_advisory_locks_do_nothing_is_refused() {
    let project = Project::new(Engine::Postgres);
    // As CockroachDB has them: always granted, to everybody.
    let replace = |function: &str| {
        format!(
            "ALTER FUNCTION pg_catalog.{function}(int, int) RENAME TO real_{function}; \
             CREATE FUNCTION pg_catalog.{function}(int, int) RETURNS bool \
             LANGUAGE sql VOLATILE STRICT AS 'SELECT true';"
        )
    };
    let functions = format!("{}{}", replace("pg_try_advisory_lock"), replace("pg_advisory_unlock"));
    Postgres::get().admin(project.database(), &format!("SET allow_system_table_mods = on; {functions}"));
    project.tables(1);
    let refused = project.run(["migrate"]).exits(exit::REFUSED);
    refused.says("another session got the migration lock").says("migration_url").says("CockroachDB");
    assert!(!project.has_table("t1"));
    // To look needs no lock.
    project.run(["status"]).exits(exit::DONE);
}

#[test]
fn postgres_a_server_without_advisory_locks_is_refused() {
    let project = Project::new(Engine::Postgres);
    let remove =
        "SET allow_system_table_mods = on; ALTER FUNCTION pg_catalog.pg_try_advisory_lock(int, int) RENAME TO gone";
    Postgres::get().admin(project.database(), remove);
    project.tables(1);
    project.run(["migrate"]).exits(exit::REFUSED).says("cannot take the migration lock").says("pg_try_advisory_lock");
    assert!(!project.has_table("t1"));
}

#[test]
fn postgres_behind_a_pooler_that_shares_connections_is_refused_with_the_remedy() {
    for pool_mode in ["transaction", "statement"] {
        let project = Project::new(Engine::Postgres);
        let bouncer = Postgres::get().bouncer(pool_mode);
        let url = project.url_at(PASSWORD, bouncer.port, "?sslmode=disable");
        project.tables(1).file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\n"));
        project.run(["migrate"]).exits(exit::REFUSED).says("a pooler in transaction mode").says("migration_url");
        assert!(!project.has_table("t1"), "{pool_mode}");
        project.toml_extra(&format!("migration_url = \"{}\"", project.url())).migrate();
    }
}

#[test]
fn mysql_a_node_of_a_cluster_is_refused_unless_the_user_names_it() {
    let node = Galera::start();
    let project = Project::bare(Engine::Sqlite);
    let url = format!("mariadb://app:{}@127.0.0.1:{}/app", percent_encode(PASSWORD), node.port());
    project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\n"));
    project.tables(2);
    project.run(["migrate"]).exits(exit::REFUSED).says("Galera").says("migration_url");
    project.run(["status"]).exits(exit::DONE).mentions("pending");
    project.toml_extra(&format!("migration_url = \"{url}\"")).migrate().mentions("2 migrations applied");
    project.run(["rollback"]).exits(exit::DONE);
}

/// Runs a migration whose statements are `statements`, of which one gives up the lock: as an upgrade, and as a rollback.
/// Nothing may be recorded after that, and no statement of `never` may have run.
fn gives_up_the_lock(engine: Engine, directive: &str, statements: &[&str], never: &[&str]) {
    let script = format!("{directive}\n{};", statements.join(";\n"));
    let case = format!("{engine:?}\n{script}");

    let project = Project::new(engine);
    project.tables(3).file("migrations/0002_create_t2.sql", format!("-- upgrade\n{script}\n-- rollback\n"));
    let stopped = project.run(["migrate"]);
    assert!(matches!(stopped.code, Some(exit::UNREACHABLE | exit::PARTLY)), "{case}\n{stopped:?}");
    let stopped = stopped.says("the migration lock was lost").says("0002");
    assert_eq!(project.versions(), ["0001"], "{case}\n{stopped:?}");
    never.iter().chain(&["t3"]).for_each(|table| assert!(!project.has_table(table), "{table} of {case}\n{stopped:?}"));
    let recorded = "SELECT count(*) FROM _dbwarden_events WHERE kind <> 'applied' OR version <> '0001'";
    assert_eq!(project.sql(recorded), "0", "{case}");

    let project = Project::new(engine);
    let undo = format!("-- upgrade\nSELECT 1;\n-- rollback\n{script}\n");
    project.tables(1).file("migrations/0002_undo.sql", undo).migrate();
    let stopped = project.run(["rollback", "-c", "2"]);
    assert!(matches!(stopped.code, Some(exit::UNREACHABLE | exit::PARTLY)), "rollback: {case}\n{stopped:?}");
    assert_eq!(project.versions(), ["0001", "0002"], "rollback: {case}\n{stopped:?}");
    never.iter().for_each(|table| assert!(!project.has_table(table), "{table} of rollback: {case}\n{stopped:?}"));
    assert!(project.has_table("t1"), "rollback: {case}\n{stopped:?}");
}

const ONE_BY_ONE: &str = "-- dbwarden: transaction = off";

#[test]
fn postgres_a_migration_that_gives_up_the_lock_stops_before_the_next_write() {
    let unlock = "SELECT pg_advisory_unlock_all()";
    let hidden = "DO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$";
    for (directive, statements, never) in [
        ("", &[unlock, "CREATE TABLE a (id int)"][..], &["a"][..]),
        ("", &["CREATE TABLE a (id int)", hidden], &["a"]),
        ("", &["CREATE TABLE a (id int)", "DISCARD ALL", "CREATE TABLE b (id int)"], &["b"]),
        ("", &["DISCARD ALL", "CREATE TABLE a (id int)"], &["a"]),
        ("", &["CREATE TABLE a (id int)", "DISCARD ALL"], &[]),
        (ONE_BY_ONE, &[unlock, "CREATE TABLE a (id int)", "CREATE TABLE b (id int)"], &["a", "b"]),
        (ONE_BY_ONE, &["CREATE TABLE a (id int)", hidden, "CREATE TABLE b (id int)"], &["b"]),
        (ONE_BY_ONE, &["CREATE TABLE a (id int)", unlock], &[]),
        ("", &["BEGIN", "CREATE TABLE a (id int)", unlock, "COMMIT", "CREATE TABLE b (id int)"], &["a", "b"]),
        ("", &["SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", unlock, "CREATE TABLE a (id int)"], &["a"]),
    ] {
        gives_up_the_lock(Engine::Postgres, directive, statements, never);
    }
}

#[test]
fn mysql_a_migration_that_gives_up_the_lock_stops_before_the_next_write() {
    let unlock = "DO RELEASE_ALL_LOCKS()";
    let hidden = "CREATE TABLE a AS SELECT RELEASE_ALL_LOCKS() AS released";
    let own = "DO RELEASE_LOCK((SELECT name FROM held))";
    let held = "CREATE TABLE held AS SELECT CONCAT('dbwarden:', \
                LEFT(SHA2(CONCAT(DATABASE(), CHAR(0), '_dbwarden_migrations'), 256), 40)) AS name";
    for (directive, statements, never) in [
        ("", &[unlock, "CREATE TABLE b (id int)"][..], &["b"][..]),
        ("", &["CREATE TABLE a (id int)", unlock, "CREATE TABLE b (id int)"], &["b"]),
        ("", &["CREATE TABLE a (id int)", unlock], &[]),
        ("", &["SET SESSION sql_mode = ''", "CREATE TABLE a (id int)", unlock], &[]),
        ("", &[hidden, "CREATE TABLE b (id int)"], &["b"]),
        ("", &["CREATE TABLE c (id int)", hidden], &[]),
        ("", &[held, own, "CREATE TABLE b (id int)"], &["b"]),
        (
            ONE_BY_ONE,
            &["CREATE TABLE a (id bigint)", "INSERT INTO a SELECT RELEASE_ALL_LOCKS()", "CREATE TABLE b (id int)"],
            &["b"],
        ),
        (
            "",
            &["CREATE TABLE a (id bigint)", "INSERT INTO a SELECT RELEASE_ALL_LOCKS()", "CREATE TABLE b (id int)"],
            &["b"],
        ),
        ("", &["CREATE TABLE a (id bigint)", "INSERT INTO a SELECT RELEASE_ALL_LOCKS()"], &[]),
    ] {
        gives_up_the_lock(Engine::MySql, directive, statements, never);
    }
}
