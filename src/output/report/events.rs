use serde::Serialize;

use crate::dialect::Engine;
use crate::model::RecordedEvent;

/// What `history --events` found.
#[derive(Debug, Clone, Serialize)]
pub struct EventsReport {
    /// In the order of the configuration.
    pub databases: Vec<DatabaseEvents>,
}

/// The events of one database.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseEvents {
    /// Its name in the configuration.
    pub database: String,
    /// Its engine.
    pub engine: Engine,
    /// Where it is, without user or password.
    pub location: String,
    /// Whether there are earlier ones than these.
    pub truncated: bool,
    /// In the order they were recorded, the latest last.
    pub events: Vec<EventReport>,
}

/// One event.
#[derive(Debug, Clone, Serialize)]
pub struct EventReport {
    /// Its place in the order of recording.
    pub id: i64,
    /// RFC 3339 in UTC, by the server's clock.
    pub happened_at: String,
    /// `applied`, `rolled_back`, `baselined`, `repaired`, `failed`, `interrupted`, …
    pub kind: String,
    /// None for repeatables, and for what is not about one migration.
    pub version: Option<String>,
    /// The file's name.
    pub file: Option<String>,
    /// Database user, host and tool version.
    pub actor: Option<String>,
    /// The run that did it.
    pub run_id: String,
    /// How long it took, in milliseconds; None where nothing ran.
    pub duration_ms: Option<i64>,
    /// More of it, in words.
    pub detail: Option<String>,
}

impl From<RecordedEvent> for EventReport {
    fn from(event: RecordedEvent) -> Self {
        EventReport {
            id: event.id,
            happened_at: event.happened_at,
            kind: event.kind,
            version: event.version,
            file: event.file_name,
            actor: event.actor,
            run_id: event.run_id,
            duration_ms: event.duration_ms,
            detail: event.detail,
        }
    }
}
