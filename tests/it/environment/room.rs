//! A server that lets nobody write, and a disk that is full.

use super::{admin, state};
use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::{Engine, Home, Project, exit};

#[test]
fn postgres_a_read_only_database_is_refused_before_anything_runs() {
    let project = Project::new(Engine::Postgres);
    project.tables(1).migrate();
    let switch = |on: &str| {
        Postgres::get().admin(
            "postgres",
            &format!("ALTER DATABASE {} SET default_transaction_read_only = {on}", project.database()),
        )
    };
    switch("on");
    is_refused_as_read_only(&project, || {
        switch("off");
    });

    let empty = Project::new(Engine::Postgres);
    admin(&empty, &format!("ALTER DATABASE {} SET default_transaction_read_only = on", empty.database()));
    empty.tables(1).run(["migrate"]).exits(exit::REFUSED).says("read-only").says("next:").says("nothing was run");
    assert!(!empty.has_table("_dbwarden_events"));
}

/// A project with one migration applied, on a server that does not let anybody write.
fn is_refused_as_read_only(project: &Project, and_then: impl FnOnce()) {
    let before = state(project);
    project.tables(2).migration(
        "0003_alone.sql",
        "-- dbwarden: transaction = off\nCREATE TABLE t3 (id int);",
        "DROP TABLE t3;",
    );
    for arguments in [&["migrate"][..], &["migrate", "--baseline", "-t", "2"], &["rollback"], &["rollback", "-t", "0"]]
    {
        project.run(arguments).exits(exit::REFUSED).says("read-only").says("primary server").says("nothing was run");
    }
    project.remove("migrations/0002_create_t2.sql");
    project.run(["migrate"]).exits(exit::REFUSED);
    for command in ["status", "history", "lock-status"] {
        project.run([command]).exits(exit::DONE);
    }
    project.run(["history", "--events"]).exits(exit::DONE).prints("1 event");
    project.run(["check"]).exits(exit::PENDING);
    project.run(["migrate", "--dry-run"]).exits(exit::DONE);
    assert_eq!(state(project), before);
    and_then();
    project.tables(2).migrate();
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
}

#[test]
fn mysql_a_server_that_is_read_only_or_full_is_named() {
    let server = MariaDb::small();
    let project = Project::on(Home::MySql(server));
    project.tables(1).migrate();
    server.admin("SET GLOBAL read_only = 1");
    is_refused_as_read_only(&project, || {
        server.admin("SET GLOBAL read_only = 0");
    });
    is_full(&project, "The table 'filler' is full", |project| {
        project.sql("DROP TABLE filler");
    });
}

#[test]
fn postgres_a_full_disk_is_named() {
    let server = Postgres::with_a_small_disk();
    let project = Project::on(Home::Postgres(server));
    server.admin("postgres", &format!("ALTER DATABASE {} SET default_tablespace = small", project.database()));
    project.tables(1).migrate();
    is_full(&project, "No space left on device", |project| {
        project.sql("DROP TABLE filler");
    });
}

