//! What MySQL and MariaDB do to an InnoDB table when it is altered: the manuals' tables, as a function.
//!
//! MySQL: "Online DDL Operations" (<https://dev.mysql.com/doc/refman/8.0/en/innodb-online-ddl-operations.html>, also
//! 5.7 and 8.4). MariaDB: "InnoDB Online DDL Operations with the INPLACE/NOCOPY/INSTANT Alter Algorithm"
//! (<https://mariadb.com/kb/en/innodb-online-ddl-operations-with-the-inplace-alter-algorithm/>) and "Online Schema
//! Change" (<https://mariadb.com/kb/en/online-schema-change/>).

use super::change::{Action, Change, ConstraintKind, Facts, Name};
use super::finding::Severity;
use super::subject::{Server, Subject};

/// How a change is carried out, the cheapest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// Only the description of the table changes.
    Metadata,
    /// Work is done, but the table stays as it is.
    InPlace,
    /// The engine builds the table anew.
    Rebuild,
    /// The server copies the table row by row.
    Copy,
}

/// What a change does to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    /// How it is carried out.
    pub way: Way,
    /// Whether others may write meanwhile.
    pub writes: bool,
}

const fn verdict(way: Way, writes: bool) -> Option<Verdict> {
    Some(Verdict { way, writes })
}

/// What one change does at worst: of a column's new definition the old one is not known. A server that is not known
/// is taken for a current one. None where the manuals' tables say nothing.
pub(super) fn of_change(action: &Action, server: Option<&Server>) -> Option<Verdict> {
    let since = |mysql: &[u32], mariadb: &[u32]| since(server, mysql, mariadb);
    let instant_or = |instant: bool, way: Way| verdict(if instant { Way::Metadata } else { way }, true);
    // From 11.2 MariaDB lets others write while it copies.
    let copy = verdict(
        Way::Copy,
        server.is_some_and(|server| is_mariadb(server) && server.version.as_slice() >= [11, 2].as_slice()),
    );
    match action {
        Action::AddColumn { column, .. } if column.generated_stored => copy,
        Action::AddColumn { column, .. } if column.check && !server.is_some_and(is_mariadb) => copy,
        Action::AddColumn { column, .. } if column.identity => verdict(Way::Rebuild, false),
        Action::AddColumn { column, .. } if column.primary_key => verdict(Way::Rebuild, true),
        Action::AddColumn { column, .. } if column.unique => verdict(Way::InPlace, true),
        Action::AddColumn { column, .. } if column.generated_virtual => verdict(Way::Metadata, true),
        Action::AddColumn { positioned: true, .. } | Action::DropColumn { .. } => {
            instant_or(since(&[8, 0, 29], &[10, 4]), Way::Rebuild)
        }
        Action::AddColumn { .. } => instant_or(since(&[8, 0, 12], &[10, 3, 2]), Way::Rebuild),
        Action::RenameColumn { .. } => instant_or(since(&[8, 0, 28], &[10, 3, 2]), Way::InPlace),
        Action::SetDefault { .. } | Action::DropDefault { .. } | Action::RenameTable { .. } => {
            verdict(Way::Metadata, true)
        }
        Action::ChangeType { .. } => copy,
        Action::CreateIndex(index) => verdict(Way::InPlace, !index.special),
        Action::DropIndex { .. } => verdict(Way::InPlace, true),
        Action::AddConstraint { constraint, .. } => match constraint.kind {
            ConstraintKind::PrimaryKey => verdict(Way::Rebuild, true),
            ConstraintKind::Check if constraint.not_valid => verdict(Way::Metadata, true),
            ConstraintKind::Check => copy,
            // With foreign_key_checks on.
            ConstraintKind::ForeignKey { .. } => verdict(Way::Copy, false),
            _ => verdict(Way::InPlace, true),
        },
        Action::DropConstraint { name: None, .. } => verdict(Way::Copy, false),
        Action::DropConstraint { .. } => verdict(Way::InPlace, true),
        Action::Maintain { full: true, .. } => verdict(Way::Rebuild, true),
        Action::DetachPartition { .. } => verdict(Way::InPlace, true),
        Action::SetTableOption { option, .. } => match option.name.as_str() {
            "CONVERT TO CHARACTER SET" => copy,
            "ENGINE" | "PARTITION BY" | "REMOVE PARTITIONING" | "OPTIMIZE PARTITION" | "ORDER BY" => {
                verdict(Way::Copy, false)
            }
            "ROW_FORMAT" | "KEY_BLOCK_SIZE" | "FORCE" => verdict(Way::Rebuild, true),
            "REORGANIZE PARTITION" | "COALESCE PARTITION" | "REBUILD PARTITION" => verdict(Way::Rebuild, false),
            "ADD PARTITION" | "EXCHANGE PARTITION" | "RENAME INDEX" | "AUTO_INCREMENT" | "COMMENT" => {
                verdict(Way::InPlace, true)
            }
            _ => None,
        },
        _ => None,
    }
}

