//! The text of looks into the catalog: is an object there?

use super::{Engine, identifier, literal};
use crate::model::{Object, ObjectName};

/// A query that gives one row when `object` is there. Its cell is 0 for an index that is not valid, else 1.
/// None where the engine has no such object.
pub fn select_object(engine: Engine, object: &Object) -> Option<String> {
    match engine {
        Engine::Postgres => postgres(object),
        Engine::MySql => Some(mysql(object)),
        Engine::Sqlite => sqlite(object),
    }
}

/// Removes an index that was begun and never finished, without blocking anybody.
pub fn drop_index_concurrently(name: &ObjectName) -> String {
    format!("DROP INDEX CONCURRENTLY {}", qualified(Engine::Postgres, name))
}

fn qualified(engine: Engine, name: &ObjectName) -> String {
    let own = identifier(engine, &name.name);
    match &name.schema {
        Some(schema) => format!("{}.{own}", identifier(engine, schema)),
        None => own,
    }
}

/// Names without a schema are found as the session finds them.
fn postgres(object: &Object) -> Option<String> {
    let regclass = |name: &ObjectName| {
        format!("pg_catalog.to_regclass({})", literal(Engine::Postgres, &qualified(Engine::Postgres, name)))
    };
    Some(match object {
        Object::Index { name, table, .. } => {
            // An index lives in the schema of its table, whatever the search path says.
            let index = literal(Engine::Postgres, &name.name);
            let place = match (&name.schema, table) {
                (None, Some(table)) => format!("c.relname = {index} AND i.indrelid = {}", regclass(table)),
                _ => format!("c.oid = {}", regclass(name)),
            };
            format!(
                "SELECT CASE WHEN i.indisvalid THEN 1 ELSE 0 END FROM pg_catalog.pg_index i \
                 JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE {place}"
            )
        }
        Object::Table(name) | Object::View(name) => format!("SELECT 1 WHERE {} IS NOT NULL", regclass(name)),
        Object::Column { table, column } => format!(
            "SELECT 1 FROM pg_catalog.pg_attribute WHERE attrelid = {} AND attname = {} AND NOT attisdropped",
            regclass(table),
            literal(Engine::Postgres, column)
        ),
        Object::Constraint { table, name } => format!(
            "SELECT 1 FROM pg_catalog.pg_constraint WHERE conrelid = {} AND conname = {}",
            regclass(table),
            literal(Engine::Postgres, name)
        ),
        // Overloaded names, and names that belong to a table.
        Object::Routine(_) | Object::Trigger(_) | Object::Event(_) => return None,
    })
}

fn mysql(object: &Object) -> String {
    let text = |text: &str| literal(Engine::MySql, text);
    let schema = |name: &ObjectName| name.schema.as_deref().map_or_else(|| "DATABASE()".to_string(), text);
    let select = |view: &str, column: &str, name: &ObjectName, rest: String| {
        format!("SELECT 1 FROM information_schema.{view} WHERE {column}_SCHEMA = {}{rest} LIMIT 1", schema(name))
    };
    match object {
        Object::Table(name) | Object::View(name) => {
            select("TABLES", "TABLE", name, format!(" AND TABLE_NAME = {}", text(&name.name)))
        }
        Object::Column { table, column } => {
            let rest = format!(" AND TABLE_NAME = {} AND COLUMN_NAME = {}", text(&table.name), text(column));
            select("COLUMNS", "TABLE", table, rest)
        }
        Object::Index { name, table, .. } => {
            let place = table.as_ref().map(|table| format!(" AND TABLE_NAME = {}", text(&table.name)));
            let rest = format!("{} AND INDEX_NAME = {}", place.unwrap_or_default(), text(&name.name));
            select("STATISTICS", "TABLE", table.as_ref().unwrap_or(name), rest)
        }
        Object::Constraint { table, name } => {
            let rest = format!(" AND TABLE_NAME = {} AND CONSTRAINT_NAME = {}", text(&table.name), text(name));
            select("TABLE_CONSTRAINTS", "TABLE", table, rest)
        }
        Object::Routine(name) => {
            select("ROUTINES", "ROUTINE", name, format!(" AND ROUTINE_NAME = {}", text(&name.name)))
        }
        Object::Trigger(name) => {
            select("TRIGGERS", "TRIGGER", name, format!(" AND TRIGGER_NAME = {}", text(&name.name)))
        }
        Object::Event(name) => select("EVENTS", "EVENT", name, format!(" AND EVENT_NAME = {}", text(&name.name))),
    }
}

fn sqlite(object: &Object) -> Option<String> {
    let listed = |kind: &str, name: &ObjectName| {
        let schema =
            name.schema.as_deref().map_or_else(|| "main".to_string(), |schema| identifier(Engine::Sqlite, schema));
        let name = literal(Engine::Sqlite, &name.name);
        format!("SELECT 1 FROM {schema}.sqlite_master WHERE type = '{kind}' AND name = {name} COLLATE NOCASE")
    };
    Some(match object {
        Object::Table(name) => listed("table", name),
        Object::View(name) => listed("view", name),
        Object::Index { name, .. } => listed("index", name),
        Object::Trigger(name) => listed("trigger", name),
        Object::Column { table, column } => format!(
            "SELECT 1 FROM pragma_table_info({}) WHERE name = {} COLLATE NOCASE",
            literal(Engine::Sqlite, &table.name),
            literal(Engine::Sqlite, column)
        ),
        Object::Constraint { .. } | Object::Routine(_) | Object::Event(_) => return None,
    })
}
