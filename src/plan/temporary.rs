//! Temporary tables: they go with their session, and while they are there they stand in front of others of their name.

use super::{Plan, PlanError, Step};
use crate::dialect::{Engine, Tables};
use crate::model::{ObjectName, Script, StatementKind};
use crate::parse;

/// The temporary tables that the first `count` statements make, each with the statement that does.
fn made(engine: Engine, script: &Script, count: usize) -> impl Iterator<Item = (usize, ObjectName)> {
    // On every engine they are made by what may run inside a transaction.
    let ddl = |index: &usize| script.statements[*index].kind == StatementKind::Ddl;
    (0..count)
        .filter(ddl)
        .filter_map(move |index| Some((index, parse::temporary_table(engine, script.statement_text(index))?)))
}

/// Whether a temporary table made before it has a name that the statement uses: the statement meant that one, which
/// went with its session.
pub(super) fn is_about_temporary(engine: Engine, script: &Script, index: usize) -> bool {
    let text = script.statement_text(index);
    made(engine, script, index).any(|(_, table)| parse::mentions(engine, text, &table.name))
}

/// A temporary table that the first `done` statements made and did not drop, and the first statement behind them that
/// uses its name without making it again: it would meet another table of that name, or none.
pub(super) fn lost_table(engine: Engine, script: &Script, done: usize) -> Option<(String, usize)> {
    let uses = |index: usize, name: &str| parse::mentions(engine, script.statement_text(index), name);
    made(engine, script, done).find_map(|(index, table)| {
        let dropped = (index + 1..done).any(|index| script.starts_with(index, "drop") && uses(index, &table.name));
        let next = (done..script.statements.len()).find(|&index| uses(index, &table.name)).filter(|_| !dropped)?;
        let again = parse::temporary_table(engine, script.statement_text(next)).is_some_and(|made| made == table);
        (!again).then_some((table.name, next))
    })
}

/// Refuses a plan in which a temporary table takes the place of one of the tool's own: on MySQL it does even where the
/// database is named with it.
///
/// # Errors
/// [`PlanError::HidesBookkeeping`].
pub fn refuse_hidden_tables(plan: &Plan, tables: &Tables) -> Result<(), PlanError> {
    if tables.engine != Engine::MySql {
        return Ok(());
    }
    let ours = [&tables.history, &tables.journal, &tables.events];
    let hides = |step: &Step| {
        let script = step.script()?;
        let (index, table) = made(tables.engine, script, script.statements.len()).find(|(_, table)| {
            let here = table.schema.as_ref().is_none_or(|schema| schema.eq_ignore_ascii_case(&tables.schema));
            here && ours.iter().any(|name| name.eq_ignore_ascii_case(&table.name))
        })?;
        let line = script.statements[index].line;
        Some(PlanError::HidesBookkeeping { file: step.origin(), line, table: table.name })
    };
    plan.steps.iter().find_map(hides).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn lost(text: &str, done: usize) -> Option<(String, usize)> {
        let script = parse::script(Engine::MySql, "a.sql", Arc::new(text.to_string())).expect("a script");
        lost_table(Engine::MySql, &script, done)
    }

    #[test]
    fn what_uses_a_table_that_is_gone_is_found() {
        let text = "CREATE TEMPORARY TABLE Users (a int);\nCREATE TABLE t (a int);\nDROP TABLE `users`;";
        assert_eq!(lost(text, 2), Some(("Users".into(), 2)));
        assert_eq!(lost(text, 0), None);
        let again = "CREATE TEMPORARY TABLE x (a int);\nCREATE TABLE t (a int);\n\
                     CREATE TEMPORARY TABLE x (a int);\nINSERT INTO x VALUES (1);";
        assert_eq!(lost(again, 2), None);
        let dropped = "CREATE TEMPORARY TABLE x (a int);\nDROP TEMPORARY TABLE x;\nCREATE TABLE x (a int);";
        assert_eq!(lost(dropped, 2), None);
        let unused = "CREATE TEMPORARY TABLE x (a int);\nCREATE TABLE t (a int);\nINSERT INTO t VALUES (1);";
        assert_eq!(lost(unused, 2), None);
    }
}
