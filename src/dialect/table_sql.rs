//! Listing and counting the tables of a database, for backups.

use super::{Engine, identifier};

/// The query that lists every table that holds rows of its own: rows of schema (NULL where a database has none) and
/// name. Partitioned parents, views, foreign tables and the engine's own tables are not listed.
pub fn list_tables(engine: Engine) -> String {
    match engine {
        Engine::Postgres => "SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c \
             JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
             WHERE c.relkind OPERATOR(pg_catalog.=) 'r' AND c.relpersistence OPERATOR(pg_catalog.<>) 't' \
             AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema' \
             AND n.nspname OPERATOR(pg_catalog.!~) '^pg_'"
            .to_owned(),
        Engine::MySql => "SELECT NULL, TABLE_NAME FROM information_schema.TABLES \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"
            .to_owned(),
        Engine::Sqlite => "SELECT NULL, name FROM main.sqlite_schema \
             WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql NOT LIKE 'CREATE VIRTUAL%'"
            .to_owned(),
    }
}

/// The query that counts the rows of one of them.
pub fn count_rows(engine: Engine, schema: Option<&str>, name: &str) -> String {
    let name = identifier(engine, name);
    match (engine, schema) {
        // The table itself, not those that inherit from it: they are listed by themselves.
        (Engine::Postgres, Some(schema)) => {
            format!("SELECT pg_catalog.count(*) FROM ONLY {}.{name}", identifier(engine, schema))
        }
        (_, Some(schema)) => format!("SELECT count(*) FROM {}.{name}", identifier(engine, schema)),
        (_, None) => format!("SELECT count(*) FROM {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted() {
        assert_eq!(count_rows(Engine::MySql, None, "a`b"), "SELECT count(*) FROM `a``b`");
        let postgres = count_rows(Engine::Postgres, Some("my schema"), "T");
        assert_eq!(postgres, "SELECT pg_catalog.count(*) FROM ONLY \"my schema\".\"T\"");
    }
}
