//! What git knows: new files, and what a merge would break.

use super::{careless, careless_files, found};
use crate::harness::{Engine, Project, exit};

/// A repository with the migration 1 on `main`, and a branch `work`.
fn repository() -> Project {
    let project = Project::new(Engine::Sqlite);
    careless(&project, 1);
    git(&project, "init -q -b main . && printf 'app.db*\\n' > .gitignore");
    commit(&project);
    git(&project, "checkout -q -b work");
    project
}

#[track_caller]
fn git(project: &Project, arguments: &str) {
    let identity = "-c user.name=Test -c user.email=test@localhost -c commit.gpgsign=false";
    let script = format!("git() {{ command git {identity} \"$@\"; }}; git {arguments}");
    let _ = project.shell(&script).env("GIT_CONFIG_NOSYSTEM", "1").run().exits(exit::DONE);
}

#[track_caller]
fn commit(project: &Project) {
    git(project, "add -A && git commit -q -m more");
}

/// Adds a migration to `main` without leaving the branch for good.
#[track_caller]
fn on_main(project: &Project, name: &str) {
    git(project, "stash -q -u || true");
    git(project, "checkout -q main");
    project.migration(name, "SELECT 1;", "SELECT 2;");
    commit(project);
    git(project, "checkout -q work");
    git(project, "stash pop -q || true");
}

#[test]
fn only_what_is_new_since_a_revision_is_looked_at() {
    let project = repository();
    assert_eq!(careless_files(&project, &["--since", "main"]), [] as [&str; 0]);
    careless(&project, 2);
    commit(&project);
    careless(&project, 3);
    assert_eq!(careless_files(&project, &["--since", "main"]), ["0002_careless.sql", "0003_careless.sql"]);
    assert_eq!(careless_files(&project, &["--since", "HEAD"]), ["0003_careless.sql"], "not tracked yet");
    // What main did meanwhile is not this branch's work.
    on_main(&project, "0009_other.sql");
    assert_eq!(careless_files(&project, &["--since", "main"]), ["0002_careless.sql", "0003_careless.sql"]);
}

#[test]
fn a_merge_is_judged_before_it_is_made() {
    let project = repository();
    careless(&project, 2);
    assert!(
        found(&project, &["--against", "main"])
            .iter()
            .all(|rule| !rule.contains("version") && !rule.starts_with("merged"))
    );
    on_main(&project, "2_same.sql");
    let report = project.run(["check", "--against", "main"]).exits(exit::PENDING);
    report.prints("error[duplicate-version]").prints("migrations/0002_careless.sql").prints("2_same.sql");
    on_main(&project, "0004_later.sql");
    project.remove("migrations/0002_careless.sql");
    careless(&project, 3);
    let report = project.run(["check", "--against", "main"]).exits(exit::PENDING);
    report.prints("error[out-of-order-version]").prints("not above 0004");
    project.toml_extra("out_of_order = \"allow\"");
    project.run(["check", "--against", "main"]).exits(exit::DONE);
}

#[test]
fn what_is_merged_stays_as_it_is() {
    let project = repository();
    let file = "migrations/0001_careless.sql";
    let merged = project.read(file);
    project.file(file, merged.replace("CREATE TABLE", "-- why\nCREATE  TABLE"));
    project.run(["check", "--against", "main"]).exits(exit::DONE);
    project.file(file, merged.replace("(id bigint ", "(id int "));
    project.run(["check", "--against", "main"]).exits(exit::PENDING).prints("error[merged-file-edited]").prints(file);
    project.remove(file);
    project.run(["check", "--against", "main"]).exits(exit::PENDING).prints("error[merged-file-deleted]").prints(file);
}

#[test]
fn what_git_cannot_tell_is_a_clear_error() {
    let project = repository();
    project.run(["check", "--since", "nowhere"]).exits(exit::USAGE).says("no revision `nowhere`").says("fetch-depth");
    project.run(["check", "--since=--output=x"]).exits(exit::USAGE).says("no revision");
    let outside = Project::new(Engine::Sqlite);
    let run = outside.command(["check", "--since", "main"]).env("GIT_CEILING_DIRECTORIES", "/").run();
    run.exits(exit::USAGE).says("no git repository");
    let run = project.command(["check", "--since", "main"]).env("PATH", "/nowhere").run();
    run.exits(exit::USAGE).says("`git` could not be started");
}

#[test]
fn it_works_in_a_hook() {
    let project = repository();
    careless(&project, 2);
    let run = project.command(["check", "--since", "main"]).env("GIT_DIR", ".git").env("GIT_INDEX_FILE", ".git/index");
    run.run().exits(exit::DONE).prints("0002_careless.sql");
}
