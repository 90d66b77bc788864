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
