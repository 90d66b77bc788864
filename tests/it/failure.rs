//! A migration's SQL fails: what stands, what is undone, what the user is told.

use crate::harness::mariadb::MariaDb;
use crate::harness::{Engine, Project, exit};

on_each_engine![
    a_failure_is_undone_where_the_engine_can_and_named_with_its_place,
    the_first_statement_failing_leaves_nothing,
    what_came_before_a_failure_stands_and_the_next_run_goes_on,
    several_statements_in_an_authors_transaction_fail_together,
];

/// The failing statement stands on line 4.
fn break_second_statement(project: &Project) {
    let (failing, _) = project.snippets().failing;
    let upgrade = format!("CREATE TABLE t2 (id int);\n{failing};\nCREATE TABLE t3 (id int);");
    project.file("migrations/0002_break.sql", format!("-- upgrade\n\n{upgrade}\n-- rollback\nDROP TABLE t2;\n"));
}

fn a_failure_is_undone_where_the_engine_can_and_named_with_its_place(project: &Project) {
    project.tables(1);
    break_second_statement(project);
    project.migration("0003_later.sql", "CREATE TABLE t4 (id int);", "DROP TABLE t4;");
    let (failing, message) = project.snippets().failing;
    let code = if project.snippets().undoes { exit::SQL_FAILED } else { exit::PARTLY };
    let report = project.run(["migrate"]).exits(code);
    report.says("0002_break.sql:4:").says(failing).says(message).mentions("0001");
    assert_eq!(project.versions(), ["0001"]);
    assert!(project.has_table("t1"));
    assert_eq!(project.has_table("t2"), !project.snippets().undoes);
    assert!(!project.has_table("t3") && !project.has_table("t4"));
}

fn the_first_statement_failing_leaves_nothing(project: &Project) {
    project.tables(1);
    let (failing, message) = project.snippets().failing;
    project.migration("0002_break.sql", &format!("{failing};\nCREATE TABLE t2 (id int);"), "");
    project.run(["migrate"]).exits(exit::SQL_FAILED).says(message).says("0002_break.sql:3:");
    assert_eq!(project.versions(), ["0001"]);
    assert!(!project.has_table("t2"));
}

fn what_came_before_a_failure_stands_and_the_next_run_goes_on(project: &Project) {
    project.tables(3);
    let (failing, _) = project.snippets().failing;
    project.migration("0002_create_t2.sql", &format!("{failing};"), "");
    project.run(["migrate"]).exits(exit::SQL_FAILED);
    assert_eq!(project.versions(), ["0001"]);
    project.tables(3).migrate();
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
}

fn several_statements_in_an_authors_transaction_fail_together(project: &Project) {
    project.tables(1);
    let (failing, _) = project.snippets().failing;
    project.migration("0002_fill.sql", &format!("BEGIN;\nINSERT INTO t1 VALUES (1);\n{failing};\nCOMMIT;"), "");
    project.run(["migrate"]).exits(exit::SQL_FAILED);
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "0");
    assert_eq!(project.versions(), ["0001"]);
}

#[test]
fn postgres_points_at_the_character_and_shows_hint() {
    let project = Project::new(Engine::Postgres);
    project.migration("0001_e.sql", "CREATE TABLE users (name text);\nSELECT 'é', nam\n  FROM users;", "");
    let report = project.run(["migrate"]).exits(exit::SQL_FAILED);
    report.says("0001_e.sql:4:13").says("^").says("users.name").says("column \"nam\" does not exist");
}

#[test]
fn postgres_shows_values_of_rows_only_when_asked() {
    let project = Project::new(Engine::Postgres);
    let upgrade = "CREATE TABLE u (secret text UNIQUE);\nINSERT INTO u VALUES ('row-' || 'value-1');\nINSERT INTO u SELECT * FROM u;";
    project.migration("0001_u.sql", upgrade, "");
    // The statement itself is shown; the values of rows it met are not.
    project.run(["migrate"]).exits(exit::SQL_FAILED).says("u_secret_key").never_mentions("row-value-1");
    project.run(["migrate", "-v"]).exits(exit::SQL_FAILED).says("row-value-1");
}

#[test]
fn postgres_a_failure_after_a_statement_outside_a_transaction_is_partly_applied() {
    let project = Project::new(Engine::Postgres);
    project.tables(1);
    let upgrade = "CREATE TABLE t2 (id int);\nCREATE INDEX CONCURRENTLY t2_id ON t2 (id);\nSELECT broken;";
    project.migration("0002_index.sql", upgrade, "DROP TABLE t2;");
    project.run(["migrate"]).exits(exit::PARTLY).says("0002_index.sql:5:").says("SELECT broken");
    assert_eq!(project.versions(), ["0001"]);
    assert!(project.has_table("t2"), "the first segment was committed");
}

#[test]
fn postgres_an_error_inside_a_function_shows_its_context() {
    let project = Project::new(Engine::Postgres);
    let upgrade = "DO $$\nBEGIN\n  PERFORM 1 / 0;\nEND $$;";
    project.migration("0001_do.sql", upgrade, "");
    project.run(["migrate"]).exits(exit::SQL_FAILED).says("division by zero").says("line 3");
}

#[test]
fn mysql_names_the_line_of_a_syntax_error_in_the_file() {
    let project = Project::new(Engine::MySql);
    project.migration("0001_syntax.sql", "CREATE TABLE t1 (\n  id int,\n  name int strange\n);", "");
    // MariaDB complains of what follows the word, MySQL of the word.
    let line = if MariaDb::is_mysql() { 5 } else { 6 };
    project.run(["migrate"]).exits(exit::SQL_FAILED).says("near ").says(&format!("0001_syntax.sql:{line}:"));
}

#[test]
fn mysql_a_run_of_row_changes_is_undone_together() {
    let project = Project::new(Engine::MySql);
    project.tables(1);
    let (failing, _) = project.snippets().failing;
    project.migration(
        "0002_fill.sql",
        &format!("INSERT INTO t1 VALUES (1);\nINSERT INTO t1 VALUES (2);\n{failing};"),
        "",
    );
    project.run(["migrate"]).exits(exit::SQL_FAILED);
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "0");
}

#[test]
fn sqlite_points_at_the_word() {
    let project = Project::new(Engine::Sqlite);
    project.migration("0001_syntax.sql", "CREATE TABLE t1 (id int);\nSELEC 1;", "");
    project.run(["migrate"]).exits(exit::SQL_FAILED).says("0001_syntax.sql:4:1").says("near \"SELEC\"");
    assert!(!project.has_table("t1"));
}

#[test]
fn sqlite_new_foreign_key_violations_are_undone() {
    let project = Project::new(Engine::Sqlite);
    let tables = "CREATE TABLE parent (id integer PRIMARY KEY);\nCREATE TABLE child (parent_id int REFERENCES parent);";
    project.migration("0001_tables.sql", tables, "");
    project.migration("0002_orphan.sql", "INSERT INTO child VALUES (7);", "");
    project.run(["migrate"]).exits(exit::SQL_FAILED).says("0002_orphan.sql").says("child");
    assert_eq!(project.sql("SELECT count(*) FROM child"), "0");
    assert_eq!(project.versions(), ["0001"]);
}
