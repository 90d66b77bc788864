//! Which files are looked at, and what the exit code says.

use super::{careless, careless_files, findings};
use crate::harness::{Engine, Project, exit};

on_each_engine![
    what_is_applied_is_looked_at_only_when_asked,
    named_files_need_no_database,
    pending_and_findings_are_told_apart,
];

fn what_is_applied_is_looked_at_only_when_asked(project: &Project) {
    careless(project, 1);
    project.migrate();
    careless(project, 2);
    assert_eq!(careless_files(project, &[]), ["0002_careless.sql"]);
    assert_eq!(careless_files(project, &["--all-migrations"]), ["0001_careless.sql", "0002_careless.sql"]);
    assert_eq!(careless_files(project, &["--offline"]), ["0001_careless.sql", "0002_careless.sql"]);
}

fn named_files_need_no_database(project: &Project) {
    careless(project, 1);
    careless(project, 2);
    let nowhere = format!("[database.primary]\ndatabase_url = \"{}://127.0.0.1:1/none\"\n", project.engine().name());
    project.file("dbwarden.toml", nowhere);
    assert_eq!(careless_files(project, &["migrations/0002_careless.sql"]), ["0002_careless.sql"]);
    let twice = ["migrations/0002_careless.sql", "./migrations/0002_careless.sql"];
    assert_eq!(careless_files(project, &twice), ["0002_careless.sql"]);
    project.file("elsewhere/0009_x.sql", "-- upgrade\nSELECT 1;\n-- rollback\n");
    assert_eq!(careless_files(project, &["elsewhere/0009_x.sql"]), ["elsewhere/0009_x.sql"]);
    project
        .run(["check", "migrations/0003_none.sql"])
        .exits(exit::USAGE)
        .says("0003_none.sql")
        .says("correct the path");
    // What is wrong with one file is no matter of another.
    project.file("migrations/0004_open.sql", "-- upgrade\nSELECT 'open;\n-- rollback\n");
    project.run(["check", "migrations/0002_careless.sql"]).exits(exit::DONE);
    project.run(["check", "migrations/0004_open.sql"]).exits(exit::USAGE).says("0004_open.sql:2");
}

fn pending_and_findings_are_told_apart(project: &Project) {
    careless(project, 1);
    let document = project.json(&["check"]);
    assert_eq!(document["databases"][0]["pending"], 1, "{document}");
    let found = findings(&document).into_iter().find(|[rule, ..]| rule == "empty-rollback");
    assert_eq!(found.expect("a finding")[2], "warning", "{document}");
    project.run(["check"]).exits(exit::PENDING);
    project.run(["check", "--allow-pending"]).exits(exit::DONE);
    project.run(["check", "--allow-pending", "--fail-on", "warning"]).exits(exit::PENDING);
    project.toml_extra("[check]\nempty-rollback = \"error\"");
    project.run(["check", "--allow-pending"]).exits(exit::PENDING);
    project.run(["check", "--allow-pending", "--fail-on", "never"]).exits(exit::DONE);
}

#[test]
fn a_file_is_judged_by_the_database_it_belongs_to() {
    let project = Project::bare(Engine::Sqlite);
    project.file(
        "dbwarden.toml",
        "default = \"a\"\n[database.a]\ndatabase_url = \"sqlite:///a.db\"\nmigrations_dir = \"a\"\n\
         [database.b]\ndatabase_url = \"postgresql://127.0.0.1:1/b\"\nmigrations_dir = \"b\"\n",
    );
    // A dollar quote ends the statement on PostgreSQL only.
    let body = "-- upgrade\nDO $$ BEGIN PERFORM 1; PERFORM 2; END $$;\n-- rollback\n";
    project.file("b/0001_x.sql", body).file("a/0001_y.sql", "-- upgrade\nSELECT 1;\n-- rollback\n");
    let document = project.json(&["check", "b/0001_x.sql", "a/0001_y.sql"]);
    assert_eq!(document["databases"][0]["database"], "b", "{document}");
    assert_eq!(document["databases"][1]["database"], "a", "{document}");
    assert_eq!(document["exit"]["code"], 0, "{document}");
}

#[test]
fn files_before_the_pending_ones_tell_what_columns_are() {
    let project = Project::new(Engine::Postgres);
    project.migration(
        "0001_users.sql",
        "CREATE TABLE users (id bigint PRIMARY KEY, name varchar(50));",
        "DROP TABLE users;",
    );
    project.migrate();
    let severity = |data_type: &str, arguments: &[&str]| {
        let change = |to: &str| format!("ALTER TABLE users ALTER COLUMN name TYPE {to};");
        project.migration("0002_name.sql", &change(data_type), &change("varchar(50)"));
        let found = findings(&project.json(&[&["check"], arguments].concat()));
        let of_rule =
            |wanted: &str| found.iter().find(|[rule, ..]| rule == wanted).map(|[_, _, severity]| severity.clone());
        (of_rule("rewriting-type-change"), of_rule("narrowed-type"))
    };
    for arguments in [&[][..], &["migrations/0002_name.sql"][..]] {
        assert_eq!(severity("text", arguments), (None, None), "{arguments:?}");
        let (rewrites, narrows) = severity("varchar(20)", arguments);
        assert!(rewrites.is_some() && narrows.is_some(), "{arguments:?}");
    }
}
