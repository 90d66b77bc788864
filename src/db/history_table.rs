//! Reading the tool's tables into values, and creating them. Never decides anything.

use std::sync::Arc;

use super::{Row, Session, SqlError, SqlErrorKind};
use crate::dialect::{EventKind, Tables};
use crate::model::{
    AppliedMigration, BOOKKEEPING_FORMAT, CHECKSUM_ALGORITHM, Checksum, Direction, History, JournalEntry, JournalState,
    RowKind,
};

/// What the tool's tables say.
#[derive(Debug, Clone, Default)]
pub struct Bookkeeping {
    /// The applied migrations.
    pub history: History,
    /// What the journal holds: at most one entry per direction. Where one announces several migrations,
    /// [`crate::plan::in_flight`] tells which of them it is about.
    pub journal: Vec<JournalEntry>,
    /// None when every table is as this program makes it; else the `(table, column)` pairs that exist.
    pub incomplete: Option<Vec<(String, String)>>,
    /// How many migrations the events tell of although there is no history table any more.
    pub forgotten: usize,
    /// The sequences of the rows that the last rollback set out to undo, where it did not come to its end and
    /// [`Extent::AlsoOpenRollback`] was asked for.
    pub open_rollback: Vec<i64>,
}

/// How much is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extent {
    /// The journal, and of the history what tells where each migration stands: not when and by whom it was applied, nor
    /// how it is undone.
    Standing,
    /// The same, and when it was applied.
    StandingSince,
    /// History and journal.
    #[default]
    Applied,
    /// Also what a rollback needs to know: whether an earlier one is to be finished first.
    AlsoOpenRollback,
}

/// The tool's tables cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BookkeepingError {
    /// The database answered with an error.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// A row was written by a newer dbwarden, whose meaning this one cannot know.
    #[error("{table} was written by a newer dbwarden (format {format}; this one knows {BOOKKEEPING_FORMAT})")]
    Newer {
        /// The table.
        table: String,
        /// The row's format.
        format: i64,
    },
    /// The history table has lost columns.
    #[error("{table} has no column {}", .columns.join(", "))]
    Altered {
        /// The table.
        table: String,
        /// The columns.
        columns: Vec<&'static str>,
    },
    /// A row makes no sense.
    #[error("{table} holds a row that cannot be understood: {problem}")]
    Unreadable {
        /// The table.
        table: String,
        /// What is wrong, with the row's file name where it has one.
        problem: String,
    },
}

/// The columns that [`Extent::StandingSince`] does without.
const NOT_STANDING: &[&str] = &["rollback_digest", "execution_ms", "applied_by", "run_id"];

/// The queries that read it all where every table is as this program makes it; they fail elsewhere.
pub fn queries(tables: &Tables, extent: Extent) -> Vec<String> {
    let history = match extent {
        Extent::Standing => tables.select_history_without(&[&["applied_at"], NOT_STANDING].concat()),
        Extent::StandingSince => tables.select_history_without(NOT_STANDING),
        Extent::Applied | Extent::AlsoOpenRollback => tables.select_history(None),
    };
    let mut queries = vec![history, tables.select_journal(None)];
    queries.extend((extent == Extent::AlsoOpenRollback).then(|| tables.select_rollback_events()));
    queries
}

/// Reads history and journal; writes nothing. Tables that do not exist read as empty.
///
/// # Errors
/// See [`BookkeepingError`].
pub async fn load(session: &mut dyn Session, tables: &Tables, extent: Extent) -> Result<Bookkeeping, BookkeepingError> {
    // The ordinary case first: asking whether the tables exist would cost every run a round trip.
    let queries = queries(tables, extent);
    let queries: Vec<&str> = queries.iter().map(String::as_str).collect();
    match session.query_each(&queries).await {
        Ok(answers) => decode(tables, answers),
        Err(error) if error.kind == SqlErrorKind::Statement => load_incomplete(session, tables, extent).await,
        Err(error) => Err(error.into()),
    }
}

/// What the answers to [`queries`] say.
///
/// # Errors
/// As [`load`], but for the database's own.
pub fn decode(tables: &Tables, answers: Vec<Vec<Row>>) -> Result<Bookkeeping, BookkeepingError> {
    let mut answers = answers.into_iter();
    let mut rows = || answers.next().unwrap_or_default();
    Ok(Bookkeeping {
        history: decode_history(tables, rows())?,
        journal: decode_journal(tables, &rows())?,
        incomplete: None,
        forgotten: 0,
        open_rollback: decode_open_rollback(&rows()),
    })
}

