//! The tool's own tables: where they are and what they are made of.
//!
//! Every name is qualified (schema on PostgreSQL, database on MySQL, `main` on SQLite), so that neither a
//! `SET search_path`, a `USE` nor a temporary table in a migration can put another table in their place.

use super::{Engine, identifier, literal};
use crate::model::BOOKKEEPING_FORMAT;

/// The history, journal and events tables of one target, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// The engine they live in.
    pub engine: Engine,
    /// Schema (PostgreSQL), database (MySQL) or `main` (SQLite).
    pub schema: String,
    /// The history table's name; `migration_table` of the configuration.
    pub history: String,
    /// The journal table's name.
    pub journal: String,
    /// The events table's name.
    pub events: String,
}

/// One column of a bookkeeping table: its name and its type on each engine.
struct Column {
    name: &'static str,
    postgres: &'static str,
    mysql: &'static str,
    sqlite: &'static str,
}

/// `column!(name, all engines)` or `column!(name, postgres, mysql, sqlite)`.
macro_rules! column {
    ($name:literal, $all:literal) => {
        Column { name: $name, postgres: $all, mysql: $all, sqlite: $all }
    };
    ($name:literal, $postgres:literal, $mysql:literal, $sqlite:literal) => {
        Column { name: $name, postgres: $postgres, mysql: $mysql, sqlite: $sqlite }
    };
}

/// In the order of [`super::history_sql`]'s SELECT. The first six are the Python tool's; a table that lacks others
/// is one of its own, and is taken over by adding them, which is why they carry no NOT NULL without a default.
const HISTORY: &[Column] = &[
    column!(
        "version",
        "pg_catalog.text UNIQUE",
        "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin UNIQUE",
        "TEXT UNIQUE"
    ),
    column!("description", "pg_catalog.text", "TEXT CHARACTER SET utf8mb4", "TEXT"),
    column!(
        "filename",
        "pg_catalog.text NOT NULL UNIQUE",
        "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL UNIQUE",
        "TEXT NOT NULL UNIQUE"
    ),
    column!("migration_type", "pg_catalog.text NOT NULL", "VARCHAR(50) NOT NULL", "TEXT NOT NULL"),
    column!(
        "applied_at",
        "pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now()",
        "DATETIME(6) NOT NULL",
        "TEXT NOT NULL"
    ),
    column!("checksum", "pg_catalog.text", "VARCHAR(128)", "TEXT"),
    column!("sequence", "bigint"),
    column!("checksum_algorithm", "pg_catalog.text", "VARCHAR(50)", "TEXT"),
    column!("token_digest", "pg_catalog.text", "VARCHAR(128)", "TEXT"),
    column!("rollback_sql", "pg_catalog.text", "LONGTEXT CHARACTER SET utf8mb4", "TEXT"),
    column!("rollback_digest", "pg_catalog.text", "VARCHAR(128)", "TEXT"),
    column!("execution_ms", "bigint"),
    column!("applied_by", "pg_catalog.text", "VARCHAR(500) CHARACTER SET utf8mb4", "TEXT"),
    column!("run_id", "pg_catalog.text", "VARCHAR(64)", "TEXT"),
    column!("format", "bigint"),
];

const JOURNAL: &[Column] = &[
    column!("direction", "pg_catalog.text PRIMARY KEY", "VARCHAR(20) NOT NULL PRIMARY KEY", "TEXT PRIMARY KEY"),
    column!(
        "filename",
        "pg_catalog.text NOT NULL",
        "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL",
        "TEXT NOT NULL"
    ),
    column!("version", "pg_catalog.text", "VARCHAR(255)", "TEXT"),
    column!("checksum", "pg_catalog.text NOT NULL", "VARCHAR(128) NOT NULL", "TEXT NOT NULL"),
    column!("total", "bigint NOT NULL"),
    column!("done", "bigint NOT NULL"),
    column!("done_digest", "pg_catalog.text NOT NULL", "VARCHAR(128) NOT NULL", "TEXT NOT NULL"),
    column!("cur", "bigint"),
    column!("cur_digest", "pg_catalog.text", "VARCHAR(128)", "TEXT"),
    column!("run_id", "pg_catalog.text NOT NULL", "VARCHAR(64) NOT NULL", "TEXT NOT NULL"),
    column!("state", "pg_catalog.text NOT NULL", "VARCHAR(20) NOT NULL", "TEXT NOT NULL"),
    column!("cur_before", "pg_catalog.text", "LONGTEXT CHARACTER SET utf8mb4", "TEXT"),
    column!("cur_place", "pg_catalog.text", "VARCHAR(255) CHARACTER SET utf8mb4", "TEXT"),
    column!("section", "pg_catalog.text", "LONGTEXT CHARACTER SET utf8mb4", "TEXT"),
    column!("ahead", "pg_catalog.text", "LONGTEXT CHARACTER SET utf8mb4", "TEXT"),
];

