//! The text of reads and writes of the journal and the events table.

use super::Engine;
use super::bookkeeping::Tables;
use super::took::Took;
use crate::model::{Direction, JournalEntry, Version};

/// What happened, as the events table names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A migration was applied.
    Applied,
    /// A migration was rolled back.
    RolledBack,
    /// A migration was recorded without running it.
    Baselined,
    /// A history row was brought in line with its file.
    Repaired,
    /// A migration or rollback failed.
    Failed,
    /// A signal stopped the run; `detail` says which, and how far it was.
    Interrupted,
    /// A rollback of several migrations was decided; `detail` lists the sequences of their rows.
    RollbackPlanned,
    /// The rollback decided last ended: done, or given up with an error the user has seen.
    RollbackEnded,
    /// The bookkeeping of another tool was taken over.
    TakenOver,
    /// A person settled the outcome of a statement.
    Resolved,
    /// A backup was taken; `detail` is its path.
    BackedUp,
    /// The database was put back from a backup; `detail` is its path.
    Restored,
    /// A run goes on where another one stopped without an end; `detail` says which.
    Recovered,
}

impl EventKind {
    /// Every kind, for the documentation.
    pub const ALL: [EventKind; 13] = [
        EventKind::Applied,
        EventKind::RolledBack,
        EventKind::Baselined,
        EventKind::Repaired,
        EventKind::Failed,
        EventKind::Interrupted,
        EventKind::RollbackPlanned,
        EventKind::RollbackEnded,
        EventKind::TakenOver,
        EventKind::Resolved,
        EventKind::Recovered,
        EventKind::BackedUp,
        EventKind::Restored,
    ];

    /// The word stored in `kind`.
    pub fn name(self) -> &'static str {
        match self {
            EventKind::Applied => "applied",
            EventKind::RolledBack => "rolled_back",
            EventKind::Baselined => "baselined",
            EventKind::Repaired => "repaired",
            EventKind::Failed => "failed",
            EventKind::Interrupted => "interrupted",
            EventKind::RollbackPlanned => "rollback_planned",
            EventKind::RollbackEnded => "rollback_ended",
            EventKind::TakenOver => "taken_over",
            EventKind::Resolved => "resolved",
            EventKind::BackedUp => "backed_up",
            EventKind::Restored => "restored",
            EventKind::Recovered => "recovered",
        }
    }
}

/// A row of the events table about to be written.
#[derive(Debug, Clone)]
pub struct NewEvent<'a> {
    /// What happened.
    pub kind: EventKind,
    /// To which version.
    pub version: Option<&'a Version>,
    /// To which file.
    pub file_name: Option<&'a str>,
    /// Database user, host and tool version.
    pub actor: &'a str,
    /// The run that did it.
    pub run_id: &'a str,
    /// How long it took.
    pub took: Option<Took>,
    /// More of it, for people; for [`EventKind::RollbackPlanned`] the list of sequences.
    pub detail: Option<&'a str>,
}

/// In the order [`Tables::select_journal`] reads them.
const JOURNAL_COLUMNS: [&str; 15] = [
    "direction",
    "filename",
    "version",
    "checksum",
    "total",
    "done",
    "done_digest",
    "cur",
    "cur_digest",
    "run_id",
    "state",
    "cur_before",
    "cur_place",
    "section",
    "ahead",
];

fn number_or_null(number: Option<impl std::fmt::Display>) -> String {
    number.map_or_else(|| "NULL".to_string(), |number| number.to_string())
}

