//! Every folder of `examples/` is run, with the commands and the environment its files name.

use std::collections::BTreeSet;

use dbwarden::error::ErrorKind;

use crate::harness::{Engine, Finished, Project, exit, repository};
use crate::manifest;

fn example(folder: &str, engine: Engine) -> Project {
    let project = Project::bare(engine);
    project.copy_of(&format!("examples/{folder}"), "");
    project
}

/// The lines of the shell blocks of the folder's README, without those that set variables for a trial.
fn commands_of_readme(project: &Project) -> String {
    let readme = project.read("README.md");
    let blocks = readme.split("```sh\n").skip(1).filter_map(|block| block.split_once("```"));
    let lines = blocks.flat_map(|(block, _)| block.lines()).filter(|line| !line.starts_with("export "));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_folder_has_a_test() {
    let folders = std::fs::read_dir(repository().join("examples")).unwrap().flatten();
    let folders = folders.filter(|entry| entry.path().is_dir());
    let names: BTreeSet<String> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let tested = ["ci", "kubernetes", "several-databases", "single-database"];
    assert_eq!(names, tested.map(str::to_string).into());
}

#[test]
fn single_database() {
    let project = example("single-database", Engine::Postgres);
    let commands = commands_of_readme(&project);
    assert!(commands.contains("dbwarden migrate\n"), "{commands}");
    let run = project.shell(&commands).env("DATABASE_URL", project.url()).run().exits(exit::DONE);
    run.prints("outside any transaction").prints("now at 0003").prints("now at 0002").prints("now at no version");
}

#[test]
fn several_databases() {
    let project = example("several-databases", Engine::Postgres);
    let catalog = Project::bare(Engine::MySql);
    let commands = commands_of_readme(&project);
    let run = project
        .shell(&commands)
        .env("ACCOUNTS_DATABASE_URL", project.url())
        .env("CATALOG_DATABASE_URL", catalog.url())
        .run()
        .exits(exit::DONE);
    run.prints("accounts: 1 migration applied").prints("catalog: 2 migrations applied").prints("sessions: 1 migration");
    assert!(project.has_table("accounts") && !project.has_table("products"));
    catalog.sql("INSERT INTO products (name, price) VALUES ('tea', 2); UPDATE products SET price = 3");
    assert_eq!(catalog.sql("SELECT new_price FROM price_changes"), "3.00");
    assert!(project.path("sessions.db").exists());
}

#[test]
fn ci_workflow() {
    let project = example("ci", Engine::Postgres);
    let workflow = project.read(".github/workflows/migrations.yml");
    let (before, migrate) = workflow.split_once("\n  migrate:\n").expect("a job of this name");
    let (_, check) = before.split_once("\n  check:\n").expect("a job of this name");
    let steps = |job: &str| -> String {
        let runs = manifest::lines(job).filter(|(key, _)| *key == "run");
        runs.map(|(_, command)| format!("{command}\n")).collect()
    };

    // What a pull request from anybody runs has no secret.
    assert!(!check.contains("secrets."));
    project.shell(&steps(check)).run().exits(exit::DONE);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&project.read("check.json")).unwrap()["exit"]["code"], 0);

    assert!(migrate.contains("DATABASE_URL: ${{ secrets.DATABASE_URL }}"));
    project.shell(&steps(migrate)).env("DATABASE_URL", project.url()).run().exits(exit::DONE);
    assert_eq!(project.versions(), ["0001", "0002"]);
}

#[test]
fn ci_shell_job() {
    let project = example("ci", Engine::Postgres);
    project.shell("./pull-request.sh").run().exits(exit::DONE);
    project.shell("./deploy.sh").env("DATABASE_URL", project.url()).run().exits(exit::DONE).prints("nothing pending");

    project.migration("0003_broken.sql", "SELECT no_such_column;", "");
    project.shell("./deploy.sh").env("DATABASE_URL", project.url()).run().exits(exit::SQL_FAILED);

    project.file("migrations/0004_broken.sql", "CREATE TABLE t (id int);\n");
    project.shell("./pull-request.sh").run().exits(exit::USAGE).says("0004_broken.sql");
}

