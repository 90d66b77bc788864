//! PostgreSQL: transactions, and the statements that refuse to be in one.

use super::case::{Case, File};
use crate::harness::Engine;

const FILES: &[File] = &[
    (
        "0001_users.sql",
        "CREATE TABLE users (id int PRIMARY KEY, name text);
         INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 20) n;
         WITH changed AS (UPDATE users SET name = upper(name) WHERE id < 3 RETURNING id)
             INSERT INTO ledger SELECT '1 changed ' || id FROM changed;",
        "INSERT INTO ledger VALUES ('1 undone');
         DROP TABLE users;",
    ),
    (
        "0002_copy.sql",
        "INSERT INTO ledger VALUES ('2 before');
         COPY users (id, name) FROM stdin;
101\tcopied
102\tcopied as well
\\.
         COPY ledger FROM stdin;
2 copied
\\.
         INSERT INTO ledger SELECT '2 has ' || count(*) FROM users;",
        "WITH gone AS (DELETE FROM users WHERE id > 100 RETURNING id)
             INSERT INTO ledger SELECT '2 gone ' || id FROM gone;",
    ),
    (
        "0003_concurrently.sql",
        "INSERT INTO ledger VALUES ('3 before');
         CREATE INDEX CONCURRENTLY users_name ON users (name);
         VACUUM users;
         CREATE UNIQUE INDEX CONCURRENTLY users_name_id ON users (name, id);
         DROP INDEX CONCURRENTLY users_name;
         ALTER TABLE users ADD COLUMN email text;
         INSERT INTO ledger VALUES ('3 after');",
        "ALTER TABLE users DROP COLUMN email;
         INSERT INTO ledger VALUES ('3 undoing');
         DROP INDEX CONCURRENTLY users_name_id;
         INSERT INTO ledger VALUES ('3 undone');",
    ),
    (
        "0004_mood.sql",
        "CREATE TYPE mood AS ENUM ('sad');
         ALTER TYPE mood ADD VALUE 'glad';
         CREATE TABLE moods (m mood DEFAULT 'glad');
         INSERT INTO moods DEFAULT VALUES;
         INSERT INTO ledger SELECT '4 ' || m FROM moods;",
        "DROP TABLE moods; DROP TYPE mood; INSERT INTO ledger VALUES ('4 undone');",
    ),
    (
        "0005_body.sql",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             INSERT INTO ledger VALUES ('5 ' || NEW.id);
             RETURN NEW;
         END $$;
         CREATE TRIGGER note AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION note();
         DO $$ BEGIN FOR i IN 201..203 LOOP INSERT INTO users (id) VALUES (i); END LOOP; END $$;",
        "DROP TRIGGER note ON users; DROP FUNCTION note(); DELETE FROM users WHERE id > 200;
         INSERT INTO ledger VALUES ('5 undone');",
    ),
    (
        "0006_off.sql",
        "-- dbwarden: transaction = off
         SET lock_timeout = '3s';
         CREATE TABLE a (id int);
         CREATE INDEX a_id ON a (id);
         ALTER TABLE a ADD COLUMN b int;
         CREATE TABLE IF NOT EXISTS c (id int);
         CREATE OR REPLACE VIEW d AS SELECT id FROM a;",
        "-- dbwarden: transaction = off
         DROP VIEW IF EXISTS d;
         DROP TABLE c;
         ALTER TABLE a DROP COLUMN b;
         DROP TABLE a;",
    ),
    (
        "0007_marked.sql",
        "BEGIN;
         CREATE TABLE e (id int);
         INSERT INTO ledger VALUES ('7 first');
         COMMIT;
         -- @dbwarden:autocommit
         CREATE INDEX e_id ON e (id);
         BEGIN;
         INSERT INTO ledger VALUES ('7 second');
         COMMIT;",
        "DROP TABLE e; INSERT INTO ledger VALUES ('7 undone');",
    ),
    ("ROC__view.sql", "CREATE OR REPLACE VIEW names AS SELECT name FROM users; INSERT INTO ledger VALUES ('ROC');", ""),
    ("RA__always.sql", "INSERT INTO ledger VALUES ('RA');", ""),
];

/// Those that can be undone without what the repeatables left.
const VERSIONED: &[File] = FILES.split_at(7).0;

pub const MIGRATE: Case = Case {
    engine: Engine::Postgres,
    files: FILES,
    before: &[],
    command: &["migrate"],
    once_more: &["migrate"],
    at_least: 145,
    asks: false,
};

pub const ROLLBACK: Case = Case {
    files: VERSIONED,
    before: &[&["migrate"]],
    command: &["rollback", "--to-version", "0"],
    once_more: &["rollback", "--to-version", "0"],
    at_least: 85,
    ..MIGRATE
};

pub const ROLLBACK_THREE: Case = Case {
    command: &["rollback", "--count", "3"],
    once_more: &["rollback", "--to-version", "4"],
    at_least: 44,
    ..ROLLBACK
};

#[test]
fn migrate() {
    MIGRATE.survives();
}

#[test]
fn rollback() {
    ROLLBACK.survives();
}

#[test]
fn rollback_of_three() {
    ROLLBACK_THREE.survives();
}
