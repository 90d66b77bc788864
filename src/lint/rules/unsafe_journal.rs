use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject, pragmas};

/// Pragmas that give up on crashes.
pub(super) const RULE: Rule = Rule {
    id: "unsafe-journal",
    summary: "a pragma gives up what makes a migration survive a crash",
    explanation: "journal_mode = OFF keeps no rollback journal: a statement that fails leaves half of what it did, ROLLBACK is \
        undefined, a crash corrupts the file; dbwarden could not undo a failed migration. journal_mode = MEMORY keeps \
        the journal where a crash loses it. synchronous = OFF lets a loss of power corrupt the database. What is saved is \
        one flush to disk for each transaction, and a migration is one transaction.",
    engines: &[Engine::Sqlite],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::Sqlite,
        bad: "PRAGMA journal_mode = OFF;\nCREATE TABLE users (id INTEGER PRIMARY KEY);",
        good: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::Set { name, value, .. } = &change.action else { continue };
        let value = pragmas::plain(value).to_ascii_lowercase();
        let message = match (name.as_str(), value.as_str()) {
            ("journal_mode", "off") => {
                "without a journal nothing of a failed migration is undone, and a crash corrupts"
            }
            ("journal_mode", "memory") => "a crash loses the journal, and with it the database",
            ("synchronous", "off" | "0") => "a loss of power during the migration can corrupt the database",
            _ => continue,
        };
        hits.at(statement, change.span.clone(), message, "leave it out");
    }
}