/// What a whole statement does: its worst clause decides. None where one is not known.
pub(super) fn of_statement(facts: &Facts, server: Option<&Server>) -> Option<Verdict> {
    let drops_key = |change: &Change| matches!(change.action, Action::DropConstraint { name: None, .. });
    let adds_key = |change: &Change| match &change.action {
        Action::AddConstraint { constraint, .. } => constraint.kind == ConstraintKind::PrimaryKey,
        _ => false,
    };
    // A new key in the place of the old one is built with the table.
    let replaces_key = facts.changes.iter().any(adds_key);
    let considered = facts.changes.iter().filter(|change| !(replaces_key && drops_key(change)));
    considered.map(|change| of_change(&change.action, server)).reduce(|one, other| {
        let (one, other) = (one?, other?);
        verdict(one.way.max(other.way), one.writes && other.writes)
    })?
}

/// Whether it is MariaDB.
pub(super) fn is_mariadb(server: &Server) -> bool {
    server.product == "MariaDB"
}

/// Whether the server is at least of these versions; one that is not known is.
pub(super) fn since(server: Option<&Server>, mysql: &[u32], mariadb: &[u32]) -> bool {
    server.is_none_or(|server| server.version.as_slice() >= if is_mariadb(server) { mariadb } else { mysql })
}

/// The server as a message names it.
pub(super) fn server_name(subject: &Subject<'_>) -> String {
    match &subject.surroundings.server {
        Some(server) => {
            let version: Vec<String> = server.version.iter().map(u32::to_string).collect();
            format!("{} {}", server.product, version.join("."))
        }
        None => "the server".into(),
    }
}

/// The changes that alter a table somebody may be using, unless their statement names an algorithm that fails where it
/// would have to copy.
pub(super) fn of_used_tables<'a>(subject: &Subject<'a>) -> Vec<(usize, &'a Change, &'a Name)> {
    let refuses_copy = |index: usize| {
        let algorithm = subject.statements[index].algorithm.as_deref();
        matches!(algorithm, Some("INPLACE" | "INSTANT" | "NOCOPY"))
    };
    // First what is cheap to tell: a file may have thousands of rows to insert.
    let alters = |action: &Action| action.alters_table() || matches!(action, Action::Maintain { .. });
    let used = subject.changes().filter(|(index, change)| alters(&change.action) && !refuses_copy(*index));
    used.filter_map(|(index, change)| Some((index, change, change.action.table()?)))
        .filter(|(index, _, table)| !subject.is_new(table, *index) && !subject.is_small(table))
        .collect()
}

