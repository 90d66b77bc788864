//! Looking into the database's catalog: what a statement left there, and what an interrupted one left behind.

use std::time::Duration;

use super::send::{Part, SendError};
use super::{Cause, Executor};
use crate::db::{Row, Session, SqlError, SqlErrorKind};
use crate::dialect::{Engine, drop_index_concurrently, select_leftovers, select_look};
use crate::model::{Effect, Leftover, ObjectName, Script};
use crate::parse;

/// How often a look is repeated that another session's work keeps from being taken, and how long after.
const LOOKS: u32 = 50;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

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
    for _ in 0..LOOKS {
        let rows = session.query(&query).await?;
        // MySQL leaves out a table that somebody else is changing just now, and warns of it.
        if engine != Engine::MySql || session.warnings().await?.is_empty() {
            return Ok(rows.first().map(|row| row.text(0).unwrap_or_default().to_string()));
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Ok(None)
}

/// How often an index is built that turns out invalid although its build reported success.
const BUILDS: u32 = 3;

impl Executor<'_> {
    /// Before an index is built concurrently: removes what an earlier attempt left of it. It would be in the way of
    /// the new one, and `IF NOT EXISTS` would take it for the real one.
    pub(super) async fn remove_leftovers(&mut self, script: &Script, statement: usize) -> Result<(), SendError> {
        let Some(leftover) = self.leftover_of(script, statement) else { return Ok(()) };
        // A look that fails decides nothing: the statement itself will say what is wrong.
        let Ok(rows) = self.leftovers(&leftover).await else { return Ok(()) };
        for row in rows {
            let (Some(schema), Some(name)) = (row.text(0), row.text(1)) else { continue };
            (self.events)(super::Event::InvalidIndexDropped { index: name });
            let name = ObjectName { schema: Some(schema.to_string()), name: name.to_string() };
            self.send(None, &[Part::Own(drop_index_concurrently(&name))]).await?;
        }
        Ok(())
    }

    /// After the `attempt`th build reported success: whether it has to be repeated. `IF NOT EXISTS` waits for the
    /// build of another session, and is content with what that one leaves when it fails.
    pub(super) async fn must_build_again(
        &mut self,
        script: &Script,
        statement: usize,
        attempt: u32,
    ) -> Result<bool, SendError> {
        let leftover = self.leftover_of(script, statement);
        let Some(leftover @ Leftover::Index { .. }) = leftover else { return Ok(false) };
        match self.leftovers(&leftover).await {
            Ok(rows) if rows.is_empty() => Ok(false),
            Ok(_) if attempt < BUILDS => Ok(true),
            Ok(_) => {
                let message = "the index is invalid, although its build reported success";
                let error = SqlError::new(SqlErrorKind::Statement, message);
                Err(SendError::new(Cause::Statement { statement, error }))
            }
            Err(_) => Ok(false),
        }
    }

    fn leftover_of(&self, script: &Script, statement: usize) -> Option<Leftover> {
        match self.tables.engine {
            engine @ Engine::Postgres => parse::leftover(engine, script.statement_text(statement)),
            Engine::MySql | Engine::Sqlite => None,
        }
    }

    async fn leftovers(&mut self, leftover: &Leftover) -> Result<Vec<Row>, SqlError> {
        self.session.query(&select_leftovers(leftover)).await
    }
}
