//! A migration means what it means in the engine's own client: the session has no settings of the tool's own, and
//! what one file changes does not reach the next.

use crate::harness::client::pipe;
use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::{Engine, PASSWORD, Project, USER, exit, percent_encode};

on_each_engine![
    a_session_is_what_the_engines_own_client_has,
    what_a_file_sets_does_not_reach_the_next,
    configured_settings_hold_in_every_migration,
];

/// What could differ, as one row of text.
fn settings(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => {
            "SELECT concat_ws('|', current_setting('TimeZone'), current_setting('DateStyle'), \
             current_setting('IntervalStyle'), current_setting('extra_float_digits'), current_setting('search_path'), \
             current_setting('standard_conforming_strings'), current_setting('bytea_output'), \
             current_setting('client_encoding'), current_user, '2026-03-04 12:00+00'::timestamptz::text, 0.1::float8 * 3)"
        }
        Engine::MySql => {
            "SELECT concat_ws('|', @@sql_mode, @@time_zone, @@foreign_key_checks, @@unique_checks, @@autocommit, \
             /*M! @@tx_isolation, */ /*!80000 @@transaction_isolation, */ @@character_set_client, @@character_set_connection, @@collation_connection, \
             @@sql_auto_is_null, @@group_concat_max_len, @@innodb_strict_mode, current_user())"
        }
        Engine::Sqlite => {
            "SELECT (SELECT foreign_keys FROM pragma_foreign_keys) || '|' || \
             (SELECT recursive_triggers FROM pragma_recursive_triggers) || '|' || \
             (SELECT journal_mode FROM pragma_journal_mode) || '|' || \
             (SELECT encoding FROM pragma_encoding) || '|' || \
             (SELECT case_sensitive FROM (SELECT 'A' LIKE 'a' AS case_sensitive))"
        }
    }
}

/// Stores the settings a migration sees, and compares them with those its client sees.
fn assert_same_as_client(project: &Project, version: &str) {
    let select = settings(project.engine());
    let upgrade = format!("CREATE TABLE seen_{version} (what text);\nINSERT INTO seen_{version} {select};");
    project.migration(&format!("{version}_settings.sql"), &upgrade, "").migrate();
    assert_eq!(project.sql(&format!("SELECT what FROM seen_{version}")), project.sql(select));
}

fn a_session_is_what_the_engines_own_client_has(project: &Project) {
    assert_same_as_client(project, "0001");
    let database = project.database();
    match project.engine() {
        Engine::Postgres => {
            let strange = format!(
                "ALTER DATABASE {database} SET TimeZone = 'Europe/Berlin';
                 ALTER DATABASE {database} SET DateStyle = 'German';
                 ALTER DATABASE {database} SET extra_float_digits = 0;
                 ALTER DATABASE {database} SET standard_conforming_strings = off;"
            );
            Postgres::get().admin("postgres", &strange);
        }
        // Global settings of the shared server: harmless to the others, whose tests compare with the client too.
        Engine::MySql => {
            MariaDb::get().admin("SET GLOBAL time_zone = '+03:00'; SET GLOBAL group_concat_max_len = 2048");
        }
        Engine::Sqlite => {
            project.sql("PRAGMA journal_mode = WAL");
        }
    }
    assert_same_as_client(project, "0002");
}

fn what_a_file_sets_does_not_reach_the_next(project: &Project) {
    project.migration("0001_t1.sql", "CREATE TABLE t1 (id int);", "");
    let (set, probe) = match project.engine() {
        Engine::Postgres => (
            "CREATE SCHEMA other; SET search_path = other; SET TimeZone = 'Asia/Tokyo'; SET ROLE pg_read_all_data; RESET ROLE;",
            "SELECT current_setting('search_path') || current_setting('TimeZone') || current_user",
        ),
        Engine::MySql => (
            "SET sql_mode = 'ANSI_QUOTES'; SET time_zone = '+05:00'; SET foreign_key_checks = 0; SET timestamp = 1; \
             USE information_schema;",
            "SELECT concat(@@sql_mode, @@time_zone, @@foreign_key_checks, @@timestamp > 1, database())",
        ),
        Engine::Sqlite => (
            "PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; PRAGMA case_sensitive_like = ON;",
            "SELECT (SELECT foreign_keys FROM pragma_foreign_keys) || \
             (SELECT recursive_triggers FROM pragma_recursive_triggers) || ('A' LIKE 'a')",
        ),
    };
    // Role membership is not given to the user: only what it may do is tried.
    let set = set.replace(" SET ROLE pg_read_all_data; RESET ROLE;", "");
    project.migration("0002_set.sql", &set, "");
    project.migration("0003_probe.sql", &format!("CREATE TABLE seen (what text);\nINSERT INTO seen {probe};"), "");
    project.migrate();
    assert_eq!(project.sql("SELECT what FROM seen"), project.sql(probe));
    assert_eq!(project.versions().len(), 3, "and the history is where it was");
}

