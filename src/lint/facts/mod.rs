//! From statements to [`Facts`], by each engine's own grammar.

mod mysql;
mod postgres;
mod sqlite;
#[cfg(test)]
mod test_support;

use super::change::Facts;
use crate::dialect::Engine;
use crate::model::Script;

/// What each statement of a script does: as many as it has.
pub fn of_script(engine: Engine, script: &Script) -> Vec<Facts> {
    (0..script.statements.len()).map(|index| of_statement(engine, script.statement_text(index))).collect()
}

/// What one statement does. Never fails: what is not understood has no changes.
pub fn of_statement(engine: Engine, text: &str) -> Facts {
    match engine {
        Engine::Postgres => postgres::facts(text),
        Engine::MySql => mysql::facts(text),
        Engine::Sqlite => sqlite::facts(text),
    }
}
