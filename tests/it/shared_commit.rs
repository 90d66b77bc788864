//! SQLite: migrations that are done in a moment share a commit, and nobody can tell but by the clock.

use crate::harness::{Engine, Project, exit};

/// `parents`, and five migrations behind it that share its commit unless `0004` says otherwise.
fn project(fourth: &str) -> Project {
    let project = Project::new(Engine::Sqlite);
    project.migration(
        "0001_parents.sql",
        "CREATE TABLE parents (id integer PRIMARY KEY);\nINSERT INTO parents VALUES (1);",
        "DROP TABLE parents;",
    );
    project.migration(
        "0002_children.sql",
        "CREATE TABLE children (id integer PRIMARY KEY, parent integer REFERENCES parents (id));",
        "DROP TABLE children;",
    );
    project.migration("0003_child.sql", "INSERT INTO children VALUES (1, 1);", "DELETE FROM children WHERE id = 1;");
    project.migration("0004_fourth.sql", fourth, "SELECT 4;");
    project.migration("0005_fifth.sql", "CREATE TABLE fifth (id integer);", "DROP TABLE fifth;");
    project
}

/// How often the database file was written: one commit each (<https://www.sqlite.org/fileformat2.html>, 1.3.7).
fn commits(project: &Project) -> u32 {
    let header = std::fs::read(project.path("app.db")).expect("the database file");
    u32::from_be_bytes(header[24..28].try_into().expect("four bytes"))
}

#[test]
fn many_small_migrations_cost_few_commits() {
    let project = Project::new(Engine::Sqlite);
    project.tables(1).migrate();
    let before = commits(&project);
    project.tables(201).migrate();
    let applied = commits(&project) - before;
    assert!(applied < 100, "{applied} commits for 200 migrations");
    assert_eq!(project.versions().len(), 201);

    // The rollback of several is fixed before it begins, in a commit of its own.
    let before = commits(&project);
    project.run(["rollback", "--count", "200"]).exits(exit::DONE);
    let undone = commits(&project) - before;
    assert!(undone < 100, "{undone} commits for 200 rollbacks");
    assert_eq!(project.versions(), ["0001"]);
}

#[test]
fn what_came_before_a_failure_stands() {
    for (fourth, message) in [
        ("CREATE TABLE fourth (id integer);\nINSERT INTO nowhere VALUES (1);", "no such table: nowhere"),
        ("CREATE TABLE fourth (id integer);\nINSERT INTO parents VALUES (1);", "UNIQUE constraint failed"),
        // It takes the whole transaction with it, and so all that shares its commit.
        ("CREATE TABLE fourth (id integer);\nINSERT OR ROLLBACK INTO parents VALUES (1);", "UNIQUE constraint failed"),
    ] {
        let project = project(fourth);
        let report = project.run(["migrate"]).exits(exit::SQL_FAILED);
        let report = report.says("0004_fourth.sql:4:").says(message);
        for told in ["applied 0001 parents", "applied 0002 children", "applied 0003 child"] {
            assert_eq!(report.stderr.matches(told).count(), 1, "{report:?}");
        }
        assert_eq!(project.versions(), ["0001", "0002", "0003"], "{fourth}");
        assert_eq!(project.sql("SELECT count(*) FROM children"), "1");
        assert!(!project.has_table("fourth") && !project.has_table("fifth"));
        project.migration("0004_fourth.sql", "CREATE TABLE fourth (id integer);", "DROP TABLE fourth;").migrate();
        assert_eq!(project.versions(), ["0001", "0002", "0003", "0004", "0005"]);
    }
}

#[test]
fn a_row_without_its_parent_is_found_in_the_migration_that_wrote_it() {
    let project = project("INSERT INTO children VALUES (2, 99);");
    let report = project.run(["migrate"]).exits(exit::SQL_FAILED);
    report.says("0004 fourth").says("row 2 of children refers to no row of parents");
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
    assert_eq!(project.sql("SELECT count(*) FROM children"), "1");
    assert!(!project.has_table("fifth"));
}

#[test]
fn a_deferred_key_that_fails_the_commit_fails_its_own_migration_alone() {
    let project = Project::new(Engine::Sqlite);
    project.tables(2);
    // The key is enforced at the commit of what comes behind the setting.
    project.migration(
        "0003_enforced.sql",
        "PRAGMA foreign_keys = ON;\nCREATE TABLE nodes (id integer PRIMARY KEY, up integer REFERENCES nodes (id) \
         DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO nodes VALUES (1, 7);",
        "",
    );
    project.run(["migrate"]).exits(exit::SQL_FAILED).says("0003_enforced.sql");
    assert_eq!(project.versions(), ["0001", "0002"]);
    assert!(!project.has_table("nodes"));
}