fn configured_settings_hold_in_every_migration(project: &Project) {
    let (setting, probe, seen) = match project.engine() {
        Engine::Postgres => ("TimeZone = \"Asia/Tokyo\"", "SELECT current_setting('TimeZone')", "Asia/Tokyo"),
        Engine::MySql => ("foreign_key_checks = 0", "SELECT @@foreign_key_checks", "0"),
        Engine::Sqlite => ("recursive_triggers = 1", "SELECT recursive_triggers FROM pragma_recursive_triggers", "1"),
    };
    project.toml_extra(&format!("[database.primary.session]\n{setting}"));
    project.migration("0001_seen.sql", &format!("CREATE TABLE seen (what text);\nINSERT INTO seen {probe};"), "");
    project.migration("0002_seen.sql", &format!("INSERT INTO seen {probe};"), "");
    project.migrate();
    assert_eq!(project.sql("SELECT what FROM seen"), format!("{seen}\n{seen}"));
}

#[test]
fn mysql_routines_keep_the_sql_mode_of_the_server() {
    let project = Project::new(Engine::MySql);
    project.migration("0001_routine.sql", "CREATE PROCEDURE p() SELECT 1;", "DROP PROCEDURE p;").migrate();
    project.sql("CREATE PROCEDURE q() SELECT 1");
    let modes =
        project.sql("SELECT DISTINCT sql_mode FROM information_schema.routines WHERE routine_schema = database()");
    assert_eq!(modes.lines().count(), 1, "{modes}");
}

#[test]
fn postgres_works_behind_a_pooler_in_session_mode() {
    let project = Project::new(Engine::Postgres);
    let bouncer = Postgres::get().bouncer("session");
    let url = project.url_at(PASSWORD, bouncer.port, "?sslmode=disable");
    project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\n"));
    project.tables(3).migration("0004_index.sql", "CREATE INDEX CONCURRENTLY t1_id ON t1 (id);", "DROP INDEX t1_id;");
    let runs = [project.spawn(["migrate"]), project.spawn(["migrate"])];
    runs.into_iter().for_each(|run| drop(run.finish().exits(exit::DONE)));
    assert_eq!(project.versions().len(), 4);
    project.run(["rollback", "-t", "0"]).exits(exit::DONE);
}

#[test]
fn postgres_behind_a_pooler_in_transaction_mode_is_refused_with_the_remedy() {
    let project = Project::new(Engine::Postgres);
    let bouncer = Postgres::get().bouncer("transaction");
    let url = project.url_at(PASSWORD, bouncer.port, "?sslmode=disable");
    project.tables(1).file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\n"));
    project.run(["migrate"]).exits(exit::REFUSED).says("migration_url");
    assert!(!project.has_table("t1"));
    project.toml_extra(&format!("migration_url = \"{}\"", project.url())).migrate();
    assert!(project.has_table("t1"));
}

#[test]
fn a_unix_socket_will_do() {
    let project = Project::new(Engine::Postgres);
    let (dir, port) = (Postgres::get().socket_dir().display(), Postgres::get().port());
    let url = format!("postgresql://{USER}@/{}?host={dir}&port={port}", project.database());
    project.tables(1).file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\n")).migrate();

    let project = Project::new(Engine::MySql);
    let socket = MariaDb::get().socket();
    let url = format!(
        "mysql://{USER}:{}@localhost/{}?unix_socket={}",
        percent_encode(PASSWORD),
        project.database(),
        socket.display()
    );
    project.tables(1).file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\n")).migrate();
}

#[test]
fn the_process_list_shows_what_the_session_is() {
    let project = Project::new(Engine::Postgres);
    let probe = "SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()";
    project.migration("0001_seen.sql", &format!("CREATE TABLE seen AS {probe};"), "").migrate();
    let seen = project.sql("SELECT application_name FROM seen");
    assert!(seen.starts_with(concat!("dbwarden/", env!("CARGO_PKG_VERSION"), " ")), "{seen}");
}

#[test]
fn the_schema_equals_what_the_engines_own_client_makes() {
    for engine in Engine::ALL {
        let (ours, theirs) = (Project::new(engine), Project::new(engine));
        let items =
            "CREATE TABLE items (id int PRIMARY KEY, name varchar(20) DEFAULT 'a;b' NOT NULL, price decimal(9,2));";
        let more = "CREATE TABLE log (entry text);\nCREATE UNIQUE INDEX items_name ON items (name);";
        let body = ours.snippets().body;
        ours.migration("0001_items.sql", items, "").migration("0002_more.sql", more, "");
        ours.migration("0003_body.sql", body, "").migrate();
        pipe(&mut theirs.client(), &format!("{items}\n{more}\n{body}\n"));
        assert_eq!(ours.schema().replace(ours.database(), theirs.database()), theirs.schema());
    }
}
