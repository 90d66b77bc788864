/// A row of the events table, as it was read: for people, never for a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Its place in the order of recording.
    pub id: i64,
    /// When it was recorded, by the server's clock: RFC 3339 in UTC.
    pub happened_at: String,
    /// What happened: `applied`, `failed`, … Text, because a newer dbwarden may know more kinds than this one.
    pub kind: String,
    /// To which version; None for repeatables, and for what is not about one migration.
    pub version: Option<String>,
    /// To which file.
    pub file_name: Option<String>,
    /// Database user, host and tool version.
    pub actor: Option<String>,
    /// The run that did it.
    pub run_id: String,
    /// How long it took, in milliseconds; None where nothing ran.
    pub duration_ms: Option<i64>,
    /// More of it, in words.
    pub detail: Option<String>,
}
