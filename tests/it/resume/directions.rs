//! A migration that stopped half-way, in either direction, and every command that meets it.

use crate::harness::{Engine, Project, exit};

use super::killed::killed_at;
use super::{ledger, one_by_one, started};

on_each_engine![
    every_command_meets_an_interrupted_upgrade,
    every_command_meets_an_interrupted_rollback,
    what_was_taken_back_by_hand_counts_as_never_begun,
    an_interrupted_upgrade_without_its_file_is_named,
    a_journal_of_an_older_release_is_gone_on_with,
];

fn journal(project: &Project) -> String {
    project.sql("SELECT direction, filename, done, cur, state FROM _dbwarden_journal ORDER BY direction")
}

/// Runs each command, which must end and say as told, and must change nothing.
fn each_changes_nothing(project: &Project, commands: &[(&str, i32, &str)]) {
    let state = || format!("{}\n{}\n{}", project.fingerprint(), journal(project), ledger(project));
    let before = state();
    for (command, code, says) in commands {
        project.run(command.split(' ')).exits(*code).mentions(says);
        assert_eq!(state(), before, "{command}");
    }
}

/// 0002 is done up to its second statement of three.
fn interrupted_upgrade(project: &Project) {
    started(project);
    let upgrade = one_by_one(&[
        "INSERT INTO ledger VALUES (1)",
        "INSERT INTO nowhere VALUES (2)",
        "INSERT INTO ledger VALUES (3)",
    ]);
    project.migration("0002_work.sql", &upgrade, "DELETE FROM ledger;");
    project.run(["migrate"]).exits(exit::PARTLY);
}

fn every_command_meets_an_interrupted_upgrade(project: &Project) {
    interrupted_upgrade(project);
    let stops = "the upgrade of 0002_work.sql was interrupted after 1 of 3 statements";
    each_changes_nothing(
        project,
        &[
            ("status", exit::DONE, "upgrade: 1 of 3 statements done"),
            ("status --exit-code", exit::DISAGREE, "0002_work.sql is interrupted"),
            ("check", exit::PENDING, "going on after 1 of 3 statements"),
            ("history", exit::DONE, "0001"),
            ("repair", exit::DONE, "agree"),
            ("resolve 0002 --done", exit::USAGE, "no statement of 0002 has an unknown outcome"),
            ("resolve 0001 --undone", exit::USAGE, "0001 is not interrupted"),
            ("migrate --dry-run", exit::DONE, "INSERT INTO nowhere"),
            ("migrate --baseline -t 0002", exit::PARTLY, stops),
            ("rollback", exit::PARTLY, stops),
            ("rollback", exit::PARTLY, "INSERT INTO ledger VALUES (1)"),
            ("rollback --dry-run", exit::PARTLY, "`dbwarden migrate` goes on with statement 2"),
            ("downgrade --to 0001", exit::PARTLY, "dbwarden resolve 0002 --undone"),
        ],
    );
    assert_eq!(journal(project), "upgrade|0002_work.sql|1||failed".replace("||", &format!("|{}|", null(project))));
    let status = project.json(&["status"]);
    let told = &status["databases"][0]["entries"][1]["interrupted"];
    assert_eq!(*told, serde_json::json!({"direction": "upgrade", "done": 1, "total": 3, "unknown": false}));
    // Tried again, it fails again, and nothing is lost.
    project.run(["migrate"]).exits(exit::PARTLY).says("statements 1 to 1 of 3");
    assert_eq!(ledger(project), "1");
}

/// How the client of the engine shows NULL.
fn null(project: &Project) -> &'static str {
    match project.engine() {
        Engine::MySql => "NULL",
        _ => "",
    }
}

fn every_command_meets_an_interrupted_rollback(project: &Project) {
    started(project);
    let undo = one_by_one(&["DELETE FROM ledger WHERE entry = 1", "DELETE FROM nowhere"]);
    project.migration("0002_work.sql", "INSERT INTO ledger VALUES (1), (2);", &undo).migrate();
    project.run(["rollback"]).exits(exit::PARTLY).says("statements 1 to 1 of 2");
    let stops = "the rollback of 0002_work.sql was interrupted after 1 of 2 statements";
    each_changes_nothing(
        project,
        &[
            ("status", exit::DONE, "rollback: 1 of 2 statements done"),
            ("status", exit::DONE, "nothing pending"),
            ("check", exit::PARTLY, stops),
            ("history", exit::DONE, "0002"),
            ("resolve 0002 --retry", exit::USAGE, "no statement of 0002 has an unknown outcome"),
            ("migrate", exit::PARTLY, stops),
            ("migrate", exit::PARTLY, "`dbwarden rollback` goes on with statement 2"),
            ("migrate --dry-run", exit::PARTLY, "DELETE FROM ledger WHERE entry = 1"),
            ("migrate --baseline -t 0002", exit::PARTLY, stops),
            ("rollback --dry-run", exit::DONE, "DELETE FROM nowhere"),
            ("rollback --dry-run", exit::DONE, "going on after 1 of 2 statements"),
        ],
    );
    project.run(["downgrade", "--to", "0001"]).exits(exit::PARTLY).says("nowhere");
    project.sql("CREATE TABLE nowhere (id int)");
    project.run(["rollback", "-c", "2"]).exits(exit::DONE);
    assert_eq!((project.versions(), ledger(project).as_str()), (vec!["0001".to_string()], "2"));
    assert_eq!(journal(project), "");
}

