use crate::dialect::Engine;
use crate::lint::schema::Schema;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject, pragmas, rebuild};

/// `DROP TABLE` while foreign keys are on.
pub(super) const RULE: Rule = Rule {
    id: "cascading-drop",
    summary: "a table is dropped while foreign keys are on: its rows are deleted first, and that cascades",
    explanation: "With foreign keys on, DROP TABLE deletes every row before it drops the table. ON DELETE CASCADE then \
        deletes the rows of other tables that refer to it, SET NULL empties their columns, RESTRICT fails the \
        statement. A rebuild loses its children's rows that way, without a message. dbwarden runs migrations with \
        foreign keys off, as the sqlite3 program does, and checks them before each commit: new violations roll back. \
        A file that says nothing of foreign_keys is safe.",
    engines: &[Engine::Sqlite],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Sqlite, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "PRAGMA foreign_keys = ON;\nCREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT);\n\
    INSERT INTO new_users (id, email) SELECT id, email FROM users;\nDROP TABLE users;\n\
    ALTER TABLE new_users RENAME TO users;";
const GOOD: &str = "CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT);\n\
    INSERT INTO new_users (id, email) SELECT id, email FROM users;\nDROP TABLE users;\n\
    ALTER TABLE new_users RENAME TO users;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    if !subject
        .changes()
        .any(|(_, change)| matches!(&change.action, Action::Set { name, .. } if name == "foreign_keys"))
    {
        return;
    }
    for (statement, change) in subject.changes() {
        let Action::DropTable { table, .. } = &change.action else { continue };
        if !pragmas::is_on_at(subject, "foreign_keys", statement) {
            continue;
        }
        let schema = Schema::before(subject, statement);
        let referrers: Vec<String> = schema.referrers(table).map(|name| rebuild::quoted(&name.name)).collect();
        // Where its creation is known, so is who refers to it.
        if referrers.is_empty() && schema.table(table).is_some() {
            continue;
        }
        let who = match referrers.is_empty() {
            true => "tables that refer to it".to_owned(),
            false => referrers.join(", "),
        };
        hits.at(
            statement,
            change.span.clone(),
            format!(
                "foreign keys are on: DROP TABLE first deletes every row of {table}, which cascades to {who}, or fails there"
            ),
            "leave PRAGMA foreign_keys out: dbwarden runs the file with foreign keys off and checks them before the commit",
        );
    }
}
