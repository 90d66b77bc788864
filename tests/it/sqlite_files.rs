//! SQLite: a file among other files, shared with processes that know nothing of dbwarden.

use std::os::unix::fs::symlink;

use crate::harness::account::{chmod, unprivileged};
use crate::harness::{Engine, Holder, Project, exit, wait_until};

/// Of a database file without and with a write-ahead log.
const MODES: [&str; 2] = ["delete", "wal"];

/// A project with the table `t1` in a database of that journal mode, which gives up a lock soon and asks again.
fn project_in(mode: &str) -> Project {
    let project = Project::new(Engine::Sqlite);
    project.tables(1).migrate();
    assert_eq!(project.sql(&format!("PRAGMA journal_mode = {mode}")), mode);
    project.toml_extra("lock_timeout = \"100ms\"\nlock_retry = \"60s\"");
    project
}

/// Runs `migrate` against a holder of a lock, which goes away when the run has met it and waits.
fn migrates_when_free(project: &Project, holder: Holder) {
    let run = project.spawn(["migrate"]);
    run.wait_for_stderr(|text| text.contains("trying again"));
    holder.release();
    run.finish().exits(exit::DONE);
}

#[test]
fn a_table_rebuild_keeps_the_rows_that_refer_to_it() {
    for mode in MODES {
        let project = Project::new(Engine::Sqlite);
        let tables = "CREATE TABLE parent (id integer PRIMARY KEY, name text);\n\
                      CREATE TABLE child (parent_id int REFERENCES parent ON DELETE CASCADE);\n\
                      INSERT INTO parent VALUES (1, 'a'), (2, 'b');\nINSERT INTO child VALUES (1), (2);";
        project.migration("0001_tables.sql", tables, "");
        let rebuild = "CREATE TABLE parent_new (id integer PRIMARY KEY, name text NOT NULL);\n\
                       INSERT INTO parent_new SELECT * FROM parent;\nDROP TABLE parent;\n\
                       ALTER TABLE parent_new RENAME TO parent;";
        project.migrate();
        project.sql(&format!("PRAGMA journal_mode = {mode}"));
        // Also where the file or the configuration switches foreign keys on, as it may for the application's sake.
        project.migration("0002_rebuild.sql", rebuild, "");
        project.migration("0003_again.sql", &format!("PRAGMA foreign_keys = OFF;\nBEGIN;\n{rebuild}\nCOMMIT;"), "");
        project.migrate();
        assert_eq!(project.sql("SELECT count(*) FROM child"), "2", "{mode}");
        assert_eq!(project.sql("SELECT count(*) FROM pragma_foreign_key_check"), "0", "{mode}");
        assert_eq!(project.sql("PRAGMA journal_mode"), mode, "the mode of the file is its owner's");
    }
}

#[test]
fn a_rebuild_that_loses_rows_others_refer_to_is_undone() {
    let project = Project::new(Engine::Sqlite);
    let tables = "CREATE TABLE parent (id integer PRIMARY KEY);\nCREATE TABLE child (parent_id int REFERENCES parent);\n\
                  INSERT INTO parent VALUES (1), (2);\nINSERT INTO child VALUES (1), (2);";
    project.migration("0001_tables.sql", tables, "").migrate();
    let rebuild = "CREATE TABLE parent_new (id integer PRIMARY KEY);\nINSERT INTO parent_new SELECT id FROM parent WHERE id < 2;\n\
                   DROP TABLE parent;\nALTER TABLE parent_new RENAME TO parent;";
    project.migration("0002_rebuild.sql", rebuild, "");
    project.run(["migrate"]).exits(exit::SQL_FAILED).says("0002_rebuild.sql").says("child").says("next:");
    assert_eq!(project.sql("SELECT count(*) FROM parent"), "2");
    assert_eq!(project.versions(), ["0001"]);
}

#[test]
fn a_writer_is_waited_for_before_the_transaction() {
    for mode in MODES {
        let project = project_in(mode);
        project.tables(2);
        let holder = Holder::new(&project, "BEGIN IMMEDIATE; INSERT INTO t1 VALUES (1)");
        migrates_when_free(&project, holder);
        assert_eq!((project.versions().len(), project.has_table("t2")), (2, true), "{mode}");
    }
}

