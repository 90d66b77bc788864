//! Hostile environments: what a run meets when the server, the disk, the rights or the tool's own tables are not as
//! they were. Each time: nothing half-done, a message that says what to do, and a clean run once that was done.

use crate::harness::client::client;
use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::{Engine, Finished, Holder, Home, Project, exit};

on_each_engine![
    times_in_the_tables_decide_nothing,
    a_history_that_was_dropped_is_not_taken_for_an_empty_one,
    a_history_without_a_column_that_counts_is_refused,
    what_can_be_made_again_is_made_again,
    a_row_that_was_deleted_is_noticed,
    a_row_that_is_there_twice_is_noticed,
];

/// Runs statements as the server's administrator.
fn admin(project: &Project, sql: &str) -> String {
    match project.engine() {
        Engine::Postgres => Postgres::get().admin(project.database(), sql),
        Engine::MySql => MariaDb::get().admin(sql),
        Engine::Sqlite => panic!("SQLite has no administrator"),
    }
}

/// A login of this project alone, of which rights, password and limits can be changed.
struct Login<'a> {
    project: &'a Project,
    name: String,
}

impl<'a> Login<'a> {
    const PASSWORD: &'static str = "first-Pw1";

    fn new(project: &'a Project) -> Login<'a> {
        let (database, name) = (project.database(), format!("u_{}", project.database()));
        match project.engine() {
            // The tests look into the database as `app`.
            Engine::Postgres => admin(
                project,
                &format!(
                    "CREATE ROLE {name} LOGIN PASSWORD '{}'; ALTER DATABASE {database} OWNER TO {name};
                     ALTER SCHEMA public OWNER TO {name}; GRANT {name} TO app",
                    Login::PASSWORD
                ),
            ),
            _ => admin(
                project,
                &format!("CREATE USER {name} IDENTIFIED BY '{}'; GRANT ALL ON {database}.* TO {name}", Login::PASSWORD),
            ),
        };
        let login = Login { project, name };
        login.configure(Login::PASSWORD);
        login
    }

    fn configure(&self, password: &str) {
        let (project, name) = (self.project, &self.name);
        let (scheme, parameters) = match project.engine() {
            Engine::Postgres => ("postgresql", "?sslmode=disable"),
            _ => ("mysql", ""),
        };
        let place = format!("127.0.0.1:{}/{}{parameters}", project.port(), project.database());
        project.file(
            "dbwarden.toml",
            format!("[database.primary]\ndatabase_url = \"{scheme}://{name}:{password}@{place}\"\n"),
        );
    }

    /// Takes a right away, or gives it back: the user's name stands in place of `{}`.
    fn change(&self, sql: &str) {
        admin(self.project, &sql.replace("{}", &self.name));
    }
}

/// The SQL that the first line of advice consists of.
#[track_caller]
fn advised(run: &Finished) -> String {
    let next = run.stderr.lines().find_map(|line| line.trim().strip_prefix("= next: "));
    next.unwrap_or_else(|| panic!("no advice: {run:?}")).to_string()
}

/// What a run must not change, as text. The tool's own tables are looked at, too.
fn state(project: &Project) -> String {
    let tables = ["_dbwarden_migrations", "_dbwarden_journal", "_dbwarden_events"];
    let counts = tables.map(|table| project.sql(&format!("SELECT count(*) FROM {table}")));
    format!("{}\n{}", counts.join(" "), project.schema())
}

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
        _ => "INSERT INTO filler SELECT REPEAT('x', 1000) FROM seq_1_to_40000;",
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

#[test]
fn postgres_a_right_that_was_revoked_is_named_with_its_grant() {
    let project = Project::new(Engine::Postgres);
    let login = Login::new(&project);
    project.tables(1).migrate();
    let mut count = 1;
    for revoke in [
        "REVOKE ALL ON _dbwarden_migrations FROM {}",
        "REVOKE INSERT ON _dbwarden_migrations FROM {}",
        "REVOKE ALL ON _dbwarden_journal FROM {}",
        "REVOKE INSERT, DELETE ON _dbwarden_journal FROM {}",
        "REVOKE INSERT ON _dbwarden_events FROM {}",
        "ALTER SCHEMA public OWNER TO postgres; REVOKE ALL ON SCHEMA public FROM {}, PUBLIC",
    ] {
        let before = state(&project);
        login.change(revoke);
        count += 1;
        let (name, table) = (format!("{count:04}_create_t{count}.sql"), format!("t{count}"));
        project.migration(
            &name,
            &format!("-- dbwarden: transaction = off\nCREATE TABLE {table} (id int);"),
            &format!("DROP TABLE {table};"),
        );
        let refused = project
            .run(["migrate"])
            .exits(exit::REFUSED)
            .says("permission denied")
            .says(&format!("TO \"{}\"", login.name));
        // As it stands in the message, it is enough; for the schema, once more for the right to create.
        login.change(&advised(&refused));
        if revoke.contains("SCHEMA") {
            let refused =
                project.run(["migrate"]).exits(exit::SQL_FAILED).says(&name).says("permission denied for schema");
            assert_eq!(advised(&refused), format!("GRANT USAGE, CREATE ON SCHEMA \"public\" TO \"{}\";", login.name));
            login.change(&advised(&refused));
        } else {
            assert_eq!(state(&project), before, "{revoke}");
        }
        let finished = project.run(["migrate"]);
        let finished = match finished.code {
            // What lets it be read is not enough to write it.
            Some(exit::REFUSED) => {
                login.change(&advised(&finished));
                project.run(["migrate"])
            }
            _ => finished,
        };
        finished.exits(exit::DONE);
        assert!(project.has_table(&table), "{revoke}");
    }
    login.change("REVOKE DELETE ON _dbwarden_migrations FROM {}");
    let before = state(&project);
    let refused = project.run(["rollback"]).exits(exit::REFUSED).says("nothing was run");
    assert_eq!(state(&project), before);
    login.change(&advised(&refused));
    project.run(["rollback"]).exits(exit::DONE);
}

#[test]
fn mysql_a_right_that_was_revoked_is_named_with_its_grant() {
    let project = Project::new(Engine::MySql);
    let login = Login::new(&project);
    let database = project.database();
    project.tables(1).migrate();
    let only = |rights: &str| {
        login.change(&format!("REVOKE ALL ON {database}.* FROM {{}}; GRANT {rights} ON {database}.* TO {{}}"));
    };
    for (rights, kept) in [("CREATE", false), ("SELECT, CREATE", true), ("SELECT, INSERT, CREATE", true)] {
        only(rights);
        let before = state(&project);
        project.tables(2);
        let refused = project.run(["migrate"]).exits(exit::REFUSED).says("command denied to user").says("GRANT SELECT");
        assert_eq!(state(&project), before, "{rights}");
        assert_eq!(refused.stderr.contains("nothing was run"), kept, "{}", refused.stderr);
        login.change(&advised(&refused));
        let next = project.run(["migrate"]);
        if next.code == Some(exit::REFUSED) {
            login.change(&advised(&next));
            project.migrate();
        }
        login.change(&format!("REVOKE ALL PRIVILEGES, GRANT OPTION FROM {{}}; GRANT ALL ON {database}.* TO {{}}"));
        project.run(["rollback"]).exits(exit::DONE);
    }
    only("SELECT, INSERT, UPDATE, DELETE");
    let refused =
        project.run(["migrate"]).exits(exit::SQL_FAILED).says("0002_create_t2.sql:3").says("CREATE command denied");
    assert_eq!(advised(&refused), format!("GRANT CREATE ON `{database}`.* TO '{}'@'%';", login.name));
    login.change(&advised(&refused));
    project.migrate();
}

#[test]
fn postgres_a_statement_timeout_ends_the_statement_and_only_the_one_that_was_asked_for_does() {
    let project = Project::new(Engine::Postgres);
    project.tables(1).migrate();
    admin(&project, &format!("ALTER DATABASE {} SET statement_timeout = '150ms'", project.database()));
    project.migration("0002_slow.sql", "CREATE TABLE t2 (id int);\nSELECT pg_sleep(0.4);", "DROP TABLE t2;");
    let stopped =
        project.run(["migrate", "--statement-timeout", "100ms"]).exits(exit::SQL_FAILED).says("0002_slow.sql:4:1");
    stopped.says("statement timeout").says("raise `statement_timeout`").says("undone completely");
    assert!(!project.has_table("t2"));
    let own = "-- dbwarden: statement_timeout = 100ms\nCREATE TABLE t2 (id int);\nSELECT pg_sleep(0.4);";
    project
        .migration("0002_slow.sql", own, "DROP TABLE t2;")
        .run(["migrate"])
        .exits(exit::SQL_FAILED)
        .says("statement timeout");
    let outside = "-- dbwarden: transaction = off\nCREATE TABLE t2 (id int);\nSELECT pg_sleep(0.4);";
    project.migration("0002_slow.sql", outside, "DROP TABLE t2;");
    let partly = project.run(["migrate", "--statement-timeout", "100ms"]).exits(exit::PARTLY);
    partly.says("raise `statement_timeout`").says("goes on at statement 2").never_mentions("correct statement");
    // The server's own limit is for applications.
    project.migrate();
    assert_eq!(project.versions(), ["0001", "0002"]);
}

#[test]
fn mysql_a_statement_timeout_ends_the_statement_and_only_the_one_that_was_asked_for_does() {
    let project = Project::new(Engine::MySql);
    project.tables(1).migrate();
    project.migration("0002_slow.sql", "CREATE TABLE t2 (id int);\nSELECT SLEEP(0.5);", "DROP TABLE t2;");
    let partly = project.run(["migrate", "--statement-timeout", "100ms"]).exits(exit::PARTLY).says("0002_slow.sql:4:1");
    partly.says("max_statement_time exceeded").says("raise `statement_timeout`").says("goes on at statement 2");
    project.migrate();
    let own = "-- dbwarden: statement_timeout = 100ms\nSELECT SLEEP(0.5);";
    project.migration("0003_slow.sql", own, "").run(["migrate"]).exits(exit::SQL_FAILED).says("max_statement_time");
    project.migration("0003_slow.sql", "SELECT SLEEP(0.5);", "").migrate();
}

fn times_in_the_tables_decide_nothing(project: &Project) {
    let (future, past) = ("2099-01-01 00:00:00", "1999-01-01 00:00:00");
    let set = |when: &str, condition: &str| {
        project.sql(&format!("UPDATE _dbwarden_migrations SET applied_at = '{when}' WHERE {condition}"));
        project.sql(&format!("UPDATE _dbwarden_events SET happened_at = '{when}' WHERE {condition}"));
    };
    project.tables(4).run(["migrate", "-c", "2"]).exits(exit::DONE);
    set(future, "version = '0001'");
    set(past, "version = '0002'");
    project.migrate();
    assert_eq!(project.versions(), ["0001", "0002", "0003", "0004"]);
    set(past, "version = '0004'");
    let listed = project.json(&["history"]);
    let order: Vec<&str> =
        listed["databases"][0]["rows"].as_array().unwrap().iter().filter_map(|row| row["version"].as_str()).collect();
    assert_eq!(order, ["0001", "0002", "0003", "0004"], "in the order of application");
    project.run(["status", "--exit-code"]).exits(exit::DONE);

    // A rollback of several that failed half-way and is finished by the next one, whatever the times.
    project.run(["rollback"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001", "0002", "0003"], "the latest by its place, not by its time");
    project.sql("DROP TABLE t2");
    let failed = project.run(["rollback", "-c", "2"]);
    assert_ne!(failed.code, Some(exit::DONE), "{failed:?}");
    set(future, "1 = 1");
    project.sql("CREATE TABLE t2 (id int)");
    project.run(["rollback"]).exits(exit::DONE);
    assert_eq!(project.versions(), ["0001"]);

    // An interrupted file goes on, too.
    let file = |second: &str| {
        format!("-- dbwarden: transaction = off\nCREATE TABLE a (id int);\nINSERT INTO {second} VALUES (1);")
    };
    project.tables(1).remove("migrations/0003_create_t3.sql").remove("migrations/0004_create_t4.sql");
    project.migration("0002_create_t2.sql", &file("nowhere"), "").run(["migrate"]).exits(exit::PARTLY);
    set(past, "1 = 1");
    project.migration("0002_create_t2.sql", &file("a"), "").migrate();
    assert_eq!(project.sql("SELECT count(*) FROM a"), "1");
}

fn a_history_that_was_dropped_is_not_taken_for_an_empty_one(project: &Project) {
    project.tables(2).migration("0003_rows.sql", "INSERT INTO t1 VALUES (1);", "DELETE FROM t1;").migrate();
    project.sql("DROP TABLE _dbwarden_migrations");
    for arguments in [&["migrate"][..], &["rollback"], &["status"], &["check"], &["migrate", "--dry-run"]] {
        let refused = project.run(arguments).exits(exit::DISAGREE).says("_dbwarden_migrations").says("3 applied");
        refused.says("--baseline").says("backup");
    }
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "1", "nothing is done twice");
    project.run(["history", "--events"]).exits(exit::DONE).prints("0003_rows.sql");
    project.run(["migrate", "--baseline", "-t", "3"]).exits(exit::DONE);
    project.migration("0004_create_t4.sql", "CREATE TABLE t4 (id int);", "DROP TABLE t4;").migrate();
    assert_eq!(project.versions(), ["0001", "0002", "0003", "0004"]);

    // On purpose: the events go, too.
    project.sql("DROP TABLE _dbwarden_migrations; DROP TABLE _dbwarden_events");
    project.sql("DROP TABLE t1; DROP TABLE t2; DROP TABLE t4");
    project.migrate();
    assert_eq!(project.versions().len(), 4);
}

fn a_history_without_a_column_that_counts_is_refused(project: &Project) {
    project.tables(2).migrate();
    // SQLite drops no column with a constraint: its other columns stand for them.
    let columns: &[&str] = match project.engine() {
        Engine::Sqlite => &["migration_type", "checksum", "sequence", "rollback_sql"],
        _ => &["version", "filename", "migration_type", "checksum", "sequence", "rollback_sql"],
    };
    for column in columns {
        project.sql("CREATE TABLE kept AS SELECT * FROM _dbwarden_migrations");
        project.sql(&format!("ALTER TABLE _dbwarden_migrations DROP COLUMN {column}"));
        let before = project.schema();
        for arguments in [&["migrate"][..], &["rollback"], &["status"]] {
            let refused = project.run(arguments).exits(exit::DISAGREE).says(column).says("restore").says("backup");
            refused.never_mentions("a bug in dbwarden");
        }
        assert_eq!(project.schema(), before, "{column}");
        project.sql("DROP TABLE _dbwarden_migrations; ALTER TABLE kept RENAME TO _dbwarden_migrations");
    }
    project.tables(3).migrate();
    assert_eq!(project.versions(), ["0001", "0002", "0003"]);
}

fn what_can_be_made_again_is_made_again(project: &Project) {
    project.tables(1).migrate();
    for (number, damage) in (2..).zip([
        "DROP TABLE _dbwarden_events",
        "DROP TABLE _dbwarden_journal",
        "ALTER TABLE _dbwarden_migrations DROP COLUMN description",
        "ALTER TABLE _dbwarden_migrations DROP COLUMN execution_ms",
        "ALTER TABLE _dbwarden_events DROP COLUMN detail",
    ]) {
        project.sql(damage);
        project.tables(number).migrate();
        assert_eq!(project.versions().len(), number, "{damage}");
        project.run(["history", "--events"]).exits(exit::DONE).prints(&format!("{number:04}_create_t{number}.sql"));
    }
    project.run(["rollback", "-t", "0"]).exits(exit::DONE);
}

fn a_row_that_was_deleted_is_noticed(project: &Project) {
    project.tables(3).migrate();
    project.sql("DELETE FROM _dbwarden_migrations WHERE version = '0002'");
    let refused = project.run(["migrate"]).exits(exit::DISAGREE).says("0002_create_t2.sql").says("next:");
    refused.says("below version 0003");
    // The latest one looks like one that was never applied: its own statements find out, and nothing is left of it.
    project.sql("DELETE FROM _dbwarden_migrations WHERE version = '0003'");
    let before = project.schema();
    project.run(["migrate"]).exits(exit::SQL_FAILED).says("already exists");
    assert_eq!(project.schema(), before);
    project.run(["migrate", "--baseline", "-t", "3"]).exits(exit::DONE);
    project.run(["status", "--exit-code"]).exits(exit::DONE);
}

fn a_row_that_is_there_twice_is_noticed(project: &Project) {
    project.tables(2).migrate();
    // As a copy that lost its constraints.
    project.sql("CREATE TABLE kept AS SELECT * FROM _dbwarden_migrations");
    project.sql("DROP TABLE _dbwarden_migrations; ALTER TABLE kept RENAME TO _dbwarden_migrations");
    project.migrate();
    project.sql("INSERT INTO _dbwarden_migrations SELECT * FROM _dbwarden_migrations WHERE version = '0002'");
    for arguments in [&["migrate"][..], &["rollback"], &["status"]] {
        project.run(arguments).exits(exit::DISAGREE).says("0002_create_t2.sql").says("next:");
    }
    assert!(project.has_table("t2"));
}

#[test]
fn postgres_a_server_without_a_free_connection_is_waited_for() {
    let project = Project::new(Engine::Postgres);
    let database = project.database();
    project.tables(1);
    admin(&project, &format!("ALTER DATABASE {database} CONNECTION LIMIT 1"));
    let holder = Holder::new(&project, "SELECT 1");
    let refused = project.run(["migrate"]).exits(exit::UNREACHABLE).says("too many connections").says("next:");
    refused.says("--wait-for-db").never_mentions("check user and password");
    let run = project.spawn(["migrate", "--wait-for-db", "60s"]);
    run.wait_for_stderr(|text| text.contains("waiting for"));
    admin(&project, &format!("ALTER DATABASE {database} CONNECTION LIMIT 10"));
    run.finish().exits(exit::DONE);
    holder.release();

    // One is there, and a second one is needed for a moment.
    project.tables(2);
    admin(&project, &format!("ALTER DATABASE {database} CONNECTION LIMIT 1"));
    project
        .run(["migrate"])
        .exits(exit::UNREACHABLE)
        .says("too many connections")
        .never_mentions("check user and password");
    assert!(!project.has_table("t2"));
    admin(&project, &format!("ALTER DATABASE {database} CONNECTION LIMIT -1"));
    project.migrate();
}

#[test]
fn mysql_a_server_without_a_free_connection_is_waited_for() {
    let project = Project::new(Engine::MySql);
    let login = Login::new(&project);
    project.tables(1);
    // A run needs a second connection for a moment, to try the lock from outside.
    login.change("ALTER USER {} WITH MAX_USER_CONNECTIONS 2");
    let mut own = client("mariadb");
    own.args(["--no-defaults", "-N", "-u", &login.name, &format!("-p{}", Login::PASSWORD), "-S"])
        .arg(MariaDb::get().socket());
    let other = Holder::with(&project, &mut own, "SELECT 1");
    let refused = project.run(["migrate"]).exits(exit::UNREACHABLE).says("max_user_connections");
    refused.says("end sessions that are not needed");
    let holder = Holder::with(&project, &mut own, "SELECT 1");
    project.run(["migrate"]).exits(exit::UNREACHABLE).says("max_user_connections").says("--wait-for-db");
    let run = project.spawn(["migrate", "--wait-for-db", "60s"]);
    run.wait_for_stderr(|text| text.contains("waiting for"));
    login.change("ALTER USER {} WITH MAX_USER_CONNECTIONS 10");
    run.finish().exits(exit::DONE);
    other.release();
    holder.release();
}

#[test]
fn postgres_a_password_or_a_database_that_changed_is_named() {
    a_password_or_a_database_that_changed_is_named(Engine::Postgres, "ALTER ROLE {} PASSWORD 'second-Pw2'");
}

#[test]
fn mysql_a_password_or_a_database_that_changed_is_named() {
    a_password_or_a_database_that_changed_is_named(Engine::MySql, "ALTER USER {} IDENTIFIED BY 'second-Pw2'");
}

fn a_password_or_a_database_that_changed_is_named(engine: Engine, change_password: &str) {
    let project = Project::new(engine);
    let login = Login::new(&project);
    project.tables(1).migrate();
    project.tables(2);
    login.change(change_password);
    for command in ["migrate", "status", "history"] {
        let refused = project.run([command]).exits(exit::UNREACHABLE).says(&login.name).says("check user and password");
        refused.never_mentions(Login::PASSWORD);
    }
    // An account that is locked is as good as one with another password.
    login.configure("second-Pw2");
    let (lock, unlock) = match engine {
        Engine::Postgres => ("ALTER ROLE {} NOLOGIN", "ALTER ROLE {} LOGIN"),
        _ => ("ALTER USER {} ACCOUNT LOCK", "ALTER USER {} ACCOUNT UNLOCK"),
    };
    login.change(lock);
    project.run(["migrate"]).exits(exit::UNREACHABLE).says("next:");
    login.change(unlock);
    project.migrate();

    let database = project.database();
    match engine {
        Engine::Postgres => Postgres::get().admin("postgres", &format!("DROP DATABASE {database} WITH (FORCE)")),
        _ => admin(&project, &format!("DROP DATABASE {database}")),
    };
    for command in ["migrate", "status"] {
        project.run([command]).exits(exit::UNREACHABLE).says(database).says("create the database first");
    }
    match engine {
        Engine::Postgres => {
            Postgres::get().admin("postgres", &format!("CREATE DATABASE {database} OWNER {}", login.name))
        }
        _ => admin(&project, &format!("CREATE DATABASE {database}")),
    };
    project.migrate();
    assert_eq!(project.versions(), ["0001", "0002"]);
}