impl Tables {
    /// Reads the journal: at most one row per direction. `present` names the columns there are where the table is not
    /// as this program makes it: the missing ones read as NULL.
    pub fn select_journal(&self, present: Option<&[(String, String)]>) -> String {
        let cell = |name: &&'static str| {
            let is_there = |present: &[(String, String)]| present.iter().any(|(t, c)| *t == self.journal && c == name);
            if present.is_none_or(is_there) { *name } else { "NULL" }
        };
        let cells: Vec<&str> = JOURNAL_COLUMNS.iter().map(cell).collect();
        format!("SELECT {} FROM {}", cells.join(", "), self.qualified(&self.journal))
    }

    /// Writes the entry whole, in place of an earlier one of the same direction, which may be another migration's.
    /// `looks` gives how things stand before the current statement ([`super::looks_before_each`]). With `condition`, only
    /// where it holds: no row is changed otherwise.
    pub fn open_journal(&self, entry: &JournalEntry, looks: Option<&str>, condition: Option<&str>) -> String {
        let values = self.journal_values(entry, looks);
        let table = self.qualified(&self.journal);
        let columns = JOURNAL_COLUMNS.join(", ");
        // SQLite needs a WHERE before ON CONFLICT, or reads it as a join (https://www.sqlite.org/lang_upsert.html).
        let condition = condition.unwrap_or("TRUE");
        let source = format!("SELECT {}{} WHERE {condition}", values.join(", "), self.dual());
        match self.engine {
            Engine::MySql => format!("REPLACE INTO {table} ({columns}) {source}"),
            Engine::Postgres | Engine::Sqlite => {
                let updates = JOURNAL_COLUMNS.iter().skip(1).map(|name| format!("{name} = excluded.{name}"));
                let updates: Vec<String> = updates.collect();
                format!(
                    "INSERT INTO {table} ({columns}) {source} ON CONFLICT (direction) DO UPDATE SET {}",
                    updates.join(", ")
                )
            }
        }
    }

    /// Brings the entry up to date that [`Tables::open_journal`] wrote: all but the section's text, where it is not
    /// given.
    pub fn mark_journal(&self, entry: &JournalEntry, looks: Option<&str>, condition: Option<&str>) -> String {
        let values = self.journal_values(entry, looks);
        let stays = |name: &str| name == "section" && entry.section.is_none();
        let changes = JOURNAL_COLUMNS.iter().zip(values).skip(1).filter(|(name, _)| !stays(name));
        let changes: Vec<String> = changes.map(|(name, value)| format!("{name} = {value}")).collect();
        let and = condition.map(|condition| format!(" AND {condition}")).unwrap_or_default();
        format!(
            "UPDATE {} SET {} WHERE {}{and}",
            self.qualified(&self.journal),
            changes.join(", "),
            self.is_of(entry.direction)
        )
    }

    fn journal_values(&self, entry: &JournalEntry, looks: Option<&str>) -> [String; 15] {
        let null = || "NULL".to_string();
        let place = super::place(self.engine).filter(|_| looks.is_some());
        // Of texts and a number, which cannot fail; what is no list would be refused on reading.
        let ahead = (!entry.ahead.is_empty()).then(|| serde_json::to_string(&entry.ahead).unwrap_or_default());
        [
            self.text(entry.direction.name()),
            self.text(&entry.file_name),
            self.text_or_null(entry.version.as_ref().map(Version::as_str)),
            self.text(&entry.checksum),
            entry.total.to_string(),
            entry.done.to_string(),
            self.text(&entry.done_digest),
            number_or_null(entry.current),
            self.text_or_null(entry.current_digest.as_deref()),
            self.text(&entry.run_id),
            self.text(entry.state.name()),
            looks.map_or_else(null, str::to_string),
            place.map_or_else(null, str::to_string),
            self.text_or_null(entry.section.as_deref()),
            self.text_or_null(ahead.as_deref()),
        ]
    }

    fn is_of(&self, direction: Direction) -> String {
        format!("direction {} {}", self.equals(), self.text(direction.name()))
    }

    /// Removes the entry of a direction; with `condition`, only where it holds.
    pub fn clear_journal(&self, direction: Direction, condition: Option<&str>) -> String {
        let and = condition.map(|condition| format!(" AND {condition}")).unwrap_or_default();
        format!("DELETE FROM {} WHERE {}{and}", self.qualified(&self.journal), self.is_of(direction))
    }

    /// Appends an event.
    pub fn insert_event(&self, event: &NewEvent<'_>) -> String {
        self.insert_event_lasting(event, &self.duration(event))
    }

    /// Appends an event, or fails with `message` where the statement before changed no row; None where that is not to
    /// be had ([`Tables::guard_change`]).
    pub fn insert_event_of_change(&self, event: &NewEvent<'_>, message: &str) -> Option<String> {
        // What did not last is no number to add to.
        let duration = event.took.map(|took| self.milliseconds(took))?;
        Some(self.insert_event_lasting(event, &self.if_changed(&duration, message)?))
    }

    fn duration(&self, event: &NewEvent<'_>) -> String {
        event.took.map_or_else(|| "NULL".to_string(), |took| self.milliseconds(took))
    }

    /// Appends several events, in their order.
    pub fn insert_events(&self, events: &[NewEvent<'_>]) -> String {
        let values: Vec<String> = events.iter().map(|event| self.event_values(event, &self.duration(event))).collect();
        format!("{} VALUES {}", self.insert_into_events(), values.join(", "))
    }

    fn insert_event_lasting(&self, event: &NewEvent<'_>, duration: &str) -> String {
        format!("{} VALUES {}", self.insert_into_events(), self.event_values(event, duration))
    }

    fn insert_into_events(&self) -> String {
        let table = self.qualified(&self.events);
        format!("INSERT INTO {table} (happened_at, kind, version, filename, actor, run_id, duration_ms, detail)")
    }

    fn event_values(&self, event: &NewEvent<'_>, duration: &str) -> String {
        format!(
            "({}, {}, {}, {}, {}, {}, {}, {})",
            self.now(),
            self.text(event.kind.name()),
            self.text_or_null(event.version.map(Version::as_str)),
            self.text_or_null(event.file_name),
            self.text(event.actor),
            self.text(event.run_id),
            duration,
            self.text_or_null(event.detail),
        )
    }

    /// Reads the events that tell whether a rollback was decided and not ended: `(kind, detail)`, the latest first.
    pub fn select_rollback_events(&self) -> String {
        let kinds = [EventKind::RollbackPlanned, EventKind::RollbackEnded, EventKind::Applied].map(EventKind::name);
        format!(
            "SELECT kind, detail FROM {} WHERE {} ORDER BY id DESC LIMIT 1",
            self.qualified(&self.events),
            self.is_one_of("kind", &kinds)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::test_support::{journal_entry, script};
    use crate::model::{JournalState, StatementKind};

    #[test]
    fn the_journal_is_written_only_where_the_condition_holds() {
        let script = script("s", &[StatementKind::ImplicitCommit; 2]);
        let entry = journal_entry(&script, 1, Some(1), JournalState::Running);
        for engine in Engine::ALL {
            let tables = Tables::new(engine, "s", "_dbwarden_migrations");
            let text = tables.open_journal(&entry, None, Some("held()"));
            assert!(text.contains("WHERE held()"), "{text}");
            assert!(tables.open_journal(&entry, None, None).contains("WHERE TRUE"));
            assert!(tables.mark_journal(&entry, None, Some("held()")).ends_with(" AND held()"));
        }
    }

    #[test]
    fn a_mark_carries_the_text_only_where_it_is_given() {
        let script = script("s", &[StatementKind::Ddl; 2]);
        let mut entry = journal_entry(&script, 1, Some(1), JournalState::Running);
        entry.section = Some("CREATE TABLE long".into());
        let tables = Tables::new(Engine::Sqlite, "main", "_dbwarden_migrations");
        assert!(tables.open_journal(&entry, None, None).contains("long"));
        assert!(tables.mark_journal(&entry, None, None).contains("section"));
        entry.section = None;
        assert!(!tables.mark_journal(&entry, None, None).contains("section"));
    }

    #[test]
    fn columns_of_an_older_table_read_as_null() {
        let tables = Tables::new(Engine::Sqlite, "main", "_dbwarden_migrations");
        let present = ["direction", "filename"].map(|name| (tables.journal.clone(), name.to_string()));
        let text = tables.select_journal(Some(&present));
        assert!(text.starts_with("SELECT direction, filename, NULL, NULL"), "{text}");
    }
}
