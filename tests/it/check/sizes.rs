//! What the catalog says of the size of tables.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use dbwarden::config::{self, Environment, Flags, Purpose};
use dbwarden::db::{connect_within, table_sizes};
use dbwarden::lint::{Name, TableSize};

use crate::harness::{Engine, Project, wait_until};

on_each_engine![big_tables_are_known];

fn size(project: &Project, table: &str) -> Option<TableSize> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let flags = Flags { config: Some(project.path("dbwarden.toml")), ..Flags::default() };
    let settings = config::resolve(&flags, &Environment::from_process(), &project.path(""), "test").expect("settings");
    let target = settings.selected()[0];
    let sizes = runtime.block_on(async {
        let options = target.connect_options(Purpose::Inspect).expect("a place");
        let session_options = target.session_options();
        let mut on_retry = |_: &dbwarden::db::SqlError, _: Duration| {};
        let connecting = connect_within(&options, &session_options, &[], Duration::ZERO, &mut on_retry);
        let mut session = connecting.await.expect("a session");
        let sizes = table_sizes(session.as_mut()).await.expect("sizes");
        session.close().await;
        sizes
    });
    sizes.into_iter().find(|(name, _)| name.may_be(&Name::new(table))).map(|(_, size)| size)
}

fn big_tables_are_known(project: &Project) {
    project.sql("CREATE TABLE small (id int); CREATE TABLE big (id int PRIMARY KEY, text varchar(100))");
    let rows: Vec<String> = (0..3000).map(|id| format!("({id}, '{}')", "x".repeat(90))).collect();
    project.sql(&format!("INSERT INTO big VALUES {}", rows.join(", ")));
    match project.engine() {
        Engine::Postgres | Engine::Sqlite => project.sql("ANALYZE"),
        Engine::MySql => project.sql("ANALYZE TABLE big, small"),
    };
    let big = size(project, "big").expect("the big one");
    assert!((2000..5000).contains(&big.rows), "{big:?}");
    assert!(big.bytes > 200_000, "{big:?}");
    assert_eq!(size(project, "small").map(|size| size.rows), Some(0), "known to be empty");
    assert_eq!(size(project, "nothing"), None);
}

#[test]
fn a_table_that_nobody_analysed_is_as_small_as_its_file() {
    let project = Project::new(Engine::Postgres);
    project.sql(
        "CREATE TABLE fresh (id int); CREATE TABLE few AS SELECT generate_series(1, 3) AS id; \
         CREATE TABLE parted (id int) PARTITION BY RANGE (id)",
    );
    assert_eq!(size(&project, "fresh").map(|size| size.rows), Some(0), "an empty file");
    assert!(size(&project, "few").is_some_and(|size| (1..1000).contains(&size.rows)), "one page");
    assert_eq!(size(&project, "parted"), None, "it has no file of its own");
    let mut holder = project.client();
    let mut holder = holder.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("psql");
    let mut input = holder.stdin.take().expect("a pipe");
    input.write_all(b"BEGIN; LOCK TABLE fresh;\n").expect("psql listens");
    let held =
        "SELECT count(*) FROM pg_locks WHERE relation = 'fresh'::regclass AND mode = 'AccessExclusiveLock' AND granted";
    wait_until("the table is locked", || project.sql(held) == "1");
    size(&project, "fresh");
    assert_eq!(project.sql(held), "1", "nobody waited for the lock");
    drop(input);
    holder.wait().expect("psql ends");
}

#[test]
fn a_locked_table_keeps_nobody_waiting() {
    let project = Project::new(Engine::Postgres);
    project.sql("CREATE TABLE big AS SELECT generate_series(1, 3000) AS id; ANALYZE");
    let mut holder = project.client();
    let mut holder = holder.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("psql");
    let mut input = holder.stdin.take().expect("a pipe");
    input.write_all(b"BEGIN; LOCK TABLE big;\n").expect("psql listens");
    let held =
        "SELECT count(*) FROM pg_locks WHERE relation = 'big'::regclass AND mode = 'AccessExclusiveLock' AND granted";
    wait_until("the table is locked", || project.sql(held) == "1");
    assert!(size(&project, "big").expect("its size").rows >= 3000);
    assert_eq!(project.sql(held), "1", "still held");
    drop(input);
    holder.wait().expect("psql ends");
}
