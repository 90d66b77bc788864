//! SQLite: the power fails. Of what was written and not yet flushed, any part may be on the disk; whichever it is, the
//! history tells of the migrations whose effects are there, and the next run does the others.

use std::collections::BTreeSet;

use crate::harness::{Engine, Project, exit};

/// Migrations that share commits, but for the third and the seventh, which do `alone` as well. Each makes a table and
/// leaves a mark.
fn project(mode: &str, alone: &str) -> Project {
    let project = Project::new(Engine::Sqlite);
    project.sql(&format!("PRAGMA journal_mode = {mode}"));
    let first = "CREATE TABLE marks (n integer);\nCREATE TABLE big (a);\nINSERT INTO marks VALUES (1);";
    project.migration("0001_step.sql", first, "SELECT 1;");
    for number in 2..=9 {
        let alone = if number % 4 == 3 { alone } else { "" };
        project.migration(
            &format!("{number:04}_step.sql"),
            &format!("CREATE TABLE t{number} (a);\nINSERT INTO marks VALUES ({number});\n{alone}"),
            "SELECT 1;",
        );
    }
    project
}

fn file(project: &Project, name: &str) -> Vec<u8> {
    std::fs::read(project.path(name)).expect("a file of the database")
}

/// The files as they are found when the power is back: what only lived in memory is gone.
fn found(project: &Project, database: &[u8], companion: &str, log: &[u8]) {
    let _ = std::fs::remove_file(project.path("app.db-shm"));
    project.file("app.db", database);
    project.file(companion, log);
}

/// How many migrations were applied: by the history, which tells the same as the tables and as the marks.
fn applied(project: &Project, place: &str) -> usize {
    assert_eq!(project.sql("PRAGMA integrity_check"), "ok", "{place}");
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'marks' OR name GLOB 't[0-9]'";
    let tables: usize = project.sql(tables).parse().expect("a number");
    let history = if project.has_table("_dbwarden_migrations") { project.versions().len() } else { 0 };
    let marks = if tables > 0 { project.sql("SELECT count(*) FROM marks").parse().expect("a number") } else { 0 };
    assert_eq!((history, marks), (tables, tables), "{place}");
    history
}

#[test]
fn any_part_of_the_write_ahead_log_is_there() {
    let project = project("wal", "UPDATE marks SET n = n;");
    project.toml_extra("[database.primary.session]\nwal_autocheckpoint = \"0\"\n");
    let run = project.command(["migrate"]).fail_point("STOP 1 plan carried out").spawn();
    run.wait_until_stopped();
    let (database, log) = (file(&project, "app.db"), file(&project, "app.db-wal"));
    run.kill9();

    // https://www.sqlite.org/walformat.html: a header, and frames of one page each.
    let frame = 24 + u32::from_be_bytes(log[8..12].try_into().expect("four bytes")) as usize;
    let frames = (log.len() - 32) / frame;
    let mut states = BTreeSet::new();
    for cut in (0..=frames).flat_map(|count| [32 + count * frame, 32 + count * frame + frame / 2]) {
        let place = format!("{cut} bytes of the log");
        found(&project, &database, "app.db-wal", &log[..cut.min(log.len())]);
        let count = applied(&project, &place);
        assert!(states.last().is_none_or(|last| *last <= count), "{count} behind {states:?}, {place}");
        if states.insert(count) {
            project.migrate();
            assert_eq!(applied(&project, &place), 9, "{place}");
        }
    }
    assert!(states.is_superset(&[0, 2, 3, 6, 7, 9].into()), "each commit is one: {states:?}");
}

#[test]
fn any_part_of_an_open_transaction_is_there() {
    // More than SQLite's cache holds: it writes into the database file before the commit.
    let project =
        project("delete", "INSERT INTO big VALUES (randomblob(5000000));\nUPDATE big SET a = randomblob(5000000);");
    project.run(["migrate", "--to-version", "0006"]).exits(exit::DONE);
    let before = file(&project, "app.db");
    // Before the step is recorded, and after the look whether the history can be written to.
    let run = project.command(["migrate"]).fail_point("STOP 2 message INSERT INTO").spawn();
    run.wait_until_stopped();
    let (amid, journal) = (file(&project, "app.db"), file(&project, "app.db-journal"));
    run.kill9();

    // https://www.sqlite.org/fileformat2.html#the_rollback_journal: its header counts pages once they were flushed.
    assert_ne!(journal[8..12], [0; 4], "the journal was not flushed: nothing was written into the database file");
    let page = usize::from(u16::from_be_bytes(before[16..18].try_into().expect("two bytes")));
    let changed = before.chunks(page).zip(amid.chunks(page)).filter(|(old, new)| old != new).count();
    assert!(changed > 500, "{changed} pages");
    for part in 0..=8 {
        // From none of what was written to all of it, and differently mixed each time.
        let is_there = |number: usize| (number * 5 + part * 3) % 8 < part;
        let mut mixed = amid.clone();
        for (number, new) in mixed.chunks_mut(page).enumerate().filter(|(number, _)| !is_there(*number)) {
            match before.chunks(page).nth(number) {
                Some(old) => new.copy_from_slice(old),
                None => new.fill(0),
            }
        }
        let place = format!("{part} of 8 parts");
        found(&project, &mixed, "app.db-journal", &journal);
        assert_eq!(applied(&project, &place), 6, "{place}");
        assert_eq!(file(&project, "app.db"), before, "{place}");
    }
    project.migrate();
    assert_eq!(applied(&project, "in the end"), 9);
}