/// The `(table, column)` pairs of the tool's tables that exist.
pub(super) async fn columns(session: &mut dyn Session, tables: &Tables) -> Result<Vec<(String, String)>, SqlError> {
    let rows = session.query(&tables.select_columns()).await?;
    Ok(rows.iter().filter_map(|row| Some((row.text(0)?.to_string(), row.text(1)?.to_string()))).collect())
}

async fn load_incomplete(
    session: &mut dyn Session,
    tables: &Tables,
    extent: Extent,
) -> Result<Bookkeeping, BookkeepingError> {
    let present = columns(session, tables).await?;
    let lost = tables.lost_columns(&present);
    if !lost.is_empty() {
        return Err(BookkeepingError::Altered { table: tables.history.clone(), columns: lost });
    }
    let exists = |table: &String| present.iter().any(|(name, _)| name == table);
    let forgotten = if !exists(&tables.history) && exists(&tables.events) {
        let counted = session.query(&tables.count_applied_events()).await?;
        counted.first().and_then(|row| row.number(0)).and_then(|number| usize::try_from(number).ok()).unwrap_or(0)
    } else {
        0
    };
    if forgotten > 0 && columns(session, tables).await?.iter().any(|(table, _)| *table == tables.history) {
        // Another run made it in this moment.
        return Box::pin(load(session, tables, extent)).await;
    }
    let history = if exists(&tables.history) {
        decode_history(tables, session.query(&tables.select_history(Some(&present))).await?)?
    } else {
        History::default()
    };
    let journal = if exists(&tables.journal) {
        decode_journal(tables, &session.query(&tables.select_journal(Some(&present))).await?)?
    } else {
        Vec::new()
    };
    let is_told = present.iter().any(|(table, column)| *table == tables.events && column == "detail");
    let open_rollback = if extent == Extent::AlsoOpenRollback && is_told {
        decode_open_rollback(&session.query(&tables.select_rollback_events()).await?)
    } else {
        Vec::new()
    };
    Ok(Bookkeeping { history, journal, incomplete: Some(present), forgotten, open_rollback })
}

/// The rollback text of one row, if it has one.
///
/// # Errors
/// The database's own.
pub async fn rollback_text(
    session: &mut dyn Session,
    tables: &Tables,
    sequence: i64,
) -> Result<Option<Arc<String>>, SqlError> {
    let rows = session.query(&tables.select_rollback_sql(sequence)).await?;
    Ok(rows.into_iter().next().and_then(Row::into_text).map(Arc::new))
}

fn decode_open_rollback(rows: &[Row]) -> Vec<i64> {
    let open = rows.first().filter(|row| row.text(0) == Some(EventKind::RollbackPlanned.name()));
    let list = open.and_then(|row| row.text(1)).unwrap_or_default();
    list.split(',').filter_map(|sequence| sequence.trim().parse().ok()).collect()
}

