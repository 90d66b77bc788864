//! The text of reads and writes of the history table.

use super::Engine;
use super::bookkeeping::Tables;
use super::took::Took;
use crate::model::{AppliedMigration, CHECKSUM_ALGORITHM, Checksum, RowKind, Version};

/// The message of a guard that found the migration lock (or the row it protects) gone.
pub const LOCK_LOST: &str = "dbwarden: the migration lock is lost";

/// The largest number of MySQL's.
const LARGEST: i64 = i64::MAX;

/// A history row about to be written; what the database adds by itself (the time) is left out.
#[derive(Debug, Clone)]
pub struct NewRow<'a> {
    /// Its place in the order of application.
    pub sequence: i64,
    /// None for repeatables.
    pub version: Option<&'a Version>,
    /// The file's description.
    pub description: &'a str,
    /// The file's name.
    pub file_name: &'a str,
    /// What it records.
    pub kind: RowKind,
    /// The file's checksum.
    pub checksum: Checksum,
    /// The text that undoes it and its digest; None when irreversible.
    pub rollback: Option<(&'a str, &'a str)>,
    /// How long it took.
    pub took: Took,
    /// Database user, host and tool version.
    pub applied_by: &'a str,
    /// This run.
    pub run_id: &'a str,
}

impl Tables {
    /// Reads the whole history, one row per migration, in the columns' fixed order; the rollback text stays out
    /// (it can be large and few commands need it). `present` names the columns the table has when it is not ours:
    /// the missing ones read as NULL.
    pub fn select_history(&self, present: Option<&[(String, String)]>) -> String {
        let has = |name: &str| {
            present.is_none_or(|present| present.iter().any(|(table, column)| *table == self.history && column == name))
        };
        let cells: Vec<String> = Tables::history_columns()
            .filter(|&name| name != "rollback_sql")
            .map(|name| match name {
                "applied_at" if has(name) => self.timestamp_text("applied_at"),
                "sequence" if !has(name) && has("id") => "id".to_string(),
                _ if has(name) => name.to_string(),
                _ => "NULL".to_string(),
            })
            .collect();
        // Not the text, but a table that has no column for it is not ours.
        let stored = if has("rollback_sql") { "rollback_sql IS NULL" } else { "NULL" };
        format!("SELECT {}, {stored} FROM {}", cells.join(", "), self.qualified(&self.history))
    }

    /// The same without `left_out` columns, which read as NULL: together they are longer than the rest. A table that has
    /// no such columns is not ours all the same.
    pub fn select_history_without(&self, left_out: &[&str]) -> String {
        let cells: Vec<String> = Tables::history_columns()
            .filter(|&name| name != "rollback_sql")
            .map(|name| match name {
                _ if left_out.contains(&name) => "NULL".to_string(),
                "applied_at" => self.timestamp_text("applied_at"),
                _ => name.to_string(),
            })
            .collect();
        // Every server looks whether they are there, and none reads them.
        let named: Vec<String> =
            ["rollback_sql"].iter().chain(left_out).map(|name| format!("{name} IS NULL")).collect();
        let table = self.qualified(&self.history);
        format!("SELECT {} FROM {table} WHERE TRUE OR ({})", cells.join(", "), named.join(" AND "))
    }

    /// Reads the rollback text of one row.
    pub fn select_rollback_sql(&self, sequence: i64) -> String {
        format!("SELECT rollback_sql FROM {} WHERE {}", self.qualified(&self.history), self.is_row(sequence))
    }

    /// Records a migration. With `condition`, the row is written only where it holds: elsewhere the statement fails, or
    /// on SQLite, no row is written. A repeatable's earlier row is replaced.
    pub fn insert_history(&self, row: &NewRow<'_>, condition: Option<&str>) -> Vec<String> {
        let guarded = condition.and_then(|condition| self.value_if(condition, &row.sequence.to_string(), LOCK_LOST));
        let condition = condition.filter(|_| guarded.is_none());
        let values = self.history_values(row, guarded);
        let source = match condition {
            None => format!("VALUES ({values})"),
            Some(condition) => format!("SELECT {values}{} WHERE {condition}", self.dual()),
        };
        let insert = self.insert_history_from(&source);
        match row.version {
            Some(_) => vec![insert],
            None => vec![
                format!(
                    "DELETE FROM {} WHERE filename {} {}",
                    self.qualified(&self.history),
                    self.equals(),
                    self.text(row.file_name)
                ),
                insert,
            ],
        }
    }

