//! `migrate`: what is pending is applied once, in order, as far as asked.

use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::{Engine, PASSWORD, Project, USER, exit};

on_each_engine![
    applies_everything_in_order_and_then_has_nothing_to_do,
    applies_as_many_as_count_says,
    applies_up_to_and_including_a_version,
    orders_versions_as_numbers,
    a_dry_run_shows_pending_statements_and_writes_nothing,
    nothing_to_do_needs_no_right_to_write,
    a_baseline_records_without_executing,
    a_file_may_name_its_database,
    same_sql_in_two_files_runs_twice,
    records_who_applied_what_and_how_to_undo_it,
    windows_line_ends_and_a_byte_order_mark_change_nothing,
    empty_and_comment_only_sections_do_nothing,
    markers_inside_text_are_text,
    placeholders_are_text,
    an_authors_own_transaction_is_understood,
    a_body_with_semicolons_and_blank_lines_stays_whole,
    a_large_file_arrives_whole,
];

fn applies_everything_in_order_and_then_has_nothing_to_do(project: &Project) {
    project.tables(2);
    project.migration(
        "0003_rename.sql",
        "ALTER TABLE t1 RENAME TO first_table;",
        "ALTER TABLE first_table RENAME TO t1;",
    );
    let report = project.migrate();
    for label in ["0001", "0002", "0003"] {
        report.clone().mentions(label);
    }
    assert!(project.has_table("first_table") && project.has_table("t2") && !project.has_table("t1"));
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);

    let before = project.fingerprint();
    project.migrate().mentions("up to date").never_mentions("0001");
    assert_eq!(project.fingerprint(), before);
}

