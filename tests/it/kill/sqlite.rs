//! SQLite: a process that dies takes its statement with it; the file is put right by who opens it next.

use super::case::{Case, File};
use crate::harness::Engine;

const FILES: &[File] = &[
    (
        "0001_users.sql",
        "CREATE TABLE users (id integer PRIMARY KEY, name text);
         INSERT INTO users VALUES (1, 'one'), (2, 'two');
         CREATE TABLE orders (id integer PRIMARY KEY, user_id integer REFERENCES users ON DELETE CASCADE);
         INSERT INTO orders SELECT id, id FROM users;
         INSERT INTO ledger SELECT '1 ' || name FROM users;",
        "INSERT INTO ledger VALUES ('1 undone');
         DROP TABLE orders;
         DROP TABLE users;",
    ),
    (
        "0002_rebuild.sql",
        "PRAGMA foreign_keys = OFF;
         BEGIN;
         CREATE TABLE new_users (id integer PRIMARY KEY, name text NOT NULL, email text);
         INSERT INTO new_users SELECT id, name, NULL FROM users;
         DROP TABLE users;
         ALTER TABLE new_users RENAME TO users;
         INSERT INTO ledger SELECT '2 has ' || count(*) FROM orders;
         COMMIT;
         PRAGMA foreign_keys = ON;",
        "ALTER TABLE users DROP COLUMN email;
         INSERT INTO ledger VALUES ('2 undone');",
    ),
    (
        "0003_off.sql",
        "-- dbwarden: transaction = off
         PRAGMA recursive_triggers = ON;
         CREATE TABLE a (id integer);
         CREATE INDEX a_id ON a (id);
         ALTER TABLE a ADD COLUMN b text;
         CREATE VIEW c AS SELECT id FROM a;
         CREATE TABLE IF NOT EXISTS d (id integer);
         VACUUM;",
        "-- dbwarden: transaction = off
         DROP TABLE IF EXISTS d;
         DROP VIEW c;
         DROP INDEX a_id;
         DROP TABLE a;",
    ),
    (
        "0004_between.sql",
        "INSERT INTO ledger VALUES ('4 before');
         VACUUM;
         CREATE TRIGGER note AFTER INSERT ON orders BEGIN
             INSERT INTO ledger VALUES ('4 order ' || NEW.id);
         END;
         INSERT INTO orders VALUES (11, 1), (12, 2);",
        "DELETE FROM orders WHERE id > 10;
         DROP TRIGGER note;
         VACUUM;
         INSERT INTO ledger VALUES ('4 undone');",
    ),
    (
        "0005_pairs.sql",
        "BEGIN;
         INSERT INTO ledger VALUES ('5 first');
         COMMIT;
         BEGIN IMMEDIATE;
         UPDATE users SET name = name || '!';
         INSERT INTO ledger SELECT '5 ' || name FROM users;
         COMMIT;",
        "UPDATE users SET name = replace(name, '!', '');
         INSERT INTO ledger SELECT '5 undone ' || name FROM users;",
    ),
    (
        "ROC__view.sql",
        "DROP VIEW IF EXISTS names; CREATE VIEW names AS SELECT name FROM users; INSERT INTO ledger VALUES ('ROC');",
        "",
    ),
    ("RA__always.sql", "INSERT INTO ledger VALUES ('RA');", ""),
];

/// Those that can be undone without what the repeatables left.
const VERSIONED: &[File] = FILES.split_at(5).0;

pub const MIGRATE: Case = Case {
    engine: Engine::Sqlite,
    files: FILES,
    before: &[],
    command: &["migrate"],
    once_more: &["migrate"],
    at_least: 114,
    asks: false,
};

pub const ROLLBACK: Case = Case {
    files: VERSIONED,
    before: &[&["migrate"]],
    command: &["rollback", "--to-version", "0"],
    once_more: &["rollback", "--to-version", "0"],
    at_least: 75,
    ..MIGRATE
};

pub const ROLLBACK_THREE: Case = Case {
    command: &["rollback", "--count", "3"],
    once_more: &["rollback", "--to-version", "2"],
    at_least: 60,
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