    /// Records several migrations, whatever the lock says; the last statement writes a row for each. Earlier rows of
    /// repeatables are replaced.
    pub fn insert_history_rows(&self, rows: &[NewRow<'_>]) -> Vec<String> {
        let repeatables: Vec<&str> = rows.iter().filter(|row| row.version.is_none()).map(|row| row.file_name).collect();
        let replaced = (!repeatables.is_empty()).then(|| {
            let table = self.qualified(&self.history);
            format!("DELETE FROM {table} WHERE {}", self.is_one_of("filename", &repeatables))
        });
        let values: Vec<String> = rows.iter().map(|row| format!("({})", self.history_values(row, None))).collect();
        let insert = self.insert_history_from(&format!("VALUES {}", values.join(", ")));
        replaced.into_iter().chain([insert]).collect()
    }

    fn insert_history_from(&self, source: &str) -> String {
        let columns: Vec<&str> = Tables::history_columns().collect();
        format!("INSERT INTO {} ({}) {source}", self.qualified(&self.history), columns.join(", "))
    }

    /// `sequence` is the row's, unless it is one that fails on a condition.
    fn history_values(&self, row: &NewRow<'_>, sequence: Option<String>) -> String {
        [
            self.text_or_null(row.version.map(Version::as_str)),
            self.text(row.description),
            self.text(row.file_name),
            self.text(row.kind.name()),
            self.now().to_string(),
            self.text(&row.checksum.digest),
            sequence.unwrap_or_else(|| row.sequence.to_string()),
            self.text(CHECKSUM_ALGORITHM),
            self.text(&row.checksum.token_digest),
            self.text_or_null(row.rollback.map(|(sql, _)| sql)),
            self.text_or_null(row.rollback.map(|(_, digest)| digest)),
            self.milliseconds(row.took),
            self.text(row.applied_by),
            self.text(row.run_id),
            Tables::format().to_string(),
        ]
        .join(", ")
    }

    /// Removes the row of a migration that was rolled back.
    pub fn delete_history(&self, row: &AppliedMigration, condition: Option<&str>) -> String {
        let and = condition.map(|condition| format!(" AND {condition}")).unwrap_or_default();
        format!("DELETE FROM {} WHERE {}{and}", self.qualified(&self.history), self.is_this_row(row))
    }

    /// Removes the rows of several migrations that were rolled back.
    pub fn delete_history_rows(&self, rows: &[&AppliedMigration]) -> String {
        format!("DELETE FROM {} WHERE {}", self.qualified(&self.history), self.is_one_of_rows(rows))
    }

    /// A condition that holds while all of the rows are there (PostgreSQL; see [`Tables::guard`]).
    pub fn rows_exist(&self, rows: &[&AppliedMigration]) -> String {
        let (table, count) = (self.qualified(&self.history), rows.len());
        let rows = self.is_one_of_rows(rows);
        format!("(SELECT pg_catalog.count(*) FROM {table} WHERE {rows}) {} {count}", self.equals())
    }

    /// The names alone are for the index: no engine finds a pair by it.
    fn is_one_of_rows(&self, rows: &[&AppliedMigration]) -> String {
        let names: Vec<&str> = rows.iter().map(|row| row.file_name.as_str()).collect();
        let is_name = self.is_one_of("filename", &names);
        match self.engine {
            // IN would take whatever equality the search path has first.
            Engine::Postgres => {
                let pairs: Vec<String> = rows.iter().map(|row| format!("({})", self.is_this_row(row))).collect();
                format!("{is_name} AND ({})", pairs.join(" OR "))
            }
            Engine::MySql | Engine::Sqlite => {
                let pair = |row: &&AppliedMigration| format!("({}, {})", self.text(&row.file_name), row.sequence);
                let pairs: Vec<String> = rows.iter().map(pair).collect();
                format!("{is_name} AND (filename, sequence) IN (VALUES {})", pairs.join(", "))
            }
        }
    }

    /// Accepts an edited file: its row gets the file's checksum and rollback text.
    pub fn update_checksum(&self, sequence: i64, checksum: &Checksum, rollback: Option<(&str, &str)>) -> String {
        format!(
            "UPDATE {} SET checksum = {}, checksum_algorithm = {}, token_digest = {}, rollback_sql = {}, \
             rollback_digest = {} WHERE {}",
            self.qualified(&self.history),
            self.text(&checksum.digest),
            self.text(CHECKSUM_ALGORITHM),
            self.text(&checksum.token_digest),
            self.text_or_null(rollback.map(|(sql, _)| sql)),
            self.text_or_null(rollback.map(|(_, digest)| digest)),
            self.is_row(sequence),
        )
    }

    /// Accepts that a row has no file any more, by a kind of row of which none is expected.
    pub fn update_kind(&self, sequence: i64, kind: RowKind) -> String {
        let table = self.qualified(&self.history);
        format!("UPDATE {table} SET migration_type = {} WHERE {}", self.text(kind.name()), self.is_row(sequence))
    }

    /// A statement that fails with `message` unless `condition` holds, so that the rest of a message is not executed
    /// and its transaction cannot commit. None on engines that cannot raise an error from an expression: there the
    /// bookkeeping itself is conditional, and the rows it changed are counted before the commit.
    pub fn guard(&self, condition: &str, message: &str) -> Option<String> {
        let value = self.value_if(condition, "1", message).filter(|_| self.engine == Engine::Postgres);
        value.map(|value| format!("SELECT {value}"))
    }

    /// `value`, a number, as an expression that fails with `message` unless `condition` holds; None on SQLite.
    ///
    /// MySQL cannot raise an error either, but its sum is out of range where the condition does not hold, which is an
    /// error in every `sql_mode` and names the expression
    /// (<https://dev.mysql.com/doc/refman/8.4/en/out-of-range-and-overflow.html>).
    pub(super) fn value_if(&self, condition: &str, value: &str, message: &str) -> Option<String> {
        match self.engine {
            // The number of the process keeps the planner from reckoning the error out beforehand.
            Engine::Postgres => Some(format!(
                "CASE WHEN {condition} THEN {value} ELSE CAST(pg_catalog.concat({}, pg_catalog.pg_backend_pid()) AS \
                 integer) END",
                self.text(message)
            )),
            Engine::MySql => {
                Some(format!("{LARGEST} + (IF({condition}, '', '{message}') <> '') - {LARGEST} + {value}"))
            }
            Engine::Sqlite => None,
        }
    }

    /// A statement that fails where the one before it, in the same message, changed no row: what is conditional on the
    /// lock may then share its message with the COMMIT. None where [`Tables::guard`] serves, and on SQLite, where
    /// nothing is gained by one message fewer.
    pub fn guard_change(&self, message: &str) -> Option<String> {
        self.if_changed("0", message).map(|value| format!("SELECT {value}"))
    }

    /// `value` as an expression that fails with `message` where the statement before changed no row; None as for
    /// [`Tables::guard_change`].
    pub(super) fn if_changed(&self, value: &str, message: &str) -> Option<String> {
        self.value_if("ROW_COUNT() > 0", value, message).filter(|_| self.engine == Engine::MySql)
    }

    /// A condition that holds while the row is there.
    pub fn row_exists(&self, row: &AppliedMigration) -> String {
        format!("EXISTS (SELECT 1 FROM {} WHERE {})", self.qualified(&self.history), self.is_this_row(row))
    }

    /// Both names of a row: its file name, which has an index, and its place, which tells it from one written since.
    fn is_this_row(&self, row: &AppliedMigration) -> String {
        format!("filename {} {} AND {}", self.equals(), self.text(&row.file_name), self.is_row(row.sequence))
    }

    fn is_row(&self, sequence: i64) -> String {
        format!("sequence {} {sequence}", self.equals())
    }

    /// The equality of the engine itself: a migration may have put an operator of its own into the search path.
    pub(super) fn equals(&self) -> &'static str {
        match self.engine {
            Engine::Postgres => "OPERATOR(pg_catalog.=)",
            Engine::MySql | Engine::Sqlite => "=",
        }
    }

