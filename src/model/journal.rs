use super::{Direction, Version};

/// The one migration in flight whose work does not fit into one transaction with its bookkeeping.
///
/// A row exists from before its first statement until its history row is written (or deleted). Whoever finds one
/// finishes it before anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Which section was running.
    pub direction: Direction,
    /// The migration, known by its file as in the history.
    pub file_name: String,
    /// NULL for repeatables.
    pub version: Option<Version>,
    /// Digest of the section that was running ([`super::normalised_digest`]).
    pub checksum: String,
    /// Statements in the section.
    pub total: usize,
    /// Statements known to be done: the first `done` ones.
    pub done: usize,
    /// Digest over the texts of the done statements: they must still be the same to go on.
    pub done_digest: String,
    /// Index of the statement that was started and not known to be done, if any; always equal to `done`.
    pub current: Option<usize>,
    /// Digest of the current statement's text.
    pub current_digest: Option<String>,
    /// The run that wrote it.
    pub run_id: String,
    /// What is known about the end of that run.
    pub state: JournalState,
}

/// What is known about the end of a journalled run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalState {
    /// The run is going on, or its process died: the current statement's outcome is unknown.
    Running,
    /// The server answered the current statement with an error: it is not done.
    Failed,
    /// The connection was lost while the current statement ran: its outcome is unknown.
    Unknown,
}

impl JournalState {
    /// The word stored in the journal.
    pub fn name(self) -> &'static str {
        match self {
            JournalState::Running => "running",
            JournalState::Failed => "failed",
            JournalState::Unknown => "unknown",
        }
    }

    /// The inverse of [`JournalState::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        [JournalState::Running, JournalState::Failed, JournalState::Unknown]
            .into_iter()
            .find(|state| state.name() == name)
    }
}
