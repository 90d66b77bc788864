//! The network fails: at every message between dbwarden and the server, in every way a network can.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::proxy::{Fault, Moment, Place, Proxy};
use crate::harness::{Engine, Finished, PASSWORD, Project, exit, wait_until};

/// Transactions, statements outside any, and both in one file.
pub fn migrations(project: &Project) {
    project.migration(
        "0001_ledger.sql",
        "CREATE TABLE ledger (entry int);\nINSERT INTO ledger VALUES (1);",
        "DROP TABLE ledger;",
    );
    project.migration(
        "0002_rows.sql",
        "INSERT INTO ledger VALUES (2);\nINSERT INTO ledger VALUES (20);",
        "DELETE FROM ledger WHERE entry IN (2, 20);",
    );
    let index = match project.engine() {
        Engine::Postgres => "CREATE INDEX CONCURRENTLY ledger_entry ON ledger (entry)",
        _ => "CREATE INDEX ledger_entry ON ledger (entry)",
    };
    let mixed = format!("INSERT INTO ledger VALUES (3);\n{index};\nINSERT INTO ledger VALUES (30);");
    project.migration("0003_index.sql", &mixed, "DELETE FROM ledger WHERE entry IN (3, 30);");
    let more = "CREATE TABLE t4 (id int);\nCREATE TABLE t5 (id int);\nINSERT INTO ledger VALUES (4);";
    project.migration("0004_more.sql", more, "DROP TABLE t4;\nDROP TABLE t5;\nDELETE FROM ledger WHERE entry = 4;");
}

/// A project with the migrations above.
fn project(engine: Engine) -> Project {
    let project = Project::new(engine);
    migrations(&project);
    project
}

/// Runs a command through a proxy.
pub fn through(proxy: &Proxy, project: &Project, arguments: &[&str]) -> Finished {
    configure(project, proxy.port(), LIMITS);
    let finished = project.run(arguments);
    configure(project, project.port(), "");
    finished
}

/// A silent network is given up soon.
const LIMITS: &str = "connect_timeout = \"10s\"\nlock_wait = \"30s\"\nnetwork_timeout = \"2s\"";

/// Points the project to a port, with more keys.
pub fn configure(project: &Project, port: u16, limits: &str) {
    // The proxies count messages, which TLS would hide from them; MariaDB offers it by itself from 11.4 on.
    let parameters = if project.engine() == Engine::Postgres { "sslmode=disable" } else { "ssl-mode=DISABLED" };
    let url = project.url_at(PASSWORD, port, &format!("?{parameters}"));
    project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\n{limits}\n"));
}

/// What the migrations leave, their history, and how far an unfinished one is.
pub fn state(project: &Project) -> String {
    let objects = match project.engine() {
        Engine::Postgres => {
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE '\\_%' ORDER BY 1;\n\
             SELECT 'invalid' FROM pg_index WHERE NOT indisvalid"
        }
        _ => {
            "SELECT TABLE_NAME, INDEX_NAME FROM information_schema.TABLES LEFT JOIN information_schema.STATISTICS \
             USING (TABLE_SCHEMA, TABLE_NAME) WHERE TABLE_SCHEMA = database() AND TABLE_NAME NOT LIKE '\\_%' ORDER BY 1, 2"
        }
    };
    project.sql(&format!(
        "SELECT entry FROM ledger ORDER BY entry;\nSELECT filename FROM _dbwarden_migrations ORDER BY sequence;\n\
         SELECT * FROM _dbwarden_journal;\n{objects}"
    ))
}

/// Sessions of dbwarden in the project's database.
pub fn sessions(project: &Project) -> String {
    project.sql(match project.engine() {
        Engine::Postgres => {
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'dbwarden%'"
        }
        _ => "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = database() AND ID <> CONNECTION_ID()",
    })
}

