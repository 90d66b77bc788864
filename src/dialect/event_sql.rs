//! The text of reads of the events table.

use super::Engine;
use super::bookkeeping::Tables;
use super::journal_sql::EventKind;

/// In the order [`Tables::select_events`] reads them.
const EVENT_COLUMNS: [&str; 9] =
    ["id", "happened_at", "kind", "version", "filename", "actor", "run_id", "duration_ms", "detail"];

impl Tables {
    /// Reads at most `limit` events, the latest first; with `run`, those of runs whose id begins with it. `present`
    /// names the columns the table has when it is not as this program makes it: the missing ones read as NULL.
    pub fn select_events(&self, limit: usize, run: Option<&str>, present: Option<&[(String, String)]>) -> String {
        let has = |name: &str| {
            present.is_none_or(|present| present.iter().any(|(table, column)| *table == self.events && column == name))
        };
        let cells: Vec<String> = EVENT_COLUMNS
            .iter()
            .map(|&name| match name {
                _ if !has(name) => "NULL".to_string(),
                "happened_at" => self.timestamp_text(name),
                _ => name.to_string(),
            })
            .collect();
        let condition = run.filter(|_| has("run_id")).map(|run| format!(" WHERE {}", self.begins_with("run_id", run)));
        let order = if has("id") { "id" } else { "happened_at" };
        format!(
            "SELECT {} FROM {}{} ORDER BY {order} DESC LIMIT {limit}",
            cells.join(", "),
            self.qualified(&self.events),
            condition.unwrap_or_default(),
        )
    }

    /// Counts the events that tell of a migration recorded as applied.
    pub fn count_applied_events(&self) -> String {
        let kinds = [EventKind::Applied, EventKind::Baselined].map(EventKind::name);
        format!("SELECT count(*) FROM {} WHERE {}", self.qualified(&self.events), self.is_one_of("kind", &kinds))
    }

    /// A condition that holds where `column` begins with `start`, which is no pattern: `%` means itself.
    fn begins_with(&self, column: &str, start: &str) -> String {
        let length = start.chars().count();
        let beginning = match self.engine {
            Engine::Postgres => format!("pg_catalog.left({column}, {length})"),
            Engine::MySql => format!("LEFT({column}, {length})"),
            Engine::Sqlite => format!("substr({column}, 1, {length})"),
        };
        format!("{beginning} {} {}", self.equals(), self.text(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_the_beginning_of_its_id() {
        let tables = Tables::new(Engine::Sqlite, "main", "_dbwarden_migrations");
        let text = tables.select_events(51, Some("01ä'%"), None);
        assert!(text.ends_with("WHERE substr(run_id, 1, 5) = '01ä''%' ORDER BY id DESC LIMIT 51"), "{text}");
        assert!(!tables.select_events(1, None, None).contains("WHERE"));
    }

    #[test]
    fn missing_columns_read_as_null() {
        let tables = Tables::new(Engine::MySql, "app", "_dbwarden_migrations");
        let present = ["id", "kind"].map(|column| (tables.events.clone(), column.to_string()));
        let text = tables.select_events(1, Some("r"), Some(&present));
        assert!(text.starts_with("SELECT id, NULL, kind, NULL, NULL, NULL, NULL, NULL, NULL FROM"), "{text}");
        assert!(!text.contains("WHERE"), "{text}");
    }
}
