//! What the README says is so: its commands run, its tables are complete, its grants are enough.

use std::collections::BTreeSet;

use clap::CommandFactory;
use dbwarden::cli::Cli;
use dbwarden::config::{DATABASE_KEYS, TOP_KEYS, VARIABLES};
use dbwarden::dialect::EventKind;
use dbwarden::error::{ErrorKind, Exit};
use dbwarden::output::report::EntryState;

use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::{Engine, Project, exit, repository, wait_until};

fn document(name: &str) -> String {
    std::fs::read_to_string(repository().join(name)).expect("a document of the repository")
}

/// The fenced blocks whose first line is `language mark`, joined.
fn blocks(language: &str, mark: &str) -> String {
    let readme = document("README.md");
    let fence = format!("```{language} {mark}\n");
    let found: Vec<&str> = readme.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!found.is_empty(), "no block {mark}");
    found.concat()
}

/// The text below a heading of any level, up to the next one of the same or a higher level.
fn section(heading: &str) -> String {
    let readme = document("README.md");
    let mut lines = readme.lines().skip_while(|line| line.trim_start_matches('#').trim() != heading);
    let level = |line: &str| line.bytes().take_while(|&byte| byte == b'#').count();
    let start = level(lines.next().expect("a heading"));
    let below = lines.take_while(|line| !line.starts_with('#') || level(line) > start);
    below.map(|line| format!("{line}\n")).collect()
}

/// The cells of the rows of all tables below a heading, without the lines that head them.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let text = section(heading);
    let lines: Vec<&str> = text.lines().collect();
    let is_rule = |line: Option<&&str>| line.is_some_and(|line| line.starts_with("| ---"));
    let is_row =
        |(at, line): &(usize, &&str)| line.starts_with('|') && !is_rule(Some(line)) && !is_rule(lines.get(at + 1));
    let inner = |line: &str| line.trim_start_matches('|').trim_end_matches('|').to_string();
    let row = |line: &str| inner(line).split('|').map(|cell| cell.trim().to_string()).collect();
    lines.iter().enumerate().filter(is_row).map(|(_, line)| row(line)).collect()
}

/// The words in backquotes of a cell.
fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_two_commands_are_there() {
    let section = section("Two commands");
    assert!(section.contains("\ncargo run --release -- migrate\n") && section.contains("\ntests/run\n"));
    assert!(repository().join("tests/run").is_file());
}

#[test]
fn the_quickstart_works() {
    let project = Project::bare(Engine::Sqlite);
    let run = project.shell(&blocks("sh", "quickstart")).run().exits(exit::DONE);
    run.prints("would apply 1 migration").prints("1 migration undone").prints("Who buys");
    assert!(project.path("shop/primary.db").is_file());
}

#[test]
fn every_configuration_key_is_explained() {
    let rows = rows("Configuration");
    let explained: Vec<&str> = rows.iter().flat_map(|row| code(&row[0])).collect();
    let keys = TOP_KEYS.iter().copied().chain(DATABASE_KEYS.iter().map(|key| key.name));
    let mut known: Vec<&str> = keys.chain(VARIABLES.iter().map(|variable| variable.name)).collect();
    for word in &explained {
        let at = known.iter().position(|name| name == word);
        known.remove(at.unwrap_or_else(|| panic!("{word} is explained twice, or is no key and no variable")));
    }
    assert!(known.is_empty(), "not explained: {known:?}");
    let text = section("Configuration");
    for alias in DATABASE_KEYS.iter().flat_map(|key| key.aliases) {
        assert!(text.contains(alias), "{alias}");
    }
}

#[test]
fn the_configuration_example_is_valid() {
    let project = Project::bare(Engine::Sqlite);
    let readme = document("README.md");
    let toml = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    project.file("dbwarden.toml", toml);
    let list = project.command(["database", "list"]).env("DATABASE_URL", "postgresql://app@localhost/app").run();
    list.exits(exit::DONE).prints("primary").prints("reports");
}

#[test]
fn every_command_is_listed() {
    fn collect(command: &clap::Command, path: &str, names: &mut BTreeSet<String>) {
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            let name = format!("{path}{}", sub.get_name());
            collect(sub, &format!("{name} "), names);
            if !sub.is_subcommand_required_set() {
                assert!(names.insert(name));
            }
        }
    }
    let mut names = BTreeSet::new();
    collect(&Cli::command(), "", &mut names);
    let is_word = |word: &&str| word.starts_with(|c: char| c.is_ascii_lowercase());
    let rows = rows("Commands");
    let listed = rows.iter().map(|row| code(&row[0])[0].split(' ').filter(is_word).collect::<Vec<_>>().join(" "));
    assert_eq!(listed.collect::<BTreeSet<String>>(), names);
}

