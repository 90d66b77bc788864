//! MySQL and MariaDB: every DDL statement commits by itself.

use super::case::{Case, File};
use crate::harness::Engine;

const FILES: &[File] = &[
    (
        "0001_users.sql",
        "CREATE TABLE users (id int PRIMARY KEY, name varchar(50));
         INSERT INTO users VALUES (1, 'one'), (2, 'two');
         INSERT INTO ledger SELECT CONCAT('1 ', name) FROM users;",
        "INSERT INTO ledger VALUES ('1 undone');
         DROP TABLE users;",
    ),
    (
        "0002_creates.sql",
        "CREATE TABLE a (id int PRIMARY KEY, v int);
         CREATE TABLE b (id int PRIMARY KEY);
         CREATE INDEX a_v ON a (v);
         CREATE VIEW c AS SELECT id FROM a;
         CREATE TABLE d (id int);
         INSERT INTO ledger VALUES ('2 last');",
        "INSERT INTO ledger VALUES ('2 undoing');
         DROP TABLE d;
         DROP VIEW c;
         DROP INDEX a_v ON a;
         INSERT INTO ledger VALUES ('2 undone');
         DROP TABLE b;
         DROP TABLE a;",
    ),
    (
        "0003_rows.sql",
        "INSERT INTO ledger VALUES ('3 first');
         INSERT INTO b VALUES (1), (2);
         INSERT INTO ledger SELECT CONCAT('3 ', id) FROM b;",
        "INSERT INTO ledger VALUES ('3 undone');
         DELETE FROM b;",
    ),
    (
        "0004_alters.sql",
        "SET foreign_key_checks = 0;
         ALTER TABLE users ADD COLUMN email varchar(50);
         INSERT INTO ledger VALUES ('4 first');
         ALTER TABLE users ADD INDEX users_email (email);
         ALTER TABLE users RENAME COLUMN email TO mail;
         INSERT INTO ledger VALUES ('4 second');
         UPDATE users SET mail = 'x';
         ALTER TABLE users ADD CONSTRAINT known FOREIGN KEY (id) REFERENCES a (id);
         RENAME TABLE d TO e;",
        "RENAME TABLE e TO d;
         ALTER TABLE users DROP FOREIGN KEY known;
         ALTER TABLE users DROP INDEX users_email;
         INSERT INTO ledger VALUES ('4 undoing');
         ALTER TABLE users DROP COLUMN mail;",
    ),
    (
        "0005_body.sql",
        "DELIMITER $$
CREATE TRIGGER b_note AFTER INSERT ON b FOR EACH ROW
BEGIN
    INSERT INTO ledger VALUES (CONCAT('5 ', NEW.id));
END$$
CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END$$
DELIMITER ;
INSERT INTO b VALUES (11), (12);",
        "DROP TRIGGER b_note; DROP PROCEDURE p; DELETE FROM b WHERE id > 10;",
    ),
    ("ROC__view.sql", "CREATE OR REPLACE VIEW names AS SELECT name FROM users; INSERT INTO ledger VALUES ('ROC');", ""),
    ("RA__always.sql", "INSERT INTO ledger VALUES ('RA');", ""),
];

/// Those that can be undone without what the repeatables left.
const VERSIONED: &[File] = FILES.split_at(5).0;

pub const MIGRATE: Case = Case {
    engine: Engine::MySql,
    files: FILES,
    before: &[],
    command: &["migrate"],
    once_more: &["migrate"],
    at_least: 134,
    asks: false,
};

pub const ROLLBACK: Case = Case {
    files: VERSIONED,
    before: &[&["migrate"]],
    command: &["rollback", "--to-version", "0"],
    once_more: &["rollback", "--to-version", "0"],
    at_least: 105,
    ..MIGRATE
};

pub const ROLLBACK_THREE: Case = Case {
    command: &["rollback", "--count", "3"],
    once_more: &["rollback", "--to-version", "2"],
    at_least: 74,
    ..ROLLBACK
};

/// Those that the journal announces together.
const TABLES: &[File] = &[
    ("0001_a.sql", "CREATE TABLE a (id int, v int); CREATE INDEX a_v ON a (v);", "DROP TABLE a;"),
    ("0002_b.sql", "CREATE TABLE b (id int PRIMARY KEY);", "DROP TABLE b;"),
    ("0003_c.sql", "CREATE TABLE c (id int); CREATE UNIQUE INDEX c_id ON c (id);", "DROP TABLE c;"),
    ("0004_d.sql", "CREATE INDEX b_id ON b (id); CREATE TABLE d (id int);", "DROP TABLE d; DROP INDEX b_id ON b;"),
    ("0005_e.sql", "CREATE TABLE e (id int);", "DROP TABLE e;"),
];

pub const TOGETHER: Case = Case { files: TABLES, at_least: 50, ..MIGRATE };

pub const TOGETHER_BACK: Case = Case { files: TABLES, at_least: 40, ..ROLLBACK };

#[test]
fn migrate_together() {
    TOGETHER.survives();
}

#[test]
fn rollback_together() {
    TOGETHER_BACK.survives();
}

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
