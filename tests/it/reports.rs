//! The commands that only look: `status`, `history`, `check`.

use crate::harness::{Project, exit};

on_each_engine![
    status_lists_each_migration_with_its_state,
    status_can_say_by_its_exit_code_that_work_is_pending,
    looking_at_an_empty_database_creates_nothing,
    history_lists_what_was_applied,
    check_says_by_its_exit_code_that_work_is_pending,
    check_can_work_offline,
    check_reports_every_bad_file_at_once,
];

fn state_of(project: &Project, version: &str) -> String {
    let report = project.run(["status"]).exits(exit::DONE);
    report.lines_with(version).join(" ").to_lowercase()
}

fn status_lists_each_migration_with_its_state(project: &Project) {
    project.tables(3).run(["migrate", "-c", "1"]).exits(exit::DONE);
    assert!(state_of(project, "0001").contains("applied"));
    assert!(state_of(project, "0002").contains("pending"));
    assert!(state_of(project, "0003").contains("pending"));
    project.migrate();
    assert!(state_of(project, "0003").contains("applied"));
    project.remove("migrations/0002_create_t2.sql");
    assert!(state_of(project, "0002").contains("missing"));
    project.migration("0001_create_t1.sql", "CREATE TABLE t1 (id bigint);", "");
    assert!(state_of(project, "0001").contains("modified"));
}

fn status_can_say_by_its_exit_code_that_work_is_pending(project: &Project) {
    project.tables(1);
    project.run(["status"]).exits(exit::DONE);
    project.run(["status", "--exit-code"]).exits(exit::PENDING);
    project.migrate();
    project.run(["status", "--exit-code"]).exits(exit::DONE);
}

fn looking_at_an_empty_database_creates_nothing(project: &Project) {
    project.tables(1);
    let before = project.fingerprint();
    project.run(["status"]).exits(exit::DONE).prints("0001");
    project.run(["history"]).exits(exit::DONE);
    project.run(["check"]).exits(exit::PENDING);
    project.run(["lock-status"]).exits(exit::DONE);
    project.run(["config"]).exits(exit::DONE);
    project.run(["rollback"]).exits(exit::DONE);
    assert_eq!(project.fingerprint(), before);
    assert!(!project.has_table("_dbwarden_migrations"));
    assert!(!project.path("app.db").exists() || project.sql("SELECT count(*) FROM sqlite_master") == "0");
}

fn history_lists_what_was_applied(project: &Project) {
    project.tables(3).run(["migrate", "-c", "2"]).exits(exit::DONE);
    let report = project.run(["history"]).exits(exit::DONE).prints("0001").prints("0002");
    report.never_mentions("0003");
    project.run(["rollback"]).exits(exit::DONE);
    project.run(["history"]).exits(exit::DONE).prints("0001");
}

fn check_says_by_its_exit_code_that_work_is_pending(project: &Project) {
    project.tables(2);
    project.run(["check"]).exits(exit::PENDING).mentions("2 pending");
    project.migrate();
    project.run(["check"]).exits(exit::DONE);
}

fn check_can_work_offline(project: &Project) {
    project.tables(2);
    let nowhere = format!("[database.primary]\ndatabase_url = \"{}://127.0.0.1:1/none\"\n", project.engine().name());
    project.file("dbwarden.toml", nowhere);
    project.run(["check", "--offline"]).exits(exit::DONE);
    project.file("migrations/0003_open.sql", "-- upgrade\nSELECT 'open;\n-- rollback\n");
    project.run(["check", "--offline"]).exits(exit::USAGE).mentions("0003_open.sql:2");
}

fn check_reports_every_bad_file_at_once(project: &Project) {
    project.tables(1);
    project.file("migrations/0002_no_rollback.sql", "-- upgrade\nSELECT 1;\n");
    project.file("migrations/0003_open.sql", "-- upgrade\nSELECT 'open;\n-- rollback\n");
    project.file("migrations/third.sql", "-- upgrade\n-- rollback\n");
    let report = project.run(["check"]).exits(exit::USAGE);
    let report = report.mentions("0002_no_rollback.sql").mentions("0003_open.sql").mentions("third.sql");
    report.never_mentions("0001_create_t1.sql");
}
