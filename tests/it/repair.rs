//! `repair`: accepts an edited file, after showing what changed.

use crate::harness::{Project, exit};

on_each_engine![
    shows_the_difference_and_accepts_it_when_told,
    changes_nothing_without_consent,
    has_nothing_to_do_on_a_sound_database,
    a_migration_whose_file_is_gone_can_still_be_undone,
];

fn edited(project: &Project) {
    project.tables(2).migrate();
    project.migration("0001_create_t1.sql", "CREATE TABLE t1 (id bigint);", "DROP TABLE t1; -- new");
}

fn shows_the_difference_and_accepts_it_when_told(project: &Project) {
    edited(project);
    let schema = project.schema();
    project.run(["repair", "--yes"]).exits(exit::DONE).mentions("0001_create_t1.sql");
    project.run(["check"]).exits(exit::DONE);
    project.migrate().mentions("up to date");
    assert_eq!(project.schema(), schema, "repairing records, it executes nothing");
}

fn changes_nothing_without_consent(project: &Project) {
    edited(project);
    let before = project.fingerprint();
    project.command(["repair"]).input("n\n").run().mentions("0001_create_t1.sql");
    assert_eq!(project.fingerprint(), before);
    project.run(["migrate"]).exits(exit::DISAGREE);
}

fn has_nothing_to_do_on_a_sound_database(project: &Project) {
    project.tables(2).migrate();
    let before = project.fingerprint();
    project.run(["repair", "--yes"]).exits(exit::DONE);
    assert_eq!(project.fingerprint(), before);
}

fn a_migration_whose_file_is_gone_can_still_be_undone(project: &Project) {
    project.tables(2).migrate();
    project.remove("migrations/0001_create_t1.sql");
    project.run(["migrate"]).exits(exit::DISAGREE).mentions("missing");
    project.run(["status", "--exit-code"]).exits(exit::DISAGREE);
    project.run(["repair", "--yes"]).exits(exit::DONE);
    project.migrate().mentions("up to date");
    project.run(["status", "--exit-code"]).exits(exit::DONE);
    project.run(["rollback", "-t", "0"]).exits(exit::DONE);
    assert!(!project.has_table("t1") && !project.has_table("t2"));
}
