//! Twenty at a time, as when a deployment starts all its replicas: one works, the others find it done, and no one of
//! them has anything to complain about.

use crate::harness::{Engine, Finished, Project, Running, exit};
use crate::ledger::World;

on_each_engine![
    migrate_on_an_empty_database,
    rollback_to_a_version,
    rollback_of_one_each,
    migrate_against_rollback,
    readers_among_writers,
    the_one_that_works_is_killed,
];

/// How many run at once.
const RUNS: usize = 20;

/// A world with three migrations: one transaction, statements that commit by themselves where the engine has such, and rows alone.
fn world(project: &Project) -> World<'_> {
    project.migration(
        "0001_users.sql",
        "CREATE TABLE users (id int);\nINSERT INTO users VALUES (1);\nINSERT INTO ledger VALUES ('1');",
        "INSERT INTO ledger VALUES ('1 undone');\nDROP TABLE users;",
    );
    project.migration(
        "0002_off.sql",
        "-- dbwarden: transaction = off\nCREATE TABLE a (id int);\nCREATE INDEX a_id ON a (id);\nCREATE TABLE b (id int);",
        "DROP TABLE b;\nDROP TABLE a;\nINSERT INTO ledger VALUES ('2 undone');",
    );
    project.migration("0003_rows.sql", "INSERT INTO ledger VALUES ('3');", "INSERT INTO ledger VALUES ('3 undone');");
    World::on(project)
}

/// Starts all at once and waits for them all: each ends well and says nothing that reads like a failure.
fn race<'a>(world: &World<'_>, commands: impl IntoIterator<Item = &'a [&'a str]>) -> Vec<Finished> {
    let runs: Vec<Running> = commands.into_iter().map(|command| world.project.spawn(command)).collect();
    runs.into_iter().map(|run| content(run.finish())).collect()
}

#[track_caller]
fn content(run: Finished) -> Finished {
    let run = run.exits(exit::DONE);
    // Who waits, or only looks, shows what the holder runs just now, in its own words.
    let shows = |line: &&str| line.contains("held by session") || line.contains("a run is going on");
    let output: String = run.output().lines().filter(|line| !shows(line)).collect();
    let output = output.to_lowercase();
    for word in ["error", "fail", "warning", "panic", "deadlock", "duplicate", "interrupted", "exists", "lost"] {
        assert!(!output.contains(word), "{word}: {run:?}");
    }
    run
}

/// The ledger, in the order of its entries.
fn ledger(world: &World<'_>) -> String {
    world.project.sql("SELECT entry FROM ledger ORDER BY entry")
}

/// How often each event was recorded.
fn events(world: &World<'_>) -> String {
    world.project.sql(
        "SELECT kind, version, count(*) FROM _dbwarden_events WHERE version IS NOT NULL GROUP BY kind, version \
         ORDER BY kind, version",
    )
}

/// How many of the runs found nothing to do.
fn idle(runs: &[Finished]) -> usize {
    runs.iter().filter(|run| run.output().to_lowercase().contains("up to date")).count()
}

fn migrate_on_an_empty_database(project: &Project) {
    let world = world(project);
    let runs = race(&world, [&["migrate"][..]; RUNS]);
    assert_eq!(ledger(&world), "1\n3");
    assert_eq!(events(&world), "applied|0001|1\napplied|0002|1\napplied|0003|1");
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
    assert_eq!(idle(&runs), RUNS - 1);
    world.is_free();
}

fn rollback_to_a_version(project: &Project) {
    let world = world(project);
    project.migrate();
    race(&world, [&["rollback", "--to-version", "0001"][..]; RUNS]);
    assert_eq!(ledger(&world), "1\n2 undone\n3\n3 undone");
    assert_eq!(project.versions(), ["0001"]);
    assert!(!project.has_table("a") && !project.has_table("b") && project.has_table("users"));
    world.is_free();
}

