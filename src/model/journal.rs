use super::{Direction, Version, sha256_hex};

/// The one migration in flight whose work does not fit into one transaction with its bookkeeping.
///
/// A row exists from before its first statement until its history row is written (or deleted), and may announce some of
/// those that follow. Whoever finds one
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
    /// Statements known to be done: the first `done` ones. Those behind may be, too, where the catalog tells it.
    pub done: usize,
    /// Digest over the texts of the done statements: they must still be the same to go on.
    pub done_digest: String,
    /// Index of the statement that was started and not known to be done, if any; always equal to `done`.
    pub current: Option<usize>,
    /// Digest of the current statement's text.
    pub current_digest: Option<String>,
    /// How the catalog stood before the current statement, where that helps to tell whether it was carried out; in the
    /// words of [`crate::dialect`].
    pub before: Option<String>,
    /// Where the session then looked for names without a schema.
    pub place: Option<String>,
    /// The run that wrote it.
    pub run_id: String,
    /// What is known about the end of that run.
    pub state: JournalState,
    /// The section's text as it was when the step began; None where it is too long to be kept, and in entries of older
    /// releases.
    pub section: Option<String>,
    /// Migrations that follow this one in the same run, each of which is in flight once those before it are finished,
    /// as the history tells.
    pub ahead: Vec<Announced>,
}

/// A migration announced together with an earlier one: its first statement follows without a word to the journal.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Announced {
    /// The migration, known by its file as in the history.
    pub file_name: String,
    /// Its version.
    pub version: Version,
    /// Digest of the section that will run.
    pub checksum: String,
    /// Statements in the section.
    pub total: usize,
    /// Digest of its first statement's text.
    pub first_digest: String,
    /// The section's text.
    pub section: String,
}

/// What a person says about a statement whose outcome was unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Settlement {
    /// It took effect: go on after it.
    Done,
    /// It did not: run it again.
    Retry,
}

impl JournalEntry {
    /// Whether it leaves open how its current statement ended.
    pub fn is_open(&self) -> bool {
        self.current.is_some() && matches!(self.state, JournalState::Running | JournalState::Unknown)
    }

    /// The entry with its unknown statement settled; None when there is nothing to settle.
    pub fn settle(&self, settlement: Settlement) -> Option<JournalEntry> {
        let digest = self.current_digest.as_deref().filter(|_| self.is_open())?;
        let mut settled =
            JournalEntry { current: None, current_digest: None, state: JournalState::Failed, ..self.clone() };
        if settlement == Settlement::Done {
            settled.done += 1;
            settled.done_digest = extend_digest(&self.done_digest, digest);
        }
        Some(settled)
    }
}

/// Takes the digest over some statements to the one that covers the next one too, by that one's own digest.
pub(super) fn extend_digest(chain: &str, digest: &str) -> String {
    sha256_hex(format!("{chain}{digest}").as_bytes())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StatementKind;
    use crate::model::test_support::{journal_entry, script};

    #[test]
    fn a_settled_entry_goes_on_where_the_person_says() {
        let script = script("s", &[StatementKind::ImplicitCommit; 3]);
        let entry = journal_entry(&script, 1, Some(1), JournalState::Running);
        let done = entry.settle(Settlement::Done).expect("something to settle");
        assert_eq!((done.done, done.done_digest.as_str()), (2, script.digest_of_first(2).as_str()));
        let retry = entry.settle(Settlement::Retry).expect("something to settle");
        assert_eq!((retry.done, retry.current, retry.state), (1, None, JournalState::Failed));
        assert_eq!(retry.settle(Settlement::Done), None, "it is settled");
    }
}
