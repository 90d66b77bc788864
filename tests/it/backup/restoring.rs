//! A restore brings everything back, or leaves everything as it is.

use super::fixture::{backup, data, destroy, full};
use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::{Engine, Project, exit, wait_until};

on_each_engine![
    everything_comes_back,
    nothing_is_replaced_without_consent,
    a_copy_leaves_the_database_alone,
    what_is_gone_altogether_comes_back,
    a_failed_migration_is_put_back_where_nothing_else_undoes_it,
];

/// Scratch databases and files that a command left behind.
pub fn leftovers(project: &Project) -> String {
    beside(project, "restore")
}

/// Databases and files beside the project's.
fn beside(project: &Project, what: &str) -> String {
    let name = project.database();
    match project.engine() {
        Engine::Postgres => {
            let find = format!("SELECT datname FROM pg_database WHERE datname LIKE '{name}\\_{what}\\_%'");
            Postgres::get().admin("postgres", &find)
        }
        Engine::MySql => MariaDb::get().admin(&format!("SHOW DATABASES LIKE '{name}\\_{what}\\_%'")),
        Engine::Sqlite => {
            let names = std::fs::read_dir(project.path(".")).unwrap().map(|entry| entry.unwrap().file_name());
            names
                .map(|name| name.to_string_lossy().into_owned())
                .filter(|name| name.contains(&format!("-{what}-")))
                .collect()
        }
    }
}

fn everything_comes_back(project: &Project) {
    full(project);
    let (before, schema) = (data(project), project.schema());
    backup(project, &[]);
    destroy(project);
    project.run(["restore", "--latest", "--yes"]).exits(exit::DONE).prints("restored from");
    assert_eq!(data(project), before);
    assert_eq!(project.schema(), schema);
    assert_eq!(leftovers(project), "");
    // No stale lock, and a history that goes on.
    project.tables(2);
    project.remove("migrations/0001_create_t1.sql").migrate();
    assert_eq!(project.sql("SELECT count(*) FROM _dbwarden_events WHERE kind = 'restored'"), "1");
    // Once more, over what has grown since.
    project.run(["restore", "--latest", "--yes"]).exits(exit::DONE);
    assert!(!project.has_table("t2"));
    assert_eq!(data(project), before);
}

fn nothing_is_replaced_without_consent(project: &Project) {
    project.tables(1).migrate();
    backup(project, &[]);
    project.tables(2).migrate();
    project.run(["restore", "--latest"]).exits(exit::REFUSED).says("--yes");
    project.command(["restore", "--latest"]).input("y\n").run().exits(exit::REFUSED);
    assert_eq!(project.versions(), ["0001", "0002"]);
}

fn a_copy_leaves_the_database_alone(project: &Project) {
    project.tables(1).migrate();
    backup(project, &[]);
    project.tables(2).migrate();
    let copy = match project.engine() {
        Engine::Sqlite => "copy.db".to_string(),
        _ => format!("{}_copy", project.database()),
    };
    project.run(["restore", "--latest", "--to-database", &copy]).exits(exit::DONE).prints("new database");
    assert!(project.has_table("t2"));
    let exists = project.run(["restore", "--latest", "--to-database", &copy]).exits(exit::USAGE);
    exists.mentions("exists already");
    match project.engine() {
        Engine::Postgres => {
            assert_eq!(Postgres::get().admin(&copy, "SELECT count(*) FROM t1"), "0");
            Postgres::get().admin("postgres", &format!("DROP DATABASE {copy}"));
        }
        Engine::MySql => {
            assert_eq!(MariaDb::get().admin(&format!("SELECT count(*) FROM {copy}.t1")), "0");
            MariaDb::get().admin(&format!("DROP DATABASE {copy}"));
        }
        Engine::Sqlite => assert!(project.path("copy.db").is_file()),
    }
}

fn what_is_gone_altogether_comes_back(project: &Project) {
    full(project);
    let before = data(project);
    backup(project, &[]);
    match project.engine() {
        Engine::Postgres => drop(Postgres::get().admin("postgres", &format!("DROP DATABASE {}", project.database()))),
        Engine::MySql => drop(MariaDb::get().admin(&format!("DROP DATABASE {}", project.database()))),
        Engine::Sqlite => drop(project.remove("app.db")),
    }
    project.run(["restore", "--latest", "--yes"]).exits(exit::DONE).never_mentions("DROP DATABASE");
    assert_eq!(data(project), before);
    assert_eq!((leftovers(project), beside(project, "before")), Default::default(), "nothing was replaced");
}

