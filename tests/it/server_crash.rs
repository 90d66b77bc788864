//! The server crashes in the middle of a run, and is started again.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::proxy::{Moment, Place, Proxy};
use crate::harness::{Finished, Home, Project, Restartable, exit, wait_until};
use crate::network::{configure, migrations, state, through};

fn project(home: Home) -> Project {
    let project = Project::on(home);
    migrations(&project);
    project
}

fn crash(home: Home) {
    match home {
        Home::Postgres(server) => server.crash(),
        Home::MySql(server) => server.crash(),
        Home::Sqlite => {}
    }
}

fn start_again(home: Home) {
    match home {
        Home::Postgres(server) => server.start_again(),
        Home::MySql(server) => server.start_again(),
        Home::Sqlite => {}
    }
}

/// Crashes the server at `count` messages spread over a run. The run ends by itself, and the next one leaves what an
/// undisturbed one leaves.
fn crashes_all_through_a_run(home: Home, count: usize) {
    let undisturbed = project(home);
    let engine = undisturbed.engine();
    let proxy = Proxy::new(engine, undisturbed.port());
    through(&proxy, &undisturbed, &["migrate"]).exits(exit::DONE);
    let (expected, messages) = (state(&undisturbed), proxy.messages());

    let moments = [Moment::Before, Moment::During, Moment::After];
    let settled = AtomicUsize::new(0);
    for index in 0..count {
        // What comes first is the login, which the tests of the network cover.
        let (n, moment) = (6 + index * (messages - 6) / count, moments[index % 3]);
        let place = format!("{moment:?} message {n} of {messages}");
        let project = project(home);
        let proxy = Proxy::new(engine, project.port()).act(Place::Nth(n), moment, move || {
            crash(home);
            start_again(home);
        });
        let first = through(&proxy, &project, &["migrate"]);
        assert!(proxy.struck(), "{place}: {first:?}");
        assert!(matches!(first.code, Some(exit::DONE | exit::UNREACHABLE)), "{place}: {first:?}");
        // Where it struck at the goodbye of a second connection, the run is over before the server is there again.
        let second = project.run(["migrate", "--wait-for-db", "60s"]);
        assert_eq!(second.code, Some(exit::DONE), "{place}\n{first:?}\n{second:?}");
        assert_eq!(state(&project), expected, "{place}\n{first:?}\n{second:?}");
        settled.fetch_add(usize::from(first.output().contains("connecting again")), Ordering::Relaxed);
    }
    assert!(settled.into_inner() > 1, "some were in a step");
}

/// Starts a run, crashes the server when `begun` gives a row other than 0, and starts it again.
fn crashed_when(project: &Project, home: Home, begun: &str) -> Finished {
    let run = project.spawn(["migrate", "--lock-timeout", "60s"]);
    wait_until("the statement runs", || project.sql(begun) != "0");
    crash(home);
    start_again(home);
    run.finish()
}

/// Crashes the server at many places of runs of 200 small migrations, of which only some commits wait for the disk:
/// whenever it is there again, the schema is what the history says, and what a run has told is in it.
#[test]
fn postgres_loses_schema_and_history_together_and_nothing_that_was_told() {
    const MIGRATIONS: usize = 200;
    let server = Postgres::restartable();
    let home = Home::Postgres(server);
    let mut project = Project::on(home);
    project.tables(MIGRATIONS);
    let mut amid = 0;
    for round in 0..50 {
        let run = project.spawn(["migrate"]);
        // Anywhere in a message: it is not known when the server has how much of it.
        let told = 1 + (round * 7) % 48;
        run.wait_for_stderr(|text| text.matches("  applied ").count() >= told || text.contains("applied 0200"));
        crash(home);
        start_again(home);
        let finished = run.finish();
        assert!(matches!(finished.code, Some(exit::DONE | exit::UNREACHABLE)), "round {round}: {finished:?}");
        let (tables, versions) = ("tablename ~ '^t[0-9]+$'", "_dbwarden_migrations");
        let made = project.sql(&format!(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND {tables};\n\
             SELECT count(*) FROM {versions};\nSELECT coalesce(max(sequence), 0) FROM {versions}"
        ));
        let made: Vec<usize> = made.lines().map(|count| count.parse().expect("a number")).collect();
        assert!(made.iter().all(|count| *count == made[0]), "round {round}: {made:?}\n{finished:?}");
        let mut told = finished.stderr.lines().filter_map(|line| line.strip_prefix("  applied ")?.split(' ').next());
        let last = told.next_back();
        let last: usize = last.map_or(0, |version| version.parse().expect("a number"));
        assert!(last <= made[0], "round {round}: told {last}, there are {}\n{finished:?}", made[0]);
        amid += usize::from(made[0] < MIGRATIONS);
        if made[0] == MIGRATIONS {
            project = Project::on(home);
            project.tables(MIGRATIONS);
        }
    }
    assert!(amid > 25, "{amid} crashes were amid the migrations");
}

