//! From statements to [`Facts`], by each engine's own grammar.

mod mysql;
mod postgres;
mod sqlite;
#[cfg(test)]
mod test_support;

use super::change::Facts;
use super::squawk::Tree;
use crate::dialect::Engine;
use crate::model::Script;

/// A section, read.
pub(super) struct Read {
    /// What each statement does: as many as there are.
    pub(super) statements: Vec<Facts>,
    /// PostgreSQL: the syntax tree of all of them.
    pub(super) tree: Option<Tree>,
}

/// Reads a section.
pub(super) fn read(engine: Engine, script: &Script) -> Read {
    let tree = if engine == Engine::Postgres { Tree::of(script) } else { None };
    let of_tree = tree.as_ref().and_then(|tree| postgres::of_tree(tree, script));
    Read { statements: of_tree.unwrap_or_else(|| one_by_one(engine, script)), tree }
}

/// What each statement of a script does: as many as it has.
pub fn of_script(engine: Engine, script: &Script) -> Vec<Facts> {
    read(engine, script).statements
}

fn one_by_one(engine: Engine, script: &Script) -> Vec<Facts> {
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

/// Whether a condition is written only because something wants to see one: `WHERE true`, `WHERE 1 = 1`.
fn is_always_true(condition: &str) -> bool {
    let bare: String = condition.chars().filter(|c| !c.is_whitespace() && !matches!(c, '(' | ')')).collect();
    ["true", "1", "1=1", "true=true"].iter().any(|truth| bare.eq_ignore_ascii_case(truth))
}
