use crate::dialect::Engine;
use crate::lint::{
    Action, Example, Hits, Judges, Rule, Severity, Subject,
    locks::{quoted, quoted_name},
};

/// A stored generated column is computed for each row there is.
pub(super) const RULE: Rule = Rule {
    id: "generated-column",
    summary: "a stored generated column added to a table in use: the whole table is rewritten",
    explanation: "GENERATED ALWAYS AS (…) STORED is computed for every row there is, and table and indexes are written \
        anew under an ACCESS EXCLUSIVE lock: nobody reads or writes the table meanwhile. A VIRTUAL column \
        (PostgreSQL 18) is computed on reading and costs nothing to add. Before that: a plain column, a \
        trigger that fills it, and the old rows in batches; or an index on the expression, where the column \
        was only wanted for searching.",
    engines: &[Engine::Postgres],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "ALTER TABLE users ADD COLUMN key text GENERATED ALWAYS AS (lower(name)) STORED;";
const GOOD: &str = "CREATE INDEX CONCURRENTLY users_key ON users (lower(name));";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::AddColumn { table, column, .. } = &change.action else { continue };
        if !column.generated_stored {
            continue;
        }
        let remedy = match subject.surroundings.server.as_ref().is_some_and(|server| server.version.as_slice() >= &[18])
        {
            true => "make it VIRTUAL: it is computed on reading and nothing is written".to_owned(),
            false => format!(
                "ALTER TABLE {} ADD COLUMN {} {}; with a trigger that fills it for new rows, and the old rows in \
                 batches (PostgreSQL 18 has VIRTUAL columns, which cost nothing to add)",
                quoted_name(table),
                quoted(&column.name),
                column.data_type
            ),
        };
        let message =
            "the column is computed for every row: the table is rewritten, and nobody reads or writes it meanwhile";
        hits.on_used_table(subject, (statement, change), message, remedy);
    }
}
