//! Limits of the server, its logins and its databases.

use super::{Login, admin};
use crate::harness::client::client;
use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::{Engine, Holder, Project, exit};

on_each_engine![a_statement_that_takes_too_long_is_ended_and_its_transaction_undone];

fn a_statement_that_takes_too_long_is_ended_and_its_transaction_undone(project: &Project) {
    project.tables(1).migrate();
    let slow = project.snippets().slow;
    let slow = if project.engine() == Engine::Postgres { slow.to_owned() } else { format!("INSERT INTO t1 {slow}") };
    let file = |slow: &str| format!("INSERT INTO t1 VALUES (1);\n{slow};\nINSERT INTO t1 VALUES (2);");
    project.migration("0002_slow.sql", &file(&slow), "");
    let ended = project.run(["migrate", "--statement-timeout", "100ms"]).exits(exit::SQL_FAILED);
    ended.says("0002_slow.sql:4:1").says("raise `statement_timeout`").says("undone");
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "0");
    // In the file, for the file.
    let own = format!("-- dbwarden: statement_timeout = 100ms\n{}", file(&slow));
    project.migration("0002_slow.sql", &own, "").run(["migrate"]).exits(exit::SQL_FAILED).says("0002_slow.sql:5:1");
    assert_eq!(project.versions(), ["0001"]);
    project.migration("0002_slow.sql", &file("INSERT INTO t1 VALUES (3)"), "");
    project.run(["migrate", "--statement-timeout", "1min"]).exits(exit::DONE);
    assert_eq!(project.sql("SELECT count(*) FROM t1"), "3");
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
    // Killed, MySQL's SLEEP returns as if it had come to its end; and both the server and the run may end what is slow.
    let (slow, exceeded) = match MariaDb::is_mysql() {
        true => (project.snippets().slow, "raise `statement_timeout`"),
        false => ("SELECT SLEEP(0.5)", "max_statement_time exceeded"),
    };
    project.migration("0002_slow.sql", &format!("CREATE TABLE t2 (id int);\n{slow};"), "DROP TABLE t2;");
    let partly = project.run(["migrate", "--statement-timeout", "100ms"]).exits(exit::PARTLY).says("0002_slow.sql:4:1");
    partly.says(exceeded).says("raise `statement_timeout`").says("goes on at statement 2");
    project.migrate();
    let own = format!("-- dbwarden: statement_timeout = 100ms\n{slow};");
    project.migration("0003_slow.sql", &own, "").run(["migrate"]).exits(exit::SQL_FAILED).says(exceeded);
    project.migration("0003_slow.sql", &format!("{slow};"), "").migrate();
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