const EVENTS: &[Column] = &[
    column!(
        "id",
        "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY",
        "INTEGER PRIMARY KEY"
    ),
    column!(
        "happened_at",
        "pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now()",
        "DATETIME(6) NOT NULL",
        "TEXT NOT NULL"
    ),
    column!("kind", "pg_catalog.text NOT NULL", "VARCHAR(50) NOT NULL", "TEXT NOT NULL"),
    column!("version", "pg_catalog.text", "VARCHAR(255)", "TEXT"),
    column!("filename", "pg_catalog.text", "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "TEXT"),
    column!("actor", "pg_catalog.text", "VARCHAR(500) CHARACTER SET utf8mb4", "TEXT"),
    column!("run_id", "pg_catalog.text NOT NULL", "VARCHAR(64) NOT NULL", "TEXT NOT NULL"),
    column!("duration_ms", "bigint"),
    column!("detail", "pg_catalog.text", "LONGTEXT CHARACTER SET utf8mb4", "TEXT"),
];

impl Tables {
    /// The tables that go with a history table. The journal and events tables are named after it, so that two
    /// applications with different history tables in one database do not meet.
    pub fn new(engine: Engine, schema: &str, history: &str) -> Self {
        let stem = history.strip_suffix("_migrations").unwrap_or(history);
        Tables {
            engine,
            schema: schema.to_string(),
            history: history.to_string(),
            journal: format!("{stem}_journal"),
            events: format!("{stem}_events"),
        }
    }

    /// `table` qualified and quoted.
    pub fn qualified(&self, table: &str) -> String {
        format!("{}.{}", identifier(self.engine, &self.schema), identifier(self.engine, table))
    }

    pub(super) fn text(&self, text: &str) -> String {
        literal(self.engine, text)
    }

    pub(super) fn text_or_null(&self, text: Option<&str>) -> String {
        text.map_or_else(|| "NULL".to_string(), |text| self.text(text))
    }

    /// A condition that holds when `expression` is one of `texts`.
    pub(super) fn is_one_of(&self, expression: &str, texts: &[&str]) -> String {
        let list = texts.iter().map(|text| self.text(text)).collect::<Vec<_>>().join(", ");
        match self.engine {
            // IN would take whatever equality the search path has first.
            Engine::Postgres => {
                format!("{expression} {} ANY (ARRAY[{list}]::pg_catalog.text[])", self.equals())
            }
            Engine::MySql | Engine::Sqlite => format!("{expression} IN ({list})"),
        }
    }

    /// An expression for the server's clock, in UTC.
    pub(super) fn now(&self) -> &'static str {
        match self.engine {
            Engine::Postgres => "pg_catalog.clock_timestamp()",
            Engine::MySql => "UTC_TIMESTAMP(6)",
            Engine::Sqlite => "strftime('%Y-%m-%dT%H:%M:%fZ','now')",
        }
    }

    /// An expression that gives the timestamp column as RFC 3339 in UTC.
    pub(super) fn timestamp_text(&self, column: &str) -> String {
        match self.engine {
            Engine::Postgres => format!(
                "pg_catalog.to_char(({column})::pg_catalog.timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
            ),
            Engine::MySql => format!("CONCAT(REPLACE(CAST(CAST({column} AS DATETIME(3)) AS CHAR), ' ', 'T'), 'Z')"),
            Engine::Sqlite => column.to_string(),
        }
    }

    /// A query that gives `(table, column)` for each column of each bookkeeping table there is.
    pub fn select_columns(&self) -> String {
        let names = [&self.history, &self.journal, &self.events].map(String::as_str);
        let schema = self.text(&self.schema);
        match self.engine {
            Engine::Postgres => format!(
                "SELECT c.relname::pg_catalog.text, a.attname::pg_catalog.text FROM pg_catalog.pg_class c \
                 JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
                 JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid \
                 AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped \
                 WHERE n.nspname OPERATOR(pg_catalog.=) {schema} AND {} AND {}",
                self.is_one_of("c.relkind::pg_catalog.text", &["r", "p"]),
                self.is_one_of("c.relname::pg_catalog.text", &names)
            ),
            Engine::MySql => format!(
                "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS \
                 WHERE TABLE_SCHEMA = {schema} AND {}",
                self.is_one_of("TABLE_NAME", &names)
            ),
            Engine::Sqlite => format!(
                "SELECT m.name, p.name FROM main.sqlite_master m, pragma_table_info(m.name) p \
                 WHERE m.type = 'table' AND {}",
                self.is_one_of("m.name", &names)
            ),
        }
    }

    /// A query that gives one row when the schema exists; None where there is nothing to ask.
    pub fn select_schema(&self) -> Option<String> {
        match self.engine {
            Engine::Postgres => Some(format!(
                "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname {} {}",
                self.equals(),
                self.text(&self.schema)
            )),
            Engine::MySql | Engine::Sqlite => None,
        }
    }

    /// Creates the schema.
    pub fn create_schema(&self) -> String {
        format!("CREATE SCHEMA {}", identifier(self.engine, &self.schema))
    }

    /// Creates the tables that are missing and adds the columns that a history table of the Python tool lacks.
    /// `present` is what [`Tables::select_columns`] found. Empty when everything is there.
    ///
    /// A run may be killed between any two of the statements: the history, which is what every run looks for first,
    /// comes last, and the last column of a table taken over comes after its rows were given their place.
    pub fn create_missing(&self, present: &[(String, String)]) -> Vec<String> {
        let mut statements = Vec::new();
        for (table, columns) in [(&self.events, EVENTS), (&self.journal, JOURNAL), (&self.history, HISTORY)] {
            let has = |column: &str| present.iter().any(|(name, present)| name == table && present == column);
            let name = self.qualified(table);
            if !present.iter().any(|(present, _)| present == table) {
                let list: Vec<String> = columns.iter().map(|column| self.definition(column)).collect();
                let suffix = if self.engine == Engine::MySql { " ENGINE=InnoDB" } else { "" };
                statements.push(format!("CREATE TABLE {name} ({}){suffix}", list.join(", ")));
                continue;
            }
            for column in columns.iter().filter(|column| !has(column.name)) {
                let is_last = columns.last().is_some_and(|last| last.name == column.name);
                if is_last && table == &self.history && has("id") {
                    // The other tool's own row number is the order of application.
                    statements.push(format!("UPDATE {name} SET sequence = id WHERE sequence IS NULL"));
                }
                statements.push(format!("ALTER TABLE {name} ADD COLUMN {}", self.definition(column)));
            }
        }
        statements
    }

    /// Whether the history table is one that another tool made, or that was not wholly taken over yet: the column
    /// added last is missing.
    pub fn is_of_another_tool(&self, present: &[(String, String)]) -> bool {
        let of_history = || present.iter().filter(|(table, _)| *table == self.history);
        let last = HISTORY.last().map(|column| column.name);
        of_history().next().is_some() && !of_history().any(|(_, column)| Some(column.as_str()) == last)
    }

    fn definition(&self, column: &Column) -> String {
        let kind = match self.engine {
            Engine::Postgres => column.postgres,
            Engine::MySql => column.mysql,
            Engine::Sqlite => column.sqlite,
        };
        format!("{} {kind}", identifier(self.engine, column.name))
    }

    /// The names of the history's columns, in the order the history is read.
    pub(super) fn history_columns() -> impl Iterator<Item = &'static str> {
        HISTORY.iter().map(|column| column.name)
    }

    /// The names of the journal's columns.
    pub(super) fn journal_columns() -> impl Iterator<Item = &'static str> {
        JOURNAL.iter().map(|column| column.name)
    }

    /// The columns that a history table lacks and that cannot be done without: without them nobody knows what is
    /// applied, and it would be applied again. The other tool's table has fewer of them than one of ours.
    pub fn lost_columns(&self, present: &[(String, String)]) -> Vec<&'static str> {
        const EVERYBODYS: &[&str] = &["version", "filename", "migration_type"];
        const OURS: &[&str] = &[
            "version",
            "filename",
            "migration_type",
            "checksum",
            "sequence",
            "checksum_algorithm",
            "token_digest",
            "rollback_sql",
            "rollback_digest",
        ];
        let is_there = present.iter().any(|(table, _)| *table == self.history);
        let needed = if self.is_of_another_tool(present) { EVERYBODYS } else { OURS };
        let has = |name: &str| present.iter().any(|(table, column)| *table == self.history && column == name);
        needed.iter().copied().filter(|name| is_there && !has(name)).collect()
    }

    /// The number this program writes into the `format` column.
    pub(super) fn format() -> i64 {
        BOOKKEEPING_FORMAT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_history_table() {
        let tables = Tables::new(Engine::Postgres, "public", "_dbwarden_migrations");
        assert_eq!((tables.journal.as_str(), tables.events.as_str()), ("_dbwarden_journal", "_dbwarden_events"));
        assert_eq!(Tables::new(Engine::Sqlite, "main", "shop").journal, "shop_journal");
        assert_eq!(tables.qualified(&tables.history), "\"public\".\"_dbwarden_migrations\"");
    }

    #[test]
    fn a_table_of_the_python_tool_gets_the_missing_columns_only() {
        let tables = Tables::new(Engine::Sqlite, "main", "_dbwarden_migrations");
        let python = ["id", "version", "description", "filename", "migration_type", "applied_at", "checksum"];
        let present: Vec<_> = python.map(|column| (tables.history.clone(), column.to_string())).into();
        let statements = tables.create_missing(&present);
        let history = "\"main\".\"_dbwarden_migrations\"";
        assert!(statements[2].starts_with(&format!("ALTER TABLE {history} ADD COLUMN \"sequence\"")));
        assert_eq!(statements.iter().filter(|statement| statement.starts_with("CREATE TABLE")).count(), 2);
        let [.., adopt, last] = statements.as_slice() else { panic!("{statements:?}") };
        assert_eq!(*adopt, format!("UPDATE {history} SET sequence = id WHERE sequence IS NULL"));
        assert!(last.contains("ADD COLUMN \"format\""), "{last}");
    }

    #[test]
    fn without_some_columns_nobody_knows_what_is_applied() {
        let tables = Tables::new(Engine::Sqlite, "main", "_dbwarden_migrations");
        let present = |columns: &[&str]| -> Vec<(String, String)> {
            columns.iter().map(|column| (tables.history.clone(), column.to_string())).collect()
        };
        let python = ["id", "version", "filename", "migration_type", "applied_at"];
        assert!(tables.lost_columns(&present(&python)).is_empty());
        assert_eq!(tables.lost_columns(&present(&["id", "filename", "migration_type"])), ["version"]);
        assert!(tables.lost_columns(&[]).is_empty(), "no table has lost nothing");
        let ours: Vec<&str> = HISTORY.iter().map(|column| column.name).filter(|name| *name != "sequence").collect();
        assert_eq!(tables.lost_columns(&present(&ours)), ["sequence"]);
        let harmless: Vec<&str> =
            HISTORY.iter().map(|column| column.name).filter(|name| *name != "execution_ms").collect();
        assert!(tables.lost_columns(&present(&harmless)).is_empty());
    }

    #[test]
    fn what_every_run_looks_for_first_is_made_last() {
        let tables = Tables::new(Engine::Sqlite, "main", "_dbwarden_migrations");
        let made: Vec<String> = tables.create_missing(&[]).iter().map(|text| text.chars().take(46).collect()).collect();
        let expected = ["_dbwarden_events", "_dbwarden_journal", "_dbwarden_migrations"];
        made.iter().zip(expected).for_each(|(text, table)| assert!(text.contains(table), "{text} before {table}"));
    }

    #[test]
    fn nothing_is_created_twice() {
        for engine in Engine::ALL {
            let tables = Tables::new(engine, "s", "_dbwarden_migrations");
            let present: Vec<_> = [(&tables.history, HISTORY), (&tables.journal, JOURNAL), (&tables.events, EVENTS)]
                .into_iter()
                .flat_map(|(table, columns)| columns.iter().map(move |column| (table.clone(), column.name.to_string())))
                .collect();
            assert!(tables.create_missing(&present).is_empty());
            assert_eq!(tables.create_missing(&[]).len(), 3);
        }
    }
}
