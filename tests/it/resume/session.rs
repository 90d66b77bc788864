//! What lives in a session and is gone with it: temporary tables, attached databases.

use crate::harness::{Engine, Project, exit};

use super::{ledger, one_by_one, started};

on_each_engine![a_temporary_table_of_the_done_part_is_missed];

fn a_temporary_table_of_the_done_part_is_missed(project: &Project) {
    started(project);
    let file = |rest: &[&str]| {
        let first = ["CREATE TEMPORARY TABLE picked AS SELECT 7 AS entry", "INSERT INTO ledger VALUES (1)"];
        one_by_one(&[&first[..], rest].concat())
    };
    project.migration(
        "0002_work.sql",
        &file(&["INSERT INTO nowhere VALUES (1)", "INSERT INTO ledger SELECT * FROM picked"]),
        "",
    );
    project.run(["migrate"]).exits(exit::PARTLY);
    // A table of that name which is not the one that was meant.
    project.sql("CREATE TABLE picked (entry int)");
    let rest = ["INSERT INTO ledger VALUES (2)", "INSERT INTO ledger SELECT * FROM picked"];
    project.migration("0002_work.sql", &file(&rest), "");
    let refused = project.run(["migrate"]).exits(exit::PARTLY).says("0002_work.sql:7");
    refused.says("statement 4 uses the temporary table picked").says("make picked again");
    assert_eq!(ledger(project), "1");
    let again = ["CREATE TEMPORARY TABLE picked AS SELECT 7 AS entry", rest[0], rest[1]];
    project.migration("0002_work.sql", &file(&again), "").migrate();
    assert_eq!(ledger(project), "1\n2\n7");
}

#[test]
fn mysql_a_temporary_table_must_not_hide_the_bookkeeping() {
    let project = Project::new(Engine::MySql);
    project.tables(1);
    for (table, code) in [
        ("_dbwarden_migrations", exit::REFUSED),
        ("`_DBWARDEN_journal`", exit::REFUSED),
        ("other._dbwarden_journal", exit::SQL_FAILED),
    ] {
        let upgrade = format!("CREATE TEMPORARY TABLE {table} (id int);\nDROP TEMPORARY TABLE {table};");
        project.migration("0002_hide.sql", &upgrade, "").run(["migrate"]).exits(code).says("0002_hide.sql:3");
    }
}

#[test]
fn sqlite_a_database_is_attached_again() {
    let project = Project::new(Engine::Sqlite);
    started(&project);
    let attach = format!("ATTACH '{}' AS other", project.path("other.db").display());
    let file = |table: &str| {
        let write = format!("INSERT INTO {table} VALUES (2)");
        one_by_one(&[&attach, "CREATE TABLE other.t (entry int)", &write, "INSERT INTO other.t VALUES (3)"])
    };
    project.migration("0002_work.sql", &file("nowhere"), "");
    project.run(["migrate"]).exits(exit::PARTLY).says("statements 1 to 2 of 4");
    project.migration("0002_work.sql", &file("ledger"), "").migrate();
    assert_eq!(project.sql(&format!("{attach};\nSELECT entry FROM other.t")), "3");
}
