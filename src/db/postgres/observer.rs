//! Looking at a session from a second connection.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Postgres};

use super::{PostgresDriver, open, place};
use crate::db::driver::{read, send};
use crate::db::driver_error::{FAREWELL, within};
use crate::db::{Activity, Blocker, Observation, Observer, Row, Server, SqlError};
use crate::dialect::Engine;
use crate::dialect::blocker_sql::{end_session, postgres_observation};

pub(super) struct PostgresObserver {
    pub options: PgConnectOptions,
    pub server: Server,
    pub pid: i64,
    pub connection: Option<PgConnection>,
}

#[async_trait]
impl Observer for PostgresObserver {
    async fn observe(&mut self) -> Result<Observation, SqlError> {
        let place = place(&self.server);
        within(self.server.connect_timeout, &place, async {
            // Kept only where it answered: after an error the next look opens a new one.
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => open(&self.options, &place).await?,
            };
            let answers = send::<Postgres>(&mut connection, postgres_observation(self.pid));
            let rows = read::<PostgresDriver>(answers).await?;
            self.connection = Some(connection);
            Ok(observation(&rows))
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

fn observation(rows: &[Row]) -> Observation {
    const OWN_COLUMNS: usize = 2;
    let activity = match rows.first().map(|row| row.text(0)) {
        None => Activity::Gone,
        Some(Some("idle" | "idle in transaction" | "idle in transaction (aborted)")) => Activity::Idle,
        Some(Some("active" | "fastpath function call")) => Activity::Busy,
        // `disabled`: the server was told not to keep track.
        Some(_) => Activity::Unknown,
    };
    let is_blocker = |row: &&Row| row.text(OWN_COLUMNS).is_some();
    let blocker = |row: &Row| Blocker::from_row(row, OWN_COLUMNS, |id| end_session(Engine::Postgres, id));
    Observation { activity, blockers: rows.iter().filter(is_blocker).map(blocker).collect() }
}