fn rollback_of_one_each(project: &Project) {
    let world = world(project);
    for number in 4..=RUNS + 2 {
        let (up, down) = (format!("INSERT INTO ledger VALUES ('{number}');"), "INSERT INTO ledger VALUES ('undone');");
        project.migration(&format!("{number:04}_more.sql"), &up, down);
    }
    project.migrate();
    race(&world, [&["rollback"][..]; RUNS]);
    assert_eq!(project.versions(), ["0001", "0002"], "each undid one");
    assert_eq!(project.sql("SELECT count(*) FROM ledger WHERE entry LIKE '%undone'"), RUNS.to_string());
}

fn migrate_against_rollback(project: &Project) {
    let world = world(project);
    let both = [&["migrate"][..], &["rollback", "--to-version", "0"]];
    race(&world, both.into_iter().cycle().take(RUNS));
    let applied = project.versions();
    assert!(applied.is_empty() || applied.len() == 3, "each run does all or nothing: {applied:?}");
    for table in ["users", "a", "b"] {
        assert_eq!(project.has_table(table), !applied.is_empty(), "{table}, with {applied:?}");
    }
    // What was done more often than undone is what stands.
    let count = |entry: &str| project.sql(&format!("SELECT count(*) FROM ledger WHERE entry = '{entry}'"));
    let times = |entry: &str| count(entry).parse::<usize>().expect("a number");
    for number in ["1", "3"] {
        let undone = times(&format!("{number} undone"));
        assert_eq!(times(number) - undone, applied.len() / 3, "{number}, with {applied:?}");
    }
    world.is_free();
}

fn readers_among_writers(project: &Project) {
    let world = world(project);
    let commands = [&["migrate"][..], &["status"], &["history"], &["migrate", "--dry-run"], &["lock-status"]];
    race(&world, commands.into_iter().cycle().take(RUNS));
    assert_eq!(ledger(&world), "1\n3");
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
}

/// The first run stops in its tracks with the lock in its hand, all the others come and wait, and then it is killed.
fn the_one_that_works_is_killed(project: &Project) {
    let world = world(project);
    let wish = format!("record {}", project.path("boundaries").display());
    project.command(["migrate"]).fail_point(wish).run().exits(exit::DONE);
    let (boundaries, expected) = (project.read("boundaries"), world.state());
    let under_lock = (1..).zip(boundaries.lines()).skip_while(|(_, name)| *name != "lock taken");
    // Between two messages: SQLite, stopped in the middle of one, can hold a lock that keeps even readers out.
    let work: Vec<usize> =
        under_lock.filter(|(_, name)| name.starts_with("message")).map(|(number, _)| number).collect();
    for place in [work.len() / 2, work.len() * 2 / 3] {
        world.reset();
        let first = project.command(["migrate"]).fail_point(format!("STOP {}", work[place])).spawn();
        first.wait_until_stopped();
        let others: Vec<Running> = (1..RUNS).map(|_| project.spawn(["migrate"])).collect();
        for other in &others {
            other.wait_for_stderr(|text| text.contains("lock"));
        }
        first.kill9();
        for other in others {
            other.finish().exits(exit::DONE);
        }
        assert_eq!(world.state(), expected, "stopped at boundary {}", work[place]);
        world.is_free();
    }
}

#[test]
fn postgres_an_index_built_concurrently() {
    let project = Project::new(Engine::Postgres);
    let world = world(&project);
    project.migration(
        "0004_index.sql",
        "INSERT INTO ledger VALUES ('4');\nCREATE INDEX CONCURRENTLY users_id ON users (id);\n\
         CREATE UNIQUE INDEX CONCURRENTLY a_unique ON a (id);",
        "DROP INDEX CONCURRENTLY a_unique;\nDROP INDEX CONCURRENTLY users_id;\nINSERT INTO ledger VALUES ('4 undone');",
    );
    race(&world, [&["migrate"][..]; RUNS]);
    assert_eq!(ledger(&world), "1\n3\n4");
    let valid =
        "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid::regclass::text IN ('users_id', 'a_unique')";
    assert_eq!(project.sql(valid), "2");
    race(&world, [&["rollback", "--to-version", "0003"][..]; RUNS]);
    assert_eq!(ledger(&world), "1\n3\n4\n4 undone");
}
