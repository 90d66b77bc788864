//! The engines' own programs: missing, too old, failing, and in parallel.

use std::os::unix::fs::PermissionsExt;

use super::fixture::{backup, data, destroy, full, manifest};
use crate::harness::{Engine, Project, exit};

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
        (Engine::MySql, "mysqldump  Ver 10.19 Distrib 10.3.39-MariaDB, for debian-linux-gnu (x86_64)"),
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
    use crate::harness::postgres::Postgres;
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
