//! `history --events`: who did what, when, from where, how long it took and how it ended.

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Engine, PASSWORD, Project, exit, wait_until};

on_each_engine![
    what_runs_did_is_listed_with_the_latest_last,
    a_failure_is_recorded_with_its_place,
    what_the_server_quotes_of_rows_is_not_recorded,
    a_stop_by_signal_is_recorded,
    what_a_person_decides_is_recorded,
    a_takeover_of_another_tools_table_is_recorded,
    a_session_that_cannot_write_any_more_still_records_its_failure,
    the_latest_and_those_of_one_run_can_be_asked_for,
    looking_writes_nothing_and_needs_no_table,
    columns_that_are_missing_stay_empty,
];

fn events(project: &Project, more: &[&str]) -> Vec<Value> {
    let document = project.json(&[&["history", "--events"], more].concat());
    document["databases"][0]["events"].as_array().expect("a list").clone()
}

fn kinds(events: &[Value]) -> Vec<String> {
    events
        .iter()
        .map(|event| format!("{} {}", text(event, "kind"), text(event, "version")).trim().to_string())
        .collect()
}

fn text<'a>(event: &'a Value, key: &str) -> &'a str {
    event[key].as_str().unwrap_or_default()
}

fn only<'a>(events: &'a [Value], kind: &str) -> &'a Value {
    let found: Vec<&Value> = events.iter().filter(|event| event["kind"] == kind).collect();
    assert_eq!(found.len(), 1, "{kind} in {events:#?}");
    found[0]
}

fn what_runs_did_is_listed_with_the_latest_last(project: &Project) {
    project.tables(3).run(["migrate", "--baseline", "-t", "1"]).exits(exit::DONE);
    project.migrate();
    project.run(["rollback", "-c", "2"]).exits(exit::DONE);
    let events = events(project, &[]);
    let expected = [
        "baselined 0001",
        "applied 0002",
        "applied 0003",
        "rollback_planned",
        "rolled_back 0003",
        "rolled_back 0002",
        "rollback_ended",
    ];
    assert_eq!(kinds(&events), expected);
    for event in &events {
        assert!(text(event, "happened_at").ends_with('Z') && text(event, "run_id").len() == 36, "{event}");
        assert!(text(event, "actor").contains("dbwarden/"), "{event}");
        assert_eq!(event["version"].is_string(), event["duration_ms"].is_u64(), "how long a migration took: {event}");
    }
    let seen = project.run(["history", "--events"]).exits(exit::DONE).prints("7 events").prints("rolled back");
    seen.prints("0003_create_t3.sql").prints(text(&events[0], "run_id")).prints(text(&events[0], "actor"));
}

fn a_failure_is_recorded_with_its_place(project: &Project) {
    project.tables(1);
    let (failing, _) = project.snippets().failing;
    project.migration("0002_break.sql", &format!("INSERT INTO t1 VALUES (1);\n{failing};"), "");
    project.run(["migrate"]).exits(exit::SQL_FAILED);
    let events = events(project, &[]);
    assert_eq!(kinds(&events), ["applied 0001", "failed 0002"]);
    assert!(text(&events[1], "detail").starts_with("statement 2 of 2, line 4: "), "{}", events[1]);
    assert_eq!(text(&events[1], "file"), "0002_break.sql");
    assert!(events[1]["duration_ms"].is_u64() && events[1]["run_id"] == events[0]["run_id"], "{events:?}");
}

fn what_the_server_quotes_of_rows_is_not_recorded(project: &Project) {
    let unique = "CREATE TABLE u (secret varchar(50) UNIQUE);\nINSERT INTO u VALUES ('row-' || 'value-1');";
    let unique = if project.engine() == Engine::MySql {
        unique.replace("'row-' || 'value-1'", "CONCAT('row-', 'value-1')")
    } else {
        unique.to_string()
    };
    project.migration("0001_u.sql", &unique, "").migrate();
    project.migration("0002_twice.sql", "INSERT INTO u SELECT * FROM u;", "");
    project.run(["migrate"]).exits(exit::SQL_FAILED);
    let converted = match project.engine() {
        Engine::Postgres => "SELECT CAST(secret AS int) FROM u;",
        Engine::MySql => "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'row-value-1 is wrong';",
        Engine::Sqlite => {
            "CREATE TRIGGER no BEFORE INSERT ON u BEGIN SELECT RAISE(ABORT, 'row-value-1 is wrong'); END;\n\
             INSERT INTO u VALUES ('x');"
        }
    };
    project.migration("0002_twice.sql", converted, "");
    project.run(["migrate"]).exits(exit::SQL_FAILED);
    let login = format!("SELECT 1 FROM no_such_table WHERE 'my {PASSWORD}' = 'it';");
    project.migration("0002_twice.sql", &login, "");
    project.run(["migrate"]).exits(exit::SQL_FAILED);
    let events = events(project, &[]);
    assert_eq!(kinds(&events), ["applied 0001", "failed 0002", "failed 0002", "failed 0002"]);
    let recorded = project.sql("SELECT detail FROM _dbwarden_events WHERE kind = 'failed'");
    assert!(!recorded.contains("row-value-1") && !recorded.contains(PASSWORD), "{recorded}");
}

fn a_stop_by_signal_is_recorded(project: &Project) {
    project.tables(1).migration("0002_slow.sql", &format!("{};", project.snippets().slow), "");
    let run = project.spawn(["migrate"]);
    run.wait_for_stderr(|text| text.contains("0001"));
    run.signal(Signal::TERM);
    run.finish().exits(143);
    let events = events(project, &[]);
    let stopped = only(&events, "interrupted");
    assert!(text(stopped, "detail").contains("SIGTERM"), "{stopped}");
    assert!(text(stopped, "detail").contains("0002") || text(stopped, "version") == "0002", "{stopped}");
    assert!(!kinds(&events).contains(&"failed 0002".to_string()), "{events:?}");
}

