//! How long the rules of `check` take, beside squawk on the same PostgreSQL files in the same run:
//! `cargo bench --bench lint [-- FOLDER]`. Without a folder of migrations the files are made up.
//!
//! Both start from the text of the files. Squawk looks for syntax errors and runs its default rules over each file as
//! a whole, as its own program does; ours splits it into sections and statements, looks at each with squawk's grammar, and runs every rule.

// What cannot be measured ends the run, and the table goes to standard output.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::disallowed_methods)]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dbwarden::dialect::Engine;
use dbwarden::lint::{self, Options};
use dbwarden::model::Migration;
use dbwarden::parse;
use squawk_linter::Linter;
use squawk_syntax::SourceFile;

const RUNS: usize = 21;
const FILES: usize = 1000;

fn main() {
    // cargo adds --bench.
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    println!("| measurement | files | dbwarden | squawk | | goal |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let files = match &folder {
        Some(folder) => read(Path::new(folder)),
        None => made_up(Engine::Postgres, FILES),
    };
    let (mut ours, mut theirs): (Vec<Duration>, Vec<Duration>) =
        (0..RUNS).map(|_| (time(|| check(Engine::Postgres, &files)), time(|| squawk(&files)))).unzip();
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    let which = if folder.is_some() { "rules, files of the folder" } else { "rules, made up files" };
    println!("| {which} | {} | {} | {} | {ratio:.2} × | ≤ 1.2 × |", files.len(), shown(ours), shown(theirs));
    for engine in Engine::ALL {
        let files = made_up(engine, FILES);
        let mut times: Vec<Duration> = (0..RUNS).map(|_| time(|| check(engine, &files))).collect();
        println!("| rules, {engine} | {FILES} | {} | | | < 1 s |", shown(median(&mut times)));
    }
}

fn check(engine: Engine, files: &[(PathBuf, String)]) {
    let parsed = files.iter().map(|(path, text)| parse::migration(engine, path, text.clone().into_bytes()));
    let migrations: Vec<Migration> = parsed.map(|parsed| parsed.expect("a migration")).collect();
    let migrations: Vec<&Migration> = migrations.iter().collect();
    black_box(lint::examine(engine, &migrations, &Options::default()));
}

fn squawk(files: &[(PathBuf, String)]) {
    for (_, text) in files {
        let parse = SourceFile::parse(text);
        black_box((parse.errors(), Linter::with_default_rules().lint(&parse, text)));
    }
}

fn read(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "sql")).collect();
    paths.sort();
    let with_text = |path: PathBuf| (path.clone(), std::fs::read_to_string(path).expect("a text"));
    paths.into_iter().map(with_text).collect()
}

/// Files as histories have them: a new table with an index, and changes of tables that are there.
fn made_up(engine: Engine, files: usize) -> Vec<(PathBuf, String)> {
    let key = match engine {
        Engine::Postgres => "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        Engine::MySql => "bigint AUTO_INCREMENT PRIMARY KEY",
        Engine::Sqlite => "INTEGER PRIMARY KEY",
    };
    let create = |number: usize| {
        format!(
            "-- upgrade\nCREATE TABLE orders_{number} (\n    id {key},\n    user_id bigint NOT NULL,\n    state \
             varchar(20) NOT NULL DEFAULT 'open',\n    total numeric(10, 2) NOT NULL CHECK (total >= 0),\n    created_at \
             timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,\n    FOREIGN KEY (user_id) REFERENCES users (id)\n);\nCREATE \
             INDEX orders_{number}_user ON orders_{number} (user_id);\n-- rollback\nDROP TABLE orders_{number};\n"
        )
    };
    let alter = |number: usize| {
        format!(
            "-- upgrade\nALTER TABLE users ADD COLUMN field_{number} varchar(40);\nUPDATE users SET field_{number} = \
             'none' WHERE id < {number};\nINSERT INTO settings (name, value) VALUES ('field_{number}', 'on');\n-- \
             rollback\nDELETE FROM settings WHERE name = 'field_{number}';\nALTER TABLE users DROP COLUMN \
             field_{number};\n"
        )
    };
    let file = |number: usize| {
        let text = if number.is_multiple_of(3) { create(number) } else { alter(number) };
        (PathBuf::from(format!("{number:04}_change.sql")), text)
    };
    (1..=files).map(file).collect()
}

fn time(run: impl FnOnce()) -> Duration {
    let started = Instant::now();
    run();
    started.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn shown(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
