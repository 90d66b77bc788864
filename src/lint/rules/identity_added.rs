use crate::dialect::{Engine, literal};
use crate::lint::{
    Action, Example, Hits, Judges, Rule, Severity, Subject,
    locks::{quoted, quoted_name},
};

/// Numbers for rows that have none are written into each.
pub(super) const RULE: Rule = Rule {
    id: "identity-added",
    summary: "a serial or identity column added to a table in use: the whole table is rewritten",
    explanation: "Every row there is gets its number: table and indexes are written anew under an ACCESS EXCLUSIVE \
        lock, and nobody reads or writes the table meanwhile. Add a plain bigint column, let a sequence fill \
        it for new rows, number the old ones in batches, and make it NOT NULL and an identity at the end \
        (ALTER COLUMN … ADD GENERATED … AS IDENTITY rewrites nothing).",
    engines: &[Engine::Postgres],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "ALTER TABLE users ADD COLUMN number bigserial;";
const GOOD: &str = "CREATE SEQUENCE users_number;\n\
    ALTER TABLE users ADD COLUMN number bigint;\n\
    ALTER TABLE users ALTER COLUMN number SET DEFAULT nextval('users_number');";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::AddColumn { table, column, .. } = &change.action else { continue };
        if !column.identity {
            continue;
        }
        let sequence = quoted(&format!("{}_{}_seq", table.name, column.name));
        let (table, name) = (quoted_name(table), quoted(&column.name));
        hits.on_used_table(
            subject,
            (statement, change),
            "every row gets a number: the table is rewritten, and nobody reads or writes it meanwhile",
            format!(
                "CREATE SEQUENCE {sequence}; ALTER TABLE {table} ADD COLUMN {name} bigint; ALTER TABLE {table} ALTER \
                 COLUMN {name} SET DEFAULT nextval({}); and number the old rows in batches",
                literal(subject.engine, &sequence)
            ),
        );
    }
}
