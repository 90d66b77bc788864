//! What PostgreSQL's manual says of locks and rewrites, against what we say.

use std::path::Path;

use super::change::Name;
use super::locks::{self, Lock};
use super::{Finding, Options, Server, Severity, Surroundings, TableSize, facts, lint};
use crate::dialect::Engine;
use crate::parse;

fn findings(sql: &str) -> Vec<Finding> {
    findings_with(Surroundings::default(), &[sql])
}

fn findings_with(surroundings: Surroundings, files: &[&str]) -> Vec<Finding> {
    let parsed = files.iter().enumerate().map(|(number, sql)| {
        let whole = format!("-- dbwarden: irreversible\n\n-- upgrade\n\n{sql}\n");
        let path = format!("000{}_example.sql", number + 1);
        parse::migration(Engine::Postgres, Path::new(&path), whole.into_bytes()).unwrap()
    });
    let migrations: Vec<_> = parsed.collect();
    let options = Options { surroundings, ..Options::default() };
    lint(Engine::Postgres, &migrations.iter().collect::<Vec<_>>(), &options)
}

/// The severity with which a rule is found.
fn severity(findings: &[Finding], rule: &str) -> Option<Severity> {
    findings.iter().find(|finding| finding.rule == rule).map(|finding| finding.severity)
}

