//! A backup or a restore that is killed: nothing is lost, and nothing looks whole that is not.

use super::fixture::{backup, data, full};
use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::{Engine, Project, exit};

on_each_engine![a_killed_backup_leaves_nothing_that_looks_whole, a_killed_restore_leaves_the_old_or_the_new];

/// The numbers of the boundaries that `command` passes: all that are about backups, and every `step`th of the others.
fn boundaries(project: &Project, command: &[&str], step: usize) -> Vec<usize> {
    let trace = project.path("boundaries");
    project.command(command).fail_point(format!("record {}", trace.display())).run().exits(exit::DONE);
    let passed = project.read("boundaries");
    let own = |name: &str| !name.starts_with("message") && !name.starts_with("answer");
    let chosen = passed.lines().enumerate().filter(|(index, name)| own(name) || index % step == 0);
    chosen.map(|(index, _)| index + 1).collect()
}

fn a_killed_backup_leaves_nothing_that_looks_whole(project: &Project) {
    project.tables(2).migrate();
    project.toml_extra("backup_keep = 2");
    let before = (project.schema(), project.history());
    backup(project, &[]);
    backup(project, &[]);
    let boundaries = boundaries(project, &["backup"], 9);
    let mut killed = 0;
    for number in boundaries {
        killed += usize::from(project.command(["backup"]).fail_point(format!("KILL {number}")).run().was_killed());
        // Whatever is listed can be restored, and whatever has a manifest is listed.
        let list = project.json(&["backup", "list"]);
        let listed = list["databases"][0]["backups"].as_array().unwrap();
        assert!(
            (1..=3).contains(&listed.len()) && list["warnings"].as_array().unwrap().is_empty(),
            "boundary {number}: {list}"
        );
        let newest = listed[0]["path"].as_str().unwrap();
        project.run(["backup", "verify", newest]).exits(exit::DONE);
        backup(project, &[]);
        let names: Vec<String> = std::fs::read_dir(project.path("backups/primary"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        let whole = |name: &String| name.ends_with(".json") || names.contains(&format!("{name}.json"));
        assert!(names.iter().all(whole) && names.len() == 4, "boundary {number}: {names:?}");
        assert_eq!((project.schema(), project.history()), before, "boundary {number}");
    }
    assert!(killed >= 8, "{killed} kills");
}

fn a_killed_restore_leaves_the_old_or_the_new(project: &Project) {
    full(project);
    let new = (data(project), project.schema());
    backup(project, &[]);
    project.migration(
        "0002_more.sql",
        "CREATE TABLE more (id int); INSERT INTO log VALUES ('more');",
        "DROP TABLE more;",
    );
    project.migrate();
    let command = ["restore", "--latest", "--yes", "--force"];
    // A database of PostgreSQL's is made, loaded and dropped in half a second each time.
    let step = if project.engine() == Engine::Postgres { 11 } else { 5 };
    let boundaries = boundaries(project, &command, step);
    let mut killed = 0;
    for number in boundaries {
        project.migrate();
        let old = project.versions();
        assert_eq!(old, ["0001", "0002"]);
        killed += usize::from(project.command(command).fail_point(format!("KILL {number}")).run().was_killed());
        let rows = project.sql("SELECT count(*) FROM log WHERE entry = 'more'");
        let (versions, more) = (project.versions(), project.has_table("more"));
        let is_old = versions == old && more && rows == "1";
        let is_new = versions == ["0001"] && !more && rows == "0";
        assert!(is_old || is_new, "boundary {number}: {versions:?}, {more}, {rows}");
        project.run(command).exits(exit::DONE);
        assert_eq!((data(project), project.schema()), new, "boundary {number}");
    }
    assert!(killed >= 4, "{killed} kills");
    drop_what_is_left(project);
}

/// The databases that restores and their kills leave, which would only fill the server.
fn drop_what_is_left(project: &Project) {
    let name = project.database();
    match project.engine() {
        Engine::Postgres => {
            let find = format!("SELECT datname FROM pg_database WHERE datname ~ '^{name}_(restore|before)_'");
            for database in Postgres::get().admin("postgres", &find).lines() {
                Postgres::get().admin("postgres", &format!("DROP DATABASE \"{database}\" WITH (FORCE)"));
            }
        }
        Engine::MySql => {
            let find = format!(
                "SELECT schema_name FROM information_schema.schemata WHERE schema_name RLIKE '^{name}_(restore|before)_'"
            );
            for database in MariaDb::get().admin(&find).lines() {
                MariaDb::get().admin(&format!("DROP DATABASE `{database}`"));
            }
        }
        Engine::Sqlite => {}
    }
}
