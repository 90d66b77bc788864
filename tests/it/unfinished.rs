//! Indexes that are there and not valid, and constraints that were never checked: PostgreSQL's half-finished things.

use std::io::Write;
use std::process::{Child, Stdio};

use crate::harness::postgres::Postgres;
use crate::harness::{Engine, Project, exit, wait_until};

/// A project whose migration 0002 builds a unique index over rows that are not unique.
fn with_a_failing_build(statement: &str) -> Project {
    let project = Project::new(Engine::Postgres);
    project.tables(1).migrate();
    project.sql("INSERT INTO t1 VALUES (1), (1)");
    project.migration("0002_index.sql", statement, "DROP INDEX t1_id;");
    project
}

fn is_valid(project: &Project, index: &str) -> String {
    project.sql(&format!("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{index}')"))
}

#[test]
fn a_build_that_fails_is_never_recorded_however_often_it_is_tried() {
    let project = with_a_failing_build("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t1_id ON t1 (id);");
    for _ in 0..3 {
        project.run(["migrate"]).exits(exit::SQL_FAILED).says("0002_index.sql:3:");
        assert_eq!((is_valid(&project, "t1_id").as_str(), project.versions()), ("f", vec!["0001".to_string()]));
    }
    project.sql("DELETE FROM t1");
    project.migrate();
    assert_eq!(is_valid(&project, "t1_id"), "t");
}

#[test]
fn an_index_that_a_person_left_invalid_is_not_taken_for_the_real_one() {
    let project = with_a_failing_build("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t1_id ON t1 (id);");
    assert!(!project.sql_works("CREATE UNIQUE INDEX CONCURRENTLY t1_id ON t1 (id)"));
    project.sql("DELETE FROM t1");
    project.migrate();
    assert_eq!(is_valid(&project, "t1_id"), "t");
}

#[test]
fn a_build_that_reports_success_and_leaves_an_invalid_index_is_repeated() {
    let project = Project::new(Engine::Postgres);
    project.tables(1).migrate();
    // What another session's failing build leaves in the moment between the look and the statement.
    let spoil = |times: u8| {
        format!(
            "CREATE TABLE public.spoilt (n int);
             CREATE FUNCTION public.spoil() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
                 IF (SELECT count(*) FROM public.spoilt) < {times} THEN
                     INSERT INTO public.spoilt VALUES (1);
                     UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass('public.t1_id');
                 END IF;
             END $$;
             CREATE EVENT TRIGGER spoil ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION public.spoil();"
        )
    };
    project.migration("0002_index.sql", "CREATE INDEX CONCURRENTLY IF NOT EXISTS t1_id ON t1 (id);", "");
    Postgres::get().admin(project.database(), &spoil(1));
    project.migrate().says("t1_id");
    assert_eq!((is_valid(&project, "t1_id").as_str(), project.versions().len()), ("t", 2));

    project.sql("DROP INDEX t1_id");
    Postgres::get().admin(project.database(), "DROP EVENT TRIGGER spoil; DROP FUNCTION spoil; DROP TABLE spoilt;");
    Postgres::get().admin(project.database(), &spoil(100));
    project.migration("0003_index.sql", "CREATE INDEX CONCURRENTLY IF NOT EXISTS t1_id ON t1 (id);", "");
    project.run(["migrate"]).exits(exit::SQL_FAILED).says("0003_index.sql:3:").says("invalid");
    assert_eq!(project.versions().len(), 2, "it is not recorded");
}