/// Fills a table until there is no room left for it, in a transaction and outside one; `make_room` gives the room back.
fn is_full(project: &Project, message: &str, make_room: impl Fn(&Project)) {
    let before = project.versions().len();
    let rows = match project.engine() {
        // Not compressible.
        Engine::Postgres => {
            "INSERT INTO filler SELECT (SELECT string_agg(md5((i * j)::text), '') FROM generate_series(1, 30) j) \
             FROM generate_series(1, 40000) i;"
        }
        _ => &format!("INSERT INTO filler SELECT REPEAT('x', 1000) FROM {};", MariaDb::numbers(40_000)),
    };
    let file = |head: &str, rows: &str| format!("{head}CREATE TABLE filler (a text);\n{rows}");
    project.migration("0004_fill.sql", &file("", rows), "DROP TABLE filler;");
    let full = project.run(["migrate"]).says(message).says("0004_fill.sql:").says("free the resource on the server");
    if project.engine() == Engine::Postgres {
        full.exits(exit::SQL_FAILED).says("undone completely");
        assert!(!project.has_table("filler"));
        project.migration("0004_fill.sql", &file("-- dbwarden: transaction = off\n", rows), "DROP TABLE filler;");
        project.run(["migrate"]).exits(exit::PARTLY).says(message).says("statements 1 to 1 of 2").says("goes on");
    } else {
        full.exits(exit::PARTLY).says("statements 1 to 1 of 2").says("goes on at statement 2");
    }
    assert_eq!(project.versions().len(), before, "it is not recorded");
    assert_eq!(project.sql("SELECT count(*) FROM filler"), "0", "the statement left nothing behind");
    if project.engine() == Engine::Postgres {
        // Its pages stay, and tidying up takes a few itself.
        project.sql("DROP TABLE filler");
        project.sql("CREATE TABLE filler (a text)");
    }
    // A smaller table has room: the run goes on where it was.
    let few = rows.replace("40000", "10");
    let head = if project.engine() == Engine::Postgres { "-- dbwarden: transaction = off\n" } else { "" };
    project.migration("0004_fill.sql", &file(head, &few), "DROP TABLE filler;").migrate();
    assert_eq!(project.sql("SELECT count(*) FROM filler"), "10");
    make_room(project);
}

#[test]
fn sqlite_a_full_disk_is_named() {
    let project = Project::new(Engine::Sqlite);
    std::fs::create_dir(project.path("small")).unwrap();
    // A disk of a few pages that nobody else sees: as root, or as what looks like root from within.
    let script = r#"
        mount -t tmpfs -o size=400k tmpfs small
        cp -r migrations small/
        cd small
        printf '[database.primary]\ndatabase_url = "sqlite:///app.db"\n' >dbwarden.toml
        new() { printf -- '-- upgrade\n%s\n-- rollback\nDROP TABLE %s;\n' "$2" "$3" >"migrations/$1"; }
        try() { dbwarden "$@" 2>&1 || echo "exit $?"; }
        try migrate
        new 0002_fill.sql 'CREATE TABLE filler (a);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) INSERT INTO filler SELECT randomblob(1000) FROM n;' filler
        echo == full; try migrate
        echo == after; try status; sqlite3 app.db 'SELECT count(*) FROM sqlite_master WHERE name = "filler"; PRAGMA integrity_check'
        mount -o remount,size=8m .
        echo == room; try migrate
        # No room for the lock's text either.
        new 0003_more.sql 'CREATE TABLE more (a);' more
        head -c 20000000 /dev/zero >zeros 2>&1 || :
        echo == crammed; try migrate; ls
        rm zeros
        echo == again; try migrate
        sqlite3 app.db 'PRAGMA integrity_check'
    "#;
    project.tables(1).file("script", script);
    let enter = if rustix::process::getuid().is_root() { "unshare --mount" } else { "unshare -Urm" };
    let run = project.shell(&format!("exec {enter} sh -eu script")).run().exits(exit::DONE);
    let part = |name: &str| {
        run.stdout
            .split(&format!("== {name}\n"))
            .nth(1)
            .unwrap_or_default()
            .split("\n== ")
            .next()
            .unwrap_or_default()
            .to_string()
    };
    let says = |name: &str, text: &str| assert!(part(name).contains(text), "{name}: {text}\n{}", run.stdout);
    says("full", "database or disk is full");
    says("full", "0002_fill.sql");
    says("full", "undone completely");
    // SQLite found out when it wrote its cache.
    says("full", "exit 9");
    says("after", "0\nok");
    says("room", "applied 0002");
    says("crammed", "full");
    says("crammed", "next:");
    assert!(!part("crammed").contains("lock"), "neither in the message nor left behind: {}", run.stdout);
    says("again", "applied 0003");
    says("again", "ok");
}
