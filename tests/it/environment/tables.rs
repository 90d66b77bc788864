//! The tool's own tables, altered by hand between two runs.

use crate::harness::{Engine, Project, exit};

on_each_engine![
    times_in_the_tables_decide_nothing,
    a_history_that_was_dropped_is_not_taken_for_an_empty_one,
    a_history_without_a_column_that_counts_is_refused,
    what_can_be_made_again_is_made_again,
    a_row_that_was_deleted_is_noticed,
    a_row_that_is_there_twice_is_noticed,
];

fn times_in_the_tables_decide_nothing(project: &Project) {
    let (future, past) = ("2099-01-01 00:00:00", "1999-01-01 00:00:00");
    let set = |when: &str, condition: &str| {
        project.sql(&format!("UPDATE _dbwarden_migrations SET applied_at = '{when}' WHERE {condition}"));
        project.sql(&format!("UPDATE _dbwarden_events SET happened_at = '{when}' WHERE {condition}"));
    };
    project.tables(4).run(["migrate", "-c", "2"]).exits(exit::DONE);
    set(future, "version = '0001'");
    set(past, "version = '0002'");
    project.migrate();
    assert_eq!(project.versions(), ["0001", "0002", "0003", "0004"]);
    set(past, "version = '0004'");
    let listed = project.json(&["history"]);
    let order: Vec<&str> =
        listed["databases"][0]["rows"].as_array().unwrap().iter().filter_map(|row| row["version"].as_str()).collect();
    assert_eq!(order, ["0001", "0002", "0003", "0004"], "in the order of application");
    project.run(["status", "--exit-code"]).exits(exit::DONE);

    // A rollback of several that failed half-way and is finished by the next one, whatever the times.
    project.run(["rollback"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001", "0002", "0003"], "the latest by its place, not by its time");
    project.sql("DROP TABLE t2");
    let failed = project.run(["rollback", "-c", "2"]);
    assert_ne!(failed.code, Some(exit::DONE), "{failed:?}");
    set(future, "1 = 1");
    project.sql("CREATE TABLE t2 (id int)");
    project.run(["rollback"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001"]);

    // An interrupted file goes on, too.
    let file = |second: &str| {
        format!("-- dbwarden: transaction = off\nCREATE TABLE a (id int);\nINSERT INTO {second} VALUES (1);")
    };
    project.tables(1).remove("migrations/0003_create_t3.sql").remove("migrations/0004_create_t4.sql");
    project.migration("0002_create_t2.sql", &file("nowhere"), "").run(["migrate"]).exits(exit::PARTLY);
    set(past, "1 = 1");
    project.migration("0002_create_t2.sql", &file("a"), "").migrate();
    assert_eq!(project.sql("SELECT count(*) FROM a"), "1");
}

fn a_history_that_was_dropped_is_not_taken_for_an_empty_one(project: &Project) {
    project.tables(2).migration("0003_rows.sql", "INSERT INTO t1 VALUES (1);", "DELETE FROM t1;").migrate();
    project.sql("DROP TABLE _dbwarden_migrations");
    for arguments in [&["migrate"][..], &["rollback"], &["status"], &["check"], &["migrate", "--dry-run"]] {
        let refused = project.run(arguments).exits(exit::DISAGREE).says("_dbwarden_migrations").says("3 applied");
        refused.says("--baseline").says("backup");
    }
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "1", "nothing is done twice");
    project.run(["history", "--events"]).exits(exit::DONE).prints("0003_rows.sql");
    project.run(["migrate", "--baseline", "-t", "3"]).exits(exit::DONE);
    project.migration("0004_create_t4.sql", "CREATE TABLE t4 (id int);", "DROP TABLE t4;").migrate();
    assert_eq!(project.versions(), ["0001", "0002", "0003", "0004"]);

    // On purpose: the events go, too.
    project.sql("DROP TABLE _dbwarden_migrations; DROP TABLE _dbwarden_events");
    project.sql("DROP TABLE t1; DROP TABLE t2; DROP TABLE t4");
    project.migrate();
    assert_eq!(project.versions().len(), 4);
}

fn a_history_without_a_column_that_counts_is_refused(project: &Project) {
    project.tables(2).migrate();
    // SQLite drops no column with a constraint: its other columns stand for them.
    let columns: &[&str] = match project.engine() {
        Engine::Sqlite => &["migration_type", "checksum", "sequence", "rollback_sql"],
        _ => &["version", "filename", "migration_type", "checksum", "sequence", "rollback_sql"],
    };
    for column in columns {
        project.sql("CREATE TABLE kept AS SELECT * FROM _dbwarden_migrations");
        project.sql(&format!("ALTER TABLE _dbwarden_migrations DROP COLUMN {column}"));
        let before = project.schema();
        for arguments in [&["migrate"][..], &["rollback"], &["status"]] {
            let refused = project.run(arguments).exits(exit::DISAGREE).says(column).says("restore").says("backup");
            refused.never_mentions("a bug in dbwarden");
        }
        assert_eq!(project.schema(), before, "{column}");
        project.sql("DROP TABLE _dbwarden_migrations; ALTER TABLE kept RENAME TO _dbwarden_migrations");
    }
    project.tables(3).migrate();
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
}

fn what_can_be_made_again_is_made_again(project: &Project) {
    project.tables(1).migrate();
    for (number, damage) in (2..).zip([
        "DROP TABLE _dbwarden_events",
        "DROP TABLE _dbwarden_journal",
        "ALTER TABLE _dbwarden_migrations DROP COLUMN description",
        "ALTER TABLE _dbwarden_migrations DROP COLUMN execution_ms",
        "ALTER TABLE _dbwarden_events DROP COLUMN detail",
    ]) {
        project.sql(damage);
        project.tables(number).migrate();
        assert_eq!(project.versions().len(), number, "{damage}");
        project.run(["history", "--events"]).exits(exit::DONE).prints(&format!("{number:04}_create_t{number}.sql"));
    }
    project.run(["rollback", "-t", "0"]).exits(exit::DONE);
}

fn a_row_that_was_deleted_is_noticed(project: &Project) {
    project.tables(3).migrate();
    project.sql("DELETE FROM _dbwarden_migrations WHERE version = '0002'");
    let refused = project.run(["migrate"]).exits(exit::DISAGREE).says("0002_create_t2.sql").says("next:");
    refused.says("below version 0003");
    // The latest one looks like one that was never applied: its own statements find out, and nothing is left of it.
    project.sql("DELETE FROM _dbwarden_migrations WHERE version = '0003'");
    let before = project.schema();
    project.run(["migrate"]).exits(exit::SQL_FAILED).says("already exists");
    assert_eq!(project.schema(), before);
    project.run(["migrate", "--baseline", "-t", "3"]).exits(exit::DONE);
    project.run(["status", "--exit-code"]).exits(exit::DONE);
}

fn a_row_that_is_there_twice_is_noticed(project: &Project) {
    project.tables(2).migrate();
    // As a copy that lost its constraints.
    project.sql("CREATE TABLE kept AS SELECT * FROM _dbwarden_migrations");
    project.sql("DROP TABLE _dbwarden_migrations; ALTER TABLE kept RENAME TO _dbwarden_migrations");
    project.migrate();
    project.sql("INSERT INTO _dbwarden_migrations SELECT * FROM _dbwarden_migrations WHERE version = '0002'");
    for arguments in [&["migrate"][..], &["rollback"], &["status"]] {
        project.run(arguments).exits(exit::DISAGREE).says("0002_create_t2.sql").says("next:");
    }
    assert!(project.has_table("t2"));
}
