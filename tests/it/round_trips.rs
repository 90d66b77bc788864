//! What a run says to the server: counted, not timed, so that a round trip too many fails here on any machine.

use crate::harness::proxy::Proxy;
use crate::harness::{Engine, Project, exit};
use crate::network::through;

/// Messages of a run that ask for statements to be run; those of logins are none.
#[derive(Debug, PartialEq, Eq)]
struct Messages {
    /// For each migration.
    each: usize,
    /// However many migrations there are.
    fixed: usize,
}

/// The numbers of migrations of the two runs that are compared.
const FEW: usize = 5;
const MANY: usize = 15;

/// A run of `command` for either number of migrations; `before` makes them.
fn count(project: &Project, command: fn(usize) -> Vec<String>, before: &mut dyn FnMut(usize)) -> Messages {
    let mut sent = |count: usize| {
        before(count);
        let proxy = Proxy::new(project.engine(), project.port());
        let command = command(count);
        through(&proxy, project, &command.iter().map(String::as_str).collect::<Vec<_>>()).exits(exit::DONE);
        proxy.queries()
    };
    let (few, many) = (sent(FEW), sent(MANY));
    let each = (many.len() - few.len()) / (MANY - FEW);
    assert_eq!(many.len() - few.len(), each * (MANY - FEW), "as many for each migration: {few:#?}");
    Messages { each, fixed: few.len() - FEW * each }
}

/// Adds migrations of a table and an index to those there are.
fn tables(project: &Project, last: &mut usize, count: usize) {
    for _ in 0..count {
        *last += 1;
        let up = format!("CREATE TABLE t{last} (id int PRIMARY KEY, n int);\nCREATE INDEX t{last}_n ON t{last} (n);");
        project.migration(&format!("{last:04}_table.sql"), &up, &format!("DROP TABLE t{last};"));
    }
}

/// The same; each also writes a row, and so shares its message with none.
fn filled_tables(project: &Project, last: &mut usize, count: usize) {
    for _ in 0..count {
        *last += 1;
        let up = format!("CREATE TABLE t{last} (id int PRIMARY KEY);\nINSERT INTO t{last} VALUES (1);");
        let down = format!("DELETE FROM t{last};\nDROP TABLE t{last};");
        project.migration(&format!("{last:04}_filled.sql"), &up, &down);
    }
}

/// The same; each also goes through its table's rows, and so shares its message with none.
fn widened_tables(project: &Project, last: &mut usize, count: usize) {
    for _ in 0..count {
        *last += 1;
        let up = format!("CREATE TABLE t{last} (id int PRIMARY KEY);\nALTER TABLE t{last} ADD COLUMN n int;");
        let down = format!("ALTER TABLE t{last} DROP COLUMN n;\nDROP TABLE t{last};");
        project.migration(&format!("{last:04}_widened.sql"), &up, &down);
    }
}

/// Adds migrations.
type Add = fn(&Project, &mut usize, usize);

fn of_migrate(engine: Engine, add: Add) -> Messages {
    let project = Project::new(engine);
    let mut last = 0;
    // The bookkeeping tables are made once in the life of a database.
    add(&project, &mut last, 1);
    project.migrate();
    count(&project, |_| vec!["migrate".to_owned()], &mut |more| add(&project, &mut last, more))
}

fn of_rollback(engine: Engine, add: Add) -> Messages {
    let project = Project::new(engine);
    add(&project, &mut 0, FEW + MANY);
    project.migrate();
    let command = |count: usize| ["rollback", "--count", &count.to_string()].map(str::to_owned).to_vec();
    count(&project, command, &mut |_| {})
}

#[test]
fn postgres_sends_a_transactional_migration_as_one_message() {
    // The session's settings, with history and journal; the lock, with the same again under it; a second connection's
    // look at the lock; the session as the client would have it, and whether it may write; history and journal for the
    // report; the lock given back, with a farewell for the sake of poolers.
    assert_eq!(of_migrate(Engine::Postgres, filled_tables), Messages { each: 1, fixed: 6 });
    // Besides, what this one is about to undo. Whether another is unfinished is read with history and journal.
    assert_eq!(of_rollback(Engine::Postgres, filled_tables), Messages { each: 1, fixed: 7 });
}

