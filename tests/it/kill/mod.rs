//! The kill matrix: a run is killed at each boundary between it and the database, and the next run leaves exactly what
//! an undisturbed one would have left.

mod case;
mod in_flight;
mod mysql;
mod postgres;
mod sqlite;
mod unknown;

use case::Case;

/// The promise: the cases kill a run this often at least.
const PROMISED: usize = 500;

/// The cases, each of which kills as often as it says, or fails.
const CASES: &[Case] = &[
    postgres::MIGRATE,
    postgres::ROLLBACK,
    postgres::ROLLBACK_THREE,
    mysql::MIGRATE,
    mysql::ROLLBACK,
    mysql::ROLLBACK_THREE,
    mysql::TOGETHER,
    mysql::TOGETHER_BACK,
    sqlite::MIGRATE,
    sqlite::ROLLBACK,
    sqlite::ROLLBACK_THREE,
    unknown::POSTGRES,
    unknown::MYSQL,
    unknown::SQLITE,
    unknown::SQLITE_ROLLBACK,
];

#[test]
fn all_cases_together_kill_as_often_as_promised() {
    let kills: usize = CASES.iter().map(|case| case.at_least).sum();
    assert!(kills >= PROMISED, "{kills} kills");
}
