//! Looking into the database's catalog: what a statement left there, and what an interrupted one left behind.

use super::Executor;
use super::send::{Part, SendError};
use crate::db::{Session, SqlError};
use crate::dialect::{Engine, drop_index_concurrently, select_leftovers, select_look};
use crate::model::{Effect, ObjectName, Script};
use crate::parse;

/// What a look at the effect of a statement gives now, for [`Effect::judge`]; None where the catalog does not tell.
///
/// # Errors
/// The database's own.
pub async fn look(
    session: &mut dyn Session,
    engine: Engine,
    effect: &Effect,
    place: Option<&str>,
) -> Result<Option<String>, SqlError> {
    let Some(query) = select_look(engine, effect, place) else { return Ok(None) };
    let rows = session.query(&query).await?;
    Ok(rows.first().map(|row| row.text(0).unwrap_or_default().to_string()))
}

impl Executor<'_> {
    /// Before an index is built concurrently: removes what an earlier attempt left of it. It would be in the way of
    /// the new one, and `IF NOT EXISTS` would take it for the real one.
    pub(super) async fn remove_leftovers(&mut self, script: &Script, statement: usize) -> Result<(), SendError> {
        let leftover = match self.tables.engine {
            engine @ Engine::Postgres => parse::leftover(engine, script.statement_text(statement)),
            Engine::MySql | Engine::Sqlite => None,
        };
        let Some(leftover) = leftover else { return Ok(()) };
        // A look that fails decides nothing: the statement itself will say what is wrong.
        let Ok(rows) = self.session.query(&select_leftovers(&leftover)).await else { return Ok(()) };
        for row in rows {
            let (Some(schema), Some(name)) = (row.text(0), row.text(1)) else { continue };
            (self.events)(super::Event::InvalidIndexDropped { index: name });
            let name = ObjectName { schema: Some(schema.to_string()), name: name.to_string() };
            self.send(None, &[Part::Own(drop_index_concurrently(&name))]).await?;
        }
        Ok(())
    }
}