#[test]
fn a_rollback_that_fails_amid_several_leaves_those_before_it_undone() {
    let project = project("CREATE TABLE fourth (id integer);");
    project.migration("0003_child.sql", "INSERT INTO children VALUES (1, 1);", "DROP TABLE nowhere;");
    project.migrate();
    let report = project.run(["rollback", "--count", "5"]).exits(exit::SQL_FAILED);
    report.says("no such table: nowhere").says("0003_child.sql");
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
    assert!(!project.has_table("fifth") && project.has_table("children"));
}

#[test]
fn each_has_a_row_and_an_event_of_its_own_in_order() {
    let project = project("INSERT INTO parents VALUES (4);");
    // It is called by what is done in a moment as far as its text tells.
    project.migration(
        "0002_children.sql",
        "CREATE TABLE children (id integer PRIMARY KEY, parent integer REFERENCES parents (id));\n\
         CREATE TRIGGER slow AFTER INSERT ON parents WHEN new.id = 4 BEGIN\n\
         INSERT INTO children (id) WITH RECURSIVE c (x) AS (SELECT 5 UNION ALL SELECT x + 1 FROM c WHERE x < 300000)\n\
         SELECT max(x) FROM c;\nEND;",
        "DROP TABLE children;",
    );
    project.migration("ROC__again.sql", "CREATE VIEW IF NOT EXISTS v AS SELECT 1;", "DROP VIEW v;");
    project.migrate();
    let names = "0001_parents.sql,0002_children.sql,0003_child.sql,0004_fourth.sql,0005_fifth.sql,ROC__again.sql";
    for table in ["_dbwarden_migrations ORDER BY sequence", "_dbwarden_events WHERE kind = 'applied' ORDER BY id"] {
        assert_eq!(project.sql(&format!("SELECT filename FROM {table}")).replace('\n', ","), names, "{table}");
    }
    assert_eq!(project.sql("SELECT sequence FROM _dbwarden_migrations ORDER BY sequence"), "1\n2\n3\n4\n5\n6");
    for (table, time) in [("_dbwarden_migrations", "execution_ms"), ("_dbwarden_events", "duration_ms")] {
        let slowest = project.sql(&format!("SELECT filename FROM {table} ORDER BY {time} DESC LIMIT 1"));
        assert_eq!(slowest, "0004_fourth.sql", "each took what its own statements took: {table}");
    }
    project.migration("0006_sixth.sql", "CREATE TABLE sixth (id integer);", "DROP TABLE sixth;");
    project.migration("ROC__again.sql", "CREATE VIEW IF NOT EXISTS v AS SELECT 1 AS one;", "DROP VIEW v;").migrate();
    let repeatable = "SELECT sequence FROM _dbwarden_migrations WHERE version IS NULL";
    assert_eq!(project.sql(repeatable), "8", "one row, in place of the earlier one");
}

#[test]
fn a_rollback_whose_row_does_not_go_is_found_and_those_before_it_stand() {
    let project = project("CREATE TABLE fourth (id integer);");
    project.migrate();
    project.sql(
        "CREATE TRIGGER keep BEFORE DELETE ON _dbwarden_migrations WHEN old.version = '0002' BEGIN \
         SELECT RAISE(IGNORE); END",
    );
    project.run(["rollback", "--count", "5"]).exits(exit::UNREACHABLE);
    assert_eq!(project.versions(), ["0001", "0002"]);
    assert!(project.has_table("children") && !project.has_table("fifth"));
}

#[test]
fn killed_anywhere_each_ends_applied_exactly_once() {
    let whole = project("INSERT INTO parents VALUES (4);");
    whole.migrate();
    let mut killed = 0;
    loop {
        let project = project("INSERT INTO parents VALUES (4);");
        let run = project.command(["migrate"]).fail_point(format!("KILL {}", killed + 1)).run();
        if run.code == Some(exit::DONE) {
            break;
        }
        killed += 1;
        project.migrate();
        assert_eq!(project.schema(), whole.schema(), "killed at boundary {killed}");
        assert_eq!(project.sql("SELECT id FROM parents ORDER BY id"), "1\n4", "killed at boundary {killed}");
        assert_eq!(project.history().len(), 5, "killed at boundary {killed}");
    }
    assert!(killed > 20, "{killed} boundaries");
}

#[test]
fn who_writes_waits_no_longer_than_a_group_lasts() {
    let project = project("UPDATE parents SET id = 1;");
    // What may take long has a commit of its own: what came before it is there while it runs.
    project.migration("0004_fourth.sql", &format!("{};", project.snippets().slow), "");
    let run = project.spawn(["migrate"]);
    crate::harness::wait_until("the brief ones are there", || {
        project.has_table("_dbwarden_migrations") && project.versions() == ["0001", "0002", "0003"]
    });
    run.kill9();
}
