//! Reading the events table. Nothing is ever decided by what it says here.

use super::history_table::BookkeepingError;
use super::{Row, Session, SqlErrorKind};
use crate::dialect::Tables;
use crate::model::RecordedEvent;

/// Reads the latest `limit` events in the order they were recorded; with `run`, those of runs whose id begins with
/// it. Writes nothing; a table that does not exist reads as empty.
///
/// # Errors
/// See [`BookkeepingError`].
pub async fn load(
    session: &mut dyn Session,
    tables: &Tables,
    limit: usize,
    run: Option<&str>,
) -> Result<Vec<RecordedEvent>, BookkeepingError> {
    let rows = match session.query(&tables.select_events(limit, run, None)).await {
        Ok(rows) => rows,
        Err(error) if error.kind == SqlErrorKind::Statement => {
            let present = super::history_table::columns(session, tables).await?;
            if !present.iter().any(|(table, _)| *table == tables.events) {
                return Ok(Vec::new());
            }
            session.query(&tables.select_events(limit, run, Some(&present))).await?
        }
        Err(error) => return Err(error.into()),
    };
    Ok(rows.iter().rev().map(decode).collect())
}

fn decode(row: &Row) -> RecordedEvent {
    let text = |column| row.text(column).map(str::to_string);
    RecordedEvent {
        id: row.number(0).unwrap_or_default(),
        happened_at: text(1).unwrap_or_default(),
        kind: text(2).unwrap_or_default(),
        version: text(3),
        file_name: text(4),
        actor: text(5),
        run_id: text(6).unwrap_or_default(),
        duration_ms: row.number(7),
        detail: text(8),
    }
}
