//! A backup comes before the first statement, whole or not at all.

use std::os::unix::fs::PermissionsExt;

use super::fixture::{backup, full, manifest, path_of};
use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::{Engine, Project, exit, wait_until};

on_each_engine![
    a_backup_comes_before_the_first_statement,
    without_work_there_is_no_backup_unless_asked_for,
    when_the_backup_fails_nothing_is_migrated,
    a_rollback_can_take_one_first,
    the_manifest_tells_what_the_archive_holds,
    folders_and_files_are_for_their_owner_alone,
    others_may_write_meanwhile_and_the_backup_is_of_one_moment,
    a_link_leads_to_the_folder_of_backups,
    a_disk_without_room_is_named_and_nothing_is_migrated,
];

fn a_backup_comes_before_the_first_statement(project: &Project) {
    project.tables(1).migrate();
    project.tables(2);
    let document = project.run(["migrate", "--with-backup", "--json"]).exits(exit::DONE).json();
    let entry = &document["databases"][0]["backup"];
    let manifest = manifest(&path_of(entry));
    assert_eq!(manifest["history"]["version"], "0001", "{manifest}");
    assert!(!manifest["tables"].to_string().contains("\"t2\""), "{manifest}");
    assert_eq!(project.versions(), ["0001", "0002"]);
    assert_eq!(project.sql("SELECT count(*) FROM _dbwarden_events WHERE kind = 'backed_up'"), "1");
    project.run(["status"]).exits(exit::DONE).prints("newest backup");
    // On an empty database too.
    let empty = Project::new(project.engine());
    empty.tables(1).run(["migrate", "-b"]).exits(exit::DONE);
    empty.run(["backup", "list"]).exits(exit::DONE).prints("1 backup").prints("at no version");
}

fn without_work_there_is_no_backup_unless_asked_for(project: &Project) {
    project.tables(1).migrate();
    project.run(["migrate", "-b"]).exits(exit::DONE);
    project.run(["migrate", "-b", "--dry-run"]).exits(exit::DONE);
    assert!(!project.path("backups").exists());
    project.run(["migrate", "-b", "--always"]).exits(exit::DONE);
    project.run(["backup", "list"]).exits(exit::DONE).prints("1 backup");
    project.run(["migrate", "--always"]).exits(exit::USAGE).says("--with-backup");
}

fn when_the_backup_fails_nothing_is_migrated(project: &Project) {
    project.tables(1).migrate();
    project.tables(2).file("not-a-folder", "");
    let run = project.run(["migrate", "-b", "--backup-dir", "not-a-folder"]).exits(exit::BACKUP);
    run.says("nothing was migrated").mentions("not-a-folder");
    // Nobody can write there, root included.
    project.run(["migrate", "-b", "--backup-dir", "/proc/backups"]).exits(exit::BACKUP).says("nothing was migrated");
    assert_eq!(project.versions(), ["0001"]);
    assert!(!project.has_table("t2"));
    project.run(["lock-status"]).exits(exit::DONE).prints("free");
    project.migrate();
}

fn a_rollback_can_take_one_first(project: &Project) {
    project.tables(2).migrate();
    let document = project.run(["rollback", "-b", "--json"]).exits(exit::DONE).json();
    assert_eq!(manifest(&path_of(&document["databases"][0]["backup"]))["history"]["version"], "0002");
    project.run(["downgrade", "--to", "0", "-b"]).exits(exit::DONE);
    project.run(["backup", "list"]).exits(exit::DONE).prints("2 backups");
}

fn the_manifest_tells_what_the_archive_holds(project: &Project) {
    full(project);
    let archive = backup(project, &[]);
    let manifest = manifest(&archive);
    assert_eq!(manifest["format"], 1);
    assert_eq!(manifest["engine"], project.engine().name());
    assert_eq!(manifest["bytes"], archive.metadata().unwrap().len());
    let rows = |name: &str| {
        let tables = manifest["tables"].as_array().unwrap();
        tables.iter().find(|table| table["name"] == name).map(|table| table["rows"].as_u64().unwrap())
    };
    assert_eq!(rows("many"), Some(5000), "{manifest}");
    assert_eq!(rows("_dbwarden_migrations"), Some(1));
    let odd = if project.engine() == Engine::MySql { "Ünï \"code\"" } else { "Ünï `code`" };
    assert_eq!(rows(odd), Some(3), "{manifest}");
    let digest = crate::harness::client::tool("sha256sum", [archive.as_os_str()]);
    assert!(digest.starts_with(manifest["sha256"].as_str().unwrap()), "{digest}");
}

fn folders_and_files_are_for_their_owner_alone(project: &Project) {
    project.tables(1).migrate();
    backup(project, &[]);
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let folder = project.path("backups/primary");
    assert_eq!((mode(&project.path("backups")), mode(&folder)), (0o700, 0o700));
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 2, "an archive and its manifest, and nothing else: {files:?}");
    files.iter().for_each(|file| assert_eq!(mode(file), 0o600, "{file:?}"));
}

fn others_may_write_meanwhile_and_the_backup_is_of_one_moment(project: &Project) {
    is_of_one_moment(project, "WAL");
}

