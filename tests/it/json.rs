//! With `--json`, standard output is one document of format 1, for every command and for every failure.

use serde_json::Value;

use crate::harness::{Project, exit};

on_each_engine![
    every_command_gives_one_document,
    every_failure_gives_one_document_with_its_exit_code,
    migrate_lists_what_it_applied,
    status_lists_states,
];

#[track_caller]
fn assert_document(project: &Project, arguments: &[&str], code: i32) -> Value {
    let report = project.run([arguments, &["--json"]].concat()).exits(code);
    let document = report.json();
    assert_eq!(document["format"], 1, "{arguments:?}: {document}");
    assert_eq!(document["exit"]["code"], code, "{arguments:?}: {document}");
    assert!(document["exit"]["name"].is_string() && document["exit"]["retryable"].is_boolean(), "{document}");
    document
}

fn every_command_gives_one_document(project: &Project) {
    project.tables(2);
    for (arguments, code) in [
        (&["check"][..], exit::PENDING),
        (&["migrate", "--dry-run"], exit::DONE),
        (&["migrate"], exit::DONE),
        (&["migrate"], exit::DONE),
        (&["status"], exit::DONE),
        (&["status", "--exit-code"], exit::DONE),
        (&["history"], exit::DONE),
        (&["check"], exit::DONE),
        (&["repair", "--yes"], exit::DONE),
        (&["lock-status"], exit::DONE),
        (&["unlock", "--yes"], exit::DONE),
        (&["config"], exit::DONE),
        (&["database", "list"], exit::DONE),
        (&["new", "third"], exit::DONE),
        (&["rollback"], exit::DONE),
        (&["downgrade", "--to", "0"], exit::DONE),
        (&["version"], exit::DONE),
    ] {
        assert_document(project, arguments, code);
    }
}

fn every_failure_gives_one_document_with_its_exit_code(project: &Project) {
    project.tables(1);
    project.migration("0002_break.sql", project.snippets().failing.0, "");
    let document = assert_document(project, &["migrate"], exit::SQL_FAILED);
    let text = document.to_string();
    assert!(text.contains("0002_break.sql") && text.contains("no_such_column"), "{text}");
    assert_document(project, &["migrate", "-d", "other"], exit::USAGE);
    assert_document(project, &["rollback", "-t", "77"], exit::USAGE);
    project.remove("migrations/0002_break.sql");
    project.migration("0001_create_t1.sql", "CREATE TABLE t1 (id bigint);", "");
    assert_document(project, &["migrate"], exit::DISAGREE);
    project.file("migrations/bad.sql", "");
    assert_document(project, &["migrate"], exit::USAGE);
    project.file("dbwarden.toml", "nonsense");
    assert_document(project, &["status"], exit::USAGE);
}

fn migrate_lists_what_it_applied(project: &Project) {
    project.tables(2);
    let document = project.json(&["migrate"]).to_string();
    assert!(document.contains("0001_create_t1.sql") && document.contains("0002_create_t2.sql"), "{document}");
    let document = project.json(&["migrate"]).to_string();
    assert!(!document.contains("0001_create_t1.sql"), "{document}");
}

fn status_lists_states(project: &Project) {
    project.tables(2).run(["migrate", "-c", "1"]).exits(exit::DONE);
    let document = project.json(&["status"]).to_string();
    assert!(document.contains("\"applied\"") && document.contains("\"pending\""), "{document}");
}
