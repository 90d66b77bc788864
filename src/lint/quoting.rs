//! Names as SQL has them: a remedy is there to be copied.

use super::change::Name;
use super::{locks, rebuild};
use crate::dialect::Engine;

/// A name, in the engine's quotes where it needs them.
pub(super) fn quoted(engine: Engine, name: &str) -> String {
    match engine {
        Engine::Postgres => locks::quoted(name),
        Engine::Sqlite => rebuild::quoted(name),
        Engine::MySql if rebuild::is_plain(name) => name.to_owned(),
        Engine::MySql => format!("`{}`", name.replace('`', "``")),
    }
}

/// The same with the schema.
pub(super) fn quoted_name(engine: Engine, name: &Name) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", quoted(engine, schema), quoted(engine, &name.name)),
        None => quoted(engine, &name.name),
    }
}