#[test]
fn a_writer_is_waited_for_outside_a_transaction() {
    for mode in MODES {
        let project = project_in(mode);
        let file = "-- dbwarden: transaction = off\nCREATE TABLE t2 (id int);\nINSERT INTO t2 VALUES (1);";
        project.migration("0002_create_t2.sql", file, "DROP TABLE t2;");
        let holder = Holder::new(&project, "BEGIN IMMEDIATE; INSERT INTO t1 VALUES (1)");
        migrates_when_free(&project, holder);
        assert_eq!((project.versions().len(), project.sql("SELECT count(*) FROM t2").as_str()), (2, "1"), "{mode}");
    }
}

#[test]
fn a_reader_is_waited_for_at_the_commit() {
    for file in ["CREATE TABLE t2 (id int);", "-- dbwarden: transaction = off\nCREATE TABLE t2 (id int);"] {
        // With a write-ahead log readers are in nobody's way.
        let project = project_in("delete");
        project.migration("0002_create_t2.sql", file, "DROP TABLE t2;");
        let holder = Holder::new(&project, "BEGIN; SELECT count(*) FROM t1");
        migrates_when_free(&project, holder);
        assert_eq!((project.versions().len(), project.has_table("t2")), (2, true), "{file}");
    }
    let project = project_in("wal");
    project.tables(2);
    let reader = Holder::new(&project, "BEGIN; SELECT count(*) FROM t1");
    project.migrate();
    reader.release();
}

#[test]
fn a_writer_is_waited_for_between_the_statements_of_a_file_and_before_the_first_table() {
    // While one statement runs outside a transaction, the next one's lock is anybody's.
    let project = project_in("delete");
    let slow = project.snippets().slow;
    let file = format!("-- dbwarden: transaction = off\nSELECT * FROM ({slow});\nINSERT INTO t1 VALUES (7);");
    project.migration("0002_work.sql", &file, "");
    let run = project.spawn(["migrate"]);
    wait_until("the first statement is announced", || project.sql("SELECT count(*) FROM _dbwarden_journal") == "1");
    let holder = Holder::new(&project, "BEGIN IMMEDIATE; INSERT INTO t1 VALUES (1)");
    run.wait_for_stderr(|text| text.contains("trying again"));
    holder.release();
    run.finish().exits(exit::DONE);
    assert_eq!(project.sql("SELECT count(*) FROM t1 WHERE id = 7"), "1");

    let empty = Project::new(Engine::Sqlite);
    empty.tables(1).toml_extra("lock_timeout = \"100ms\"\nlock_retry = \"60s\"");
    let holder = Holder::new(&empty, "CREATE TABLE theirs (id int); BEGIN IMMEDIATE; INSERT INTO theirs VALUES (1)");
    let run = empty.spawn(["migrate"]);
    run.wait_for_stderr(|text| text.contains("trying again to create the history tables"));
    holder.release();
    run.finish().exits(exit::DONE);
}

#[test]
fn a_lock_that_stays_ends_the_run_with_nothing_done() {
    for mode in MODES {
        let project = project_in(mode);
        project.tables(2).toml_extra("");
        project.file("dbwarden.toml", project.read("dbwarden.toml").replace("60s", "500ms"));
        let holder = Holder::new(&project, "BEGIN IMMEDIATE; INSERT INTO t1 VALUES (1)");
        let stopped = project.run(["migrate"]).exits(exit::BLOCKED).says("database is locked").says("next:");
        stopped.says(&holder.pid().to_string()).says("sqlite3");
        holder.release();
        assert!(!project.has_table("t2"), "{mode}");
        project.migrate();
    }
}

#[test]
fn missing_rights_are_named() {
    let project = Project::new(Engine::Sqlite);
    project.tables(1).migrate();
    project.tables(2);
    for (path, folder, file, what) in [
        ("the file is not writable", 0o777, 0o444, "attempt to write a readonly database"),
        ("the folder is not writable", 0o555, 0o666, "could not be locked"),
    ] {
        chmod(&project, ".", folder);
        chmod(&project, "app.db", file);
        let refused = unprivileged(&project, "dbwarden migrate").run().exits(exit::REFUSED).says(what);
        refused.says("right to write the database file and its folder");
        for command in ["status", "history", "history --events", "lock-status", "migrate --dry-run"] {
            unprivileged(&project, &format!("dbwarden {command}")).run().exits(exit::DONE);
        }
        unprivileged(&project, "dbwarden check").run().exits(exit::PENDING);
        assert_eq!(project.versions(), ["0001"], "{path}");
    }
    chmod(&project, ".", 0o777);
    chmod(&project, "app.db", 0o000);
    let hidden = unprivileged(&project, "dbwarden status").run().exits(exit::REFUSED);
    hidden.says("this user may not read").says("app.db");
    // Even to read it, a database with a write-ahead log wants a file beside it.
    chmod(&project, "app.db", 0o666);
    project.sql("PRAGMA journal_mode = wal");
    chmod(&project, ".", 0o555);
    let hidden = unprivileged(&project, "dbwarden status").run().exits(exit::REFUSED);
    hidden.says("this user may not create files in the folder");
    chmod(&project, ".", 0o777);
    unprivileged(&project, "dbwarden migrate").run().exits(exit::DONE);
}

