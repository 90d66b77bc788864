//! Migrations that the journal announced together: the one that a run died in is found by the history, and settled as
//! if it had been announced by itself.

use super::killed::killed_in;
use crate::harness::{Engine, Project, exit};

/// What waits for a neighbour of `t`, in either direction.
const UP: &str = "CREATE INDEX t_id ON t (id)";
const DOWN: &str = "DROP TABLE t";

/// 0001 makes `t`; 0002 to 0005 a table each, of which 0004 first adds an index to `t`, and undoing 0003 drops `t`.
fn project() -> Project {
    let project = Project::new(Engine::MySql);
    project.migration("0001_t.sql", "CREATE TABLE t (id int);", "").migrate();
    for (version, table) in [("0002", "a"), ("0003", "b"), ("0004", "c"), ("0005", "d")] {
        let up = format!("CREATE TABLE {table} (id int);");
        project.migration(&format!("{version}_{table}.sql"), &up, &format!("DROP TABLE {table};"));
    }
    project.migration("0003_b.sql", "CREATE TABLE b (id int);", &format!("{DOWN};"));
    project.migration("0004_c.sql", &format!("{UP};\nCREATE TABLE c (id int);"), "DROP TABLE c;");
    project
}

/// The file that the journal's entry is about, and how many it announces behind that one.
fn announced(project: &Project) -> String {
    project.sql("SELECT filename, COALESCE(JSON_LENGTH(ahead), 0) FROM _dbwarden_journal")
}

/// The last runs ended well, and nothing is left to do.
#[track_caller]
fn is_whole(project: &Project, versions: &[&str]) {
    assert_eq!(project.versions(), versions);
    assert_eq!(project.sql("SELECT count(*) FROM _dbwarden_journal"), "0");
    project.run(["status"]).exits(exit::DONE).never_mentions("interrupted");
}

#[test]
fn mysql_the_upgrade_a_run_died_in_is_found_by_the_history() {
    for done in [false, true] {
        let project = project();
        killed_in(&project, "t", &["migrate"]);
        assert_eq!(announced(&project), "0003_b.sql|2", "0004 and 0005 with it");
        assert_eq!(project.versions(), ["0001", "0002", "0003"]);
        let status = project.json(&["status"]);
        assert_eq!(status["databases"][0]["entries"][3]["interrupted"]["done"], 0, "{status}");
        let says = match done {
            true => {
                project.sql(UP);
                "0004_c.sql: the interrupted statement 2 had not taken effect"
            }
            false => "0004_c.sql: the interrupted statement 1 had not taken effect",
        };
        project.run(["migrate", "--lock-wait", "30s"]).exits(exit::DONE).mentions(says);
        is_whole(&project, &["0001", "0002", "0003", "0004", "0005"]);
    }
}

#[test]
fn mysql_the_rollback_a_run_died_in_is_found_by_the_history() {
    for done in [false, true] {
        let project = project();
        project.migrate();
        killed_in(&project, "t", &["rollback", "--to-version", "0002"]);
        assert_eq!(announced(&project), "0004_c.sql|1", "0003 with it");
        assert_eq!(project.versions(), ["0001", "0002", "0003"]);
        let says = match done {
            true => {
                project.sql(DOWN);
                "0003_b.sql: the interrupted statement 1 had taken effect"
            }
            false => "0003_b.sql: the interrupted statement 1 had not taken effect",
        };
        project.run(["rollback", "--lock-wait", "30s"]).exits(exit::DONE).mentions(says);
        assert!(!project.has_table("t"));
        is_whole(&project, &["0001", "0002"]);
    }
}

#[test]
fn mysql_one_that_fails_leaves_its_own_entry() {
    let project = project();
    let wrong = "CREATE TABLE c (id int);\nCREATE INDEX i ON nowhere (id);";
    project.migration("0004_c.sql", wrong, "DROP TABLE c;");
    project.run(["migrate"]).exits(exit::PARTLY).says("statements 1 to 1 of 2");
    assert_eq!(announced(&project), "0004_c.sql|0");
    assert_eq!(project.sql("SELECT done, section LIKE '%nowhere%' FROM _dbwarden_journal"), "1|1");
    project.migration("0004_c.sql", "CREATE TABLE c (id int);\nCREATE INDEX i ON c (id);", "DROP TABLE c;").migrate();
    is_whole(&project, &["0001", "0002", "0003", "0004", "0005"]);
}

#[test]
fn mysql_what_a_person_says_is_about_the_one_in_flight() {
    let project = project();
    killed_in(&project, "t", &["migrate"]);
    project.run(["resolve", "0003", "--done"]).exits(exit::USAGE).mentions("not interrupted");
    project.sql(UP);
    project.run(["resolve", "0004", "--statement", "1", "--done"]).exits(exit::DONE);
    assert_eq!(announced(&project), "0004_c.sql|0");
    project.migrate();
    is_whole(&project, &["0001", "0002", "0003", "0004", "0005"]);
}

#[test]
fn mysql_what_a_file_sets_does_not_hold_where_the_next_is_looked_at() {
    let project = Project::new(Engine::MySql);
    let other = format!("{}_other", project.database());
    let elsewhere = format!("CREATE DATABASE {other};\nUSE {other};\nCREATE TABLE a (id int);");
    project.migration("0001_elsewhere.sql", &elsewhere, "");
    project.migration("0002_t.sql", "CREATE TABLE t (id int);", "").migrate();
    project.migration("0003_again.sql", &format!("USE {other};\nCREATE TABLE b (id int);"), "");
    project.migration("0004_index.sql", "CREATE INDEX i ON t (id);", "");
    killed_in(&project, "t", &["migrate"]);
    project.sql("CREATE INDEX i ON t (id)");
    project
        .run(["migrate", "--lock-wait", "30s"])
        .exits(exit::DONE)
        .mentions("0004_index.sql: the interrupted statement 1 had taken effect");
    is_whole(&project, &["0001", "0002", "0003", "0004"]);
    project.sql(&format!("DROP DATABASE {other}"));
}