#[test]
fn ci_shell_job_tries_again_only_what_can_help() {
    let project = example("ci", Engine::Postgres);
    // Port 1 is nobody's. The preview ends the job: nothing was tried yet.
    let unreachable = project.url_at("x", 1, "");
    project.shell("./deploy.sh").env("DATABASE_URL", unreachable).run().exits(exit::UNREACHABLE);
    // A dbwarden that says for the first two times that the lock is held.
    let stand_in = "[ \"$1\" = migrate ] && [ \"$2\" != --dry-run ] || exit 0\n\
                    echo x >> tries\n[ $(wc -l < tries) -gt 2 ] || exit 4\n";
    project.file("bin/dbwarden", format!("#!/bin/sh\n{stand_in}"));
    let run =
        |script: &str| project.shell(&format!("PATH=\"$PWD/bin:$PATH\"; {script}")).env("RETRY_SECONDS", "0").run();
    run("chmod +x bin/dbwarden; ./deploy.sh").exits(exit::DONE);
    assert_eq!(project.read("tries").lines().count(), 3);
}

/// The manifests, with their only container that runs dbwarden.
fn manifests(project: &Project) -> Vec<(String, manifest::Container)> {
    let names = ["migrate-job", "deployment-that-waits", "deployment-that-migrates", "rollback-job"];
    let read = |name: &str| manifest::container(&project.read(&format!("{name}.yaml")), "dbwarden");
    names.map(|name| (name.to_string(), read(name))).into()
}

/// Runs what the container runs, with the environment it names.
fn run(project: &Project, container: &manifest::Container) -> Finished {
    let (program, arguments) = container.words.split_first().expect("a command");
    assert_eq!(program, "dbwarden");
    let secret = project.read("secret.yaml");
    let mut command = project.command(arguments);
    for (variable, name, key) in &container.secrets {
        assert!(manifest::lines(&secret).any(|line| line == ("name", name)), "no Secret {name}");
        assert!(manifest::lines(&secret).any(|line| line.0 == key), "no key {key}");
        command = command.env(variable, project.url());
    }
    for (variable, value) in &container.values {
        command = command.env(variable, value);
    }
    command.run()
}

#[test]
fn kubernetes_commands() {
    let project = example("kubernetes", Engine::Postgres);
    let containers: std::collections::BTreeMap<_, _> = manifests(&project).into_iter().collect();
    let waits = || run(&project, &containers["deployment-that-waits"]);
    waits().exits(exit::PENDING);
    run(&project, &containers["migrate-job"]).exits(exit::DONE);
    waits().exits(exit::DONE);
    run(&project, &containers["deployment-that-migrates"]).exits(exit::DONE).prints("up to date");
    for _ in 0..2 {
        run(&project, &containers["rollback-job"]).exits(exit::DONE);
        assert_eq!(project.versions(), ["0001"]);
    }
    waits().exits(exit::PENDING);
    for (name, container) in &containers {
        assert_eq!(container.secrets.len(), 1, "{name} takes its URL from a Secret");
        assert!(!run(&project, container).output().contains("unknown"), "{name}: a variable without effect");
    }
}

#[test]
fn kubernetes_policies_name_every_exit_code_and_retry_where_it_helps() {
    let project = example("kubernetes", Engine::Sqlite);
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap().replace(" and ", ", ");
    for job in ["migrate-job.yaml", "rollback-job.yaml"] {
        let text = project.read(job);
        assert!(text.contains("restartPolicy: Never"), "{job}: a podFailurePolicy needs it");
        let rules = manifest::rules(&text);
        for rule in &rules {
            assert_eq!(rule.container, "dbwarden");
            let codes = rule.codes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
            let advice = format!("`{}` on {codes}", rule.action);
            assert!(readme.contains(&advice), "the README does not say: {advice}");
        }
        let mut named: Vec<u8> = rules.iter().flat_map(|rule| rule.codes.clone()).collect();
        named.sort_unstable();
        // `pending` is the answer of status and check; backups are no part of these commands.
        let kinds =
            ErrorKind::GRAVEST_FIRST.into_iter().filter(|kind| !matches!(kind, ErrorKind::Pending | ErrorKind::Backup));
        let mut codes: Vec<u8> = kinds.clone().map(ErrorKind::exit_code).collect();
        codes.sort_unstable();
        assert_eq!(named, codes, "{job}");
        for kind in kinds {
            let rule = rules.iter().find(|rule| rule.codes.contains(&kind.exit_code())).unwrap();
            assert_eq!(rule.action == "FailJob", !kind.retryable(), "{job}: {kind}");
        }
    }
}
