//! The text of a look whether the tool's tables can be written, before anything is run.

use super::Engine;
use super::bookkeeping::Tables;

impl Tables {
    /// Statements that write nothing and fail where recording would: a right is missing, a column is missing, the
    /// server is read-only. With `undo`, also where a row could not be removed.
    pub fn probe_writes(&self, undo: bool) -> Vec<String> {
        let insert = |verb: &str, table: &str, columns: &[&str], rest: &str| {
            let nulls = vec!["NULL"; columns.len()].join(", ");
            let (table, columns) = (self.qualified(table), columns.join(", "));
            format!("{verb} INTO {table} ({columns}) SELECT {nulls}{} WHERE 1 {} 0{rest}", self.dual(), self.equals())
        };
        let history: Vec<&str> = Tables::history_columns().collect();
        let journal: Vec<&str> = Tables::journal_columns().collect();
        let events = ["happened_at", "kind", "version", "filename", "actor", "run_id", "duration_ms", "detail"];
        let delete = |table: &str| format!("DELETE FROM {} WHERE 1 {} 0", self.qualified(table), self.equals());
        let mut statements =
            vec![insert("INSERT", &self.history, &history, ""), insert("INSERT", &self.events, &events, "")];
        statements.push(match self.engine {
            Engine::MySql => insert("REPLACE", &self.journal, &journal, ""),
            Engine::Postgres | Engine::Sqlite => {
                let update = " ON CONFLICT (direction) DO UPDATE SET filename = excluded.filename";
                insert("INSERT", &self.journal, &journal, update)
            }
        });
        statements.push(delete(&self.journal));
        statements.extend(undo.then(|| delete(&self.history)));
        statements
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_ever_written() {
        for engine in Engine::ALL {
            let tables = Tables::new(engine, "s", "_dbwarden_migrations");
            for statement in tables.probe_writes(true) {
                let (_, condition) = statement.rsplit_once(" WHERE ").unwrap();
                assert!(condition.starts_with(&format!("1 {} 0", tables.equals())), "{statement}");
            }
            assert_eq!(tables.probe_writes(false).len() + 1, tables.probe_writes(true).len());
        }
    }
}
