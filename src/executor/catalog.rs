//! Looking into the database's catalog: what a statement left there, and what an interrupted one left behind.

use super::Executor;
use super::send::SendError;
use crate::db::{Session, SqlError};
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

impl Executor<'_> {
    /// Before an index is built concurrently: removes what an earlier attempt left of it. It would be in the way of
    /// the new one, and `IF NOT EXISTS` would take it for the real one.
    pub(super) async fn drop_invalid_index(&mut self, script: &Script, statement: usize) -> Result<(), SendError> {
        let engine = self.tables.engine;
        let effect = parse::effect(engine, script.statement_text(statement));
        let Some(effect) = effect.filter(|effect| effect.present) else { return Ok(()) };
        let Object::Index { name, table, concurrently: true } = &effect.object else { return Ok(()) };
        // A look that fails decides nothing: the statement itself will say what is wrong.
        if !matches!(look(self.session, engine, &effect.object).await, Ok(Some(Seen::Invalid))) {
            return Ok(());
        }
        let schema = name.schema.clone().or_else(|| table.as_ref()?.schema.clone());
        let drop = drop_index_concurrently(&ObjectName { schema, name: name.name.clone() });
        (self.events)(super::Event::InvalidIndexDropped { index: &name.name });
        self.send(None, &[super::send::Part::Own(drop)]).await
    }
}
