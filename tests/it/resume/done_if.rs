//! `-- dbwarden: done-if SELECT …`: the author says how to tell whether a statement was carried out.

use crate::harness::{Project, exit, wait_until};

use super::{ledger, one_by_one, started};

on_each_engine![
    its_answer_decides,
    no_answer_is_none,
    it_can_be_added_afterwards,
    nonsense_is_refused,
    it_cannot_write,
];

/// Dies in the second statement of 0002, before which stands `line`; that statement writes 2 when it ends.
fn killed(project: &Project, line: &str) {
    started(project);
    project.migration("0002_work.sql", &file(project, line), "");
    let run = project.spawn(["migrate"]);
    wait_until("the second statement has been announced", || {
        project.sql_works("SELECT cur FROM _dbwarden_journal")
            && !project.sql("SELECT done FROM _dbwarden_journal WHERE done = 1 AND cur = 1").is_empty()
    });
    run.kill9();
    // Whether the server went on with it or not: the first run that gets the lock comes after its end.
    project.run(["resolve", "0001", "--done"]).exits(exit::USAGE);
}

fn file(project: &Project, line: &str) -> String {
    let slow = format!("{line}\nINSERT INTO ledger SELECT 2 FROM ({}) slow", project.snippets().slow);
    one_by_one(&["INSERT INTO ledger VALUES (1)", &slow, "INSERT INTO ledger VALUES (3)"])
}

fn its_answer_decides(project: &Project) {
    killed(project, "-- dbwarden: done-if SELECT count(*) FROM ledger WHERE entry = 2");
    let done = ledger(project).contains('2');
    let says =
        if done { "statement 2 had taken effect, as its done-if says" } else { "statement 2 had not taken effect" };
    project.run(["migrate", "--lock-wait", "60s"]).exits(exit::DONE).says(says);
    assert_eq!(ledger(project), "1\n2\n3", "each exactly once");
}

fn no_answer_is_none(project: &Project) {
    killed(project, "-- dbwarden: done-if SELECT entry FROM ledger WHERE entry > 100");
    let before = ledger(project);
    let refused = project.run(["migrate", "--lock-wait", "60s"]).exits(exit::PARTLY);
    refused.says("the done-if of statement 2 of 0002_work.sql gave 0 rows").says("one row");
    for (query, problem) in [
        ("SELECT NULL", "gave NULL"),
        ("SELECT 'maybe'", "gave maybe"),
        ("SELECT * FROM nowhere", "failed: "),
        ("SELECT 1 UNION ALL SELECT 2", "gave 2 rows"),
    ] {
        project.migration("0002_work.sql", &file(project, &format!("-- dbwarden: done-if {query}")), "");
        project.run(["migrate"]).exits(exit::PARTLY).says(problem);
        assert_eq!(ledger(project), before);
    }
}

fn it_can_be_added_afterwards(project: &Project) {
    killed(project, "");
    project.run(["migrate", "--lock-wait", "60s"]).exits(exit::PARTLY).says("resolve 0002 --statement 2");
    let line = "-- dbwarden: done-if SELECT EXISTS (SELECT 1 FROM ledger WHERE entry = 2)";
    project.migration("0002_work.sql", &file(project, line), "");
    project.run(["migrate", "--dry-run"]).exits(exit::DONE).says("as its done-if says");
    project.migrate();
    assert_eq!(ledger(project), "1\n2\n3");
}

fn nonsense_is_refused(project: &Project) {
    for (line, says) in [
        ("-- dbwarden: done-if", "begins with SELECT"),
        ("-- dbwarden: done-if DELETE FROM ledger", "begins with SELECT"),
        ("-- dbwarden: done-if SELECT 1; DELETE FROM ledger", "more or less than one query"),
        ("-- dbwarden: done-if SELECT 1\n-- dbwarden: done-if SELECT 2", "already"),
    ] {
        let text = format!("{line}\nCREATE TABLE t (id int);");
        project.migration("0001_a.sql", &text, "").run(["check", "--offline"]).exits(exit::USAGE).says(says);
    }
    let behind = "CREATE TABLE t (id int);\n-- dbwarden: done-if SELECT 1";
    project.migration("0001_a.sql", behind, "").run(["migrate"]).exits(exit::USAGE).says("there is none");
}

fn it_cannot_write(project: &Project) {
    use crate::harness::Engine;
    let query = match project.engine() {
        Engine::Postgres => "SELECT write_it()",
        Engine::MySql => "SELECT write_it()",
        // A query cannot write there.
        Engine::Sqlite => return,
    };
    let function = match project.engine() {
        Engine::Postgres => {
            "CREATE FUNCTION write_it() RETURNS int LANGUAGE sql AS 'INSERT INTO ledger VALUES (9) RETURNING 1';"
        }
        _ => {
            "DELIMITER $$\nCREATE FUNCTION write_it() RETURNS int BEGIN INSERT INTO ledger VALUES (9); RETURN 1; END$$\n\
             DELIMITER ;"
        }
    };
    killed(project, &format!("-- dbwarden: done-if {query}"));
    project.sql(function);
    project.run(["migrate", "--lock-wait", "60s"]).exits(exit::PARTLY).says("failed: ");
    assert!(!ledger(project).contains('9'));
}
