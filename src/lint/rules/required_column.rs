use crate::dialect::Engine;
use crate::lint::sql_text::{quoted, quoted_name};
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject};

/// A column that no old row, and no old release, has a value for.
pub(super) const RULE: Rule = Rule {
    id: "required-column",
    summary: "a column is added as NOT NULL without a default to a table in use",
    explanation: "PostgreSQL refuses it as soon as the table has a row; MySQL and MariaDB fill the rows with an empty \
        value ('' or 0) that nobody chose. In both, the release that still runs inserts rows without the column, which \
        fails from this moment on. Give it a constant default, which is entered in the catalog without touching the \
        rows (PostgreSQL 11, MySQL 8.0.12, MariaDB 10.3), or add it without NOT NULL, fill it in batches once every \
        release writes it, and then make it NOT NULL.",
    engines: &[Engine::Postgres, Engine::MySql],
    severity: Severity::Error,
    judges: Judges::Upgrades,
    examples: &[
        Example { engine: Engine::Postgres, bad: BAD, good: GOOD },
        Example { engine: Engine::MySql, bad: BAD, good: GOOD },
    ],
    find,
};

const BAD: &str = "ALTER TABLE users ADD COLUMN age int NOT NULL;";
const GOOD: &str = "ALTER TABLE users ADD COLUMN age int NOT NULL DEFAULT 0;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::AddColumn { table, column, .. } = &change.action else { continue };
        let fills_itself = column.generated_stored || column.generated_virtual || column.identity;
        if !column.not_null || column.default.is_some() || fills_itself || column.primary_key {
            continue;
        }
        let name = &column.name;
        let message = match subject.engine {
            Engine::MySql => format!(
                "rows of {table} get an empty {name} that nobody chose, and the release that runs cannot insert rows \
                 any more"
            ),
            _ => format!(
                "this fails as soon as {table} has a row, and the release that runs cannot insert rows any more"
            ),
        };
        let (table, name) = (quoted_name(subject.engine, table), quoted(subject.engine, name));
        let data_type = &column.data_type;
        let remedy = format!(
            "ALTER TABLE {table} ADD COLUMN {name} {data_type} NOT NULL DEFAULT …; or add it without NOT NULL, fill it \
             in batches, and require it in a later file"
        );
        hits.on_used_table(subject, (statement, change), message, remedy);
    }
}