fn what_was_taken_back_by_hand_counts_as_never_begun(project: &Project) {
    interrupted_upgrade(project);
    project.sql("DELETE FROM ledger");
    project.run(["resolve", "0002", "--undone", "--statement", "1"]).exits(exit::USAGE);
    project.run(["resolve", "0002", "--undone"]).exits(exit::DONE).prints("never begun");
    assert_eq!(journal(project), "");
    assert_eq!(project.sql("SELECT count(*) FROM _dbwarden_events WHERE kind = 'resolved'"), "1");
    project.run(["status"]).exits(exit::DONE).prints("pending");
    project.run(["rollback"]).exits(exit::DONE);
    assert!(!project.has_table("ledger"));
    assert!(project.versions().is_empty());
}

fn an_interrupted_upgrade_without_its_file_is_named(project: &Project) {
    interrupted_upgrade(project);
    project.remove("migrations/0002_work.sql");
    each_changes_nothing(
        project,
        &[
            ("status", exit::DONE, "0002_work.sql"),
            ("status --exit-code", exit::DISAGREE, "0002_work.sql is interrupted"),
            ("check", exit::DISAGREE, "its file is gone"),
            ("migrate", exit::DISAGREE, "INSERT INTO nowhere VALUES (2)"),
            ("migrate --dry-run", exit::DISAGREE, "bring the file back"),
            ("rollback", exit::PARTLY, "the upgrade of 0002_work.sql was interrupted"),
        ],
    );
    // An older image, whose files end before it.
    project.sql("CREATE TABLE nowhere (id int)");
    interrupted_upgrade_goes_on(project);
}

fn interrupted_upgrade_goes_on(project: &Project) {
    let upgrade = one_by_one(&[
        "INSERT INTO ledger VALUES (1)",
        "INSERT INTO nowhere VALUES (2)",
        "INSERT INTO ledger VALUES (3)",
    ]);
    project.migration("0002_work.sql", &upgrade, "DELETE FROM ledger;").migrate();
    assert_eq!(ledger(project), "1\n3");
}

fn a_journal_of_an_older_release_is_gone_on_with(project: &Project) {
    interrupted_upgrade(project);
    for column in ["section", "cur_before", "cur_place"] {
        project.sql(&format!("ALTER TABLE _dbwarden_journal DROP COLUMN {column}"));
    }
    project.run(["status"]).exits(exit::DONE).prints("upgrade: 1 of 3 statements done");
    let edited = one_by_one(&["INSERT INTO ledger VALUES (7)", "INSERT INTO ledger VALUES (2)"]);
    project.migration("0002_work.sql", &edited, "");
    project.run(["migrate"]).exits(exit::DISAGREE).says("what is done was edited since").says("restore the first");
    project.sql("CREATE TABLE nowhere (id int)");
    interrupted_upgrade_goes_on(project);
    project.sql("SELECT section, cur_before, cur_place FROM _dbwarden_journal");
}

#[test]
fn mysql_what_was_announced_and_never_begun_does_not_stand_in_the_way() {
    let project = Project::new(Engine::MySql);
    project.migration("0001_start.sql", "CREATE TABLE t (id int, a int);", "DROP TABLE t;").migrate();
    killed_at(&project, "t", "ALTER TABLE t MODIFY a bigint;");
    project.run(["status"]).exits(exit::DONE).prints("0 of 1 statements done, 1 unknown");
    let undone = project.run(["rollback", "--lock-wait", "30s"]).exits(exit::DONE);
    undone.says("nothing of that was done").says("undone 0001 start");
    assert_eq!((project.has_table("t"), journal(&project)), (false, String::new()));
}

#[test]
fn postgres_a_rollback_that_never_began_does_not_stand_in_the_way() {
    let project = Project::new(Engine::Postgres);
    let undo = "-- dbwarden: transaction = off\nSET statement_timeout = 0;\nALTER TABLE t DROP COLUMN a;";
    project.migration("0001_start.sql", "CREATE TABLE t (id int, a int);", undo).migrate();
    super::killed::killed_in(&project, "t", &["rollback"]);
    project.migration("0002_more.sql", "CREATE TABLE u (id int);", "");
    project.run(["migrate", "--lock-wait", "30s"]).exits(exit::DONE).says("nothing of that was done");
    assert_eq!((project.versions().len(), journal(&project)), (2, String::new()));
    project.run(["rollback", "-c", "2"]).exits(exit::DONE);
    assert!(!project.sql_works("SELECT a FROM t"));
}