/// The strongest lock on table `t`, and whether somebody would notice: the manual's verdicts.
#[rustfmt::skip]
const VERDICTS: &[(&str, Option<Lock>, bool)] = &[
    // ALTER TABLE, notes: "When a column is added with ADD COLUMN and a non-volatile DEFAULT is specified, the default
    // value is evaluated at the time of the statement and the result stored in the table's metadata".
    ("ALTER TABLE t ADD COLUMN a int", Some(Lock::AccessExclusive), false),
    ("ALTER TABLE t ADD COLUMN a timestamptz DEFAULT now()", Some(Lock::AccessExclusive), false),
    ("ALTER TABLE t ADD COLUMN a text DEFAULT 'x' NOT NULL", Some(Lock::AccessExclusive), false),
    // The same: "Adding a column with a volatile DEFAULT … will require the entire table and its indexes to be rewritten".
    ("ALTER TABLE t ADD COLUMN a timestamptz DEFAULT clock_timestamp()", Some(Lock::AccessExclusive), true),
    ("ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid()", Some(Lock::AccessExclusive), true),
    // The same: "… a stored generated column, an identity column …".
    ("ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS (b * 2) STORED", Some(Lock::AccessExclusive), true),
    ("ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS IDENTITY", Some(Lock::AccessExclusive), true),
    // The same: "Adding a virtual generated column never requires a rewrite".
    ("ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS (b * 2) VIRTUAL", Some(Lock::AccessExclusive), false),
    // ALTER TABLE, ADD table_constraint_using_index: the existing index becomes the constraint's.
    ("ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i", Some(Lock::AccessExclusive), false),
    // ALTER TABLE, examples: "To recreate a primary key constraint, without blocking updates while the index is rebuilt".
    ("ALTER TABLE t ADD CONSTRAINT c PRIMARY KEY (a)", Some(Lock::AccessExclusive), true),
    ("ALTER TABLE t ADD UNIQUE (a)", Some(Lock::AccessExclusive), true),
    // ALTER TABLE, ADD table_constraint: "NOT VALID … is currently only allowed for foreign key, CHECK, and not-null
    // constraints".
    ("ALTER TABLE t ADD CONSTRAINT c EXCLUDE USING gist (a WITH &&)", Some(Lock::AccessExclusive), true),
    // The same: "ADD FOREIGN KEY requires only a SHARE ROW EXCLUSIVE lock", and NOT VALID skips the scan.
    ("ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES o (id) NOT VALID", Some(Lock::ShareRowExclusive), false),
    ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID", Some(Lock::AccessExclusive), false),
    // ALTER TABLE, VALIDATE CONSTRAINT: "acquires only a SHARE UPDATE EXCLUSIVE lock on the table being altered".
    ("ALTER TABLE t VALIDATE CONSTRAINT c", Some(Lock::ShareUpdateExclusive), false),
    // ALTER TABLE, SET STATISTICS: "acquires a SHARE UPDATE EXCLUSIVE lock".
    ("ALTER TABLE t ALTER COLUMN a SET STATISTICS 500", Some(Lock::ShareUpdateExclusive), false),
    // ALTER TABLE, SET ( storage_parameter ): "Changing cluster options, fillfactor … SHARE UPDATE EXCLUSIVE lock".
    ("ALTER TABLE t SET (fillfactor = 70)", Some(Lock::ShareUpdateExclusive), false),
    // ALTER TABLE, SET TABLESPACE, SET LOGGED: the data files are moved; the table is rewritten.
    ("ALTER TABLE t SET TABLESPACE fast", Some(Lock::AccessExclusive), true),
    ("ALTER TABLE t SET LOGGED", Some(Lock::AccessExclusive), true),
    // ALTER TABLE, ATTACH PARTITION: "acquires a SHARE UPDATE EXCLUSIVE lock on the parent table, in addition to the
    // ACCESS EXCLUSIVE locks on the table being attached", which is scanned.
    ("ALTER TABLE t ATTACH PARTITION p FOR VALUES IN (1)", Some(Lock::ShareUpdateExclusive), true),
    // ALTER TABLE, DETACH PARTITION: with CONCURRENTLY, "SHARE UPDATE EXCLUSIVE is required on the parent".
    ("ALTER TABLE t DETACH PARTITION p", Some(Lock::AccessExclusive), true),
    ("ALTER TABLE t DETACH PARTITION p CONCURRENTLY", Some(Lock::ShareUpdateExclusive), false),
    // Explicit locking, SHARE UPDATE EXCLUSIVE: "Acquired by VACUUM (without FULL), ANALYZE, CREATE INDEX CONCURRENTLY".
    ("VACUUM t", Some(Lock::ShareUpdateExclusive), false),
    ("CREATE INDEX CONCURRENTLY i ON t (a)", Some(Lock::ShareUpdateExclusive), false),
    // Explicit locking, ACCESS EXCLUSIVE: "Acquired by the DROP TABLE, TRUNCATE, REINDEX, CLUSTER, VACUUM FULL, and REFRESH
    // MATERIALIZED VIEW (without CONCURRENTLY) commands".
    ("VACUUM FULL t", Some(Lock::AccessExclusive), true),
    ("CLUSTER t USING i", Some(Lock::AccessExclusive), true),
    ("REINDEX TABLE t", None, true),
    ("REFRESH MATERIALIZED VIEW t", None, true),
    ("REFRESH MATERIALIZED VIEW CONCURRENTLY t", None, false),
    // REINDEX, rebuilding indexes concurrently: "with minimum locking of writes".
    ("REINDEX TABLE CONCURRENTLY t", None, false),
    // CREATE TABLE, PARTITION OF: "requires taking an ACCESS EXCLUSIVE lock on the parent".
    ("CREATE TABLE p PARTITION OF t FOR VALUES IN (1)", None, true),
    // CREATE INDEX, ON ONLY: "Indicates not to recurse creating indexes on partitions".
    ("CREATE INDEX i ON ONLY t (a)", None, false),
    // Explicit locking, SHARE ROW EXCLUSIVE: "Acquired by … CREATE TRIGGER and some forms of ALTER TABLE".
    ("CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", Some(Lock::ShareRowExclusive), false),
];

#[test]
fn verdicts_are_the_manuals() {
    let table = Name::new("t");
    for (sql, lock, hurts) in VERDICTS {
        let facts = facts::of_statement(Engine::Postgres, sql);
        let locks = facts.changes.iter().flat_map(|change| locks::of(&change.action));
        let strongest = locks.filter(|(locked, _)| **locked == table).map(|(_, lock)| lock).max();
        assert_eq!(strongest, *lock, "{sql}");
        let findings = findings(sql);
        let found = findings.iter().any(|finding| finding.severity >= Severity::Warning);
        assert_eq!(found, *hurts, "{sql}: {findings:#?}");
    }
}