fn what_a_person_decides_is_recorded(project: &Project) {
    project.tables(2).migrate();
    project
        .migration("0001_create_t1.sql", "CREATE TABLE t1 (id bigint);", "")
        .run(["repair", "--yes"])
        .exits(exit::DONE);
    let slow = format!(
        "-- dbwarden: transaction = off\nINSERT INTO t1 SELECT 1 FROM ({}) slow;\nSELECT 1;",
        project.snippets().slow
    );
    project.migration("0003_work.sql", &slow, "");
    let run = project.spawn(["migrate"]);
    wait_until("the statement has been announced", || {
        !project.sql("SELECT done FROM _dbwarden_journal WHERE cur = 0").is_empty()
    });
    run.kill9();
    project.run(["resolve", "0003", "--done"]).exits(exit::DONE);
    let events = events(project, &[]);
    let repaired = only(&events, "repaired");
    assert_eq!((text(repaired, "version"), text(repaired, "file")), ("0001", "0001_create_t1.sql"));
    assert!(text(repaired, "detail").contains("differs"), "{repaired}");
    let resolved = only(&events, "resolved");
    assert_eq!((text(resolved, "version"), text(resolved, "detail")), ("0003", "statement 1: done"));
}

fn a_takeover_of_another_tools_table_is_recorded(project: &Project) {
    let id = project.snippets().auto_key;
    project.sql(&format!(
        "CREATE TABLE _dbwarden_migrations (id {id}, version varchar(255), description varchar(500), \
         filename varchar(255) NOT NULL UNIQUE, migration_type varchar(50) NOT NULL, \
         applied_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, checksum varchar(64)); \
         INSERT INTO _dbwarden_migrations (version, description, filename, migration_type) \
         VALUES ('0001', 'create t1', '0001_create_t1.sql', 'versioned'); CREATE TABLE t1 (id int)"
    ));
    project.tables(2).migrate();
    let events = events(project, &[]);
    assert_eq!(kinds(&events), ["taken_over", "applied 0002"]);
    assert!(text(&events[0], "detail").contains("1 row"), "{}", events[0]);
}

fn a_session_that_cannot_write_any_more_still_records_its_failure(project: &Project) {
    let setting = match project.engine() {
        Engine::Postgres => "SET default_transaction_read_only = on;",
        Engine::MySql => "SET SESSION TRANSACTION READ ONLY;",
        Engine::Sqlite => "PRAGMA query_only = ON;",
    };
    let (failing, _) = project.snippets().failing;
    project.tables(1).migrate();
    project.migration("0002_break.sql", &format!("-- dbwarden: transaction = off\n{setting}\n{failing};"), "");
    let _ = project.run(["migrate"]);
    only(&events(project, &[]), "failed");
}

fn the_latest_and_those_of_one_run_can_be_asked_for(project: &Project) {
    project.tables(60).run(["migrate", "-c", "55"]).exits(exit::DONE);
    project.migrate();
    let shown = project.json(&["history", "--events"]);
    assert_eq!(shown["databases"][0]["events"].as_array().map(Vec::len), Some(50));
    assert_eq!(shown["databases"][0]["truncated"], true);
    let two = events(project, &["--limit", "2"]);
    assert_eq!(kinds(&two), ["applied 0059", "applied 0060"]);
    project.run(["history", "--events", "--limit", "2"]).exits(exit::DONE).prints("--limit");
    assert_eq!(events(project, &["--limit", "4000000000"]).len(), 60);

    let run = text(&two[0], "run_id");
    let of_run = events(project, &["--run", run]);
    assert_eq!(kinds(&of_run), ["applied 0056", "applied 0057", "applied 0058", "applied 0059", "applied 0060"]);
    // Ids begin with the time: the first run's differs before its end.
    assert_eq!(events(project, &["--run", &run[..35]]).len(), 5);
    assert_eq!(events(project, &["--run", "%"]).len(), 0);
    assert_eq!(events(project, &["--run", "it's"]).len(), 0);
    let rows = project.json(&["history", "--run", run]);
    assert_eq!(rows["databases"][0]["rows"].as_array().map(Vec::len), Some(5));
    project.run(["history", "--events", "--limit", "0"]).exits(exit::USAGE);
}

fn looking_writes_nothing_and_needs_no_table(project: &Project) {
    project.tables(1);
    let before = project.fingerprint();
    assert!(events(project, &[]).is_empty());
    project.run(["history", "--events"]).exits(exit::DONE).prints("0 events");
    assert_eq!(project.fingerprint(), before);
    assert!(!project.has_table("_dbwarden_events"));
    project.migrate();
    let before = project.fingerprint();
    assert_eq!(events(project, &[]).len(), 1);
    assert_eq!(project.fingerprint(), before);
    project.sql("DROP TABLE _dbwarden_events");
    assert!(events(project, &[]).is_empty());
}

fn columns_that_are_missing_stay_empty(project: &Project) {
    project.tables(1).migrate();
    for column in ["detail", "duration_ms"] {
        project.sql(&format!("ALTER TABLE _dbwarden_events DROP COLUMN {column}"));
    }
    let events = events(project, &[]);
    assert_eq!(kinds(&events), ["applied 0001"]);
    assert!(events[0]["detail"].is_null() && events[0]["duration_ms"].is_null());
}
