use crate::dialect::Engine;
use crate::lint::{Action, Change, Example, Hits, Judges, Object, Rule, Severity, Subject, replacement};

/// A table that the release still running may use, and its rows.
pub(super) const RULE: Rule = Rule {
    id: "dropped-table",
    summary: "a table in use is dropped: its rows are gone, and a release that still uses it fails",
    explanation: "While a release is rolled out, the old one runs on the new schema: every statement of it that names \
        the table fails from this moment on. The rows are gone too; a rollback can build the table again, but not fill \
        it. The drop itself is quick and waits for an exclusive lock. In two steps: first a release that no longer \
        names the table, then, in a release of its own, the drop, after a backup (`migrate --backup`). A database, and a \
        schema with CASCADE, take all their tables along.",
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

const BAD: &str = "DROP TABLE sessions;";
const GOOD: &str = "CREATE TABLE sessions_new (id int PRIMARY KEY);\n\
    INSERT INTO sessions_new SELECT id FROM sessions;\n\
    DROP TABLE sessions;\n\
    ALTER TABLE sessions_new RENAME TO sessions;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        with_all_tables(subject, (statement, change), hits);
        let Action::DropTable { table, .. } = &change.action else { continue };
        if replacement::table_returns(subject, table, statement) {
            continue;
        }
        hits.on_used_table(
            subject,
            (statement, change),
            format!("the rows of {table} are gone for good, and a release that still uses it fails from here on"),
            format!(
                "first a release that does not name {table}; then, after a backup, this statement with the line above \
                 it: -- dbwarden: allow dropped-table because no release since … uses it"
            ),
        );
    }
}

/// A database, or a schema with what is in it, unless the section made it.
fn with_all_tables(subject: &Subject<'_>, (statement, change): (usize, &Change), hits: &mut Hits) {
    let name = match &change.action {
        Action::Drop { object: Object::Database, name, .. }
        | Action::Drop { object: Object::Schema, name, cascade: true, .. } => name,
        _ => return,
    };
    let makes = |change: &Change| match &change.action {
        Action::Create { object: Object::Database | Object::Schema, name: made, if_not_exists: false, .. } => {
            made.may_be(name)
        }
        _ => false,
    };
    if subject.changes().take_while(|(index, _)| *index < statement).any(|(_, change)| makes(change)) {
        return;
    }
    hits.at(
        statement,
        change.span.clone(),
        format!("every table in {name} is gone for good with its rows, and a release that still uses one fails"),
        format!(
            "drop what is meant by its name; where that is everything, after a backup this statement with the line above \
             it: -- dbwarden: allow dropped-table because no release since … uses {name}"
        ),
    );
}