#[test]
fn postgres_sends_brief_migrations_together() {
    // Either number of them is one message.
    assert_eq!(of_migrate(Engine::Postgres, tables), Messages { each: 0, fixed: 6 + 1 });
    assert_eq!(of_rollback(Engine::Postgres, tables), Messages { each: 0, fixed: 7 + 1 });
}

#[test]
fn mysql_sends_each_ddl_statement_and_the_bookkeeping() {
    // CREATE TABLE, ALTER TABLE and the mark between them; the history's row together with what is about to start next.
    // Of the first migration that is a message of its own, and so is the first look at the history; no farewell is needed.
    assert_eq!(of_migrate(Engine::MySql, widened_tables), Messages { each: 4, fixed: 8 });
    assert_eq!(of_rollback(Engine::MySql, widened_tables), Messages { each: 4, fixed: 9 });
}

#[test]
fn mysql_sends_brief_migrations_together() {
    // The first, which announces the others, has three messages or two; either number of the others is one.
    assert_eq!(of_migrate(Engine::MySql, tables), Messages { each: 0, fixed: 8 + 3 + 1 });
    assert_eq!(of_rollback(Engine::MySql, tables), Messages { each: 0, fixed: 9 + 2 + 1 });
}

#[test]
fn mysql_announces_several_migrations_in_one_write() {
    let project = Project::new(Engine::MySql);
    tables(&project, &mut 0, MANY);
    let announces = |command: &[&str]| {
        let proxy = Proxy::new(project.engine(), project.port());
        through(&proxy, &project, command).exits(exit::DONE);
        let queries = proxy.queries();
        // Whether it may write is tried with a row of NULLs.
        let writes = queries.iter().flat_map(|text| text.split(";\n")).filter(|text| text.contains("REPLACE INTO"));
        let looks = queries.iter().filter(|text| text.contains("information_schema.TABLES")).count();
        (writes.filter(|text| !text.contains("SELECT NULL")).count(), looks)
    };
    // The first by itself, which is about to start, and the others with its end; on a slow machine some of them again.
    for command in [&["migrate"][..], &["rollback", "--count", &MANY.to_string()]] {
        let (writes, looks) = announces(command);
        assert!(writes >= 2 && writes * 3 <= MANY && looks == writes, "{writes} writes, {looks} looks: {command:?}");
    }
}

#[test]
fn nothing_pending_is_found_out_with_one_question() {
    // On PostgreSQL it comes with the session's settings, and a farewell follows; elsewhere it comes behind them.
    for engine in [Engine::Postgres, Engine::MySql] {
        let project = Project::new(engine);
        tables(&project, &mut 0, 3);
        project.migrate();
        for command in ["status", "migrate"] {
            let proxy = Proxy::new(engine, project.port());
            through(&proxy, &project, &[command]).exits(exit::DONE);
            assert_eq!(proxy.queries().len(), 2, "{command}: {:#?}", proxy.queries());
        }
    }
}

#[test]
fn sqlite_reads_and_writes_little_for_a_migration() {
    let project = Project::new(Engine::Sqlite);
    let mut last = 0;
    tables(&project, &mut last, 1);
    project.migrate();
    let mut calls = |count: usize| {
        tables(&project, &mut last, count);
        let run = project.command(["migrate"]).fail_point("STOP 1 lock to be released").spawn();
        run.wait_until_stopped();
        let calls = run.reads_and_writes();
        run.signal(rustix::process::Signal::CONT);
        let _ = run.finish().exits(exit::DONE);
        calls
    };
    let (few, many) = (calls(FEW), calls(MANY));
    let each = (many - few) / (MANY - FEW);
    assert!(each <= 10, "{few} and {many}");
}
