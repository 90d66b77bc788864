//! That PostgreSQL refuses what `rollback-order` says it refuses.

use crate::harness::{Engine, Project};

const FUNCTION: &str = "CREATE FUNCTION f() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'";

#[test]
fn postgresql_keeps_what_something_needs() {
    let project = Project::new(Engine::Postgres);
    project.sql("CREATE TABLE t (a int)");
    project.sql("CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'");
    for (used, made, drop) in [
        (FUNCTION, "CREATE VIEW v AS SELECT f() AS a", "DROP FUNCTION f()"),
        (FUNCTION, "CREATE INDEX i ON t ((a + f()))", "DROP FUNCTION f()"),
        (FUNCTION, "ALTER TABLE t ADD COLUMN c int DEFAULT f()", "DROP FUNCTION f()"),
        (FUNCTION, "ALTER TABLE t ADD COLUMN c int GENERATED ALWAYS AS (a + f()) STORED", "DROP FUNCTION f()"),
        (FUNCTION, "ALTER TABLE t ALTER COLUMN a SET DEFAULT f()", "DROP FUNCTION f()"),
        (FUNCTION, "ALTER TABLE t ADD CONSTRAINT k CHECK (a > f())", "DROP FUNCTION f()"),
        ("SELECT 1", "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION g()", "DROP FUNCTION g()"),
        ("CREATE TABLE n (a int)", "CREATE VIEW v AS SELECT a FROM n", "DROP TABLE n"),
        ("CREATE VIEW n AS SELECT 1 AS a", "CREATE VIEW v AS SELECT t.a FROM t JOIN n ON true", "DROP VIEW n"),
        ("CREATE TYPE mood AS ENUM ('a')", "ALTER TABLE t ADD COLUMN m mood[]", "DROP TYPE mood"),
    ] {
        assert!(project.sql_works(&format!("BEGIN; {used}; {made}; ROLLBACK")), "{made}");
        assert!(!project.sql_works(&format!("BEGIN; {used}; {made}; {drop}; ROLLBACK")), "{made}");
        assert!(project.sql_works(&format!("BEGIN; {used}; {drop}; ROLLBACK")), "{drop}");
    }
}