/// Each row makes room for the next: there may be thousands.
fn decode_history(tables: &Tables, rows: Vec<Row>) -> Result<History, BookkeepingError> {
    let mut decoded = Vec::with_capacity(rows.len());
    for (index, row) in rows.into_iter().enumerate() {
        let [version, description, file_name, kind, applied_at, checksum] =
            [0, 1, 2, 3, 4, 5].map(|column| row.text(column));
        let (algorithm, token_digest) = (row.text(7), row.text(8));
        let file_name = file_name.unwrap_or_default().to_string();
        let unreadable = |problem: String| BookkeepingError::Unreadable { table: tables.history.clone(), problem };
        let format = row.number(13).unwrap_or(BOOKKEEPING_FORMAT);
        if format > BOOKKEEPING_FORMAT {
            return Err(BookkeepingError::Newer { table: tables.history.clone(), format });
        }
        let kind = kind.unwrap_or(RowKind::Versioned.name());
        let kind = RowKind::from_name(kind)
            .ok_or_else(|| unreadable(format!("{file_name} has the unknown migration_type {kind:?}")))?;
        let version =
            version.map(str::parse).transpose().map_err(|error| unreadable(format!("{file_name}: {error}")))?;
        decoded.push(Arc::new(AppliedMigration {
            sequence: row.number(6).unwrap_or(index as i64 + 1),
            version,
            description: description.unwrap_or_default().to_string(),
            file_name,
            kind,
            applied_at: applied_at.unwrap_or_default().to_string(),
            checksum: match (algorithm, checksum, token_digest) {
                (Some(CHECKSUM_ALGORITHM), Some(digest), Some(tokens)) => {
                    Some(Checksum { digest: digest.to_string(), token_digest: tokens.to_string() })
                }
                _ => None,
            },
            rollback_digest: row.text(9).map(str::to_string),
            execution_ms: row.number(10),
            applied_by: shared(
                row.text(11),
                decoded.last().and_then(|before: &Arc<AppliedMigration>| before.applied_by.as_ref()),
            ),
            run_id: shared(row.text(12), decoded.last().and_then(|before| before.run_id.as_ref())),
        }));
    }
    let history = History::of_shared(decoded);
    // A row is removed by its sequence: never the wrong one. The Python tool goes on writing rows without any.
    if let Some([first, second]) = history.rows().array_windows().find(|[one, next]| one.sequence == next.sequence) {
        let problem =
            format!("{} and {} have the same place in the order of application", first.file_name, second.file_name);
        return Err(BookkeepingError::Unreadable { table: tables.history.clone(), problem });
    }
    let mut versions: Vec<_> = history.versioned().collect();
    versions.sort_by_key(|(version, _)| *version);
    if let Some([(_, first), (_, second)]) = versions.array_windows().find(|[(one, _), (next, _)]| one == next) {
        let problem = format!("{} and {} have the same version", first.file_name, second.file_name);
        return Err(BookkeepingError::Unreadable { table: tables.history.clone(), problem });
    }
    Ok(history)
}

/// The text, which is not kept twice where the row before has the same.
fn shared(text: Option<&str>, before: Option<&Arc<str>>) -> Option<Arc<str>> {
    let text = text?;
    Some(before.filter(|before| before.as_ref() == text).map_or_else(|| Arc::from(text), Arc::clone))
}

fn decode_journal(tables: &Tables, rows: &[Row]) -> Result<Vec<JournalEntry>, BookkeepingError> {
    let decode = |row: &Row| {
        let count = |column| row.number(column).and_then(|number| usize::try_from(number).ok());
        Some(JournalEntry {
            direction: Direction::from_name(row.text(0)?)?,
            file_name: row.text(1)?.to_string(),
            version: row.text(2).map(str::parse).transpose().ok()?,
            checksum: row.text(3)?.to_string(),
            total: count(4)?,
            done: count(5)?,
            done_digest: row.text(6)?.to_string(),
            current: count(7),
            current_digest: row.text(8).map(str::to_string),
            run_id: row.text(9)?.to_string(),
            state: JournalState::from_name(row.text(10)?)?,
            before: row.text(11).map(str::to_string),
            place: row.text(12).map(str::to_string),
            section: row.text(13).map(str::to_string),
            ahead: row.text(14).map_or_else(|| Some(Vec::new()), |ahead| serde_json::from_str(ahead).ok())?,
        })
    };
    rows.iter()
        .map(|row| {
            decode(row).ok_or_else(|| BookkeepingError::Unreadable {
                table: tables.journal.clone(),
                problem: format!("the entry of {}", row.text(1).unwrap_or("an unnamed migration")),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Engine;

    #[test]
    fn rows_of_one_run_share_its_name() {
        let tables = Tables::new(Engine::Sqlite, "main", "m");
        let row = |name, sequence, run| {
            let kind = Some(RowKind::RunsAlways.name());
            let cells = [None, None, Some(name), kind, None, None, Some(sequence)];
            Row::from_iter(cells.into_iter().chain([None; 4]).chain([Some("me"), run]))
        };
        let rows =
            vec![row("a", "1", Some("x")), row("b", "2", Some("x")), row("c", "3", Some("y")), row("d", "4", None)];
        let history = decode_history(&tables, rows).expect("a history");
        let runs: Vec<_> = history.rows().iter().map(|row| row.run_id.as_deref()).collect();
        assert_eq!(runs, [Some("x"), Some("x"), Some("y"), None]);
        let [first, second, third, _] = history.rows() else { panic!("four rows") };
        let same = |one: &Option<Arc<str>>, other: &Option<Arc<str>>| {
            one.as_ref().zip(other.as_ref()).is_some_and(|(one, other)| Arc::ptr_eq(one, other))
        };
        assert!(same(&first.run_id, &second.run_id) && same(&first.applied_by, &third.applied_by));
    }
}
