//! Files and history disagree: each case its own message, exit code 6, nothing changed.

use crate::harness::{Project, exit};

on_each_engine![
    a_file_out_of_order_is_refused_unless_allowed,
    an_edited_file_is_refused_until_repaired,
    a_cosmetic_edit_is_no_edit,
    a_missing_file_in_the_middle_is_refused,
    a_database_ahead_of_the_files_is_a_warning_unless_forbidden,
    an_unmet_dependency_is_refused,
];

fn a_file_out_of_order_is_refused_unless_allowed(project: &Project) {
    project.tables(3).remove("migrations/0002_create_t2.sql");
    project.migrate();
    project.tables(4);
    let before = project.fingerprint();
    project.run(["migrate"]).exits(exit::DISAGREE).says("0002_create_t2.sql").mentions("out_of_order");
    project.run(["check"]).exits(exit::DISAGREE).mentions("0002");
    assert_eq!(project.fingerprint(), before, "0004 is not applied either");
    project.toml_extra("out_of_order = \"allow\"").migrate();
    assert_eq!(project.versions(), ["0001", "0003", "0002", "0004"], "in order of application");
}

fn an_edited_file_is_refused_until_repaired(project: &Project) {
    project.tables(1).migrate();
    project.tables(2);
    project.migration("0001_create_t1.sql", "CREATE TABLE t1 (id bigint);", "DROP TABLE t1;");
    let before = project.fingerprint();
    project.run(["migrate"]).exits(exit::DISAGREE).says("0001_create_t1.sql").mentions("repair");
    project.run(["check"]).exits(exit::DISAGREE).mentions("0001_create_t1.sql");
    assert_eq!(project.fingerprint(), before);
}

fn a_cosmetic_edit_is_no_edit(project: &Project) {
    project.tables(1).migrate();
    project.migration("0001_create_t1.sql", "-- the first table\nCREATE TABLE t1\n    (id int);", "DROP TABLE t1;");
    project.migrate();
    project.run(["check"]).exits(exit::DONE);
}

fn a_missing_file_in_the_middle_is_refused(project: &Project) {
    project.tables(3).migrate();
    project.tables(4).remove("migrations/0002_create_t2.sql");
    project.run(["migrate"]).exits(exit::DISAGREE).says("0002").mentions("missing");
    project.run(["check"]).exits(exit::DISAGREE).mentions("0002");
    assert_eq!(project.versions().len(), 3);
}

fn a_database_ahead_of_the_files_is_a_warning_unless_forbidden(project: &Project) {
    project.tables(3).migrate();
    project.remove("migrations/0003_create_t3.sql");
    project.run(["migrate"]).exits(exit::DONE).says("0003").mentions("ahead");
    project.run(["check"]).exits(exit::DONE).mentions("0003");
    project.toml_extra("on_database_ahead = \"fail\"");
    project.run(["migrate"]).exits(exit::DISAGREE).says("0003");
    project.run(["check"]).exits(exit::DISAGREE).mentions("0003");
}

fn an_unmet_dependency_is_refused(project: &Project) {
    project.tables(1);
    let header = |names: &str| format!("-- depends_on: {names}\n-- upgrade\nSELECT 1;\n-- rollback\n");
    for names in ["[\"0099\"]", "[\"0002\"]", "[\"0003\"]"] {
        project.tables(3).file("migrations/0002_create_t2.sql", header(names));
        project.run(["migrate"]).exits(exit::USAGE).says("0002_create_t2.sql").says("depends_on");
    }
    assert!(!project.has_table("t1"), "files are checked before anything runs");
    project.file("migrations/0002_create_t2.sql", header("[\"0001\"]")).migrate();
}
