//! Severities, allowances, and what is told of the rules.

use super::{careless, findings, found};
use crate::harness::{Engine, Project, exit};

fn project() -> Project {
    let project = Project::new(Engine::Sqlite);
    careless(&project, 1);
    project
}

#[test]
fn a_database_overrides_what_holds_for_all() {
    let project = project();
    let severity = || {
        let found = findings(&project.json(&["check", "--offline"]));
        found.into_iter().find(|[rule, ..]| rule == "empty-rollback").map(|[_, _, severity]| severity)
    };
    project.toml_extra("[check]\nempty-rollback = \"note\"");
    assert_eq!(severity().as_deref(), Some("note"));
    project.toml_extra("[database.primary.check]\nempty-rollback = \"error\"");
    assert_eq!(severity().as_deref(), Some("error"));
    let shown = project.run(["config"]).exits(exit::DONE);
    shown.prints("check.empty-rollback").prints("dbwarden.toml:6");
}

#[test]
fn a_rule_can_be_switched_off() {
    let project = project();
    project.toml_extra("check = { empty-rollback = \"off\" }");
    assert!(!found(&project, &["--offline"]).contains(&"empty-rollback".to_string()));
}

#[test]
fn a_rule_that_does_not_exist_is_an_error_with_a_suggestion() {
    let project = project();
    project.toml_extra("\n[check]\nempty-rolback = \"off\"");
    let refused = project.run(["check", "--offline"]).exits(exit::USAGE);
    refused.says("dbwarden.toml:5").says("did you mean `empty-rollback`?");
}

#[test]
fn the_version_of_a_server_is_checked() {
    let project = project();
    project.toml_extra("server_version = \"new\"");
    project.run(["check", "--offline"]).exits(exit::USAGE).says("server_version").says("10.11");
}

#[test]
fn an_allowance_silences_its_rule_and_says_so_when_it_need_not() {
    let project = project();
    let allowed = "-- dbwarden: allow empty-rollback because nothing is left to undo";
    project.file("migrations/0001_careless.sql", format!("{allowed}\n-- upgrade\nSELECT 1;\n-- rollback\n"));
    let found = found(&project, &["--offline"]);
    assert!(!found.iter().any(|rule| rule == "empty-rollback" || rule == "unused-allowance"), "{found:?}");
    project.file("migrations/0001_careless.sql", format!("{allowed}\n-- upgrade\nSELECT 1;\n-- rollback\nSELECT 2;\n"));
    let report = project.run(["check", "--offline"]).exits(exit::DONE);
    report.prints("warning[unused-allowance]").prints("migrations/0001_careless.sql:1:1");
    let misspelt = allowed.replace("empty", "emty");
    project.file(
        "migrations/0001_careless.sql",
        format!("-- upgrade\nSELECT 1;\n{misspelt}\nSELECT 2;\n-- rollback\nSELECT 3;\n"),
    );
    let report = project.run(["check", "--offline"]).exits(exit::PENDING);
    report.prints("error[unknown-rule]").prints("did you mean `empty-rollback`?").prints("0001_careless.sql:3");
    // What runs is no matter of rules.
    project.migrate();
}

#[test]
fn an_allowance_needs_a_reason_and_a_statement() {
    let project = project();
    for (text, line) in [
        ("-- dbwarden: allow empty-rollback\n-- upgrade\nSELECT 1;\n-- rollback\n", 1),
        ("-- upgrade\nSELECT 1;\n-- dbwarden: allow empty-rollback because so\n-- rollback\n", 3),
    ] {
        project.file("migrations/0001_careless.sql", text);
        project.run(["check", "--offline"]).exits(exit::USAGE).says(&format!("0001_careless.sql:{line}"));
    }
}

#[test]
fn rules_are_listed_and_explained() {
    let project = Project::bare(Engine::Sqlite);
    let list = project.run(["check", "--rules"]).exits(exit::DONE);
    list.prints("empty-rollback").prints("unused-allowance").prints("postgresql, mysql, sqlite");
    let rules = project.json(&["check", "--rules"]);
    let rules = rules["rules"].as_array().expect("rules");
    assert!(rules.iter().all(|rule| rule["explanation"].as_str().is_some_and(|text| !text.is_empty())));
    let explained = project.run(["check", "--explain", "empty-rollback"]).exits(exit::DONE);
    explained.prints("  DROP TABLE t;").prints("-- dbwarden: allow empty-rollback because");
    let unknown = project.run(["check", "--explain", "empty_rolback"]).exits(exit::USAGE);
    unknown.says("did you mean `empty-rollback`?");
}

#[test]
fn every_rule_is_documented() {
    let document = project().json(&["check", "--rules"]);
    let cell = |value: &serde_json::Value| value.as_str().expect("a text").replace('|', "\\|");
    let row = |rule: &serde_json::Value| {
        let engines: Vec<String> = rule["engines"].as_array().expect("engines").iter().map(cell).collect();
        let engines = if engines.len() == 3 { "all".to_string() } else { engines.join(", ") };
        format!("| `{}` | {} | {engines} | {} |", cell(&rule["id"]), cell(&rule["severity"]), cell(&rule["summary"]))
    };
    let rows: Vec<String> = document["rules"].as_array().expect("rules").iter().map(row).collect();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check-rules.md");
    let text = std::fs::read_to_string(path).unwrap();
    let documented: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(documented, rows, "docs/check-rules.md should have\n{}", rows.join("\n"));
}
