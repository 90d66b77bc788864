//! A database with something of everything, and a text that two databases share only when all their data is equal.

use std::path::PathBuf;

use serde_json::Value;

use crate::harness::mariadb::MariaDb;
use crate::harness::{Engine, Project, exit};

/// Upgrade of a migration that makes a bit of everything the engine has, with names and values that need care.
pub fn everything(engine: Engine) -> String {
    match engine {
        Engine::Postgres => POSTGRES.to_owned(),
        Engine::MySql => {
            let more = if MariaDb::is_mysql() { "" } else { MARIADB_ONLY };
            MYSQL.replace("NUMBERS", &MariaDb::numbers(5000)) + more
        }
        Engine::Sqlite => SQLITE.to_owned(),
    }
}

const POSTGRES: &str = r#"
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE SCHEMA "odd schema";
CREATE TYPE mood AS ENUM ('sad', 'ok', 'ha''ppy');
CREATE SEQUENCE numbers START 100;
CREATE TABLE "Ünï `code`" (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feeling mood,
    bytes bytea,
    text text,
    length int GENERATED ALWAYS AS (char_length(text)) STORED,
    ref bigint REFERENCES "Ünï `code`" (id)
);
COMMENT ON TABLE "Ünï `code`" IS 'it''s; -- a comment';
INSERT INTO "Ünï `code`" (feeling, bytes, text, ref) VALUES
    ('sad', '\x00ff27', E'a\nb\t\\ ''quoted'' "x"; \\.', NULL), ('ha''ppy', '', '', 1), (NULL, NULL, NULL, 2);
