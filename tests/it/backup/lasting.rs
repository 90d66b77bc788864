//! Backups and restores that take longer than a server lets a session say nothing.

use std::os::unix::fs::PermissionsExt;

use super::fixture::{data, full};
use crate::harness::mariadb::MariaDb;
use crate::harness::supervisor::program as installed;
use crate::harness::{Engine, Project, exit};

/// How long the server waits for a session of ours to say something.
const PATIENCE: u32 = 3;

/// The engine's own program, which takes longer than that the first time it is run.
fn slow(project: &Project, program: &str) -> String {
    let name = format!("slow-{program}");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *--version*) ;; *) mkdir {name}.ran 2>/dev/null && sleep {} ;; esac\nexec {} \"$@\"\n",
        PATIENCE + 1,
        installed(program).display()
    );
    project.file(&name, script);
    std::fs::set_permissions(project.path(&name), std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("./{name}")
}

fn the_lock_lasts_as_long_as_the_programs(engine: Engine) {
    let project = Project::new(engine);
    let (dump, restore, patience) = match engine {
        Engine::Postgres => ("pg_dump", "pg_restore", format!("idle_session_timeout = \"{PATIENCE}s\"")),
        _ if MariaDb::is_mysql() => ("mysqldump", "mysql", format!("wait_timeout = \"{PATIENCE}\"")),
        _ => ("mariadb-dump", "mariadb", format!("wait_timeout = \"{PATIENCE}\"")),
    };
    let (dump, restore) = (slow(&project, dump), slow(&project, restore));
    let upgrade =
        format!("-- dbwarden: transaction = off\nCREATE TABLE half (id int);\n{};", project.snippets().failing.0);
    full(&project);
    let before = data(&project);
    project.migration("0002_half.sql", &upgrade.replace("FROM t1", "FROM half"), "");
    project.toml_extra(&format!("dump_program = \"{dump}\"\nrestore_program = \"{restore}\""));
    project.toml_extra(&format!("[database.primary.session]\n{patience}"));
    let run = project.run(["migrate", "-b", "--on-failure", "restore"]).exits(exit::SQL_FAILED);
    run.says("put back from");
    assert_eq!(data(&project), before);
    for program in [dump, restore] {
        assert!(project.path(format!("{program}.ran")).exists(), "{program} was slow");
    }
}

#[test]
fn postgresql_keeps_the_lock_as_long_as_the_programs_run() {
    the_lock_lasts_as_long_as_the_programs(Engine::Postgres);
}

#[test]
fn mysql_keeps_the_lock_as_long_as_the_programs_run() {
    the_lock_lasts_as_long_as_the_programs(Engine::MySql);
}