/// Strikes at every message of a run, before and after it reached the server; every run must end, and the next one
/// must leave what an undisturbed one leaves.
fn at_every_message(engine: Engine, fault: Fault) {
    let undisturbed = project(engine);
    let proxy = Proxy::new(engine, undisturbed.port());
    through(&proxy, &undisturbed, &["migrate"]).exits(exit::DONE);
    let (expected, messages) = (state(&undisturbed), proxy.messages());
    assert!(messages > 15, "{messages}");

    let places: Vec<(usize, Moment)> = (1..=messages).flat_map(|n| [(n, Moment::Before), (n, Moment::After)]).collect();
    let (first, step) = match fault {
        Fault::Cut => (0, 1),
        // What these add is in the kind of fault: half of the places each will do.
        Fault::Reset => (0, 2),
        _ => (1, 2),
    };
    let places: Vec<(usize, Moment)> = places.into_iter().skip(first).step_by(step).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        // Those that stall wait most of the time.
        for _ in 0..if fault == Fault::Stall { 10 } else { 3 } {
            scope.spawn(|| {
                while let Some(&(n, moment)) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let place = format!("{fault:?} {moment:?} message {n} of {messages}");
                    let project = project(engine);
                    let proxy = Proxy::new(engine, project.port()).strike(Place::Nth(n), moment, fault);
                    let first = through(&proxy, &project, &["migrate"]);
                    assert!(matches!(first.code, Some(exit::DONE | exit::UNREACHABLE)), "{place}: {first:?}");
                    assert!(proxy.struck() || first.code == Some(exit::DONE), "{place}: {first:?}");
                    drop(proxy);
                    let second = project.run(["migrate"]);
                    assert_eq!(second.code, Some(exit::DONE), "{place}\n{first:?}\n{second:?}");
                    assert_eq!(state(&project), expected, "{place}\n{first:?}\n{second:?}");
                    wait_until("no session is left", || sessions(&project) == "0");
                }
            });
        }
    });
}

#[test]
fn postgres_cut_at_every_message() {
    at_every_message(Engine::Postgres, Fault::Cut);
}

#[test]
fn postgres_reset_at_every_message() {
    at_every_message(Engine::Postgres, Fault::Reset);
}

#[test]
fn mysql_cut_at_every_message() {
    at_every_message(Engine::MySql, Fault::Cut);
}

#[test]
fn mysql_reset_at_every_message() {
    at_every_message(Engine::MySql, Fault::Reset);
}

#[test]
fn postgres_stalled_at_every_message() {
    at_every_message(Engine::Postgres, Fault::Stall);
}

#[test]
fn mysql_stalled_at_every_message() {
    at_every_message(Engine::MySql, Fault::Stall);
}

/// A run through a network that fails at one place.
fn struck(project: &Project, place: Place, moment: Moment, fault: Fault, arguments: &[&str]) -> Finished {
    let proxy = Proxy::new(project.engine(), project.port()).strike(place, moment, fault);
    let finished = through(&proxy, project, arguments);
    assert!(proxy.struck(), "{finished:?}");
    finished
}

/// The message that commits 0002.
fn commit_of_0002(engine: Engine) -> Place {
    match engine {
        // The whole transaction is one message.
        Engine::Postgres => Place::With("VALUES (20)", 1),
        // 0001 commits its INSERT with its history row.
        _ => Place::With("COMMIT", 2),
    }
}

fn a_commit_whose_answer_is_lost_is_settled_in_the_same_run(engine: Engine) {
    for fault in [Fault::Cut, Fault::Reset, Fault::Stall] {
        let project = project(engine);
        if engine == Engine::MySql {
            // A session can be told from one of the server before it was started again only by its age.
            let up = "SHOW GLOBAL STATUS LIKE 'Uptime'";
            let age = || project.sql(up).trim_start_matches("Uptime|").parse::<u32>().expect("seconds");
            wait_until("the server is older than the run", || age() > 2);
        }
        // The stalled session holds the lock for as long as nobody ends it: this run has to.
        let run = struck(&project, commit_of_0002(engine), Moment::After, fault, &["migrate"]).exits(exit::DONE);
        run.says("connecting again").says("0002 rows").prints("0004");
        assert_eq!(project.versions(), ["0001", "0002", "0003", "0004"]);
        assert_eq!(project.sql("SELECT entry FROM ledger ORDER BY entry"), "1\n2\n3\n4\n20\n30");
        project.migrate().mentions("up to date");
    }
}

fn a_commit_that_did_not_get_there_is_nothing_applied(engine: Engine) {
    let project = project(engine);
    let run = struck(&project, commit_of_0002(engine), Moment::Before, Fault::Cut, &["migrate"]);
    let run = run.exits(exit::UNREACHABLE).says("0002 rows was interrupted: the server closed the connection");
    run.says("nothing of 0002 rows was applied").says("applied before it: 0001 ledger");
    assert_eq!(project.versions(), ["0001"]);
    assert_eq!(project.sql("SELECT entry FROM ledger"), "1");
    project.run(["history", "--events"]).exits(exit::DONE).prints("failed").prints("the server closed the connection");
    project.migrate();
}

