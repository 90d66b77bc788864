//! Looking at a session from a second connection.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{Connection, MySql};

use super::{MySqlDriver, open, place};
use crate::db::driver::{read, send};
use crate::db::driver_error::{FAREWELL, within};
use crate::db::{Activity, Blocker, Observation, Observer, Row, Server, SqlError, SqlErrorKind};
use crate::dialect::Engine;
use crate::dialect::blocker_sql::{MySqlQuestions, end_session};

pub(super) struct MySqlObserver {
    pub options: MySqlConnectOptions,
    pub server: Server,
    pub questions: MySqlQuestions,
    pub connection: Option<MySqlConnection>,
}

#[async_trait]
impl Observer for MySqlObserver {
    async fn observe(&mut self) -> Result<Observation, SqlError> {
        let place = place(&self.server);
        within(self.server.connect_timeout, &place, async {
            // Kept only where it answered: after an error the next look opens a new one.
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => {
                    let mut connection = open(&self.options, &place).await?;
                    ask(&mut connection, "SET SESSION time_zone = 'SYSTEM'".to_owned()).await?;
                    connection
                }
            };
            let observation = observe(&mut connection, &self.questions).await?;
            self.connection = Some(connection);
            Ok(observation)
        })
        .await
    }

    fn patience(&self) -> Duration {
        self.server.network_timeout
    }

    async fn close(self: Box<Self>) {
        if let Some(connection) = self.connection {
            let _ = tokio::time::timeout(FAREWELL, connection.close()).await;
        }
    }
}

async fn observe(connection: &mut MySqlConnection, questions: &MySqlQuestions) -> Result<Observation, SqlError> {
    let own = ask(connection, questions.own()).await?;
    let activity = match own.first().map(|row| row.text(0)) {
        None => Activity::Gone,
        Some(Some("Sleep")) => Activity::Idle,
        Some(_) => Activity::Busy,
    };
    let mut blockers = tolerant(connection, questions.row_locks()).await?.unwrap_or_default();
    // Row locks show in no state; every other wait does: `Waiting for table metadata lock`, `… for table flush`.
    let waits = own.first().and_then(|row| row.text(1)).is_some_and(|state| state.starts_with("Waiting for"));
    if blockers.is_empty() && waits {
        blockers = tolerant(connection, questions.metadata_locks()).await?.unwrap_or_default();
        if blockers.iter().any(|blocker| blocker.certain) {
            blockers.retain(|blocker| blocker.certain);
        }
        if blockers.is_empty() {
            blockers = match tolerant(connection, questions.suspects()).await? {
                Some(suspects) => suspects,
                None => tolerant(connection, questions.suspects_without_rights()).await?.unwrap_or_default(),
            };
        }
    }
    Ok(Observation { activity, blockers })
}

/// The blockers that a query names; None where the server refuses it.
async fn tolerant(connection: &mut MySqlConnection, sql: String) -> Result<Option<Vec<Blocker>>, SqlError> {
    match ask(connection, sql).await {
        Ok(rows) => {
            let blocker = |row: &Row| Blocker::from_row(row, 0, |id| end_session(Engine::MySql, id));
            Ok(Some(rows.iter().map(blocker).collect()))
        }
        Err(error) if matches!(error.kind, SqlErrorKind::ConnectionLost | SqlErrorKind::Protocol) => Err(error),
        Err(_) => Ok(None),
    }
}

async fn ask(connection: &mut MySqlConnection, sql: String) -> Result<Vec<Row>, SqlError> {
    read::<MySqlDriver>(send::<MySql>(connection, sql)).await
}
