use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject};

/// A column that the release still running may use, and its values.
pub(super) const RULE: Rule = Rule {
    id: "dropped-column",
    summary: "a column of a table in use is dropped: its values are gone, and a release that still names it fails",
    explanation: "While a release is rolled out, the old one runs on the new schema: every statement of it that names \
        the column fails from this moment on, and object-relational mappers name every column they know. The values \
        are gone too; a rollback adds an empty column. PostgreSQL only marks the column as dropped, under a short \
        ACCESS EXCLUSIVE lock; MySQL before 8.0.29 and SQLite write the table anew. In three steps: a release that \
        no longer reads or writes the column (NOT NULL without a default has to go first), then the drop in a release \
        of its own, after a backup.",
    engines: &Engine::ALL,
    severity: Severity::Warning,
    judges: Judges::Upgrades,
    examples: &[
        Example { engine: Engine::Postgres, bad: BAD, good: GOOD },
        Example { engine: Engine::MySql, bad: BAD, good: GOOD },
        Example { engine: Engine::Sqlite, bad: BAD, good: GOOD },
    ],
    find,
};

const BAD: &str = "ALTER TABLE users DROP COLUMN nickname;";
const GOOD: &str = "ALTER TABLE users ADD COLUMN display_name varchar(100);";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::DropColumn { table, column } = &change.action else { continue };
        hits.on_used_table(
            subject,
            (statement, change),
            format!("the values of {column} are gone for good, and a release that still names it fails from here on"),
            format!(
                "first a release that neither reads nor writes {table}.{column}; then this statement with the line above \
                 it: -- dbwarden: allow dropped-column because no release since … uses it"
            ),
        );
    }
}
