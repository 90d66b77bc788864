//! How long dbwarden takes beside the engines' own clients: see `benches/run`.

// What cannot be measured ends the run, and the table goes to standard output.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::disallowed_methods)]

mod bare;
mod far;
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
use harness::mariadb::MariaDb;
use harness::postgres::Postgres;
use measure::{Pair, Usage, in_turn, in_turn_on_new, time, watch};
use subject::Subject;
use table::{Goal, row};

/// Servers write to disk: without it the part of the tool would look larger than it is.
const DURABLE_SERVERS: bool = true;

/// One line of the table, or more, for each engine; an engine left out has none.
type Measurement = (&'static str, fn(&str, Engine));

const MEASUREMENTS: &[Measurement] = &[
    ("status, 1000 applied", status),
    ("nothing pending, 1000 applied", nothing_pending),
    ("apply 1000 and roll back 1000", apply_and_roll_back),
    ("200 migrations, 1 ms away", far_away),
    ("one file, 20,000 INSERTs", many_statements),
    ("10,000 one-row migrations, each", many_migrations),
    ("memory, 1000 files", memory_of_files),
    ("back up 1,000,000 rows", back_up),
    ("memory, 100 MB of INSERTs", memory_of_inserts),
    ("memory, 100 MB of COPY data", memory_of_copy),
];

fn main() {
    if bare::was_asked_for() {
        return;
    }
    // cargo adds --bench.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    println!("{}\n", machine::describe());
    table::head();
    if is_wanted("version") {
        version("version");
    }
    if is_wanted("size of the binary") {
        table::size("size of the binary that is given out", machine::shipped_size(), 12);
    }
    for (name, measurement) in MEASUREMENTS {
        for engine in Engine::ALL.into_iter().filter(|_| is_wanted(name)) {
            measurement(name, engine);
        }
    }
}

/// Beside a program that prints a line and ends.
fn version(name: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let (source, program) = (folder.path().join("hello.rs"), folder.path().join("hello"));
    std::fs::write(&source, "fn main() { println!(\"hello\"); }\n").expect("a source");
    let compiled = Command::new("rustc").args(["-O", "-o"]).arg(&program).arg(&source).status();
    assert!(compiled.is_ok_and(|status| status.success()), "rustc is needed");
    let ours = || time(Command::new(env!("CARGO_BIN_EXE_dbwarden")).arg("version"));
    let pair = in_turn(41, ours, || time(&mut Command::new(&program)));
    row(name, "hello world in Rust", pair, Goal::TimesAnd(1.5, Duration::from_millis(1)));
}

fn status(name: &str, engine: Engine) {
    reads(name, engine, "status");
}

fn nothing_pending(name: &str, engine: Engine) {
    reads(name, engine, "migrate");
}

/// A command that has only to read the history: beside the bare reading of it, and beside one query of the client.
fn reads(name: &str, engine: Engine, command: &str) {
    let subject = Subject::with_tables(engine, 1000);
    migrates(&subject);
    let ours = || time(&mut subject.dbwarden(&[command]));
    let own = format!("{}, connect and read", engine_of(engine));
    row(name, &own, in_turn(21, ours, || time(&mut subject.bare())), Goal::Times(1.15));
    let goal = if engine == Engine::Postgres { Goal::Times(1.0) } else { Goal::None };
    let client = match engine {
        Engine::Postgres => "PostgreSQL, `psql` with one query",
        Engine::MySql => "MariaDB, `mariadb` with one query",
        Engine::Sqlite => "SQLite, `sqlite3` with one query",
    };
    row(name, client, in_turn(21, ours, || time(&mut subject.client_asks())), goal);
}

fn apply_and_roll_back(_: &str, engine: Engine) {
    let [applied, rolled_back] = in_turn_on_new(
        5,
        || Subject::with_tables(engine, 1000),
        [
            (&migrates, &client_migrates),
            (&|subject| time(&mut subject.dbwarden(&["rollback", "--count", "1000"])), &|subject| {
                time(&mut subject.client_rolls_back())
            }),
        ],
    );
    let (apply, roll_back) = match engine {
        Engine::Postgres => (0.75, 0.85),
        Engine::MySql => (1.0, 1.0),
        Engine::Sqlite => (0.2, 0.2),
    };
    row("apply 1000 migrations", client_of(engine), applied, Goal::Times(apply));
    row("roll back 1000", client_of(engine), rolled_back, Goal::Times(roll_back));
    if engine == Engine::Postgres {
        let alone = |subject: &Subject| time(&mut subject.client_sends_one_message_each());
        let [pair] = in_turn_on_new(5, || Subject::with_tables(engine, 1000), [(&alone, &client_migrates)]);
        row(
            "apply 1000 without a history",
            "PostgreSQL, `psql`; instead of dbwarden, it with a message each",
            pair,
            Goal::None,
        );
    }
}

/// Both sides over TCP, each message of theirs a millisecond late.
fn far_away(name: &str, engine: Engine) {
    let (port, goal) = match engine {
        Engine::Postgres => (Postgres::get().port(), Goal::Times(0.3)),
        Engine::MySql => (MariaDb::get().port(), Goal::None),
        Engine::Sqlite => return,
    };
    let port = far::away(port, Duration::from_millis(1));
    let subject = || Subject::with_tables(engine, 200).over(port);
    let [pair] = in_turn_on_new(5, subject, [(&migrates, &client_migrates)]);
    row(name, client_of(engine), pair, goal);
}

fn many_statements(name: &str, engine: Engine) {
    let goal = match engine {
        Engine::Postgres => 0.2,
        Engine::MySql => 0.45,
        Engine::Sqlite => 1.0,
    };
    let [pair] = in_turn_on_new(5, || with_inserts(engine, 20_000, 20), [(&migrates, &client_migrates)]);
    row(name, client_of(engine), pair, Goal::Times(goal));
}

/// Ten times as many take ten times as long, for each of them to take as long as before.
fn many_migrations(name: &str, engine: Engine) {
    let rows = |count: u32| {
        let mut subject = Subject::new(engine);
        subject.add("CREATE TABLE rows_of_all (id bigint PRIMARY KEY);", "DROP TABLE rows_of_all;");
        for number in 1..count {
            let down = format!("DELETE FROM rows_of_all WHERE id = {number};");
            subject.add(&format!("INSERT INTO rows_of_all VALUES ({number});"), &down);
        }
        subject
    };
    let each = |usage: Usage, count: u32| Usage { elapsed: usage.elapsed / count, ..usage };
    let (few, many) = (rows(1000), rows(10_000));
    rustix::fs::sync();
    let pair = Pair {
        theirs: each(watch(&mut few.dbwarden(&["migrate"])), 1000),
        ours: each(watch(&mut many.dbwarden(&["migrate"])), 10_000),
    };
    row(name, &format!("{}, 1000 of them", engine_of(engine)), pair, Goal::Times(1.2));
    row("memory, 10,000 files", &format!("{}, 1000 of them", engine_of(engine)), pair, Goal::Peak(60));
}

fn memory_of_files(name: &str, engine: Engine) {
    memory(name, engine, || Subject::with_tables(engine, 1000), |_| Goal::Peak(12));
}

/// Beside the program that makes the dump, and for SQLite beside `cp` and `sync`. Ours also counts every row and digests every byte.
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
    let alone = |command: &mut Command| {
        subject.remove_backups();
        // What the other has left in the cache would be written meanwhile.
        rustix::fs::sync();
        time(command)
    };
    let ours = || alone(&mut subject.dbwarden(&["backup"]));
    let pair = in_turn(15, ours, || alone(&mut subject.client_backs_up()));
    let (client, goal) = match engine {
        Engine::Postgres => ("PostgreSQL, `pg_dump`", 1.1),
        Engine::MySql => ("MariaDB, `mariadb-dump`", 1.1),
        Engine::Sqlite => ("SQLite, `cp` and `sync`", 1.5),
    };
    row(name, client, pair, Goal::Times(goal));
}