    /// What stands between a SELECT without a table and its WHERE.
    pub(super) fn dual(&self) -> &'static str {
        match self.engine {
            Engine::MySql => " FROM DUAL",
            Engine::Postgres | Engine::Sqlite => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'a>(version: Option<&'a Version>, checksum: &Checksum) -> NewRow<'a> {
        NewRow {
            sequence: 7,
            version,
            description: "it's",
            file_name: "0007_x.sql",
            kind: RowKind::Versioned,
            checksum: checksum.clone(),
            rollback: None,
            took: Took::Milliseconds(3),
            applied_by: "app@host",
            run_id: "run",
        }
    }

    #[test]
    fn a_row_is_written_only_under_its_condition() {
        let checksum = Checksum { digest: "d".into(), token_digest: "t".into() };
        let version = "7".parse().unwrap();
        let tables = Tables::new(Engine::MySql, "app", "_dbwarden_migrations");
        let statements = tables.insert_history(&row(Some(&version), &checksum), Some("IS_USED_LOCK('l')"));
        assert_eq!(statements.len(), 1);
        let guarded = format!("{LARGEST} + (IF(IS_USED_LOCK('l'), '', '{LOCK_LOST}') <> '') - {LARGEST} + 7,");
        assert!(statements[0].contains(&guarded), "{}", statements[0]);
        let tables = Tables::new(Engine::Sqlite, "main", "_dbwarden_migrations");
        let statements = tables.insert_history(&row(Some(&version), &checksum), Some("held()"));
        assert!(statements[0].ends_with(" WHERE held()"), "{}", statements[0]);
    }

    #[test]
    fn several_rows_are_one_statement_behind_the_repeatables_that_go() {
        let checksum = Checksum { digest: "d".into(), token_digest: "t".into() };
        let version = "7".parse().unwrap();
        let tables = Tables::new(Engine::Sqlite, "main", "m");
        let several = [row(Some(&version), &checksum), row(None, &checksum)];
        let [replaced, insert] = tables.insert_history_rows(&several).try_into().expect("two statements");
        assert_eq!(replaced, "DELETE FROM \"main\".\"m\" WHERE filename IN ('0007_x.sql')");
        assert_eq!(insert.matches("'it''s'").count(), 2, "{insert}");
        assert_eq!(tables.insert_history_rows(&several[..1]).len(), 1);
        let one = tables.insert_history(&several[0], None);
        assert_eq!(one, tables.insert_history_rows(&several[..1]), "a single row reads the same");
    }

    #[test]
    fn a_repeatable_replaces_its_earlier_row() {
        let checksum = Checksum { digest: "d".into(), token_digest: "t".into() };
        let tables = Tables::new(Engine::Sqlite, "main", "_dbwarden_migrations");
        let statements = tables.insert_history(&row(None, &checksum), None);
        assert!(statements[0].starts_with("DELETE FROM"));
        assert!(statements[1].contains("'it''s'"));
    }

    #[test]
    fn what_is_left_out_is_named_and_not_read() {
        let tables = Tables::new(Engine::Sqlite, "main", "m");
        assert_eq!(
            tables.select_history_without(&["applied_at", "run_id"]),
            "SELECT version, description, filename, migration_type, NULL, checksum, sequence, checksum_algorithm, \
             token_digest, rollback_digest, execution_ms, applied_by, NULL, format FROM \"main\".\"m\" \
             WHERE TRUE OR (rollback_sql IS NULL AND applied_at IS NULL AND run_id IS NULL)"
        );
    }

    #[test]
    fn missing_columns_read_as_null() {
        let tables = Tables::new(Engine::Sqlite, "main", "m");
        let present = ["id", "version", "filename"].map(|column| ("m".to_string(), column.to_string()));
        let select = tables.select_history(Some(&present));
        assert!(select.starts_with("SELECT version, NULL, filename, NULL, NULL, NULL, id, NULL"), "{select}");
    }
}
