//! What other programs read.

use super::careless;
use super::schema::violations;
use crate::harness::{Engine, Project, exit};

fn project() -> Project {
    let project = Project::new(Engine::Sqlite);
    careless(&project, 1);
    project
}

#[test]
fn sarif_is_valid() {
    let project = project();
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../data/sarif-schema-2.1.0.json")).expect("the schema");
    let valid = |arguments: &[&str], code| {
        let run = project.run([&["check", "--format", "sarif"], arguments].concat()).exits(code);
        let log: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
        let found = violations(&schema, &log);
        assert!(found.is_empty(), "{found:#?}\n{log:#}");
        log
    };
    let log = valid(&["--offline"], exit::DONE);
    let results = log["runs"][0]["results"].as_array().expect("results");
    let result = results.iter().find(|result| result["ruleId"] == "empty-rollback").expect("a result");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "migrations/0001_careless.sql");
    valid(&[], exit::PENDING);
    project.file("migrations/0002_open.sql", "-- upgrade\nSELECT 'open;\n-- rollback\n");
    let log = valid(&["--offline"], exit::USAGE);
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], false);
    // The validator itself sees what is wrong.
    let mut wrong = log.clone();
    wrong["runs"][0]["results"] = serde_json::json!([{"level": "fatal"}]);
    assert!(violations(&schema, &wrong).len() >= 2);
}

#[test]
fn annotations_name_file_and_line() {
    let project = project();
    let run = project.run(["check", "--offline", "--format", "github"]).exits(exit::DONE);
    run.prints("::warning file=migrations/0001_careless.sql,line=").prints("title=dbwarden empty-rollback::");
    // Exit 3 has a reason in the log.
    project.run(["check", "--format", "github"]).exits(exit::PENDING).prints("1 pending");
    project.file("migrations/0002_open.sql", "-- upgrade\nSELECT 'open;\n-- rollback\n");
    let run = project.run(["check", "--offline", "--format", "github"]).exits(exit::USAGE);
    run.prints("::error file=migrations/0002_open.sql,line=2,col=8,title=dbwarden usage::");
}

#[test]
fn a_comment_can_be_posted() {
    let run = project().run(["check", "--offline", "--format", "markdown"]).exits(exit::DONE);
    run.prints("### dbwarden check: ").prints("<code>empty-rollback</code>").prints("<details>");
}

#[test]
fn json_is_the_document_of_every_command() {
    let project = project();
    let json = project.run(["check", "--offline", "--format", "json"]).exits(exit::DONE).json();
    assert_eq!(json, project.json(&["check", "--offline"]));
    project.run(["check", "--format", "json", "--nope"]).exits(exit::USAGE).json();
    project.run(["check", "--json", "--format", "sarif"]).exits(exit::USAGE).json();
}