/// Without a log the file itself is copied, with pauses in which others may write.
#[test]
fn sqlite_is_copied_at_one_moment_without_a_log() {
    is_of_one_moment(&Project::new(Engine::Sqlite), "DELETE");
}

fn is_of_one_moment(project: &Project, journal_mode: &str) {
    // What one account loses the other gains, each time in one transaction.
    let fill = "INSERT INTO a VALUES (1, 1000); INSERT INTO b VALUES (1, 1000);";
    let upgrade = format!("CREATE TABLE a (id int, n int); CREATE TABLE b (id int, n int); {fill}");
    project.migration("0001_accounts.sql", &upgrade, "");
    project.migration("0002_bulk.sql", &bulk(project.engine()), "");
    project.migrate();
    if project.engine() == Engine::Sqlite {
        project.sql(&format!("PRAGMA journal_mode = {journal_mode}"));
    }
    let begin = if project.engine() == Engine::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
    let transfer = format!("{begin}; UPDATE a SET n = n - 1; UPDATE b SET n = n + 1; COMMIT;\n");
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                project.sql(transfer.repeat(20).trim_end_matches(";\n"));
            }
        });
        // Also when a backup fails: the writer would write forever.
        let _done = Finally(|| done.store(true, std::sync::atomic::Ordering::Relaxed));
        for _ in 0..3 {
            backup(project, &["--verify"]);
        }
    });
    let now = project.sql("SELECT a.n + b.n, a.n < 1000 FROM a, b");
    assert!(now.starts_with("2000|"), "{now}");
    project.run(["restore", "--latest", "--yes"]).exits(exit::DONE);
    assert_eq!(project.sql("SELECT a.n + b.n FROM a, b"), "2000");
}

/// PostgreSQL lets nobody end a session of somebody else, such as that of an autovacuum worker: the database that the
/// backup was tried in is dropped once it has gone.
#[test]
fn a_session_that_cannot_be_ended_only_delays_the_end_of_a_verification() {
    let project = Project::new(Engine::Postgres);
    project.migration("0001_bulk.sql", &bulk(Engine::Postgres), "").migrate();
    let (server, own) = (Postgres::get(), project.database());
    let beside = format!("SELECT datname FROM pg_database WHERE datname LIKE '{own}\\_%' AND datname <> '{own}'");
    let run = project.spawn(["backup", "--verify"]);
    wait_until("there is a database to try it in", || !server.admin("postgres", &beside).is_empty());
    let trial = server.admin("postgres", &beside);
    let marked = format!("SET application_name = 'guest of {own}'; SELECT pg_sleep(3)");
    std::thread::scope(|scope| {
        scope.spawn(|| server.admin(trial.trim(), &marked));
        run.finish().exits(exit::DONE);
    });
    assert_eq!(server.admin("postgres", &beside), "");
}

/// Done when it is dropped, also by a panic.
struct Finally<F: Fn()>(F);

impl<F: Fn()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Enough rows for a backup to take a while.
fn bulk(engine: Engine) -> String {
    let fill = match engine {
        Engine::Postgres => "SELECT i, repeat('x', 50) FROM generate_series(1, 100000) i",
        Engine::MySql => &format!("SELECT seq, repeat('x', 50) FROM {}", MariaDb::numbers(100_000)),
        Engine::Sqlite => {
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i, hex(zeroblob(25)) FROM n"
        }
    };
    format!("CREATE TABLE bulk (id int, note text); INSERT INTO bulk {fill};")
}

fn a_link_leads_to_the_folder_of_backups(project: &Project) {
    project.tables(1).migrate();
    std::fs::create_dir(project.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(project.path("elsewhere"), project.path("backups")).unwrap();
    backup(project, &[]);
    assert_eq!(std::fs::read_dir(project.path("elsewhere/primary")).unwrap().count(), 2);
    std::os::unix::fs::symlink(project.path("nowhere"), project.path("dangling")).unwrap();
    project.run(["backup", "--backup-dir", "dangling"]).exits(exit::BACKUP).mentions("dangling");
}

fn a_disk_without_room_is_named_and_nothing_is_migrated(project: &Project) {
    full(project);
    project.migration("0002_more.sql", "CREATE TABLE more (id int);", "DROP TABLE more;");
    std::fs::create_dir(project.path("small")).unwrap();
    // A disk of a few pages that nobody else sees: as root, or as what looks like root from within.
    let script = r#"
        mount -t tmpfs -o size=16k tmpfs small
        try() { dbwarden "$@" 2>&1 || echo "exit $?"; }
        echo == small; try migrate -b --backup-dir small
        find small -name '*dump*'
        mount -o remount,size=64m small
        echo == room; try migrate -b --backup-dir small
    "#;
    project.file("script", script);
    let enter = if rustix::process::getuid().is_root() { "unshare --mount" } else { "unshare -Urm" };
    let run = project.shell(&format!("exec {enter} sh -eu script")).run().exits(exit::DONE);
    let (small, room) = run.stdout.split_once("== room").expect("both parts");
    assert!(small.contains("exit 10") && small.contains("nothing was migrated"), "{small}");
    assert!(small.contains("room") || small.contains("No space left"), "{small}");
    assert!(!small.contains("small/primary/"), "nothing is left: {small}");
    assert!(!room.contains("exit"), "{room}");
    assert_eq!(project.versions(), ["0001", "0002"]);
}