fn a_failed_migration_is_put_back_where_nothing_else_undoes_it(project: &Project) {
    full(project);
    let before = (data(project), project.schema());
    let upgrade =
        format!("-- dbwarden: transaction = off\nCREATE TABLE half (id int);\n{};", project.snippets().failing.0);
    project.migration("0002_half.sql", &upgrade.replace("FROM t1", "FROM half"), "");
    let run = project.run(["migrate", "-b", "--on-failure", "restore"]).exits(exit::SQL_FAILED);
    run.says("put back from").never_mentions("resolve");
    assert!(!project.has_table("half"));
    assert_eq!((data(project), project.schema()), before);
    assert_eq!(project.versions(), ["0001"]);
    project.run(["migrate", "--on-failure", "restore"]).exits(exit::USAGE);
    // What a transaction undid needs no restore.
    if project.engine() != Engine::MySql {
        project.migration("0002_half.sql", "CREATE TABLE half (id int); SELECT no_such_column FROM half;", "");
        let run = project.run(["migrate", "-b", "--on-failure", "restore"]).exits(exit::SQL_FAILED);
        run.never_mentions("put back");
    }
}

#[test]
fn postgresql_sessions_that_may_not_be_ended_are_named_before_anything_is_done() {
    let project = Project::new(Engine::Postgres);
    project.tables(1).migrate();
    backup(&project, &[]);
    project.tables(2).migrate();
    let server = Postgres::get();
    let mut superuser = server.psql("postgres", project.database());
    let mut superuser = superuser.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let connected = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'postgres' AND pid <> pg_backend_pid()";
    wait_until("the superuser is there", || project.sql(connected) == "1");
    let run = project.run(["restore", "--latest", "--yes", "--force"]).exits(exit::REFUSED);
    run.says("in use").says("postgres").says("superuser").never_mentions("--force");
    assert!(project.has_table("t2"));
    assert_eq!(leftovers(&project), "");
    drop(superuser.stdin.take());
    superuser.wait().unwrap();
    wait_until("the superuser is gone", || project.sql(connected) == "0");
    project.run(["restore", "--latest", "--yes", "--force"]).exits(exit::DONE);
    assert!(!project.has_table("t2"));
}

/// A project with a backup of its first version, now at its second.
fn migrated_since_its_backup(engine: Engine) -> Project {
    let project = Project::new(engine);
    project.tables(1).migrate();
    backup(&project, &[]);
    project.tables(2).migrate();
    project
}

/// Uses the database for so many seconds.
fn sleep(project: &Project, seconds: u32) -> Result<String, String> {
    let sleep = match project.engine() {
        Engine::Postgres => format!("SELECT pg_sleep({seconds});\n"),
        _ => format!("DO SLEEP({seconds});\n"),
    };
    crate::harness::client::try_pipe(&mut project.client(), &sleep)
}

/// Whether somebody does so now.
fn sleeps(project: &Project) -> bool {
    let found = match project.engine() {
        Engine::Postgres => project.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%'"),
        _ => project.sql(
            "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND INFO LIKE 'DO SLEEP%'",
        ),
    };
    found != "0"
}

#[test]
fn who_uses_the_database_is_named_and_ended_only_by_force() {
    for engine in [Engine::Postgres, Engine::MySql] {
        let project = migrated_since_its_backup(engine);
        std::thread::scope(|scope| {
            let user = scope.spawn(|| sleep(&project, 600));
            wait_until("the sleeper sleeps", || sleeps(&project));
            let run = project.run(["restore", "--latest", "--yes"]).exits(exit::REFUSED);
            run.says("in use").says("app").says("--force");
            assert!(project.has_table("t2"), "{engine:?}");
            project.run(["restore", "--latest", "--yes", "--force"]).exits(exit::DONE);
            assert!(!project.has_table("t2"), "{engine:?}");
            assert!(user.join().unwrap().is_err(), "its session was ended");
        });
    }
}

#[test]
fn a_session_that_is_about_to_end_is_waited_for() {
    for engine in [Engine::Postgres, Engine::MySql] {
        let project = migrated_since_its_backup(engine);
        std::thread::scope(|scope| {
            scope.spawn(|| sleep(&project, 2));
            wait_until("the sleeper sleeps", || sleeps(&project));
            project.run(["restore", "--latest", "--yes"]).exits(exit::DONE);
            assert!(!project.has_table("t2"), "{engine:?}");
        });
    }
}