#[test]
fn a_new_database_in_a_folder_without_rights_names_the_folder() {
    let project = Project::new(Engine::Sqlite);
    project.tables(1);
    chmod(&project, ".", 0o555);
    let refused = unprivileged(&project, "dbwarden migrate").run().exits(exit::REFUSED);
    refused.says("this user may not create files in the folder");
    chmod(&project, ".", 0o777);
    unprivileged(&project, "dbwarden migrate").run().exits(exit::DONE);
}

#[test]
fn what_a_killed_run_of_another_user_left_is_no_obstacle() {
    let project = Project::new(Engine::Sqlite);
    project.tables(1).migrate();
    project
        .tables(2)
        .file("app.db.dbwarden-lock", "{\"pid\":1,\"host\":\"gone\",\"application\":\"x\",\"since\":\"y\"}");
    chmod(&project, "app.db.dbwarden-lock", 0o444);
    chmod(&project, ".", 0o777);
    chmod(&project, "app.db", 0o666);
    unprivileged(&project, "dbwarden migrate").run().exits(exit::DONE);
    assert!(!project.path("app.db.dbwarden-lock").exists(), "nothing is left behind");
    assert_eq!(project.versions(), ["0001", "0002"]);
}

#[test]
fn a_planted_link_in_place_of_the_lock_is_not_followed() {
    let project = Project::new(Engine::Sqlite);
    project.tables(1).file("precious", "do not touch");
    symlink(project.path("precious"), project.path("app.db.dbwarden-lock")).unwrap();
    project.run(["migrate"]).exits(exit::USAGE).says("app.db.dbwarden-lock").says("next:");
    assert_eq!(project.read("precious"), "do not touch");
    project.remove("app.db.dbwarden-lock").migrate();
}

#[test]
fn every_path_to_a_database_has_one_lock() {
    let project = Project::new(Engine::Sqlite);
    project.tables(1).migrate();
    let slow = format!("{};", project.snippets().slow);
    project.migration("0002_slow.sql", &slow, "");
    symlink(project.path("app.db"), project.path("link.db")).unwrap();
    std::fs::create_dir(project.path("folder")).unwrap();
    symlink(project.path("."), project.path("folder/up")).unwrap();
    let holder = project.spawn(["migrate"]);
    wait_until("the lock is held", || project.path("app.db.dbwarden-lock").exists());
    for path in ["link.db", "folder/up/app.db", "./folder/../app.db"] {
        let url = format!("sqlite:///{path}");
        project.run(["lock-status", "--url", &url]).exits(exit::DONE).mentions("held by");
        project.run(["migrate", "--lock-wait", "0s", "--url", &url]).exits(exit::LOCKED);
    }
    holder.kill9();
    project.run(["lock-status"]).exits(exit::DONE).mentions("free");
}

#[test]
fn a_file_with_two_names_is_refused() {
    let project = Project::new(Engine::Sqlite);
    project.tables(1).migrate();
    project.tables(2);
    std::fs::hard_link(project.path("app.db"), project.path("copy.db")).unwrap();
    let refused = project.run(["migrate"]).exits(exit::REFUSED).says("2 names").says("samefile");
    refused.says("nothing was run");
    project.run(["status"]).exits(exit::DONE);
    project.remove("copy.db").migrate();
}

#[test]
fn what_is_no_database_or_damaged_is_named() {
    let project = Project::new(Engine::Sqlite);
    project.tables(1).file("app.db", "x".repeat(5000));
    project.run(["migrate"]).exits(exit::UNREACHABLE).says("file is not a database").says("app.db");
    project.remove("app.db").migrate();
    let whole = std::fs::read(project.path("app.db")).unwrap();
    project.file("app.db", &whole[..5000]);
    for command in ["migrate", "status", "check"] {
        project.run([command]).exits(exit::REFUSED).says("malformed").says("restore a backup");
    }
    project.file("app.db", &whole).migrate();
}
