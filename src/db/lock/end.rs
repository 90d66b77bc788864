//! Ending who holds the migration lock.

use std::time::Duration;

use super::{LockError, LockHolder, LockKey, Place, only_number, only_number_in};
use crate::db::file_lock;
use crate::db::{Session, SqlError, SqlErrorKind};
use crate::dialect::lock_sql::LockSql;

/// Ends the session of `holder`, if it still is the one that holds the lock; on SQLite its process is asked to
/// stop. Returns whether there was one to end.
///
/// # Errors
/// [`SqlErrorKind::PermissionDenied`] where another user's session cannot be ended, or the process runs elsewhere.
pub async fn terminate(session: &mut dyn Session, key: &LockKey, holder: &LockHolder) -> Result<bool, LockError> {
    match super::holder(session, key).await? {
        Some(now) if now.id == holder.id => {}
        _ => return Ok(false),
    }
    match &key.place {
        Place::Nowhere => Ok(false),
        Place::File(_) => stop_process(holder).map(|()| true).map_err(LockError::Sql),
        Place::Server(sql @ LockSql::Postgres { .. }) => {
            Ok(only_number(session, &sql.terminate(holder.id)).await? == Some(1))
        }
        Place::Server(sql @ LockSql::MySql { .. }) => {
            session.execute(&sql.terminate(holder.id)).await?;
            Ok(true)
        }
    }
}

/// Ends the session `id` that this run had until its connection was lost `age` after it was made, if it still holds
/// the lock. Returns whether it was told to end.
///
/// # Errors
/// [`LockError::Sql`].
pub async fn end_own(session: &mut dyn Session, key: &LockKey, id: i64, age: Duration) -> Result<bool, LockError> {
    let Place::Server(sql) = &key.place else { return Ok(false) };
    let Some(holder) = super::holder(session, key).await?.filter(|holder| holder.id == id) else { return Ok(false) };
    // The id alone is no proof: a server that was started again counts anew.
    let ours = match sql.uptime() {
        None => holder.application.as_deref() == Some(key.application.as_str()),
        Some(uptime) => only_number_in(session, uptime, 1).await?.is_some_and(|up| up > age.as_secs() as i64),
    };
    if ours { terminate(session, key, &holder).await } else { Ok(false) }
}

/// Asks the process for a clean stop; it undoes what it has begun.
#[cfg(unix)]
fn stop_process(holder: &LockHolder) -> Result<(), SqlError> {
    use rustix::process::{Pid, Signal, kill_process};
    let refused = |message: String| SqlError::new(SqlErrorKind::PermissionDenied, message);
    let process = || format!("process {} on {}", holder.id, holder.client.as_deref().unwrap_or("an unknown host"));
    if holder.client.as_deref() != Some(file_lock::host().as_str()) {
        return Err(refused(format!("{} cannot be ended from here", process())));
    }
    let Some(pid) = i32::try_from(holder.id).ok().and_then(Pid::from_raw) else {
        return Err(refused("the holder's process is not known".to_owned()));
    };
    kill_process(pid, Signal::TERM).map_err(|error| refused(format!("cannot end {}: {error}", process())))
}

#[cfg(not(unix))]
fn stop_process(holder: &LockHolder) -> Result<(), SqlError> {
    let message = format!("process {} has to be ended by hand", holder.id);
    Err(SqlError::new(SqlErrorKind::PermissionDenied, message))
}
