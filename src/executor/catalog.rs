//! Looking into the database's catalog: what a statement left there, and what an interrupted one left behind.

use super::send::SendError;
use super::{Cause, Executor};
use crate::db::{Session, SqlError, SqlErrorKind};
use crate::dialect::{Engine, drop_index_concurrently, select_object};
use crate::model::{Object, ObjectName, Script, Seen};
use crate::parse;

/// How `object` stands in the catalog; None where the engine does not list such a thing.
///
/// # Errors
/// The database's own.
pub async fn look(session: &mut dyn Session, engine: Engine, object: &Object) -> Result<Option<Seen>, SqlError> {
    let Some(query) = select_object(engine, object) else { return Ok(None) };
    let rows = session.query(&query).await?;
    Ok(Some(match rows.first().map(|row| row.number(0)) {
        None => Seen::Absent,
        Some(Some(0)) => Seen::Invalid,
        Some(_) => Seen::Present,
    }))
}

/// How often an index is built that turns out invalid although its build reported success.
const BUILDS: u32 = 3;

/// The index that `statement` builds concurrently, as its effect names it.
fn built_concurrently(engine: Engine, statement: &str) -> Option<Object> {
    let effect = parse::effect(engine, statement).filter(|effect| effect.present)?;
    matches!(effect.object, Object::Index { concurrently: true, .. }).then_some(effect.object)
}

impl Executor<'_> {
    /// Before an index is built concurrently: removes what an earlier attempt left of it. It would be in the way of
    /// the new one, and `IF NOT EXISTS` would take it for the real one.
    pub(super) async fn drop_invalid_index(&mut self, script: &Script, statement: usize) -> Result<(), SendError> {
        let engine = self.tables.engine;
        let Some(object) = built_concurrently(engine, script.statement_text(statement)) else { return Ok(()) };
        // A look that fails decides nothing: the statement itself will say what is wrong.
        if !matches!(look(self.session, engine, &object).await, Ok(Some(Seen::Invalid))) {
            return Ok(());
        }
        let Object::Index { name, table, .. } = object else { return Ok(()) };
        let schema = name.schema.clone().or_else(|| table.as_ref()?.schema.clone());
        let drop = drop_index_concurrently(&ObjectName { schema, name: name.name.clone() });
        (self.events)(super::Event::InvalidIndexDropped { index: &name.name });
        self.send(None, &[super::send::Part::Own(drop)]).await
    }

    /// After the `attempt`th build reported success: whether it has to be repeated. `IF NOT EXISTS` waits for the
    /// build of another session, and is content with what that one leaves when it fails.
    pub(super) async fn must_build_again(
        &mut self,
        script: &Script,
        statement: usize,
        attempt: u32,
    ) -> Result<bool, SendError> {
        let engine = self.tables.engine;
        let Some(object) = built_concurrently(engine, script.statement_text(statement)) else { return Ok(false) };
        match look(self.session, engine, &object).await {
            Ok(Some(Seen::Invalid)) if attempt < BUILDS => Ok(true),
            Ok(Some(Seen::Invalid)) => {
                let message = "the index is invalid, although its build reported success";
                let error = SqlError::new(SqlErrorKind::Statement, message);
                Err(SendError::new(Cause::Statement { statement, error }))
            }
            _ => Ok(false),
        }
    }
}
