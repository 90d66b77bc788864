//! What the rules for MySQL and MariaDB make of the circumstances; what they find at all is in their examples.

use std::collections::BTreeMap;
use std::path::Path;

use crate::dialect::Engine;
use crate::lint::{Finding, Name, Options, Server, Severity, Surroundings, TableSize, lint};
use crate::parse;

fn found_by(text: &str, surroundings: Surroundings) -> Vec<Finding> {
    let whole = match text.contains("-- upgrade") {
        true => text.to_owned(),
        false => format!("-- dbwarden: irreversible\n\n-- upgrade\n\n{text}\n"),
    };
    let migration = parse::migration(Engine::MySql, Path::new("0001_example.sql"), whole.into_bytes()).unwrap();
    lint(Engine::MySql, &[&migration], &Options { surroundings, ..Options::default() })
}

fn on(server: &str) -> Surroundings {
    let (product, version) = server.split_once(' ').unwrap();
    let version = version.split('.').map(|part| part.parse().unwrap()).collect();
    Surroundings { server: Some(Server { product: product.into(), version }), ..Surroundings::default() }
}

fn with_rows(table: &str, rows: u64) -> Surroundings {
    let tables = BTreeMap::from([(Name::new(table), TableSize { rows, bytes: rows * 100 })]);
    Surroundings { tables: Some(tables), ..Surroundings::default() }
}

fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn nobody_uses_a_table_that_the_file_creates() {
    let created = "CREATE TABLE t (id int PRIMARY KEY);\nALTER TABLE t MODIFY id bigint;\n\
        ALTER TABLE t DROP PRIMARY KEY;\nUPDATE t SET id = 1;\nALTER TABLE t CONVERT TO CHARACTER SET utf8mb4;";
    assert_eq!(ids(&found_by(created, Surroundings::default())), [""; 0]);
}

#[test]
fn the_size_of_the_table_decides_how_bad_it_is() {
    let copies = "ALTER TABLE t MODIFY c bigint;";
    assert_eq!(found_by(copies, Surroundings::default())[0].severity, Severity::Warning);
    assert_eq!(found_by(copies, with_rows("t", 5_000_000))[0].severity, Severity::Error);
    assert_eq!(found_by(copies, with_rows("t", 50_000))[0].severity, Severity::Warning);
    assert_eq!(ids(&found_by(copies, with_rows("t", 50))), [""; 0]);
    let filtered = "UPDATE t SET a = 1 WHERE b = 2;";
    assert_eq!(ids(&found_by(filtered, Surroundings::default())), [""; 0]);
    assert_eq!(ids(&found_by(filtered, with_rows("t", 5_000_000))), ["unbatched-write"]);
}

#[test]
fn the_servers_version_decides() {
    let placed = "ALTER TABLE t ADD c int AFTER b, ALGORITHM=DEFAULT;";
    for (server, expected) in [
        ("MySQL 8.0.36", &[][..]),
        ("MySQL 8.0.28", &["positioned-column"][..]),
        ("MariaDB 10.3.39", &["positioned-column"][..]),
        ("MariaDB 10.11.6", &[][..]),
    ] {
        assert_eq!(ids(&found_by(placed, on(server))), expected, "{server}");
    }
    let renamed = "ALTER TABLE t CHANGE a b int;";
    assert!(found_by(renamed, on("MySQL 8.0.36"))[0].remedy.contains("ALTER TABLE t RENAME COLUMN a TO b"));
    assert!(!found_by(renamed, on("MySQL 5.7.44"))[0].remedy.contains("RENAME COLUMN"));
    assert!(
        found_by("ALTER TABLE t DROP PRIMARY KEY;", on("MySQL 8.4.1"))[0].message.starts_with("MySQL 8.4.1 copies")
    );
}

#[test]
fn an_algorithm_that_refuses_to_copy_is_no_danger() {
    for algorithm in ["INPLACE", "INSTANT", "NOCOPY"] {
        let text = format!("ALTER TABLE t MODIFY c bigint, ALGORITHM={algorithm};");
        assert_eq!(ids(&found_by(&text, Surroundings::default())), [""; 0], "{text}");
    }
    let copies = "ALTER TABLE t MODIFY c bigint, ALGORITHM=COPY;";
    assert_eq!(ids(&found_by(copies, Surroundings::default())), ["column-definition-copy"]);
}

#[test]
fn a_remedy_is_the_statement_to_write() {
    for (text, remedy) in [
        (
            "ALTER TABLE t\n  ADD COLUMN a int; -- why",
            "let it fail instead: ALTER TABLE t ADD COLUMN a int, ALGORITHM=INSTANT",
        ),
        (
            "CREATE INDEX i\n  ON t (a /* b */);",
            "let it fail instead: CREATE INDEX i ON t (a ) ALGORITHM=INPLACE LOCK=NONE",
        ),
        ("DROP INDEX i ON t;", "let it fail instead: DROP INDEX i ON t ALGORITHM=INPLACE LOCK=NONE"),
    ] {
        let findings = found_by(text, Surroundings::default());
        assert_eq!(findings[0].remedy, remedy);
    }
    let several =
        "ALTER TABLE t ADD a int,\n  ALGORITHM=INSTANT;\nALTER TABLE t DROP b;\nALTER TABLE t CHANGE c d int;";
    let findings = found_by(several, on("MySQL 8.0.36"));
    let combined = findings.iter().find(|finding| finding.rule == "several-implicit-commits").unwrap();
    assert_eq!(combined.remedy, "ALTER TABLE t DROP b, CHANGE c d int");
    let grouped = "ALTER TABLE t ADD (a int, b int);\nALTER TABLE t DROP c;";
    let findings = found_by(grouped, on("MySQL 8.0.36"));
    assert_eq!(findings[0].remedy, "write all clauses in one ALTER TABLE t");
}

