//! The engines' own programs: missing, too old, failing, and in parallel.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};

use super::fixture::{backup, data, destroy, full, manifest};
use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::{Engine, Holder, Project, exit, wait_until};

/// A program of the user's that says `version` and does `then`.
fn program(project: &Project, name: &str, version: &str, then: &str) {
    let script = format!("#!/bin/sh\ncase \"$*\" in *--version*) echo '{version}'; exit;; esac\n{then}\n");
    project.file(name, script);
    std::fs::set_permissions(project.path(name), std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_missing_program_says_what_to_install() {
    for (engine, package) in [(Engine::Postgres, "postgresql-client"), (Engine::MySql, "mariadb-client")] {
        let project = Project::new(engine);
        project.tables(1).toml_extra("dump_program = \"no-such-program\"");
        let run = project.run(["migrate", "-b"]).exits(exit::BACKUP);
        run.says("no-such-program was not found").says(package).says("nothing was migrated");
        assert!(!project.has_table("t1"));
    }
}

#[test]
fn a_program_older_than_the_server_is_refused() {
    for (engine, version) in [
        (Engine::Postgres, "pg_dump (PostgreSQL) 9.6.24"),
        (
            Engine::MySql,
            match MariaDb::is_mysql() {
                true => "mysqldump  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)",
                false => "mysqldump  Ver 10.19 Distrib 10.3.39-MariaDB, for debian-linux-gnu (x86_64)",
            },
        ),
    ] {
        let project = Project::new(engine);
        project.tables(1).toml_extra("dump_program = \"./old\"");
        program(&project, "old", version, "exit 1");
        project.run(["migrate", "-b"]).exits(exit::BACKUP).says("too old").says("nothing was migrated");
    }
}

#[test]
fn a_program_that_fails_is_quoted_and_leaves_nothing() {
    for (engine, version) in [
        (Engine::Postgres, "pg_dump (PostgreSQL) 99.1"),
        (Engine::MySql, "mariadb-dump from 99.4.2-MariaDB, client 10.19 for Linux (x86_64)"),
    ] {
        let project = Project::new(engine);
        project.tables(1).toml_extra("dump_program = \"./dump\"");
        program(&project, "dump", version, "echo half a dump; echo 'out of luck' >&2; exit 3");
        let run = project.run(["migrate", "-b"]).exits(exit::BACKUP);
        run.says("exit status: 3").says("out of luck").says("nothing was migrated");
        assert_eq!(std::fs::read_dir(project.path("backups/primary")).unwrap().count(), 0);
        assert!(!project.has_table("t1"));
    }
}

/// The processes whose arguments begin with each of `words`, in any order.
fn processes_with(words: &[&str]) -> Vec<PathBuf> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let has_it = |process: &PathBuf| {
        let arguments = std::fs::read(process.join("cmdline")).unwrap_or_default();
        let begins =
            |word: &&str| arguments.split(|byte| *byte == 0).any(|argument| argument.starts_with(word.as_bytes()));
        words.iter().all(begins)
    };
    processes.filter(has_it).collect()
}

/// Processes that stand still as long as this lives.
struct Stopped(Vec<Pid>);

impl Stopped {
    fn stop(ids: &str) -> Stopped {
        let ids: Vec<Pid> = ids.lines().filter_map(|id| Pid::from_raw(id.parse().ok()?)).collect();
        ids.iter().for_each(|id| kill_process(*id, Signal::STOP).unwrap());
        Stopped(ids)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.iter().for_each(|id| {
            let _ = kill_process(*id, Signal::CONT);
        });
    }
}

#[test]
fn programs_and_their_workers_end_with_a_dbwarden_that_is_killed() {
    let project = Project::new(Engine::Postgres);
    let rows = "SELECT md5(i::text) AS text FROM generate_series(1, 200000) i";
    project.migration("0001_big.sql", &format!("CREATE TABLE a AS {rows}; CREATE TABLE b AS {rows};"), "");
    project.migrate();
    project.toml_extra("backup_format = \"directory\"\nbackup_jobs = 2\nbackup_compression = 9");
    let running = project.spawn(["backup"]);
    let folder = project.path("backups");
    let dump = || processes_with(&[folder.to_str().unwrap()]);
    wait_until("the leader and its workers run", || dump().len() == 3);
    // Their sessions answer no more: by themselves they wait for ever.
    let sessions = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'dbwarden%' AND query LIKE 'COPY%'";
    wait_until("the workers read", || project.sql(sessions).lines().count() == 2);
    let stopped = Stopped::stop(&Postgres::get().admin(project.database(), sessions));
    assert_eq!(dump().len(), 3);
    running.kill9();
    wait_until("they are gone", || dump().is_empty());
    drop(stopped);

    let project = Project::new(Engine::MySql);
    project.tables(1).migrate();
    project.toml_extra("lock_timeout = \"600s\"");
    let holder = Holder::new(&project, "LOCK TABLES t1 WRITE");
    let running = project.spawn(["backup"]);
    let waits =
        "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE LIKE 'Waiting%lock'";
    wait_until("the dump waits for the table", || project.sql(waits) == "1");
    let dump = || processes_with(&["--single-transaction", project.database()]);
    assert_eq!(dump().len(), 1);
    running.kill9();
    wait_until("it is gone", || dump().is_empty());
    drop(holder);
}

#[test]
fn a_dump_that_waits_for_a_table_gives_up_in_time() {
    for (engine, lock) in [(Engine::Postgres, "BEGIN; LOCK TABLE t1"), (Engine::MySql, "LOCK TABLES t1 WRITE")] {
        let project = Project::new(engine);
        project.tables(1).migrate();
        project.tables(2).toml_extra("lock_timeout = \"1s\"");
        let holder = Holder::new(&project, lock);
        project.run(["migrate", "-b"]).exits(exit::BACKUP).says("lock").says("nothing was migrated");
        assert_eq!(std::fs::read_dir(project.path("backups/primary")).unwrap().count(), 0);
        drop(holder);
        assert!(!project.has_table("t2"));
        project.run(["migrate", "-b"]).exits(exit::DONE);
    }
}

#[test]
fn postgresql_dumps_a_directory_in_parallel() {
    let project = Project::new(Engine::Postgres);
    full(&project);
    project.toml_extra("backup_format = \"directory\"\nbackup_jobs = 2");
    let before = data(&project);
    let archive = backup(&project, &["--verify"]);
    assert!(archive.is_dir());
    let files = manifest(&archive)["files"].as_array().unwrap().len();
    assert_eq!(std::fs::read_dir(&archive).unwrap().count(), files);
    destroy(&project);
    project.run(["restore", "--latest", "--yes"]).exits(exit::DONE);
    assert_eq!(data(&project), before);
    let victim = std::fs::read_dir(&archive).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(victim).unwrap();
    project.run(["restore", "--latest", "--yes"]).exits(exit::BACKUP).says("missing");
}

#[test]
fn properties_of_a_postgresql_database_stay() {
    let project = Project::new(Engine::Postgres);
    project.tables(1).migrate();
    let name = project.database();
    Postgres::get().admin(
        "postgres",
        &format!(
            "ALTER DATABASE {name} SET search_path TO \"$user\", public, x; ALTER DATABASE {name} SET work_mem = '5MB';
             ALTER DATABASE {name} CONNECTION LIMIT 77; COMMENT ON DATABASE {name} IS 'it''s mine';
             REVOKE CONNECT ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO tls_only"
        ),
    );
    let facts = || {
        let sql = format!(
            "SELECT datconnlimit, shobj_description(d.oid, 'pg_database'), pg_get_userbyid(datdba), setconfig,
             (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(datacl) a)
             FROM pg_database d LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid WHERE datname = '{name}'"
        );
        Postgres::get().admin("postgres", &sql)
    };
    let before = facts();
    assert!(before.contains("77") && before.contains("mine"), "{before}");
    backup(&project, &[]);
    project.run(["restore", "--latest", "--yes"]).exits(exit::DONE);
    assert_eq!(facts(), before);
}