fn applies_as_many_as_count_says(project: &Project) {
    project.tables(4);
    project.run(["migrate", "-c", "1"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001"]);
    project.run(["migrate", "--count", "2"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
    project.run(["migrate", "-c", "10"]).exits(exit::DONE);
    assert_eq!(project.versions().len(), 4);
}

fn applies_up_to_and_including_a_version(project: &Project) {
    project.tables(4);
    project.run(["migrate", "-t", "2"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001", "0002"], "2 is 0002");
    project.run(["migrate", "--to-version", "0002"]).exits(exit::DONE);
    assert_eq!(project.versions().len(), 2);
    project.run(["migrate", "-t", "99"]).exits(exit::USAGE).mentions("99");
    assert_eq!(project.versions().len(), 2);
}

fn orders_versions_as_numbers(project: &Project) {
    project.migration("9_create.sql", "CREATE TABLE t1 (id int);", "DROP TABLE t1;");
    project.migration("10_add.sql", "ALTER TABLE t1 ADD COLUMN a int;", "ALTER TABLE t1 DROP COLUMN a;");
    let long = "20261122071600123456_add.sql";
    project.migration(long, "ALTER TABLE t1 ADD COLUMN b int;", "ALTER TABLE t1 DROP COLUMN b;");
    project.migrate();
    assert_eq!(project.versions(), ["9", "10", "20261122071600123456"]);
}

fn a_dry_run_shows_pending_statements_and_writes_nothing(project: &Project) {
    project.tables(1);
    let before = project.fingerprint();
    project.run(["migrate", "--dry-run"]).exits(exit::DONE).prints("CREATE TABLE t1 (id int)");
    assert_eq!(project.fingerprint(), before, "not even a history table");
    project.migrate();

    project.tables(3);
    let before = project.fingerprint();
    let plan = project.run(["migrate", "--dry-run"]).exits(exit::DONE);
    let plan = plan.prints("CREATE TABLE t2 (id int)").prints("CREATE TABLE t3 (id int)");
    plan.never_mentions("CREATE TABLE t1 ").never_mentions("DROP TABLE");
    project.run(["migrate", "--dry-run", "-c", "1"]).prints("CREATE TABLE t2").never_mentions("CREATE TABLE t3");
    assert_eq!(project.fingerprint(), before);
}

fn nothing_to_do_needs_no_right_to_write(project: &Project) {
    project.tables(1).migrate();
    let database = project.database();
    match project.engine() {
        // What a replica looks like from inside.
        Engine::Postgres => {
            let sql = format!("ALTER DATABASE {database} SET default_transaction_read_only = on");
            Postgres::get().admin("postgres", &sql);
        }
        Engine::MySql => {
            let reader = format!("reader_{database}");
            MariaDb::get().admin(&format!(
                "CREATE USER {reader} IDENTIFIED BY '{PASSWORD}'; GRANT SELECT ON {database}.* TO {reader}"
            ));
            let url = project.url().replace(&format!("//{USER}:"), &format!("//{reader}:"));
            project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\n"));
        }
        Engine::Sqlite => {}
    }
    let before = project.fingerprint();
    for arguments in
        [&["migrate"][..], &["migrate", "--dry-run"], &["status"], &["history"], &["check"], &["lock-status"]]
    {
        project.run(arguments).exits(exit::DONE);
    }
    assert_eq!(project.fingerprint(), before);
}

fn a_baseline_records_without_executing(project: &Project) {
    project.tables(3);
    project.sql("CREATE TABLE t1 (id int)");
    project.sql("CREATE TABLE t2 (id int)");
    project.run(["migrate", "--baseline", "-t", "0002"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001", "0002"]);
    assert!(!project.has_table("t3"));
    let kinds = project.sql("SELECT DISTINCT migration_type FROM _dbwarden_migrations");
    assert_eq!(kinds, "baseline");
    project.migrate();
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
    assert!(project.has_table("t3"));
}

fn a_file_may_name_its_database(project: &Project) {
    project.migration("primary__0001_create_t1.sql", "CREATE TABLE t1 (id int);", "DROP TABLE t1;");
    project.file("migrations/README.md", "not a migration").file("migrations/old/0001_old.sql", "not read");
    project.migrate();
    assert_eq!(project.history(), ["primary__0001_create_t1.sql"]);
}

fn same_sql_in_two_files_runs_twice(project: &Project) {
    project.tables(1);
    for name in ["0002_first.sql", "0003_again.sql"] {
        project.migration(name, "INSERT INTO t1 VALUES (7);", "DELETE FROM t1 WHERE id = 7;");
    }
    project.migrate();
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "2");
}

fn records_who_applied_what_and_how_to_undo_it(project: &Project) {
    project.tables(1).migrate();
    let row =
        "SELECT sequence, description, migration_type, checksum_algorithm, length(checksum) FROM _dbwarden_migrations";
    assert_eq!(project.sql(row), "1|create t1|versioned|sha256-v1|64");
    assert!(project.sql("SELECT rollback_sql FROM _dbwarden_migrations").contains("DROP TABLE t1"));
    let applied_by = project.sql("SELECT applied_by FROM _dbwarden_migrations");
    assert!(applied_by.contains(env!("CARGO_PKG_VERSION")), "{applied_by}");
    let run = project.sql("SELECT count(*) FROM _dbwarden_migrations WHERE run_id IS NOT NULL AND execution_ms >= 0");
    assert_eq!(run, "1");
}

fn windows_line_ends_and_a_byte_order_mark_change_nothing(project: &Project) {
    let unix = "-- upgrade\nCREATE TABLE t1 (id int);\nINSERT INTO t1\nVALUES (1);\n-- rollback\nDROP TABLE t1;\n";
    let windows = format!("\u{feff}{}", unix.replace('\n', "\r\n"));
    project.file("migrations/0001_windows.sql", &windows).file("migrations/0002_unix.sql", unix.replace("t1", "t2"));
    project.migrate();
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "1");
    // Another checkout of the same commit is the same migration.
    project.file("migrations/0001_windows.sql", unix);
    project.run(["check"]).exits(exit::DONE);
    project.run(["rollback", "-c", "2"]).exits(exit::DONE);
    assert!(!project.has_table("t1"));
}

fn empty_and_comment_only_sections_do_nothing(project: &Project) {
    project.migration("0001_empty.sql", "", "").migration("0002_comment.sql", "-- nothing; yet", "/* none */");
    project.migration("0003_unterminated.sql", "CREATE TABLE t1 (id int)", "DROP TABLE t1");
    project.migrate();
    assert_eq!(project.versions().len(), 3);
    assert!(project.has_table("t1"));
}

fn markers_inside_text_are_text(project: &Project) {
    let upgrade = "-- upgrade path for 2.8\nCREATE TABLE notes (id int, note varchar(200));\n\
                   INSERT INTO notes VALUES (1, 'first\n-- rollback\n-- not a comment; not an end\n\nlast');\n/*\n-- rollback\n*/\n\
                   INSERT INTO notes VALUES (2, 'it''s; 東京 ’');";
    project.migration("0001_notes.sql", upgrade, "DROP TABLE notes;").migrate();
    assert_eq!(
        project.sql("SELECT count(*) FROM notes WHERE note LIKE 'first%-- not a comment; not an end%last'"),
        "1"
    );
    assert_eq!(project.sql("SELECT note FROM notes WHERE id = 2"), "it's; 東京 ’");
}

fn placeholders_are_text(project: &Project) {
    let upgrade = "CREATE TABLE notes (note varchar(200));\nINSERT INTO notes VALUES (':name ? $1 %s {x} ${HOME} @p');";
    project.migration("0001_notes.sql", upgrade, "DROP TABLE notes;").migrate();
    assert_eq!(project.sql("SELECT note FROM notes"), ":name ? $1 %s {x} ${HOME} @p");
}

fn an_authors_own_transaction_is_understood(project: &Project) {
    project.tables(1);
    let upgrade = "BEGIN;\nINSERT INTO t1 VALUES (1);\nINSERT INTO t1 VALUES (2);\nCOMMIT;";
    project.migration("0002_fill.sql", upgrade, "BEGIN; DELETE FROM t1; COMMIT;").migrate();
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "2");
    project.run(["rollback"]).exits(exit::DONE);
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "0");
}

fn a_body_with_semicolons_and_blank_lines_stays_whole(project: &Project) {
    project.migration("0001_tables.sql", "CREATE TABLE items (id int, name text);\nCREATE TABLE log (entry text);", "");
    project.migration("0002_body.sql", project.snippets().body, project.snippets().drop_body).migrate();
    project.sql("INSERT INTO items VALUES (1, 'a')");
    assert_eq!(project.sql("SELECT entry FROM log"), "one; -- two");
    project.run(["rollback"]).exits(exit::DONE);
    project.sql("INSERT INTO items VALUES (2, 'b')");
    assert_eq!(project.sql("SELECT count(*) FROM log"), "1", "the trigger is gone");
}

fn a_large_file_arrives_whole(project: &Project) {
    let text_type = if project.engine() == Engine::MySql { "longtext" } else { "text" };
    let text = "x".repeat(100_000);
    let rows: String = (0..40).map(|id| format!("INSERT INTO big VALUES ({id}, '{text}');\n")).collect();
    let upgrade = format!("CREATE TABLE big (id int, body {text_type});\n{rows}");
    project.migration("0001_big.sql", &upgrade, "DROP TABLE big;");
    project.migrate();
    assert_eq!(project.sql("SELECT count(*), min(length(body)) FROM big"), "40|100000");
}