/// Statements of a kilobyte, as dumps of data have them.
fn memory_of_inserts(name: &str, engine: Engine) {
    memory(name, engine, || with_inserts(engine, 100_000, 960), of_file);
}

fn memory_of_copy(name: &str, engine: Engine) {
    if engine != Engine::Postgres {
        return;
    }
    let subject = || {
        let line = format!("7\t{}\n", "x".repeat(96));
        let data = line.repeat(100_000_000 / line.len());
        let up = format!("CREATE TABLE big (id int, text text);\nCOPY big FROM STDIN;\n{data}\\.\n");
        let mut subject = Subject::new(engine);
        subject.add(&up, "DROP TABLE big;");
        subject
    };
    memory(name, engine, subject, of_file);
}

fn of_file(subject: &Subject) -> Goal {
    Goal::Memory { file: subject.bytes(), times: 3.0 }
}

fn memory(name: &str, engine: Engine, subject: impl Fn() -> Subject, goal: fn(&Subject) -> Goal) {
    let (ours, theirs) = (subject(), subject());
    let goal = goal(&ours);
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

fn engine_of(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "PostgreSQL",
        Engine::MySql => "MariaDB",
        Engine::Sqlite => "SQLite",
    }
}

fn client_of(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "PostgreSQL, `psql`",
        Engine::MySql => "MariaDB, `mariadb` with a history row each",
        Engine::Sqlite => "SQLite, `sqlite3`",
    }
}