#[test]
fn every_state_is_listed() {
    use EntryState::*;
    let all = [Pending, Applied, Cosmetic, Baseline, RepeatableDue, Interrupted, OutOfOrder, Modified, Missing, Ahead];
    // A new state is to be added above and to the README.
    match Pending {
        Pending | Applied | Cosmetic | Baseline | RepeatableDue | Interrupted | OutOfOrder | Modified | Missing
        | Ahead => {}
    }
    let names = all.map(|state| vec![format!("`{}`", state.label()), format!("`{}`", serde_json::json!(state))]);
    let names = names.map(|row| row.into_iter().map(|cell| cell.replace('"', "")).collect::<Vec<_>>());
    let listed = rows("States").into_iter().map(|row| row[..2].to_vec());
    assert_eq!(listed.collect::<Vec<_>>(), names);
}

#[test]
fn every_kind_of_event_is_listed() {
    let listed = rows("Events").into_iter().map(|row| code(&row[0])[0].to_string());
    assert_eq!(listed.collect::<Vec<_>>(), EventKind::ALL.map(EventKind::name));
}

#[test]
fn every_exit_code_is_listed() {
    let mut known: Vec<Exit> = ErrorKind::GRAVEST_FIRST.map(|kind| Exit(Some(kind))).into();
    known.push(Exit::OK);
    known.sort_by_key(|exit| exit.code());
    let facts = known.into_iter().map(|exit| {
        let retry = if exit == Exit::OK { "" } else { ["no", "yes"][usize::from(exit.retryable())] };
        vec![exit.code().to_string(), format!("`{}`", exit.name()), retry.to_string()]
    });
    let listed = rows("Exit codes").into_iter().map(|row| row[..3].to_vec());
    assert_eq!(listed.collect::<Vec<_>>(), facts.collect::<Vec<_>>());
}

#[test]
fn every_directive_is_understood() {
    let project = Project::new(Engine::Sqlite);
    let rows = rows("Directives");
    assert_eq!(rows.len(), 6);
    for (number, row) in rows.iter().enumerate() {
        let directive = code(&row[0])[0];
        let rollback = if directive.ends_with("irreversible") { "" } else { "-- rollback\n" };
        let file = format!("migrations/{}_a.sql", number + 1);
        project.file(&file, format!("{directive}\n-- upgrade\nCREATE TABLE t{number} (id int);\n{rollback}"));
    }
    assert!(section("Directives").contains("`-- @dbwarden:autocommit`"));
    project.migration("7_a.sql", "-- @dbwarden:autocommit\nVACUUM;", "");
    project.run(["check", "--offline"]).exits(exit::DONE);
    project.migrate();
}

#[test]
fn names_are_what_the_table_says() {
    let project = Project::new(Engine::Sqlite);
    for row in rows("Names") {
        let name = code(&row[0])[0].replace("0042", &row[0].len().to_string());
        project.migration(&name, "SELECT 1;", "");
    }
    // The file for a database that is not this one stays where it is.
    project.migrate().prints("3 migrations applied");
}

