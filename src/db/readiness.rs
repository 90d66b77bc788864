//! Making the tool's tables ready to be written, under the lock and just before the first write.

use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::history_table::columns;
use super::liveness;
use super::{Session, SqlError, SqlErrorKind};
use crate::dialect::{Engine, Tables};

/// The tables cannot be made ready.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// What is missing could not be created.
    #[error(transparent)]
    Creating(SqlError),
    /// What is there cannot be written.
    #[error(transparent)]
    Writing(SqlError),
    /// The history table has lost columns that cannot be done without.
    #[error("columns are missing")]
    Altered(Vec<&'static str>),
}

/// Creates what is missing, takes over a table of the Python tool, and makes sure that the rest can be written: what a
/// missing right would stop after the first statement of a migration is stopped before it. `present` is what was found
/// missing something; None where all seemed to be there.
///
/// `taking_over` is executed where another tool's table is taken over, before what ends that: a run that is killed
/// meanwhile is repeated with it. With `undo`, rows will be removed. Where another session is in the way of creating, it
/// is tried again until `patience` is over; `on_wait` hears of that.
///
/// # Errors
/// The database's own, most often [`SqlErrorKind::PermissionDenied`].
pub async fn make_ready(
    session: &mut dyn Session,
    tables: &Tables,
    present: Option<&[(String, String)]>,
    taking_over: &str,
    undo: bool,
    patience: Duration,
    on_wait: &mut (dyn FnMut(&SqlError) + Send),
) -> Result<(), NotReady> {
    let started = Instant::now();
    let mut backoff = Backoff::new(Duration::from_millis(200));
    let mut present = present.map(<[_]>::to_vec);
    loop {
        let found = match &present {
            Some(present) => create_missing(session, tables, present, taking_over).await.map_err(NotReady::Creating),
            None => probe(session, tables, undo).await.map_err(NotReady::Writing),
        };
        let Err(error) = found else { return Ok(()) };
        let is_conflict = |error: &SqlError| matches!(error.kind, SqlErrorKind::LockTimeout | SqlErrorKind::Deadlock);
        match &error {
            // It says nothing about rights; the run itself will wait, and tell for whom.
            NotReady::Writing(error) if is_conflict(error) => return Ok(()),
            // A table or a column that nothing had to be read from is missing.
            NotReady::Writing(error) if error.kind == SqlErrorKind::Statement => {}
            NotReady::Creating(conflict) if is_conflict(conflict) => {
                let pause = backoff.pause();
                if started.elapsed() + pause > patience {
                    return Err(error);
                }
                on_wait(conflict);
                tokio::time::sleep(pause).await;
            }
            _ => return Err(error),
        }
        // Some of them may be there by now.
        let there = columns(session, tables).await.map_err(NotReady::Creating)?;
        let lost = tables.lost_columns(&there);
        if !lost.is_empty() {
            return Err(NotReady::Altered(lost));
        }
        if tables.create_missing(&there).is_empty() && present.is_none() {
            return Err(error);
        }
        present = Some(there);
    }
}

async fn probe(session: &mut dyn Session, tables: &Tables, undo: bool) -> Result<(), SqlError> {
    session.execute(&tables.probe_writes(undo).join(";\n")).await.map(|_| ())
}

/// `CREATE TABLE IF NOT EXISTS` alone races on PostgreSQL, which is why this is done under the lock.
async fn create_missing(
    session: &mut dyn Session,
    tables: &Tables,
    present: &[(String, String)],
    taking_over: &str,
) -> Result<(), SqlError> {
    let mut statements = Vec::new();
    if let (true, Some(select)) = (present.is_empty(), tables.select_schema())
        && session.query(&select).await?.is_empty()
    {
        statements.push(tables.create_schema());
    }
    statements.extend(tables.create_missing(present));
    if tables.is_of_another_tool(present) {
        statements.insert(statements.len().saturating_sub(1), taking_over.to_string());
    }
    let mut texts: Vec<&str> = statements.iter().map(String::as_str).collect();
    // All at once where DDL can be undone: one message, and one commit. Elsewhere a run that is killed amid them is
    // repeated with what is left.
    let together = !matches!(session.engine(), Engine::MySql);
    if together {
        texts.insert(0, session.engine().begin());
        texts.push("COMMIT");
    }
    let observer = session.observer();
    let created = liveness::heard(observer, session.run(&texts, &mut |_, _| {})).await?;
    if created.is_err() && together {
        // An error means that there is none any more, or no connection.
        let _ = session.execute("ROLLBACK").await;
    }
    created.map_err(|failed| failed.error)
}
