use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject};

/// Pragmas that end with the connection.
pub(super) const RULE: Rule = Rule {
    id: "connection-pragma",
    summary: "a pragma of the connection: the application never sees it",
    explanation: "synchronous, cache_size, temp_store, mmap_size, busy_timeout and others hold for one connection. In a migration \
        they hold for dbwarden's, until the end of the file: what an application wants of them it has to set itself, \
        each time it connects.",
    engines: &[Engine::Sqlite],
    severity: Severity::Note,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::Sqlite,
        bad: "PRAGMA busy_timeout = 5000;\nCREATE TABLE users (id INTEGER PRIMARY KEY);",
        good: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
    }],
    find,
};

/// Those that change nothing for the statements of a migration but their speed.
const OF_THE_CONNECTION: [&str; 9] = [
    "synchronous",
    "cache_size",
    "cache_spill",
    "temp_store",
    "mmap_size",
    "busy_timeout",
    "wal_autocheckpoint",
    "journal_size_limit",
    "threads",
];

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::Set { name, value, .. } = &change.action else { continue };
        let unsafe_value = name == "synchronous" && matches!(value.to_ascii_lowercase().as_str(), "off" | "0");
        if OF_THE_CONNECTION.contains(&name.as_str()) && !unsafe_value {
            hits.at(
                statement,
                change.span.clone(),
                format!("{name} holds for this connection, until the end of the file: the application never sees it"),
                format!("PRAGMA {name} = {value} where the application connects"),
            );
        }
    }
}
