//! `migrate --check`.

use super::{careless, findings};
use crate::harness::{Project, exit};

on_each_engine![an_error_stops_before_anything_is_written, a_warning_is_told_and_stops_nothing];

fn an_error_stops_before_anything_is_written(project: &Project) {
    careless(project, 1);
    project.toml_extra("[check]\nempty-rollback = \"error\"");
    let stopped = project.run(["migrate", "--check"]).exits(exit::PENDING);
    stopped.prints("error[empty-rollback]").says("nothing was applied");
    assert!(!project.has_table("t1") && !project.has_table("_dbwarden_migrations"));
    let document = project.json(&["migrate", "--check"]);
    assert!(findings(&document).iter().any(|[rule, ..]| rule == "empty-rollback"), "{document}");
    // What will not run now is not judged now.
    let (up, down) = ("CREATE TABLE t1 (id bigint PRIMARY KEY);", "DROP TABLE t1;");
    project.migration("0001_careful.sql", up, down).remove("migrations/0001_careless.sql");
    careless(project, 2);
    project.run(["migrate", "--check", "--count", "1"]).exits(exit::DONE);
    project.run(["migrate", "--check"]).exits(exit::PENDING);
    project.migrate();
}

fn a_warning_is_told_and_stops_nothing(project: &Project) {
    careless(project, 1);
    project.run(["migrate", "--check"]).exits(exit::DONE).says("warning[empty-rollback]");
    assert!(project.has_table("t1"));
    project.run(["migrate", "--check"]).exits(exit::DONE);
}
