//! The repository's own `dbwarden.toml` and `migrations/`: the first command that the README names.

use crate::harness::{Engine, Project, exit};

fn sample() -> Project {
    let project = Project::bare(Engine::Sqlite);
    project.copy_of("dbwarden.toml", "").copy_of("migrations", "migrations");
    project
}

fn sql(project: &Project, sql: &str) -> String {
    let script = format!("sqlite3 -batch -init /dev/null sample.db \"{sql}\"");
    project.shell(&script).run().exits(exit::DONE).stdout.trim_end().to_string()
}

#[test]
fn it_migrates_from_nothing_and_has_nothing_to_do_then() {
    let project = sample();
    project.run(["check", "--offline"]).exits(exit::DONE).prints("nothing found");
    project.migrate().prints("now at 0006");
    project.migrate().prints("up to date");
    project.run(["check"]).exits(exit::DONE);
    assert_eq!(sql(&project, "SELECT title FROM overdue_loans"), "Middlemarch");
    assert_eq!(sql(&project, "SELECT count(*) FROM pragma_foreign_key_check"), "0");
    assert_eq!(sql(&project, "SELECT email FROM members WHERE id = 2"), "member-2@example.org");
}

#[test]
fn its_trigger_counts_copies() {
    let project = sample();
    project.migrate();
    let copies = "SELECT copies FROM books WHERE id = 1";
    assert_eq!(sql(&project, copies), "1", "one of two is on loan");
    sql(&project, "UPDATE loans SET returned_on = '2000-01-02' WHERE book_id = 1");
    assert_eq!(sql(&project, copies), "2");
}

#[test]
fn its_rollbacks_undo_everything_and_it_can_be_migrated_again() {
    let project = sample();
    project.migrate();
    let everything = "SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%' ORDER BY name";
    let (structure, members) = (sql(&project, everything), sql(&project, "SELECT * FROM members"));
    project.run(["rollback", "--count", "2"]).exits(exit::DONE);
    assert_eq!(sql(&project, "SELECT author FROM books ORDER BY id"), "George Eliot\nGeorge Eliot\nJane Austen");
    assert_eq!(sql(&project, "SELECT count(*) FROM members WHERE email IS NULL"), "1");
    project.run(["rollback", "--to-version", "0"]).exits(exit::DONE);
    let tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '~_dbwarden%' ESCAPE '~' \
                  AND name NOT LIKE 'sqlite%'";
    assert_eq!(sql(&project, tables), "0");
    project.migrate();
    assert_eq!(sql(&project, everything), structure);
    assert_eq!(sql(&project, "SELECT * FROM members"), members);
}
