//! Repeatable migrations: `RA__` on every migrate, `ROC__` when its content changed, both after the versioned ones.

use crate::harness::{Project, exit};

on_each_engine![
    one_runs_always_and_one_when_it_changed,
    they_wait_until_nothing_versioned_is_left,
    what_they_depend_on_runs_first,
    a_failing_one_is_due_again,
];

fn runs(project: &Project) -> Vec<String> {
    project.sql("SELECT what FROM runs ORDER BY id").lines().map(str::to_string).collect()
}

fn with_log(project: &Project) {
    let create = format!("CREATE TABLE runs (id {}, what varchar(20));", project.snippets().auto_key);
    project.migration("0001_create_runs.sql", &create, "DROP TABLE runs;");
}

fn note(project: &Project, file: &str, what: &str) {
    project.migration(file, &format!("INSERT INTO runs (what) VALUES ('{what}');"), "");
}

fn one_runs_always_and_one_when_it_changed(project: &Project) {
    with_log(project);
    note(project, "RA__grants.sql", "always");
    note(project, "ROC__view.sql", "changed");
    project.migrate();
    assert_eq!(runs(project).len(), 2);
    project.migrate();
    assert_eq!(runs(project).iter().filter(|what| *what == "always").count(), 2);
    assert_eq!(runs(project).iter().filter(|what| *what == "changed").count(), 1);
    note(project, "ROC__view.sql", "again");
    project.run(["status"]).exits(exit::DONE).prints("view");
    project.migrate();
    assert_eq!(runs(project).iter().filter(|what| *what == "again").count(), 1);
    let kinds = project.sql("SELECT migration_type FROM _dbwarden_migrations WHERE version IS NULL ORDER BY filename");
    assert_eq!(kinds, "runs_always\nruns_on_change", "one row each, however often they ran");
}

fn they_wait_until_nothing_versioned_is_left(project: &Project) {
    with_log(project);
    project.migration("0002_two.sql", "INSERT INTO runs (what) VALUES ('two');", "");
    note(project, "RA__grants.sql", "always");
    note(project, "ROC__view.sql", "changed");
    project.run(["migrate", "-c", "1"]).exits(exit::DONE);
    assert_eq!(runs(project).len(), 0);
    project.run(["migrate", "-t", "1"]).exits(exit::DONE);
    assert_eq!(runs(project).len(), 0);
    project.migrate();
    assert_eq!(runs(project)[0], "two");
    assert_eq!(runs(project).len(), 3);
}

fn what_they_depend_on_runs_first(project: &Project) {
    with_log(project);
    note(project, "ROC__b.sql", "b");
    project.file(
        "migrations/ROC__a.sql",
        "-- description: the last\n-- depends_on: [\"0001\", \"ROC__b\"]\n-- upgrade\n\
         INSERT INTO runs (what) VALUES ('a');\n-- rollback\n",
    );
    project.migrate();
    assert_eq!(runs(project), ["b", "a"]);
}

fn a_failing_one_is_due_again(project: &Project) {
    with_log(project);
    project.migration("ROC__view.sql", "INSERT INTO nowhere VALUES (1);", "");
    project.run(["migrate"]).exits(exit::SQL_FAILED).says("ROC__view.sql");
    project.run(["migrate"]).exits(exit::SQL_FAILED).says("ROC__view.sql");
    note(project, "ROC__view.sql", "mended");
    project.migrate();
    assert_eq!(runs(project), ["mended"]);
}
