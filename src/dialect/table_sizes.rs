//! How big tables are, as the catalog estimates it: nothing is counted and no table is locked.

use super::{Engine, identifier, literal};

/// Rows of schema, table, rows, bytes (indexes included). Tables of unknown size are left out.
///
/// None on SQLite, where [`SELECT_ROWID_TABLES`] comes first.
pub fn select_table_sizes(engine: Engine) -> Option<&'static str> {
    match engine {
        // From version 14 on, -1 rows are unknown and 0 rows none; before, 0 is both.
        // pg_total_relation_size would wait for whoever holds the table; pages are as old as the last ANALYZE.
        // Of a table that nobody analysed the size of its file is certain: none, or up to three pages, which hold fewer
        // than a thousand rows of 28 bytes at least. A table that somebody holds, or waits for, is not asked.
        Engine::Postgres => Some(
            "SELECT n.nspname::text, c.relname::text, \
             GREATEST(c.reltuples::bigint, pg_catalog.pg_stat_get_live_tuples(c.oid), \
             f.bytes OPERATOR(pg_catalog./) 28::bigint, 0)::text, \
             GREATEST((c.relpages::bigint OPERATOR(pg_catalog.+) \
             COALESCE((SELECT pg_catalog.sum(x.relpages) FROM pg_catalog.pg_index i \
             JOIN pg_catalog.pg_class x ON x.oid OPERATOR(pg_catalog.=) i.indexrelid \
             WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid), 0::bigint)) \
             OPERATOR(pg_catalog.*) pg_catalog.current_setting('block_size')::bigint, f.bytes)::text \
             FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
             AND n.nspname::text OPERATOR(pg_catalog.<>) ALL ('{pg_catalog,information_schema,pg_toast}'::text[]) \
             CROSS JOIN LATERAL (SELECT CASE WHEN c.relkind OPERATOR(pg_catalog.=) ANY ('{r,m}'::\"char\"[]) \
             AND c.reltuples::bigint OPERATOR(pg_catalog.<=) 0::bigint AND c.relpages OPERATOR(pg_catalog.=) 0 \
             AND c.oid OPERATOR(pg_catalog.<>) ALL (SELECT l.relation FROM pg_catalog.pg_locks l \
             WHERE l.mode OPERATOR(pg_catalog.=) 'AccessExclusiveLock' AND l.relation IS NOT NULL) \
             THEN pg_catalog.pg_relation_size(c.oid) END AS bytes OFFSET 0) whole \
             CROSS JOIN LATERAL (SELECT CASE WHEN whole.bytes OPERATOR(pg_catalog.<=) 24576::bigint \
             THEN whole.bytes END AS bytes) f \
             WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,m}'::\"char\"[]) \
             AND (c.reltuples::bigint OPERATOR(pg_catalog.>) 0::bigint OR c.relpages OPERATOR(pg_catalog.>) 0 \
             OR pg_catalog.pg_stat_get_live_tuples(c.oid) OPERATOR(pg_catalog.>) 0::bigint OR f.bytes IS NOT NULL \
             OR c.reltuples::bigint OPERATOR(pg_catalog.=) 0::bigint \
             AND pg_catalog.current_setting('server_version_num')::int OPERATOR(pg_catalog.>=) 140000)",
        ),
        Engine::MySql => Some(
            "SELECT TABLE_SCHEMA, TABLE_NAME, CAST(TABLE_ROWS AS CHAR), CAST(DATA_LENGTH + INDEX_LENGTH AS CHAR) \
             FROM information_schema.TABLES \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' AND TABLE_ROWS IS NOT NULL",
        ),
        Engine::Sqlite => None,
    }
}

/// SQLite: the names of the tables whose rows have numbers.
pub const SELECT_ROWID_TABLES: &str = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND wr = 0 AND name NOT LIKE 'sqlite_%'";

/// SQLite: the same rows as [`select_table_sizes`]. The highest row number stands for the number of rows, which takes
/// one step to find, and the whole file for the table.
pub fn select_sqlite_sizes(tables: &[&str]) -> String {
    let bytes = "(SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size())";
    let of_table = |table: &&str| {
        let (text, name) = (literal(Engine::Sqlite, table), identifier(Engine::Sqlite, table));
        format!("SELECT 'main', {text}, COALESCE((SELECT max(rowid) FROM main.{name}), 0), {bytes}")
    };
    tables.iter().map(of_table).collect::<Vec<_>>().join(" UNION ALL ")
}
