//! What others left in the database or in the arguments: planted objects, rows changed by hand, URLs in wrong places.

use crate::harness::{Engine, Project, USER, exit};

on_each_engine![rows_that_cannot_be_told_apart_are_not_touched];

fn rows_that_cannot_be_told_apart_are_not_touched(project: &Project) {
    project.tables(2).migrate();
    project.sql("UPDATE _dbwarden_migrations SET sequence = 1");
    project.run(["rollback"]).exits(exit::DISAGREE).says("0001_create_t1.sql").says("0002_create_t2.sql");
    assert!(project.has_table("t1") && project.has_table("t2"));
}

#[test]
fn postgres_what_was_applied_before_the_connection_was_lost_is_reported() {
    loses_its_connection(&Project::new(Engine::Postgres), "SELECT pg_terminate_backend(pg_backend_pid());");
}

#[test]
fn mysql_what_was_applied_before_the_connection_was_lost_is_reported() {
    loses_its_connection(&Project::new(Engine::MySql), "KILL CONNECTION_ID();");
}

fn loses_its_connection(project: &Project, statement: &str) {
    project.tables(1).migration("0002_end.sql", statement, "");
    let report = project.run(["migrate"]).prints("now at 0001");
    // MySQL says that the statement was cancelled.
    assert!(matches!(report.code, Some(exit::UNREACHABLE | exit::PARTLY | exit::BLOCKED)), "{report:?}");
}

#[test]
fn postgres_planted_operators_types_and_functions_are_never_used() {
    let project = Project::new(Engine::Postgres);
    let equality = |name: &str, left: &str, right: &str| {
        format!(
            "CREATE FUNCTION evil.{name}({left}, {right}) RETURNS boolean LANGUAGE plpgsql AS $$ \
             BEGIN INSERT INTO evil.hits VALUES ('{name}'); RETURN true; END $$; \
             CREATE OPERATOR evil.= (LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = evil.{name});"
        )
    };
    let pairs = [("t", "text", "text"), ("i", "int", "int"), ("b", "bigint", "int"), ("o", "oid", "bigint")];
    let operators: String = pairs.iter().map(|(name, left, right)| equality(name, left, right)).collect();
    project.sql(&format!(
        "CREATE SCHEMA evil; CREATE TABLE evil.hits (name pg_catalog.text); {operators} \
         CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '1999-01-01' $$; \
         CREATE FUNCTION evil.pg_try_advisory_lock(int, int) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$; \
         CREATE DOMAIN evil.text AS varchar(1); CREATE DOMAIN evil.timestamptz AS varchar(1); \
         CREATE TABLE evil._dbwarden_migrations (x int); \
         ALTER ROLE {USER} IN DATABASE {} SET search_path = evil, pg_catalog, public",
        project.database()
    ));
    project.migration("0001_a.sql", "CREATE TABLE public.a (id int);", "DROP TABLE public.a;");
    project.migration("0002_b.sql", "CREATE TEMP TABLE _dbwarden_migrations (x int);", "");
    project.migrate();
    for command in ["status", "history", "check", "lock-status"] {
        project.run([command]).exits(exit::DONE);
    }
    project.run(["rollback", "--count", "2"]).exits(exit::DONE);
    assert_eq!(project.sql("SELECT count(*) FROM evil.hits"), "0");
    assert_eq!(project.sql("SELECT count(*) FROM evil._dbwarden_migrations"), "0");
}

#[test]
fn postgres_a_role_that_is_not_there_is_refused_in_words() {
    let project = Project::new(Engine::Postgres);
    project.tables(1).toml_extra("role = \"nobody_of_that_name\"");
    project.run(["migrate"]).exits(exit::REFUSED).says("nobody_of_that_name").says("grant it to the login user");
    assert!(!project.has_table("t1"));
}

#[test]
fn a_url_in_the_wrong_place_shows_no_password() {
    let project = Project::new(Engine::Sqlite);
    for url in ["postgres://u:Hid/d3n#pw@host/db", "postgres:u:Hid/d3n#pw@host", "mysql://host/db?password=Hid/d3n#pw"]
    {
        for flag in ["--config", "--migrations-dir", "--database", "--to-version", "--bogus"] {
            for json in [&[][..], &["--json"]] {
                let arguments = ["migrate", flag, url].into_iter().chain(json.iter().copied());
                project.run(arguments).exits(exit::USAGE).never_mentions("d3n#pw");
            }
        }
    }
}

#[test]
fn a_command_that_fails_after_printing_the_password_does_not_show_it() {
    let project = Project::bare(Engine::Sqlite);
    project.file(
        "dbwarden.toml",
        "[database.primary]\ndatabase_type = \"postgresql\"\nhost = \"127.0.0.1\"\nuser = \"u\"\ndbname = \"d\"\n\
         password_command = [\"sh\", \"-c\", \"echo Hid-d3n; echo got Hid-d3n >&2; exit 3\"]\n",
    );
    project.file("migrations/README", "");
    for command in ["status", "config"] {
        project.run([command]).never_mentions("Hid-d3n");
    }
    project.run(["status"]).exits(exit::USAGE).says("got ***");
}
