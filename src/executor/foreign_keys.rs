//! Foreign keys where the engine does not enforce them in our sessions: no migration may leave new violations behind.

use std::collections::HashSet;
use std::ops::Range;

use super::send::SendError;
use super::{Cause, Executor};
use crate::model::{Script, StatementKind};

/// Violations, each as the engine's check describes it.
pub(super) type Violations = HashSet<Vec<Option<String>>>;

/// How many violations a message names.
const NAMED: usize = 3;

impl Executor<'_> {
    /// Notes, before the transaction begins, which violations are already there.
    pub(super) async fn note_violations(&mut self, script: &Script, statements: Range<usize>) {
        if self.known_violations.is_none() && may_violate(script, statements) {
            // None where the check itself fails: a schema that cannot be checked before cannot be checked after.
            self.known_violations = self.violations().await;
        }
    }

    /// Fails when the open transaction brought violations that were not there before it. Asked only of what may bring
    /// some: the check reads every table with a foreign key.
    pub(super) async fn refuse_new_violations(&mut self) -> Result<(), SendError> {
        let Some(known) = &self.known_violations else { return Ok(()) };
        let known = known.clone();
        let Some(now) = self.violations().await else { return Ok(()) };
        let mut new: Vec<String> = now.difference(&known).map(|row| describe(row)).collect();
        if new.is_empty() {
            self.known_violations = Some(now);
            return Ok(());
        }
        new.sort();
        let more = new.len().saturating_sub(NAMED);
        new.truncate(NAMED);
        if more > 0 {
            new.push(format!("and {more} more"));
        }
        Err(SendError::new(Cause::ForeignKeys { violations: new }))
    }

    async fn violations(&mut self) -> Option<Violations> {
        let check = self.tables.engine.foreign_key_check()?;
        let rows = self.session.query(check).await.ok()?;
        Some(rows.iter().map(|row| row.cells().map(|cell| cell.map(str::to_owned)).collect()).collect())
    }
}

/// Whether the statements can leave a row without the row it refers to. What only creates cannot, and most migrations
/// only create: the check reads every table with a foreign key.
pub(super) fn may_violate(script: &Script, statements: Range<usize>) -> bool {
    statements
        .into_iter()
        .any(|index| !(script.statements[index].kind == StatementKind::Ddl && script.starts_with(index, "create")))
}

/// A row of SQLite's check: table, rowid, parent table, number of the constraint.
fn describe(row: &[Option<String>]) -> String {
    let cell = |index: usize| row.get(index).and_then(Option::as_deref);
    let (table, parent) = (cell(0).unwrap_or("?"), cell(2).unwrap_or("?"));
    match cell(1) {
        Some(row) => format!("row {row} of {table} refers to no row of {parent}"),
        None => format!("a row of {table} refers to no row of {parent}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::test_support::script;

    #[test]
    fn what_only_creates_is_not_checked() {
        let plain = script("CREATE TABLE", &[StatementKind::Ddl, StatementKind::Ddl]);
        assert!(!may_violate(&plain, 0..2));
        assert!(may_violate(&script("DROP TABLE", &[StatementKind::Ddl]), 0..1));
        assert!(may_violate(&script("INSERT", &[StatementKind::Dml]), 0..1));
    }

    #[test]
    fn a_violation_reads_as_a_sentence() {
        let row = ["orders", "7", "users", "0"].map(|cell| Some(cell.to_string()));
        assert_eq!(describe(&row), "row 7 of orders refers to no row of users");
    }
}
