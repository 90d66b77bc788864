//! Tables that nobody uses yet, because the pending set creates them.

use std::collections::HashMap;

use super::change::{Action, Facts, Name, Object};

/// Which tables are new, and from which statement on.
#[derive(Debug, Default)]
pub struct NewTables {
    /// By the name in lower case, without its schema: as written, and the statement behind which it is there.
    by_name: HashMap<String, Vec<(Name, usize)>>,
}

impl NewTables {
    /// What the statements of a section create.
    pub(super) fn of(statements: &[Facts]) -> Self {
        let mut tables = NewTables::default();
        statements.iter().enumerate().for_each(|(index, facts)| tables.learn(index, facts));
        tables
    }

    /// Adds what the statement with this index creates.
    pub(super) fn learn(&mut self, statement: usize, facts: &Facts) {
        for change in &facts.changes {
            match &change.action {
                Action::CreateTable { table, .. } => self.add(table.clone(), statement),
                // It has indexes as a table has.
                Action::Create { object: Object::MaterializedView, name, .. } => self.add(name.clone(), statement),
                // A new table stays one under its new name, which may have been an old table's.
                Action::RenameTable { table, to } if self.contains(table, statement) => self.add(to.clone(), statement),
                _ => {}
            }
        }
    }

    fn add(&mut self, table: Name, statement: usize) {
        self.by_name.entry(table.name.to_ascii_lowercase()).or_default().push((table, statement));
    }

    /// Whether the table was created before that statement.
    pub(super) fn contains(&self, table: &Name, before: usize) -> bool {
        // Most sections create nothing.
        !self.by_name.is_empty()
            && self.by_name.get(&table.name.to_ascii_lowercase()).is_some_and(|created| {
                created.iter().any(|(created, statement)| *statement < before && created.may_be(table))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Engine;
    use crate::lint::facts::of_statement;

    #[test]
    fn a_table_is_new_behind_the_statement_that_creates_it_and_under_its_new_name() {
        let sql = ["CREATE TABLE s.a (id int)", "SELECT 1", "ALTER TABLE a RENAME TO b", "ALTER TABLE x RENAME TO y"];
        let facts: Vec<Facts> = sql.iter().map(|sql| of_statement(Engine::Postgres, sql)).collect();
        let tables = NewTables::of(&facts);
        let is_new = |name: &str, before| tables.contains(&Name::new(name), before);
        assert_eq!([is_new("a", 0), is_new("A", 1), is_new("b", 2), is_new("b", 3)], [false, true, false, true]);
        assert!(!is_new("y", 9), "an old table by another name");
        let other = Name { schema: Some("t".into()), name: "a".into() };
        assert!(!tables.contains(&other, 9), "of another schema");
    }
}
