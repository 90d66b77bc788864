//! `check`: what it looks at, how it says what it found, and what its exit code means.

mod branches;
mod formats;
mod gate;
mod library;
mod rollback_order;
mod rules;
mod schema;
mod selection;
mod sizes;

use crate::harness::Project;

/// A migration with a finding on every engine: its rollback is empty.
fn careless(project: &Project, number: usize) {
    project.migration(
        &format!("{number:04}_careless.sql"),
        &format!("CREATE TABLE t{number} (id bigint PRIMARY KEY);"),
        "",
    );
}

/// What a JSON document of `check` holds: rule, file and severity of each finding.
#[track_caller]
fn findings(document: &serde_json::Value) -> Vec<[String; 3]> {
    let findings = document["databases"].as_array().expect("databases").iter();
    let findings = findings.flat_map(|database| database["findings"].as_array().expect("findings"));
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_string();
    findings.map(|finding| ["rule", "file", "severity"].map(|key| text(&finding[key]))).collect()
}

/// What `check` found: the rules.
#[track_caller]
fn found(project: &Project, arguments: &[&str]) -> Vec<String> {
    let document = project.json(&[&["check"], arguments].concat());
    findings(&document).into_iter().map(|[rule, ..]| rule).collect()
}

/// The files with an empty rollback, as `check` finds them.
#[track_caller]
fn careless_files(project: &Project, arguments: &[&str]) -> Vec<String> {
    let document = project.json(&[&["check"], arguments].concat());
    let found = findings(&document).into_iter().filter(|[rule, ..]| rule == "empty-rollback");
    found.map(|[_, file, _]| file.trim_start_matches("migrations/").to_string()).collect()
}
