//! Rows changed outside any transaction: nobody but a person can tell whether an interrupted change took effect, so
//! the next run asks, and what it is told is enough to go on.

use super::case::{Case, File};
use crate::harness::Engine;

const OFF: &[File] = &[
    ("0001_table.sql", "CREATE TABLE t (id int);", "DROP TABLE t;"),
    (
        "0002_rows.sql",
        "-- dbwarden: transaction = off
         INSERT INTO ledger VALUES ('upgrade 0002.1');
         CREATE TABLE u (id int);
         INSERT INTO ledger VALUES ('upgrade 0002.3');
         INSERT INTO ledger VALUES ('upgrade 0002.4');",
        "-- dbwarden: transaction = off
         DROP TABLE u;
         INSERT INTO ledger VALUES ('rollback 0002.2');
         INSERT INTO ledger VALUES ('rollback 0002.3');",
    ),
    ("0003_next.sql", "INSERT INTO ledger VALUES ('next');", "INSERT INTO ledger VALUES ('undone');"),
];

const CALLS: &[File] = &[
    (
        "0001_procedure.sql",
        "CREATE PROCEDURE note(IN e varchar(50)) INSERT INTO ledger VALUES (e);",
        "DROP PROCEDURE note;",
    ),
    (
        "0002_calls.sql",
        "CREATE TABLE u (id int);
         CALL note('upgrade 0002.2');
         SET @entry = 'upgrade 0002.4';
         CALL note(@entry);
         -- @dbwarden:autocommit
         INSERT INTO ledger VALUES ('upgrade 0002.5');",
        "DROP TABLE u;",
    ),
    ("0003_next.sql", "INSERT INTO ledger VALUES ('next');", "INSERT INTO ledger VALUES ('undone');"),
];

pub const POSTGRES: Case = Case {
    engine: Engine::Postgres,
    files: OFF,
    before: &[],
    command: &["migrate"],
    once_more: &["migrate"],
    at_least: 35,
    asks: true,
};

pub const MYSQL: Case = Case { engine: Engine::MySql, files: CALLS, ..POSTGRES };

pub const SQLITE: Case = Case { engine: Engine::Sqlite, ..POSTGRES };

pub const SQLITE_ROLLBACK: Case = Case {
    before: &[&["migrate"]],
    command: &["rollback", "--to-version", "0"],
    once_more: &["rollback", "--to-version", "0"],
    ..SQLITE
};

#[test]
fn postgres() {
    POSTGRES.survives();
}

#[test]
fn mysql() {
    MYSQL.survives();
}

#[test]
fn sqlite() {
    SQLITE.survives();
}

#[test]
fn sqlite_rollback() {
    SQLITE_ROLLBACK.survives();
}
