//! Help in every place, with an example; what needs no database works without one.

use crate::harness::{Engine, Project, exit};

const COMMANDS: &[&[&str]] = &[
    &["init"],
    &["new"],
    &["migrate"],
    &["rollback"],
    &["downgrade"],
    &["status"],
    &["history"],
    &["check"],
    &["backup"],
    &["backup", "list"],
    &["backup", "verify"],
    &["restore"],
    &["repair"],
    &["resolve"],
    &["lock-status"],
    &["unlock"],
    &["config"],
    &["database"],
    &["database", "list"],
    &["completions"],
    &["version"],
];

#[test]
fn every_command_has_help_with_an_example() {
    let project = Project::bare(Engine::Sqlite);
    let overview = project.run(["-h"]).exits(exit::DONE);
    for command in COMMANDS {
        assert!(overview.stdout.contains(command[0]), "{} is not in\n{}", command[0], overview.stdout);
        let report = project.run([*command, &["-h"]].concat()).exits(exit::DONE).prints("Usage:");
        if *command != ["database"] {
            report.prints(&format!("dbwarden {}", command.join(" "))).mentions("example");
        }
        project.run([*command, &["--help"]].concat()).exits(exit::DONE);
    }
    assert!(std::fs::read_dir(project.path(".")).unwrap().next().is_none(), "help writes nothing");
}

#[test]
fn without_a_command_the_usage_is_shown() {
    let project = Project::bare(Engine::Sqlite);
    project.command::<&str>([]).run().exits(exit::USAGE).mentions("Usage:");
}

#[test]
fn the_version_is_told_both_ways() {
    let project = Project::bare(Engine::Sqlite);
    for arguments in [&["version"][..], &["--version"], &["-V"]] {
        project.run(arguments).exits(exit::DONE).prints(env!("CARGO_PKG_VERSION"));
    }
}

#[test]
fn completions_exist_for_every_shell() {
    let project = Project::bare(Engine::Sqlite);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        project.run(["completions", shell]).exits(exit::DONE).prints("lock-status");
    }
    project.run(["completions", "none"]).exits(exit::USAGE).says("bash");
}

#[test]
fn init_and_new_lead_to_a_first_migration() {
    let project = Project::bare(Engine::Sqlite);
    project.run(["init"]).exits(exit::DONE);
    let settings = project.read("dbwarden.toml");
    assert!(settings.contains("database_url"), "{settings}");
    project.run(["init"]).exits(exit::USAGE).says("dbwarden.toml");
    assert_eq!(project.read("dbwarden.toml"), settings, "nothing is overwritten");

    project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{}\"\n", project.url()));
    project.run(["new", "Create users"]).exits(exit::DONE).prints("0001_create_users.sql");
    project.run(["new", "add_index"]).exits(exit::DONE).prints("0002_add_index.sql");
    project.run(["new", "later", "--version", "20260101"]).exits(exit::DONE).prints("20260101_later.sql");
    project.run(["new", "grants", "--type", "ra"]).exits(exit::DONE).prints("RA__grants.sql");
    project.run(["new", "views", "--type", "roc"]).exits(exit::DONE).prints("ROC__views.sql");
    project.run(["new", "again", "--version", "1"]).exits(exit::USAGE).says("0001_create_users.sql");
    project.migrate();
    assert_eq!(project.history().len(), 5);
}

#[test]
fn output_to_a_closed_pipe_stops_no_migration() {
    let project = Project::new(Engine::Sqlite);
    project.tables(30);
    let script = format!("'{}' migrate 2>&1 | true", env!("CARGO_BIN_EXE_dbwarden"));
    let status =
        std::process::Command::new("sh").args(["-c", &script]).current_dir(project.path(".")).status().unwrap();
    assert!(status.success());
    project.run(["status", "--exit-code"]).exits(exit::DONE);
    assert_eq!(project.versions().len(), 30);
}
