//! `rollback` and `downgrade`: in reverse order of application, from the file or from what the history stored.

use rustix::process::Signal;

use crate::harness::{Engine, Project, exit, wait_until};

on_each_engine![
    undoes_the_last_one_unless_told_otherwise,
    undoes_down_to_a_version,
    undoes_in_reverse_order_of_application,
    uses_the_stored_text_when_the_file_is_gone,
    uses_the_stored_text_when_the_file_was_edited,
    an_irreversible_one_stops_everything_before_it_starts,
    an_empty_section_says_that_nothing_was_undone,
    up_down_up_gives_the_same_schema,
    a_failing_rollback_keeps_its_row,
    repeatables_are_not_counted,
    a_baseline_row_is_not_undone_silently,
    a_stopped_rollback_is_finished_and_nothing_more,
];

fn undoes_the_last_one_unless_told_otherwise(project: &Project) {
    project.tables(4).migrate();
    project.run(["rollback"]).exits(exit::DONE).mentions("0004");
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
    assert!(!project.has_table("t4") && project.has_table("t3"));
    project.run(["rollback", "-c", "2"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001"]);
    project.run(["rollback", "--count", "9"]).exits(exit::DONE);
    assert!(project.versions().is_empty() && !project.has_table("t1"));
    project.run(["rollback"]).exits(exit::DONE).mentions("nothing");
}

fn undoes_down_to_a_version(project: &Project) {
    project.tables(4).migrate();
    project.run(["rollback", "-t", "3"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001", "0002", "0003"], "the named version stays");
    project.run(["rollback", "--to-version", "0003"]).exits(exit::DONE).mentions("nothing");
    project.run(["downgrade", "--to", "0001"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001"]);
    project.run(["rollback", "-t", "77"]).exits(exit::USAGE).says("77");
    project.run(["downgrade", "--to", "0"]).exits(exit::DONE);
    assert!(project.versions().is_empty());
}

fn undoes_in_reverse_order_of_application(project: &Project) {
    project.toml_extra("out_of_order = \"allow\"");
    project.tables(3).remove("migrations/0002_create_t2.sql").migrate();
    project.tables(3).migrate();
    project.run(["rollback"]).exits(exit::DONE).mentions("0002");
    assert_eq!(project.versions(), ["0001", "0003"]);
}

fn uses_the_stored_text_when_the_file_is_gone(project: &Project) {
    project.tables(2).migrate();
    project.remove("migrations/0002_create_t2.sql");
    project.run(["rollback"]).exits(exit::DONE).mentions("0002").mentions("history");
    assert!(!project.has_table("t2"));
    assert_eq!(project.versions(), ["0001"]);
}

fn uses_the_stored_text_when_the_file_was_edited(project: &Project) {
    project.tables(2).migrate();
    project.migration("0002_create_t2.sql", "CREATE TABLE t2 (id bigint);", "DROP TABLE no_such_table;");
    project.run(["rollback"]).exits(exit::DONE).mentions("history");
    assert!(!project.has_table("t2"));
}

fn an_irreversible_one_stops_everything_before_it_starts(project: &Project) {
    project.tables(3);
    project.file("migrations/0002_create_t2.sql", "-- dbwarden: irreversible\n-- upgrade\nCREATE TABLE t2 (id int);\n");
    project.migrate();
    let before = project.fingerprint();
    project.run(["rollback", "-c", "2"]).exits(exit::REFUSED).says("0002").mentions("irreversible");
    assert_eq!(project.fingerprint(), before, "0003 was not undone either");
    project.run(["rollback", "-c", "1"]).exits(exit::DONE);
}

fn an_empty_section_says_that_nothing_was_undone(project: &Project) {
    project.migration("0001_create_t1.sql", "CREATE TABLE t1 (id int);", "").migrate();
    let check = project.run(["check", "--offline"]).exits(exit::DONE);
    check.mentions("0001_create_t1.sql");
    project.run(["rollback"]).exits(exit::DONE).mentions("nothing was undone");
    assert!(project.versions().is_empty() && project.has_table("t1"));
}

fn up_down_up_gives_the_same_schema(project: &Project) {
    project.tables(3).migrate();
    let first = project.schema();
    project.run(["rollback", "-t", "0"]).exits(exit::DONE);
    project.migrate();
    assert_eq!(project.schema(), first);
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
}

fn a_failing_rollback_keeps_its_row(project: &Project) {
    project.tables(2);
    let (failing, message) = project.snippets().failing;
    project.migration("0003_break.sql", "CREATE TABLE t3 (id int);", &format!("{failing};\nDROP TABLE t3;"));
    project.migrate();
    project.run(["rollback", "-c", "2"]).exits(exit::SQL_FAILED).says(message).says("0003_break.sql");
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
    assert!(project.has_table("t3"));
}

fn repeatables_are_not_counted(project: &Project) {
    project.tables(2).migration("RA__always.sql", "INSERT INTO t1 VALUES (1);", "").migrate();
    project.run(["rollback"]).exits(exit::DONE).mentions("0002");
    assert_eq!(project.versions(), ["0001"]);
}

fn a_baseline_row_is_not_undone_silently(project: &Project) {
    project.tables(2);
    project.sql("CREATE TABLE t1 (id int)");
    project.run(["migrate", "--baseline", "-t", "1"]).exits(exit::DONE);
    project.run(["rollback"]).mentions("0001");
    // Whether the tool undoes a baseline or refuses it, table and row go together.
    assert_eq!(project.has_table("t1"), project.versions() == ["0001"]);
}

#[test]
fn postgres_an_atomic_step_leaves_nothing_half_undone() {
    let project = Project::new(Engine::Postgres);
    project.migration(
        "0001_two.sql",
        "CREATE TABLE t1 (id int); CREATE TABLE t2 (id int);",
        "DROP TABLE t1; SELECT broken;",
    );
    project.migrate();
    project.run(["rollback"]).exits(exit::SQL_FAILED).says("SELECT broken");
    assert!(project.has_table("t1"));
}

fn a_stopped_rollback_is_finished_and_nothing_more(project: &Project) {
    project.tables(4).migration("0005_slow.sql", "CREATE TABLE t5 (id int);", "DROP TABLE t5;");
    project.migration("0003_create_t3.sql", "CREATE TABLE t3 (id int);", project.snippets().slow).migrate();
    let run = project.spawn(["rollback", "--count", "3"]);
    wait_until("two are undone", || project.versions() == ["0001", "0002", "0003"]);
    run.signal(Signal::TERM);
    run.finish().exits(143);
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
    // As an older version of the tool made it.
    project.sql("ALTER TABLE _dbwarden_journal DROP COLUMN section");
    project.run(["rollback", "--count", "3"]).exits(exit::DONE).mentions("nothing more");
    assert_eq!(project.versions(), ["0001", "0002"], "what a Job repeats undoes what was asked for, once");
    project.run(["rollback"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001"]);
}
