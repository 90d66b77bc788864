use super::super::{Engine, identifier, literal};
use crate::model::{Object, ObjectName};

/// 1 or 0.
pub(super) fn object(object: &Object) -> Option<String> {
    let schema = |name: &ObjectName| match &name.schema {
        Some(schema) => identifier(Engine::Sqlite, schema),
        None => "main".to_string(),
    };
    let text = |text: &str| literal(Engine::Sqlite, text);
    let listed = |kind: &str, name: &ObjectName| {
        let (schema, name) = (schema(name), text(&name.name));
        format!("SELECT 1 FROM {schema}.sqlite_master WHERE type = '{kind}' AND name = {name} COLLATE NOCASE")
    };
    let found = match object {
        Object::Table(name) => listed("table", name),
        Object::View(name) => listed("view", name),
        Object::Index { name, .. } => listed("index", name),
        Object::Trigger { name, .. } => listed("trigger", name),
        Object::Column { table, column } => format!(
            "SELECT 1 FROM pragma_table_xinfo({}, {}) WHERE name = {} COLLATE NOCASE",
            text(&table.name),
            text(table.schema.as_deref().unwrap_or("main")),
            text(column)
        ),
        _ => return None,
    };
    Some(format!("EXISTS ({found})"))
}