#[test]
fn check_says_who_puts_an_invalid_index_right() {
    let project = with_a_failing_build("CREATE UNIQUE INDEX CONCURRENTLY t1_id ON t1 (id);");
    project.run(["migrate"]).exits(exit::SQL_FAILED);
    let pending = project.run(["check"]).exits(exit::PENDING).prints("note[invalid-index]: index public.t1_id on");
    pending.prints("--> migrations/0002_index.sql").prints("the next `dbwarden migrate`").prints("1 note, 1 pending");

    // Recorded and yet invalid: someone restored half, or built it again in vain.
    project.run(["migrate", "--baseline", "-t", "2"]).exits(exit::DONE);
    let found = project.run(["check"]).exits(exit::PENDING).prints("error[invalid-index]: index public.t1_id on");
    found
        .prints("--> migrations/0002_index.sql")
        .prints("REINDEX INDEX CONCURRENTLY \"public\".\"t1_id\";")
        .prints("1 error, nothing pending");
    let document = project.json(&["check"]);
    assert_eq!(document["databases"][0]["findings"][0]["severity"], "error", "{document}");
    assert_eq!(document["exit"]["code"], exit::PENDING);

    project.sql("DELETE FROM t1");
    project.sql("REINDEX INDEX CONCURRENTLY public.t1_id");
    project.run(["check"]).exits(exit::DONE).prints("nothing found, nothing pending");
}

#[test]
fn check_tells_of_what_others_left_unfinished() {
    let project = Project::new(Engine::Postgres);
    project.tables(1).migrate();
    project.sql("CREATE SCHEMA \"Other\"; CREATE TABLE \"Other\".u (id int); INSERT INTO \"Other\".u VALUES (1), (1)");
    assert!(!project.sql_works("CREATE UNIQUE INDEX CONCURRENTLY \"U id\" ON \"Other\".u (id)"));
    project.sql("ALTER TABLE t1 ADD CONSTRAINT positive CHECK (id > 0) NOT VALID");
    project.sql(
        "CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9)",
    );
    project.sql("CREATE INDEX p_id ON ONLY p (id)");
    let found = project.run(["check"]).exits(exit::DONE).prints("2 warnings, 1 note, nothing pending");
    found
        .prints("warning[invalid-index]: index Other.U id on Other.u is invalid")
        .prints("REINDEX INDEX CONCURRENTLY \"Other\".\"U id\";")
        .prints("index public.p_id on public.p is invalid until every partition has its own")
        .prints("note[not-valid-constraint]: constraint positive of public.t1 is NOT VALID")
        .prints("ALTER TABLE \"public\".\"t1\" VALIDATE CONSTRAINT \"positive\";");
    // The remedies work as they stand.
    project.sql("DELETE FROM \"Other\".u");
    project.sql("REINDEX INDEX CONCURRENTLY \"Other\".\"U id\"");
    project.sql("ALTER TABLE \"public\".\"t1\" VALIDATE CONSTRAINT \"positive\"");
    project.run(["check"]).exits(exit::DONE).prints("1 warning, nothing pending");
}

/// A client of the engine that runs a script and then waits for more.
fn client_that_runs(project: &Project, script: &str) -> Child {
    let mut client = project.client().stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    client.stdin.as_mut().unwrap().write_all(script.as_bytes()).unwrap();
    client
}

#[test]
fn check_keeps_quiet_about_an_index_that_is_being_built() {
    let project = Project::new(Engine::Postgres);
    project.tables(1).migrate();
    let mut writer = client_that_runs(&project, "BEGIN; INSERT INTO t1 VALUES (1);\n");
    let here = "datname = current_database()";
    let open = format!("SELECT count(*) FROM pg_stat_activity WHERE {here} AND state = 'idle in transaction'");
    wait_until("the writer's transaction is open", || project.sql(&open) == "1");
    let mut builder = client_that_runs(&project, "CREATE INDEX CONCURRENTLY t1_id ON t1 (id);\n");
    wait_until("the index is begun", || is_valid(&project, "t1_id") == "f");
    project.run(["check"]).exits(exit::DONE).prints("nothing found");
    drop(writer.stdin.take());
    drop(builder.stdin.take());
    writer.wait().unwrap();
    builder.wait().unwrap();
    assert_eq!(is_valid(&project, "t1_id"), "t");
}
