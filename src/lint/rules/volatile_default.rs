use crate::dialect::Engine;
use crate::lint::{
    Action, Default, Example, Hits, Judges, Rule, Severity, Subject,
    locks::{quoted, quoted_name},
};

/// A default that is another for each row has to be written into each row.
pub(super) const RULE: Rule = Rule {
    id: "volatile-default",
    summary: "a column added with a default that is computed for each row: the whole table is rewritten",
    explanation: "ADD COLUMN takes an ACCESS EXCLUSIVE lock: nobody reads or writes the table until the transaction \
        ends. A constant or a default that is the same for all rows (now()) is only noted in the catalog, \
        since PostgreSQL 11. A volatile one (random(), gen_random_uuid(), a sequence, a function of your own \
        not known to be stable) is computed for every row: table and indexes are written anew under that \
        lock. Before PostgreSQL 11 every default does that. Add the column without a default, set the \
        default for new rows, and fill the old ones in batches.",
    engines: &[Engine::Postgres],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "ALTER TABLE users ADD COLUMN token uuid DEFAULT gen_random_uuid();";
const GOOD: &str = "ALTER TABLE users ADD COLUMN token uuid;\n\
    ALTER TABLE users ALTER COLUMN token SET DEFAULT gen_random_uuid();";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::AddColumn { table, column, .. } = &change.action else { continue };
        let (default, why) = match &column.default {
            Some(Default::Volatile(default)) => (default, "is computed for each row"),
            Some(Default::Constant(default)) if default.eq_ignore_ascii_case("null") => continue,
            Some(Default::Constant(default) | Default::Stable(default))
                if subject.is_older_than("PostgreSQL", &[11]) =>
            {
                (default, "is written into each row before PostgreSQL 11")
            }
            _ => continue,
        };
        let (table, name) = (quoted_name(table), quoted(&column.name));
        hits.on_used_table(
            subject,
            (statement, change),
            format!("the default {default} {why}: the table is rewritten, and nobody reads or writes it meanwhile"),
            format!(
                "ALTER TABLE {table} ADD COLUMN {name} {}; ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT \
                 {default}; and fill the old rows in batches, in a file of its own",
                column.data_type
            ),
        );
    }
}