CREATE TABLE "odd schema".many (id int PRIMARY KEY, note text);
INSERT INTO "odd schema".many SELECT i, repeat('x', i % 40) FROM generate_series(1, 5000) i;
CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE parts_2026 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO parts VALUES (1, '2026-11-22');
CREATE VIEW seen AS SELECT id, feeling FROM "Ünï `code`";
CREATE MATERIALIZED VIEW frozen AS SELECT count(*) AS n FROM "odd schema".many;
CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql AS $$ SELECT i * 2; $$;
CREATE TABLE log (entry text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES ('x'); RETURN NEW; END $$;
CREATE TRIGGER noted AFTER INSERT ON "odd schema".many FOR EACH ROW EXECUTE FUNCTION note();
CREATE INDEX many_note ON "odd schema".many USING gin (note gin_trgm_ops);
SELECT nextval('numbers');
"#;

const MYSQL: &str = r#"
CREATE TABLE `Ünï "code"` (
    id bigint AUTO_INCREMENT PRIMARY KEY,
    feeling enum('sad', 'ok', 'ha''ppy'),
    bytes varbinary(20),
    text text COMMENT 'it''s; -- a comment',
    length int GENERATED ALWAYS AS (char_length(text)) STORED,
    ref bigint,
    FOREIGN KEY (ref) REFERENCES `Ünï "code"` (id)
) DEFAULT CHARSET utf8mb4;
INSERT INTO `Ünï "code"` (feeling, bytes, text, ref) VALUES
    ('sad', x'00ff27', 'a\nb\t\\ ''quoted'' "x"; (), ü', NULL), ('ha''ppy', '', '', 1), (NULL, NULL, NULL, 2);
CREATE TABLE many (id int PRIMARY KEY, note text);
INSERT INTO many SELECT seq, repeat('x', seq % 40) FROM NUMBERS;
CREATE VIEW seen AS SELECT id, feeling FROM `Ünï "code"`;
CREATE FUNCTION twice(i int) RETURNS int DETERMINISTIC RETURN i * 2;
CREATE TABLE log (entry text);
CREATE TRIGGER noted AFTER INSERT ON many FOR EACH ROW INSERT INTO `log` VALUES ('x');
CREATE PROCEDURE fill()
BEGIN
    INSERT INTO `log` VALUES ('y');
    INSERT INTO `log` VALUES ('z');
END;
CREATE EVENT nightly ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01 00:00:00' DO DELETE FROM log;
"#;

/// What MySQL does not have.
const MARIADB_ONLY: &str = "CREATE SEQUENCE numbers START WITH 100;\nSELECT NEXTVAL(numbers);\n";

const SQLITE: &str = r#"
CREATE TABLE "Ünï `code`" (
    id integer PRIMARY KEY AUTOINCREMENT,
    bytes blob,
    text text,
    length int GENERATED ALWAYS AS (length(text)) STORED,
    ref integer REFERENCES "Ünï `code`" (id)
);
INSERT INTO "Ünï `code`" (bytes, text, ref) VALUES (x'00ff27', 'it''s; -- "x"', NULL), (x'', '', 1), (NULL, NULL, 2);
CREATE TABLE many (id int PRIMARY KEY, note text) WITHOUT ROWID;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO many SELECT i, hex(zeroblob(i % 20)) FROM n;
CREATE VIEW seen AS SELECT id FROM "Ünï `code`";
CREATE TABLE log (entry text);
CREATE TRIGGER noted AFTER INSERT ON many BEGIN INSERT INTO log VALUES ('x'); END;
CREATE VIRTUAL TABLE words USING fts5(word);
INSERT INTO words VALUES ('hello'), ('world');
"#;

/// Every row of every table, and what counts without being a row. The tool's own events are left out: a backup is
/// recorded there after it was taken.
pub fn data(project: &Project) -> String {
    let tables: &[&str] = match project.engine() {
        Engine::Postgres => &["\"Ünï `code`\"", "\"odd schema\".many", "parts", "seen", "frozen", "log"],
        Engine::MySql => &["`Ünï \"code\"`", "many", "seen", "`log`"],
        Engine::Sqlite => &["\"Ünï `code`\"", "many", "seen", "log", "words"],
    };
    let rows = tables.iter().map(|table| project.sql(&format!("SELECT * FROM {table} ORDER BY 1")));
    let bytes = match project.engine() {
        Engine::Postgres => "SELECT encode(bytes, 'hex') FROM \"Ünï `code`\" ORDER BY id",
        Engine::MySql => "SELECT hex(bytes) FROM `Ünï \"code\"` ORDER BY id",
        Engine::Sqlite => "SELECT hex(bytes) FROM \"Ünï `code`\" ORDER BY id",
    };
    let last = match project.engine() {
        Engine::Postgres => "SELECT last_value, is_called FROM numbers",
        Engine::MySql if MariaDb::is_mysql() => "SELECT 'no sequences'",
        Engine::MySql => "SELECT next_not_cached_value FROM numbers",
        Engine::Sqlite => "SELECT * FROM sqlite_sequence WHERE name NOT LIKE '_dbwarden%'",
    };
    let history =
        "SELECT sequence, version, filename, checksum, rollback_sql FROM _dbwarden_migrations ORDER BY sequence";
    let more = [bytes, last, history].map(|sql| project.sql(sql));
    rows.chain(more).collect::<Vec<_>>().join("\n--\n")
}

/// Drops or spoils everything.
pub fn destroy(project: &Project) {
    match project.engine() {
        Engine::Postgres => {
            project
                .sql("DROP SCHEMA \"odd schema\" CASCADE; DROP TABLE parts; DROP TYPE mood CASCADE; DELETE FROM log");
        }
        Engine::MySql => {
            project.sql("DROP TABLE many; DROP PROCEDURE fill; DROP VIEW seen; DELETE FROM `log`; DROP EVENT nightly");
        }
        Engine::Sqlite => {
            project.sql("DROP TABLE many; DROP TABLE words; DROP VIEW seen; DELETE FROM log");
        }
    }
    project.sql("DELETE FROM _dbwarden_migrations");
}

/// A project whose database holds [`everything`], recorded as migration 0001.
pub fn full(project: &Project) {
    project.migration("0001_everything.sql", &everything(project.engine()), "");
    project.migrate();
}

/// Takes a backup and returns the archive's path.
pub fn backup(project: &Project, arguments: &[&str]) -> PathBuf {
    let document = project.run([&["backup", "--json"], arguments].concat()).exits(exit::DONE).json();
    path_of(&document["databases"][0]["backups"][0])
}

/// The path in an entry of a JSON report.
pub fn path_of(entry: &Value) -> PathBuf {
    PathBuf::from(entry["path"].as_str().expect("a path"))
}

/// The manifest beside an archive.
pub fn manifest(archive: &std::path::Path) -> Value {
    let path = format!("{}.json", archive.display());
    serde_json::from_str(&std::fs::read_to_string(path).expect("a manifest")).expect("JSON")
}
