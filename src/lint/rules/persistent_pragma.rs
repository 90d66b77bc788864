use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject, pragmas};

/// Pragmas that stay in the file, outside of every transaction.
pub(super) const RULE: Rule = Rule {
    id: "persistent-pragma",
    summary: "a pragma changes the database file for everybody, outside the migration's transaction",
    explanation: "journal_mode = WAL, auto_vacuum and page_size are stored in the file and hold for every connection to come. \
        journal_mode cannot change inside a transaction: dbwarden runs it alone, so that a migration that fails leaves it \
        changed, and the change waits for all other connections or fails with \"database is locked\". WAL also needs \
        shared memory: not on a network file system. page_size, encoding, and auto_vacuum from or to NONE do nothing on a \
        database with tables before the next VACUUM. It is a setting of the application: set it where the database is \
        created or opened.",
    engines: &[Engine::Sqlite],
    severity: Severity::Note,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::Sqlite,
        bad: "PRAGMA journal_mode = WAL;\nCREATE TABLE users (id INTEGER PRIMARY KEY);",
        good: "CREATE TABLE users (id INTEGER PRIMARY KEY);",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::Set { name, value, .. } = &change.action else { continue };
        let value = pragmas::plain(value).to_ascii_lowercase();
        let message = match (name.as_str(), value.as_str()) {
            // Said by a rule of its own.
            ("journal_mode", "off" | "memory") => continue,
            ("journal_mode", _) => {
                "the journal mode changes for every connection, outside the transaction: it stays when the migration fails"
            }
            ("page_size" | "encoding" | "auto_vacuum", _) => {
                "stored in the file, and on a database with tables without effect before the next VACUUM"
            }
            _ => continue,
        };
        hits.at(statement, change.span.clone(), message, "set it where the application opens or creates the database");
    }
}
