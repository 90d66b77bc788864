use std::time::{Duration, Instant};

use crate::model::{Announced, JournalEntry, JournalState, Script, normalised_digest};
use crate::parse;
use crate::plan::Step;

/// The longest section that the journal keeps: servers bound the size of a message.
const LONGEST_KEPT: usize = 1024 * 1024;

/// How long an announcement holds: what it says of how things stood before a statement is to be taken shortly before.
const HOLDS: Duration = Duration::from_secs(5);

/// What the journal already holds of the steps that come next, written with the end of an earlier one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Announcement {
    /// How many of them; never 0.
    pub steps: usize,
    /// Whether the entry is the next step's own, and not that of one already finished.
    pub leads: bool,
    made: Instant,
}

impl Announcement {
    /// One that was made just now.
    pub fn new(steps: usize) -> Self {
        Announcement { steps, leads: true, made: Instant::now() }
    }

    /// What is left of it for the step behind the next one, if it still holds.
    pub fn behind_first(self) -> Option<Self> {
        self.behind(1).filter(|_| self.made.elapsed() < HOLDS)
    }

    /// What is left of it once `finished` steps are recorded.
    pub fn behind(self, finished: usize) -> Option<Self> {
        let steps = self.steps.checked_sub(finished).filter(|left| *left > 0)?;
        Some(Announcement { steps, leads: self.leads && finished == 0, ..self })
    }
}

/// What an entry says of a step that follows the one it is about; None for what has no version or no script.
pub(super) fn announced(step: &Step) -> Option<Announced> {
    let script = step.script()?;
    Some(Announced {
        file_name: step.file_name().to_string(),
        version: step.version()?.clone(),
        checksum: normalised_digest(script.text()),
        total: script.statements.len(),
        first_digest: script.digest_of(0),
        section: parse::portable(script),
    })
}

/// How far a journalled step has come.
#[derive(Clone)]
pub(super) struct Progress<'a> {
    pub step: &'a Step,
    pub script: &'a Script,
    /// Digest of the whole section: taken once, as the journal is written for each statement of it.
    pub checksum: String,
    pub done: usize,
    pub done_digest: String,
    /// Whether the journal holds this step's entry.
    pub written: bool,
    /// Whether this run wrote it, with the section's text.
    pub opened: bool,
    /// Whether `done` is all there is to know: no statement of the script is under way.
    pub settled: bool,
}

impl<'a> Progress<'a> {
    /// A step of which the first `done` statements are done.
    pub fn new(step: &'a Step, script: &'a Script, done: usize) -> Self {
        let (checksum, done_digest) = (normalised_digest(script.text()), script.digest_of_first(done));
        Progress { step, script, checksum, done, done_digest, written: false, opened: false, settled: true }
    }

    pub fn advance_to(&mut self, done: usize) {
        for index in self.done..done {
            self.done_digest = self.script.extend_digest(&self.done_digest, index);
        }
        self.done = self.done.max(done);
    }

    /// What stands between the done statements and the current one counts as done: settings, which are repeated
    /// wherever a run goes on, and the author's own `BEGIN` and `COMMIT`.
    pub fn entry(&self, run_id: &str, current: Option<usize>, state: JournalState) -> JournalEntry {
        let mut before = self.clone();
        before.advance_to(current.unwrap_or(self.done));
        JournalEntry {
            direction: self.step.direction(),
            file_name: self.step.file_name().to_string(),
            version: self.step.version().cloned(),
            checksum: before.checksum,
            total: self.script.statements.len(),
            done: before.done,
            done_digest: before.done_digest,
            current,
            current_digest: current.map(|current| self.script.digest_of(current)),
            before: None,
            place: None,
            run_id: run_id.to_string(),
            state,
            section: Some(parse::portable(self.script)).filter(|text| !self.opened && text.len() <= LONGEST_KEPT),
            ahead: Vec::new(),
        }
    }
}