#[test]
fn nothing_hurts_a_table_of_the_same_file() {
    for (sql, _, hurts) in VERDICTS.iter().filter(|(sql, _, _)| sql.starts_with("ALTER TABLE t")) {
        let findings = findings(&format!("CREATE TABLE t (a int);\n{sql};"));
        let worst = findings.iter().filter(|finding| finding.severity >= Severity::Warning);
        let rules: Vec<&str> = worst.map(|finding| finding.rule).collect();
        assert!(rules.is_empty(), "{sql} ({hurts}): {rules:?}");
    }
}

#[test]
fn the_servers_version_decides() {
    let on = |version: u32, sql: &str, rule: &str| {
        let server = Some(Server { product: "PostgreSQL".into(), version: vec![version, 1] });
        severity(&findings_with(Surroundings { server, ..Surroundings::default() }, &[sql]), rule).is_some()
    };
    // Release notes of 11: "Allow ALTER TABLE to add a column with a non-null default without doing a table rewrite".
    let sql = "ALTER TABLE t ADD COLUMN a int DEFAULT 1";
    assert_eq!([10, 11].map(|version| on(version, sql, "volatile-default")), [true, false]);
    assert!(!on(10, "ALTER TABLE t ADD COLUMN a int DEFAULT NULL", "volatile-default"));
    // Release notes of 14: "Allow partitions to be detached in a non-blocking manner".
    let sql = "ALTER TABLE t DETACH PARTITION p";
    assert_eq!([13, 14].map(|version| on(version, sql, "detach-partition")), [false, true]);
    // Release notes of 10: "Support identity columns".
    let sql = "CREATE TABLE t (id bigserial)";
    assert_eq!([9, 10].map(|version| on(version, sql, "serial-type")), [false, true]);
}

#[test]
fn a_small_table_is_a_note_and_a_big_one_says_how_big() {
    let with_rows = |rows: u64| {
        let tables = Some([(Name::new("t"), TableSize { rows, bytes: rows * 100 })].into());
        let surroundings = Surroundings { tables, ..Surroundings::default() };
        findings_with(surroundings, &["ALTER TABLE t ADD PRIMARY KEY (a)"]).remove(0)
    };
    assert_eq!(with_rows(10).severity, Severity::Note);
    assert_eq!(with_rows(5_000_000).severity, Severity::Error);
    assert!(with_rows(5_000_000).message.contains("5000000 rows"), "{}", with_rows(5_000_000).message);
}

#[test]
fn a_table_of_an_earlier_file_of_the_set_is_new() {
    let files = ["CREATE TABLE t (a int);", "ALTER TABLE t ADD UNIQUE (a);"];
    assert_eq!(severity(&findings_with(Surroundings::default(), &files), "unique-without-index"), None);
    assert_eq!(severity(&findings(files[1]), "unique-without-index"), Some(Severity::Error));
}

#[test]
fn what_counts_is_the_transaction() {
    let add = "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\n";
    let validate = "ALTER TABLE t VALIDATE CONSTRAINT c;";
    let rule = "validate-in-same-transaction";
    assert_eq!(severity(&findings(&format!("{add}{validate}")), rule), Some(Severity::Error));
    assert_eq!(severity(&findings(&format!("{add}-- @dbwarden:autocommit\n{validate}")), rule), None);
    assert_eq!(severity(&findings(&format!("{add}ALTER TABLE t VALIDATE CONSTRAINT other;")), rule), None);

    let many = |sql: &str| severity(&findings(sql), "many-locks");
    assert_eq!(many("ALTER TABLE t DROP COLUMN a;\nALTER TABLE o DROP COLUMN a;"), Some(Severity::Note));
    let slow = "ALTER TABLE t DROP COLUMN a;\nALTER TABLE o ALTER COLUMN a TYPE bigint;";
    assert_eq!(many(slow), Some(Severity::Warning));
    assert_eq!(many(&slow.replace("ALTER TABLE o", "-- @dbwarden:autocommit\nALTER TABLE o")), None);
    assert_eq!(many("DROP TABLE t;\nDROP TABLE o;"), None);
    assert_eq!(many("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES o (id) NOT VALID;"), None);
}