#[test]
fn checks_that_are_switched_on_again_count() {
    let key = "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (b);";
    let off = "SET foreign_key_checks = 0;";
    let rules = |text: String| ids(&found_by(&text, Surroundings::default())).contains(&"foreign-key-copy");
    assert!(rules(key.into()));
    assert!(!rules(format!("{off}\n{key}")));
    assert!(rules(format!("{off}\nSET SESSION foreign_key_checks = 1;\n{key}")));
}

#[test]
fn a_key_elsewhere_in_the_file_is_a_key() {
    let rules = |text: &str| ids(&found_by(text, Surroundings::default())).contains(&"table-without-primary-key");
    assert!(rules("CREATE TABLE t (a int);"));
    for text in [
        "CREATE TABLE t (a int);\nALTER TABLE t ADD PRIMARY KEY (a);",
        "CREATE TABLE t (a SERIAL PRIMARY KEY);",
        "CREATE TABLE t LIKE u;",
        "CREATE TEMPORARY TABLE t (a int);",
    ] {
        assert!(!rules(text), "{text}");
    }
}

#[test]
fn rows_and_ddl_mix_only_on_tables_in_use() {
    let mixed = |text: &str| {
        let findings = found_by(text, on("MySQL 8.0.36"));
        findings.into_iter().find(|finding| finding.rule == "ddl-mixed-with-dml")
    };
    let found = mixed("UPDATE t SET a = 1 LIMIT 9;\n\nALTER TABLE t DROP b;").unwrap();
    assert_eq!((found.line, found.message.contains("the DDL on line 7 ")), (Some(5), true), "{}", found.message);
    assert!(mixed("CREATE TABLE n (id int PRIMARY KEY);\nINSERT INTO n VALUES (1);\nALTER TABLE t DROP b;").is_none());
}

#[test]
fn one_rule_speaks_of_one_danger() {
    for (text, expected) in [
        ("ALTER TABLE t FORCE;", &["table-rebuild"][..]),
        ("ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (a);", &["primary-key-rebuild"][..]),
        ("OPTIMIZE TABLE t;", &["table-rebuild"][..]),
        ("ALTER TABLE t RENAME TO u;", &["renamed-table"][..]),
    ] {
        assert_eq!(ids(&found_by(text, Surroundings::default())), expected, "{text}");
    }
}

#[test]
fn a_partition_takes_its_rows_along() {
    for (text, expected) in [
        ("ALTER TABLE t DROP PARTITION p0;", "the rows of these partitions of t"),
        ("ALTER TABLE t TRUNCATE PARTITION p0, p1;", "the rows of these partitions of t"),
        ("TRUNCATE TABLE t;", "every row of t"),
    ] {
        let findings = found_by(text, Surroundings::default());
        let found = findings.iter().find(|finding| finding.rule == "truncated-table").expect(text);
        assert!(found.message.starts_with(expected), "{}", found.message);
    }
}

#[test]
fn clauses_of_partitions_take_no_algorithm() {
    // Behind them it is a syntax error, on MySQL and on MariaDB.
    for clause in
        ["ADD PARTITION (PARTITION p VALUES LESS THAN (9))", "DROP PARTITION p", "EXCHANGE PARTITION p WITH TABLE u"]
    {
        let findings = found_by(&format!("ALTER TABLE t {clause};"), Surroundings::default());
        assert!(findings.iter().all(|finding| !finding.remedy.contains("ALGORITHM")), "{clause}: {findings:?}");
    }
}

#[test]
fn a_check_on_old_rows_is_a_copy() {
    let check = "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);";
    let rule = "check-constraint-copy";
    for server in ["MySQL 8.0.36", "MariaDB 10.11.6"] {
        assert!(ids(&found_by(check, on(server))).contains(&rule), "{server}");
    }
    let unenforced = "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT ENFORCED;";
    assert!(!ids(&found_by(unenforced, on("MySQL 8.0.36"))).contains(&rule));
    // Before 8.0.16 the clause is read and forgotten.
    assert!(!ids(&found_by(check, on("MySQL 5.7.44"))).contains(&rule));
}

#[test]
fn a_remedy_has_names_as_the_server_reads_them() {
    for (rule, sql, expected) in [
        (
            "charset-conversion",
            "ALTER TABLE `order` CONVERT TO CHARACTER SET utf8mb4;",
            "ALTER TABLE `order` DEFAULT CHARACTER SET utf8mb4;",
        ),
        (
            "column-definition-copy",
            "ALTER TABLE `weird name` CHANGE `a``b` `values` int;",
            "ALTER TABLE `weird name` RENAME COLUMN `a``b` TO `values`;",
        ),
        ("create-table-select", "CREATE TABLE `tab\"le` SELECT 1 AS a;", "CREATE TABLE `tab\"le` LIKE"),
        (
            "several-implicit-commits",
            "ALTER TABLE `rows` ADD COLUMN a int;\nALTER TABLE `rows` ADD COLUMN b int;",
            "ALTER TABLE `rows` ADD COLUMN a int, ADD COLUMN b int",
        ),
        (
            "primary-key-rebuild",
            "ALTER TABLE t DROP PRIMARY KEY;\nALTER TABLE t ADD PRIMARY KEY (`key`);",
            "ADD PRIMARY KEY (`key`)",
        ),
    ] {
        let found = found_by(sql, Surroundings::default());
        let found = found.iter().find(|finding| finding.rule == rule).unwrap_or_else(|| panic!("{rule}"));
        assert!(found.remedy.contains(expected), "{rule}: {}", found.remedy);
    }
}