#[test]
fn postgres_crashes_all_through_a_run() {
    crashes_all_through_a_run(Home::Postgres(Postgres::restartable()), 20);
}

#[test]
fn mysql_crashes_all_through_a_run() {
    crashes_all_through_a_run(Home::MySql(MariaDb::restartable()), 12);
}

#[test]
fn postgres_crashes_while_a_statement_runs() {
    let home = Home::Postgres(Postgres::restartable());
    let running = |text: &str| {
        format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
             AND pid <> pg_backend_pid() AND query LIKE '%{text}%'"
        )
    };
    let project = project(home);
    project.migrate();

    // In a transaction: undone, and the run says so.
    let slow = format!("INSERT INTO ledger VALUES (5);\n{};", project.snippets().slow);
    project.migration("0005_slow.sql", &slow, "");
    let run = crashed_when(&project, home, &running("pg_sleep")).exits(exit::UNREACHABLE);
    run.says("nothing of 0005 slow was applied").says("run the same command again");
    assert_eq!(project.sql("SELECT count(*) FROM ledger WHERE entry = 5"), "0");
    project.migrate();
    assert_eq!(project.sql("SELECT count(*) FROM ledger WHERE entry = 5"), "1");

    // Outside any: the first part stands, the half-made index is made again.
    let index = "INSERT INTO ledger VALUES (6);\nCREATE FUNCTION slow(int) RETURNS int LANGUAGE sql IMMUTABLE AS \
                 'SELECT CASE WHEN pg_sleep(0.3) IS NULL THEN $1 ELSE $1 END';\n\
                 CREATE INDEX CONCURRENTLY ledger_slow ON ledger (slow(entry));\nINSERT INTO ledger VALUES (60);";
    project.migration("0006_index.sql", index, "");
    let run = crashed_when(&project, home, &running("CONCURRENTLY ledger_slow")).exits(exit::UNREACHABLE);
    run.says("statements 1 to 2 of 4 of 0006 index stand").says("it goes on there");
    project.migrate();
    assert_eq!(project.sql("SELECT count(*) FROM ledger WHERE entry IN (6, 60)"), "2");
    assert_eq!(project.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ledger_slow'::regclass"), "t");
}

#[test]
fn mysql_crashes_while_a_statement_runs() {
    let home = Home::MySql(MariaDb::restartable());
    let project = project(home);
    project.migrate();
    let state_is = |state: &str| {
        format!(
            "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = database() AND STATE LIKE '{state}%' AND ID <> CONNECTION_ID()"
        )
    };

    // A transaction.
    let slow = format!(
        "INSERT INTO ledger VALUES (5);\nINSERT INTO ledger SELECT 50 FROM ({}) slow;",
        project.snippets().slow
    );
    project.migration("0005_slow.sql", &slow, "");
    let run = crashed_when(&project, home, &state_is(if MariaDb::is_mysql() { "executing" } else { "Sending data" }))
        .exits(exit::UNREACHABLE);
    run.says("nothing of 0005 slow was applied");
    project.migrate();
    assert_eq!(project.sql("SELECT count(*) FROM ledger WHERE entry IN (5, 50)"), "2");

    // DDL that copies the table: not done, as the catalog shows. Then DDL that waits.
    let rows = format!("SELECT seq AS id, repeat('x', 200) AS text FROM {}", MariaDb::numbers(400_000));
    project.sql(&format!("CREATE TABLE big (id int PRIMARY KEY, text varchar(200)) {rows}"));
    let copy = "CREATE TABLE t6 (id int);\nALTER TABLE big ADD COLUMN c int, ALGORITHM = COPY;\nINSERT INTO ledger VALUES (6);";
    project.migration("0006_copy.sql", copy, "");
    let run = crashed_when(&project, home, &state_is("copy to tmp table")).exits(exit::UNREACHABLE);
    run.says("statements 1 to 1 of 3 of 0006 copy stand").says("it goes on there");
    assert!(!project.sql_works("SELECT c FROM big"), "nothing of it is left");
    project.migrate().says("had not taken effect and is run again, as the catalog shows");
    assert_eq!(project.sql("SELECT count(c) FROM big"), "0");
    assert_eq!(project.sql("SELECT count(*) FROM ledger WHERE entry = 6"), "1");
}

#[test]
fn a_server_that_is_down_for_a_while_leaves_it_to_the_next_run() {
    for home in [Home::Postgres(Postgres::restartable()), Home::MySql(MariaDb::restartable())] {
        let project = project(home);
        let proxy = Proxy::new(project.engine(), project.port()).act(
            Place::With("VALUES (20)", 1),
            Moment::During,
            move || crash(home),
        );
        configure(&project, proxy.port(), "lock_wait = \"1s\"");
        let run = project.run(["migrate"]).exits(exit::UNREACHABLE);
        run.says("whether 0002 rows was finished is not known until the next run").says("could not be looked up");
        start_again(home);
        configure(&project, project.port(), "");
        project.migrate();
        assert_eq!(project.versions(), ["0001", "0002", "0003", "0004"]);
    }
}
