//! How long dbwarden takes beside the engines' own clients: see `benches/run`.

// What cannot be measured ends the run, and the table goes to standard output.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::disallowed_methods)]

#[path = "../../tests/it/harness/mod.rs"]
#[allow(dead_code, unused_imports, unused_macros, reason = "the tests use all of it")]
mod harness;
mod machine;
mod measure;
mod subject;
mod table;

use std::fmt::Write;
use std::process::Command;
use std::time::Duration;

use harness::Engine;
use measure::{Pair, Usage, in_turn, in_turn_on_new, time, watch};
use subject::Subject;
use table::{Goal, row};

/// Servers write to disk: without it the part of the tool would look larger than it is.
const DURABLE_SERVERS: bool = true;

/// One line of the table for each engine; an engine left out has none.
type Measurement = (&'static str, fn(&str, Engine));

const MEASUREMENTS: &[Measurement] = &[
    ("nothing pending, 1000 applied", nothing_pending),
    ("apply 1000 migrations", apply),
    ("roll back 100", roll_back),
    ("one file, 20,000 INSERTs", many_statements),
    ("apply 10,000 one-row migrations", many_migrations),
    ("back up 1,000,000 rows", back_up),
    ("memory, 100 MB of INSERTs", memory_of_inserts),
    ("memory, 100 MB of COPY data", memory_of_copy),
];

fn main() {
    // cargo adds --bench.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    println!("{}\n", machine::describe());
    table::head();
    if is_wanted("version") {
        version("version");
    }
    for (name, measurement) in MEASUREMENTS {
        for engine in Engine::ALL.into_iter().filter(|_| is_wanted(name)) {
            measurement(name, engine);
        }
    }
}

fn version(name: &str) {
    let ours = || time(Command::new(env!("CARGO_BIN_EXE_dbwarden")).arg("version"));
    let pair = in_turn(41, ours, || time(&mut Command::new("/bin/true")));
    row(name, "`/bin/true`", pair, Goal::Above(Duration::from_millis(10)));
}

/// Beside a bare connect and one query.
fn nothing_pending(name: &str, engine: Engine) {
    let subject = Subject::with_tables(engine, 1000);
    migrates(&subject);
    let pair = in_turn(21, || migrates(&subject), || time(&mut subject.client_asks()));
    row(name, client_of(engine), pair, Goal::Above(Duration::from_millis(30)));
}

fn apply(name: &str, engine: Engine) {
    let pair = in_turn_on_new(5, || Subject::with_tables(engine, 1000), migrates, client_migrates);
    row(name, client_of(engine), pair, Goal::Times(1.2));
}

fn roll_back(name: &str, engine: Engine) {
    let migrated = || {
        let subject = Subject::with_tables(engine, 100);
        migrates(&subject);
        subject
    };
    let ours = |subject: &Subject| time(&mut subject.dbwarden(&["rollback", "--count", "100"]));
    let pair = in_turn_on_new(5, migrated, ours, |subject| time(&mut subject.client_rolls_back()));
    row(name, client_of(engine), pair, Goal::None);
}

fn many_statements(name: &str, engine: Engine) {
    let pair = in_turn_on_new(5, || with_inserts(engine, 20_000, 20), migrates, client_migrates);
    row(name, client_of(engine), pair, Goal::None);
}

/// Once each: it takes long, and shows whether the time grows with the number.
fn many_migrations(name: &str, engine: Engine) {
    let subject = || {
        let mut subject = Subject::new(engine);
        subject.add("CREATE TABLE rows_of_all (id bigint PRIMARY KEY);", "DROP TABLE rows_of_all;");
        for number in 1..10_000 {
            let down = format!("DELETE FROM rows_of_all WHERE id = {number};");
            subject.add(&format!("INSERT INTO rows_of_all VALUES ({number});"), &down);
        }
        subject
    };
    row(name, client_of(engine), in_turn_on_new(1, subject, migrates, client_migrates), Goal::None);
}

/// Beside the program that makes the dump, and for SQLite beside `cp`. Ours also counts every row and digests every byte.
fn back_up(name: &str, engine: Engine) {
    let rows = match engine {
        Engine::Postgres => "SELECT i, repeat('x', 80) FROM generate_series(1, 1000000) i",
        Engine::MySql => "SELECT seq, repeat('x', 80) FROM seq_1_to_1000000",
        Engine::Sqlite => {
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) \
             SELECT i, hex(zeroblob(40)) FROM n"
        }
    };
    let mut subject = Subject::new(engine);
    subject.add("CREATE TABLE million (id bigint PRIMARY KEY, name varchar(100));", "DROP TABLE million;");
    subject.add(&format!("INSERT INTO million {rows};"), "DELETE FROM million;");
    migrates(&subject);
    let ours = || time(&mut subject.dbwarden(&["backup"]));
    let pair = in_turn(15, ours, || time(&mut subject.client_backs_up()));
    let (client, goal) = match engine {
        Engine::Postgres => ("PostgreSQL, `pg_dump`", 1.1),
        Engine::MySql => ("MariaDB, `mariadb-dump`", 1.1),
        Engine::Sqlite => ("SQLite, `cp`", 1.5),
    };
    row(name, client, pair, Goal::Times(goal));
}

/// Statements of a kilobyte, as dumps of data have them.
fn memory_of_inserts(name: &str, engine: Engine) {
    memory(name, engine, || with_inserts(engine, 100_000, 960));
}

fn memory_of_copy(name: &str, engine: Engine) {
    if engine != Engine::Postgres {
        return;
    }
    memory(name, engine, || {
        let line = format!("7\t{}\n", "x".repeat(96));
        let data = line.repeat(100_000_000 / line.len());
        let up = format!("CREATE TABLE big (id int, text text);\nCOPY big FROM STDIN;\n{data}\\.\n");
        let mut subject = Subject::new(engine);
        subject.add(&up, "DROP TABLE big;");
        subject
    });
}

fn memory(name: &str, engine: Engine, subject: impl Fn() -> Subject) {
    let (ours, theirs) = (subject(), subject());
    let goal = Goal::Memory { file: ours.bytes(), times: 3.0 };
    let (ours, theirs) = (watch(&mut ours.dbwarden(&["migrate"])), watch(&mut theirs.client_migrates()));
    row(name, client_of(engine), Pair { ours, theirs }, goal);
}

fn migrates(subject: &Subject) -> Usage {
    time(&mut subject.dbwarden(&["migrate"]))
}

fn client_migrates(subject: &Subject) -> Usage {
    time(&mut subject.client_migrates())
}

/// One file: a table, and so many INSERTs of a text so wide.
fn with_inserts(engine: Engine, statements: usize, width: usize) -> Subject {
    let text = "x".repeat(width);
    let mut up = String::new();
    for number in 1..=statements {
        let _ = writeln!(up, "INSERT INTO filled (id, name) VALUES ({number}, '{text}');");
    }
    let mut subject = Subject::new(engine);
    subject.add("CREATE TABLE filled (id bigint PRIMARY KEY, name varchar(1000));", "DROP TABLE filled;");
    subject.add(&up, "DELETE FROM filled;");
    subject
}

fn client_of(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "PostgreSQL, `psql`",
        Engine::MySql => "MariaDB, `mariadb`",
        Engine::Sqlite => "SQLite, `sqlite3`",
    }
}