fn a_rollback_whose_commit_is_lost_undoes_no_more_than_was_asked(engine: Engine) {
    let project = project(engine);
    project.migrate();
    for name in ["0005_a", "0006_b", "0007_c"] {
        project.migration(
            &format!("{name}.sql"),
            "INSERT INTO ledger VALUES (5);",
            "DELETE FROM ledger WHERE entry = 7;",
        );
    }
    project.migrate();
    let place = match engine {
        Engine::Postgres => Place::With("entry = 7", 1),
        _ => Place::With("COMMIT", 1),
    };
    struck(&project, place, Moment::After, Fault::Cut, &["rollback", "-c", "2"])
        .exits(exit::DONE)
        .says("connecting again");
    assert_eq!(project.versions(), ["0001", "0002", "0003", "0004", "0005"]);
    struck(&project, place, Moment::After, Fault::Cut, &["rollback"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001", "0002", "0003", "0004"], "one was asked for");
}

fn what_always_runs_runs_once_although_its_commit_is_lost(engine: Engine) {
    let project = project(engine);
    project.migrate();
    let always = |entry: &str| format!("-- upgrade\nINSERT INTO ledger VALUES ({entry});\n-- rollback\n");
    project.file("migrations/RA__a.sql", always("100")).file("migrations/RA__b.sql", always("200"));
    let place = match engine {
        Engine::Postgres => Place::With("VALUES (100)", 1),
        _ => Place::With("COMMIT", 1),
    };
    struck(&project, place, Moment::After, Fault::Cut, &["migrate"]).exits(exit::DONE).says("connecting again");
    assert_eq!(project.sql("SELECT entry FROM ledger WHERE entry >= 100 ORDER BY 1"), "100\n200");
}

fn what_may_have_run_needs_a_person(engine: Engine) {
    for (entry, statement) in [("5", "1"), ("50", "2")] {
        let project = project(engine);
        project.migrate();
        let off = "-- dbwarden: transaction = off\nINSERT INTO ledger VALUES (5);\nINSERT INTO ledger VALUES (50);";
        project.migration("0005_a.sql", off, "");
        // On PostgreSQL the journal's first mark, which keeps the file's text, is the first message with these words.
        let nth = if engine == Engine::Postgres { 2 } else { 1 };
        let place = Place::With(if entry == "5" { "VALUES (5)" } else { "VALUES (50)" }, nth);
        let run = struck(&project, place, Moment::After, Fault::Cut, &["migrate"]).exits(exit::PARTLY);
        let run =
            run.says(&format!("resolve 0005 --statement {statement}")).says("0005_a.sql").never_mentions("nothing of");
        assert_eq!(statement == "2", run.stderr.contains("statements 1 to 1 of 2 of 0005 a stand"), "{run:?}");
        project.run(["resolve", "0005", "--statement", statement, "--done"]).exits(exit::DONE);
        project.migrate();
        assert_eq!(project.sql("SELECT entry FROM ledger WHERE entry IN (5, 50) ORDER BY 1"), "5\n50");
    }
}

/// Where the connection is lost between two statements, this run alone knows how far it came.
fn what_was_not_sent_needs_no_person(engine: Engine) {
    let off = "-- dbwarden: transaction = off\nINSERT INTO ledger VALUES";
    let mut lost = 0;
    for moment in [Moment::Before, Moment::After] {
        for n in 1..=12 {
            let project = project(engine);
            project.migrate();
            for (name, entry) in [("0005_a.sql", 5), ("0006_b.sql", 6)] {
                project.migration(name, &format!("{off} ({entry});\nINSERT INTO ledger VALUES ({entry}0);"), "");
            }
            let proxy = Proxy::new(engine, project.port());
            let proxy = proxy.strike(Place::With("_dbwarden_journal", n), moment, Fault::Cut);
            let run = through(&proxy, &project, &["migrate"]);
            lost += usize::from(run.output().contains("connecting again"));
            assert!(matches!(run.code, Some(exit::DONE | exit::UNREACHABLE)), "{moment:?} mark {n}: {run:?}");
            project.migrate();
            let entries = project.sql("SELECT entry FROM ledger WHERE entry IN (5, 50, 6, 60) ORDER BY 1");
            assert_eq!(entries, "5\n6\n50\n60", "{moment:?} mark {n}: {run:?}");
        }
    }
    assert!(lost > 4, "{lost} in a step");
}

fn a_server_that_stays_away_leaves_it_to_the_next_run(engine: Engine) {
    let project = project(engine);
    let proxy = Proxy::new(engine, project.port()).strike(commit_of_0002(engine), Moment::After, Fault::Gone);
    configure(&project, proxy.port(), LIMITS);
    let run = project.run(["migrate", "--lock-wait", "1s"]).exits(exit::UNREACHABLE);
    run.says("not known until the next run").says("run the same command again").says("could not be looked up");
    configure(&project, project.port(), "");
    project.migrate();
    assert_eq!(project.versions(), ["0001", "0002", "0003", "0004"]);
}

fn a_signal_stops_it_while_it_connects_again(engine: Engine) {
    let project = project(engine);
    let proxy = Proxy::new(engine, project.port()).strike(commit_of_0002(engine), Moment::After, Fault::Gone);
    configure(&project, proxy.port(), LIMITS);
    let run = project.spawn(["migrate", "--lock-wait", "100s"]);
    run.wait_for_stderr(|text| text.contains("connecting again"));
    run.signal(rustix::process::Signal::TERM);
    run.finish().exits(exit::TERMINATED).says("not known until the next run");
}

fn a_network_that_is_gone_does_not_hold_the_run_for_ever(engine: Engine) {
    let project = project(engine);
    let proxy = Proxy::new(engine, project.port()).strike(commit_of_0002(engine), Moment::Before, Fault::Blackout);
    configure(&project, proxy.port(), "connect_timeout = \"4s\"\nlock_wait = \"2s\"\nnetwork_timeout = \"3s\"");
    let run = project.run(["migrate"]).exits(exit::UNREACHABLE);
    run.says("the server cannot be reached").says("not known until the next run");
    drop(proxy);
    configure(&project, project.port(), "");
    project.migrate();
}

fn a_signal_stops_a_run_whose_network_is_gone(engine: Engine) {
    let project = project(engine);
    let slow = project.snippets().slow;
    project.migration("0002_rows.sql", &format!("INSERT INTO ledger SELECT 2 FROM ({slow}) slow;"), "");
    let place = Place::With("slow", 1);
    let proxy = Proxy::new(engine, project.port()).strike(place, Moment::Before, Fault::Blackout);
    configure(&project, proxy.port(), "connect_timeout = \"4s\"\nnetwork_timeout = \"10s\"");
    let run = project.spawn(["migrate"]);
    wait_until("the network is gone", || proxy.struck());
    run.signal(rustix::process::Signal::TERM);
    run.finish().exits(exit::TERMINATED).says("not known until the next run");
}

/// Every statement of the tool's own is watched as well.
fn a_rollback_stalls_too(engine: Engine) {
    let project = project(engine);
    project.migrate();
    for (text, n) in
        [("GET_LOCK", 1), ("pg_try_advisory_lock", 1), ("SELECT", 3), ("RELEASE_LOCK", 1), ("pg_advisory_unlock", 1)]
    {
        let proxy = Proxy::new(engine, project.port()).strike(Place::With(text, n), Moment::Before, Fault::Stall);
        let run = through(&proxy, &project, &["rollback", "-c", "4"]);
        assert!(matches!(run.code, Some(exit::DONE | exit::UNREACHABLE)), "{text}: {run:?}");
    }
    project.run(["rollback", "-t", "0"]).exits(exit::DONE);
    assert_eq!(project.versions(), [""; 0]);
}

macro_rules! on_each_server {
    ($($name:ident),+ $(,)?) => {
        $(mod $name {
            #[test]
            fn postgres() {
                super::$name(crate::harness::Engine::Postgres);
            }

            #[test]
            fn mysql() {
                super::$name(crate::harness::Engine::MySql);
            }
        })+
    };
}

on_each_server![
    a_commit_whose_answer_is_lost_is_settled_in_the_same_run,
    a_commit_that_did_not_get_there_is_nothing_applied,
    a_rollback_whose_commit_is_lost_undoes_no_more_than_was_asked,
    what_always_runs_runs_once_although_its_commit_is_lost,
    a_server_that_stays_away_leaves_it_to_the_next_run,
    a_signal_stops_it_while_it_connects_again,
    what_was_not_sent_needs_no_person,
    what_may_have_run_needs_a_person,
    a_network_that_is_gone_does_not_hold_the_run_for_ever,
    a_signal_stops_a_run_whose_network_is_gone,
    a_rollback_stalls_too,
];