#[test]
fn the_grants_for_postgres_are_enough() {
    let project = Project::bare(Engine::Postgres);
    project.copy_of("examples/single-database", "");
    let database = project.database();
    let server = Postgres::get();
    server.admin(database, &format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC"));
    let grants = blocks("sql", "postgresql-grants").replace("DATABASE app", &format!("DATABASE {database}"));
    // CREATE ROLE stays: without the other two nothing works.
    let (role, grants) = grants.split_once('\n').expect("several statements");
    let url =
        |user: &str| format!("postgresql://{user}:change-me@127.0.0.1:{}/{database}?sslmode=disable", server.port());
    let run = |user: &str, arguments: &[&str]| project.command(arguments).env("DATABASE_URL", url(user)).run();
    server.admin(database, role);
    run("migrator", &["migrate"]).exits(exit::UNREACHABLE);
    server.admin(database, grants);
    run("migrator", &["migrate"]).exits(exit::DONE).prints("3 migrations applied");
    run("migrator", &["rollback", "--to-version", "0"]).exits(exit::DONE);
    run("migrator", &["migrate", "--count", "1"]).exits(exit::DONE);
    run("migrator", &["lock-status"]).exits(exit::DONE);

    server.admin(
        database,
        &format!(
            "CREATE ROLE reader LOGIN PASSWORD 'change-me'; GRANT CONNECT ON DATABASE {database} TO reader;
             GRANT SELECT ON _dbwarden_migrations, _dbwarden_journal, _dbwarden_events TO reader"
        ),
    );
    run("reader", &["status", "--exit-code"]).exits(exit::PENDING);
    run("reader", &["history"]).exits(exit::DONE);
    run("reader", &["check"]).exits(exit::PENDING);
}

#[test]
fn the_grants_for_mariadb_are_enough() {
    let project = Project::new(Engine::MySql);
    let rebuild = "CREATE TABLE parents (id int PRIMARY KEY);
                   CREATE TABLE children (id int, parent int, FOREIGN KEY (parent) REFERENCES parents (id));
                   INSERT INTO parents VALUES (1); UPDATE parents SET id = 2; DELETE FROM parents;
                   CREATE INDEX by_id ON children (id); ALTER TABLE children ADD COLUMN name text;";
    project.migration("1_all.sql", rebuild, "DROP TABLE children; DROP TABLE parents;");
    let grants = blocks("sql", "mariadb-grants").replace("ON app.*", &format!("ON {}.*", project.database()));
    let (user, grants) = grants.split_once('\n').expect("several statements");
    let url = format!("mysql://migrator:change-me@127.0.0.1:{}/{}", MariaDb::get().port(), project.database());
    let run = |arguments: &[&str]| project.command(arguments).env("DBWARDEN_DATABASE_URL", url.as_str()).run();
    MariaDb::get().admin(user);
    run(&["migrate"]).exits(exit::UNREACHABLE);
    MariaDb::get().admin(grants);
    run(&["migrate"]).exits(exit::DONE).prints("1 migration applied");
    run(&["rollback"]).exits(exit::DONE);
    run(&["lock-status"]).exits(exit::DONE);
}

#[test]
fn an_unknown_outcome_is_settled_as_described() {
    let project = Project::new(Engine::MySql);
    let upgrade = "CREATE TABLE before_it (id int);\n-- @dbwarden:autocommit\n\
                   INSERT INTO before_it SELECT SLEEP(2);\n\
                   CREATE TABLE after_it (id int);";
    project.migration("0042_slow.sql", upgrade, "DROP TABLE after_it; DROP TABLE before_it;");
    let run = project.spawn(["migrate"]);
    let running = "SELECT count(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'INSERT INTO before_it SELECT%'";
    wait_until("the slow statement runs", || project.sql(running) == "1");
    run.kill9();
    let commands = blocks("sh", "unknown-outcome");
    let commands = commands.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let commands: Vec<&str> = commands.collect();
    // The server goes on with the statement, and the lock is its session's until the end.
    let stopped = project.run(["migrate"]).exits(exit::PARTLY).says("statement 2 of 3");
    assert!(commands.iter().all(|command| stopped.stderr.contains(command)), "{commands:?}\n{}", stopped.stderr);
    assert_eq!(project.sql("SELECT count(*) FROM before_it"), "1", "it took effect");
    project.shell(commands[0]).run().exits(exit::DONE);
    project.migrate();
    assert!(project.has_table("after_it"));
    assert_eq!(project.sql("SELECT count(*) FROM before_it"), "1", "once");
}

#[test]
fn links_lead_somewhere() {
    let examples = ["README.md", "ci/README.md", "kubernetes/README.md"].map(|name| format!("examples/{name}"));
    let root = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
        "docs/check-rules.md",
        "docs/check-findings.md",
    ];
    let root = root.map(str::to_string);
    for name in root.iter().chain(&examples) {
        let folder = repository().join(name);
        let folder = folder.parent().expect("a folder");
        let text = document(name);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            assert!(folder.join(link).exists(), "{name}: {link}");
        }
    }
}

#[test]
fn every_promise_about_security_names_tests_that_exist() {
    let text = document("SECURITY.md");
    let promises: Vec<&str> =
        text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")).collect();
    assert!(promises.len() > 5);
    for promise in &promises[1..] {
        let tests = promise.trim_end_matches(" |").rsplit(" | ").next().expect("a cell");
        let names = code(tests);
        assert!(!names.is_empty(), "no test: {promise}");
        for name in names {
            let (file, function) = name.split_once("::").expect("file::test");
            let path = if file.starts_with("src/") { file.to_string() } else { format!("tests/it/{file}") };
            let source = document(&format!("{path}.rs"));
            assert!(source.contains(&format!("fn {function}(")), "there is no test {name}");
        }
    }
}
