//! A file edited since its migration was interrupted.

use crate::harness::{Project, exit};

use super::{ledger, one_by_one, started};

on_each_engine![
    an_edit_of_what_is_done_is_shown,
    an_edit_of_what_is_left_is_told_and_allowed,
    an_edited_rollback_is_shown_before_it_is_accepted,
];

fn file(first: &str, second: &str) -> String {
    one_by_one(&["INSERT INTO ledger VALUES (0)", first, "-- about the next\nINSERT INTO ledger VALUES (5)", second])
}

fn interrupted(project: &Project) {
    started(project);
    project.migration("0002_work.sql", &file("INSERT INTO ledger VALUES (1)", "INSERT INTO nowhere VALUES (2)"), "");
    project.run(["migrate"]).exits(exit::PARTLY);
    assert_eq!(ledger(project), "0\n1\n5");
}

fn an_edit_of_what_is_done_is_shown(project: &Project) {
    interrupted(project);
    let edited = file("INSERT INTO ledger\n    VALUES (7)", "INSERT INTO ledger VALUES (2)");
    project.migration("0002_work.sql", &edited, "");
    let refused = project.run(["migrate"]).exits(exit::DISAGREE).says("0002_work.sql:5");
    for line in [
        "-INSERT INTO ledger VALUES (1);",
        "+INSERT INTO ledger",
        "+    VALUES (7);",
        "@@ -2,",
        "restore the first 3 statements",
    ] {
        assert!(refused.output().contains(line), "{line}: {}", refused.output());
    }
    assert!(!refused.output().contains("VALUES (2)"), "what is not done may be edited: {}", refused.output());
    let error = &project.json(&["migrate"])["errors"][0];
    assert_eq!((error["line"].as_i64(), error["kind"].as_str()), (Some(5), Some("disagreement")));
    assert!(error["difference"].as_str().is_some_and(|text| text.contains("+    VALUES (7);")), "{error}");
    assert_eq!(ledger(project), "0\n1\n5");
}

fn an_edit_of_what_is_left_is_told_and_allowed(project: &Project) {
    interrupted(project);
    let corrected = file("INSERT INTO ledger VALUES (1)", "INSERT INTO ledger VALUES (2)");
    project.migration("0002_work.sql", &format!("{corrected}INSERT INTO ledger VALUES (3);"), "");
    let told = project.run(["migrate"]).exits(exit::DONE);
    assert!(
        told.output().contains("0002_work.sql:8: edited since it was interrupted, from statement 4 on"),
        "{}",
        told.output()
    );
    assert_eq!(ledger(project), "0\n1\n2\n3\n5");
}

fn an_edited_rollback_is_shown_before_it_is_accepted(project: &Project) {
    started(project);
    project.migration("0002_work.sql", "INSERT INTO ledger VALUES (1);", "DELETE FROM ledger;").migrate();
    project.migration("0002_work.sql", "INSERT INTO ledger VALUES (1);", "DELETE FROM ledger WHERE entry = 1;");
    let shown = project.run(["repair", "--dry-run"]).exits(exit::DONE).prints("rollback section differs");
    assert!(shown.output().contains("-DELETE FROM ledger;"), "{}", shown.output());
    assert!(shown.output().contains("+DELETE FROM ledger WHERE entry = 1;"), "{}", shown.output());
    let entry = &project.json(&["repair", "--yes"])["databases"][0]["entries"][0];
    assert!(entry["difference"].as_str().is_some_and(|text| text.contains("+DELETE")), "{entry}");
}