/// How bad a long lock on `table` is: an error where a database said that it has a million rows or more, a warning
/// where its size is not known or smaller.
pub(super) fn weight(subject: &Subject<'_>, table: &Name) -> Option<Severity> {
    (!subject.is_big(table)).then_some(Severity::Warning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Engine;
    use crate::lint::facts::of_statement as facts;

    fn server(name: &str) -> Server {
        let (product, version) = name.split_once(' ').unwrap();
        let version = version.split('.').map(|part| part.parse().unwrap()).collect();
        Server { product: product.into(), version }
    }

    /// "Online DDL Operations" of the MySQL manual and MariaDB's "InnoDB Online DDL Operations with …", by section.
    const MANUALS: &[(&str, &str, Way, bool)] = &[
        // MySQL 8.0, "Index Operations", table 17.15.
        ("MySQL 8.0.36", "CREATE INDEX i ON t (a)", Way::InPlace, true),
        ("MySQL 8.0.36", "ALTER TABLE t DROP INDEX i", Way::InPlace, true),
        ("MySQL 8.0.36", "ALTER TABLE t RENAME INDEX i TO j", Way::InPlace, true),
        ("MySQL 8.0.36", "CREATE FULLTEXT INDEX i ON t (a)", Way::InPlace, false),
        ("MySQL 8.0.36", "ALTER TABLE t ADD SPATIAL INDEX (g)", Way::InPlace, false),
        // "Primary Key Operations".
        ("MySQL 8.0.36", "ALTER TABLE t ADD PRIMARY KEY (a)", Way::Rebuild, true),
        ("MySQL 8.0.36", "ALTER TABLE t DROP PRIMARY KEY", Way::Copy, false),
        ("MySQL 8.0.36", "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (b)", Way::Rebuild, true),
        // "Column Operations": INSTANT is the default from 8.0.12, at any place from 8.0.29.
        ("MySQL 8.0.36", "ALTER TABLE t ADD COLUMN c int", Way::Metadata, true),
        ("MySQL 8.4.0", "ALTER TABLE t ADD COLUMN c int AFTER a", Way::Metadata, true),
        ("MySQL 8.0.28", "ALTER TABLE t ADD COLUMN c int AFTER a", Way::Rebuild, true),
        ("MySQL 5.7.44", "ALTER TABLE t ADD COLUMN c int", Way::Rebuild, true),
        ("MySQL 8.0.36", "ALTER TABLE t ADD c int AUTO_INCREMENT UNIQUE", Way::Rebuild, false),
        ("MySQL 8.0.29", "ALTER TABLE t DROP COLUMN c", Way::Metadata, true),
        ("MySQL 8.0.28", "ALTER TABLE t DROP COLUMN c", Way::Rebuild, true),
        ("MySQL 8.0.28", "ALTER TABLE t RENAME COLUMN a TO b", Way::Metadata, true),
        ("MySQL 5.7.44", "ALTER TABLE t ALTER COLUMN a SET DEFAULT 1", Way::Metadata, true),
        ("MySQL 8.4.0", "ALTER TABLE t MODIFY a bigint", Way::Copy, false),
        // "Generated Column Operations".
        ("MySQL 8.0.36", "ALTER TABLE t ADD c int AS (a + 1) STORED", Way::Copy, false),
        ("MySQL 8.0.36", "ALTER TABLE t ADD c int AS (a + 1) VIRTUAL", Way::Metadata, true),
        // "Foreign Key Operations", with foreign_key_checks on.
        ("MySQL 8.0.36", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (a)", Way::Copy, false),
        ("MySQL 8.0.36", "ALTER TABLE t DROP FOREIGN KEY f", Way::InPlace, true),
        // MariaDB refuses ALGORITHM=INPLACE here ("Try ALGORITHM=COPY"), and so does MySQL.
        ("MySQL 8.0.36", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", Way::Copy, false),
        ("MariaDB 10.11.4", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", Way::Copy, false),
        // "Table Operations".
        ("MySQL 8.0.36", "ALTER TABLE t ROW_FORMAT = COMPRESSED", Way::Rebuild, true),
        ("MySQL 8.0.36", "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", Way::Copy, false),
        ("MySQL 8.0.36", "ALTER TABLE t FORCE", Way::Rebuild, true),
        ("MySQL 8.0.36", "OPTIMIZE TABLE t", Way::Rebuild, true),
        ("MySQL 8.0.36", "ALTER TABLE t RENAME TO u", Way::Metadata, true),
        // "Partitioning Operations".
        ("MySQL 8.0.36", "ALTER TABLE t PARTITION BY HASH (a)", Way::Copy, false),
        ("MySQL 8.0.36", "ALTER TABLE t DROP PARTITION p", Way::InPlace, true),
        ("MySQL 8.0.36", "ALTER TABLE t REMOVE PARTITIONING", Way::Copy, false),
        // MariaDB, "ALTER TABLE ... ADD COLUMN" and "... DROP COLUMN" of the INSTANT page.
        ("MariaDB 10.3.10", "ALTER TABLE t ADD c int", Way::Metadata, true),
        ("MariaDB 10.3.10", "ALTER TABLE t ADD c int FIRST", Way::Rebuild, true),
        ("MariaDB 10.11.4", "ALTER TABLE t ADD c int FIRST, DROP d", Way::Metadata, true),
        ("MariaDB 10.11.4", "ALTER TABLE t ADD c int CHECK (c > 0)", Way::Metadata, true),
        // "Changing the Data Type of a Column" of the INPLACE page; "Online Schema Change" from 11.2.
        ("MariaDB 10.11.4", "ALTER TABLE t MODIFY a bigint", Way::Copy, false),
        ("MariaDB 11.4.2", "ALTER TABLE t MODIFY a bigint", Way::Copy, true),
        // "ALTER TABLE ... DROP PRIMARY KEY", "ALTER TABLE ... ADD FOREIGN KEY" of the INPLACE page.
        ("MariaDB 10.11.4", "ALTER TABLE t DROP PRIMARY KEY", Way::Copy, false),
        ("MariaDB 10.11.4", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (a)", Way::Copy, false),
    ];

    #[test]
    fn verdicts_are_the_manuals() {
        for (name, statement, way, writes) in MANUALS {
            let found = of_statement(&facts(Engine::MySql, statement), Some(&server(name)));
            assert_eq!(found, verdict(*way, *writes), "{statement} on {name}");
        }
    }
}
