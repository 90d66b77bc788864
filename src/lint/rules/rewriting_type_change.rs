use crate::dialect::Engine;
use crate::lint::types::{Conversion, known_type, postgres_conversion};
use crate::lint::{
    Action, Example, Hits, Judges, Rule, Severity, Subject,
    locks::{quoted, quoted_name},
};

/// A type that every row has to be written anew for.
pub(super) const RULE: Rule = Rule {
    id: "rewriting-type-change",
    summary: "a column of a table in use gets another type: most of them rewrite the table",
    explanation: "ALTER COLUMN TYPE takes an ACCESS EXCLUSIVE lock and writes the table and all its indexes anew: nobody \
        reads or writes until it is done. Only a few changes are entered in the catalog alone: varchar to a longer \
        varchar or to text, numeric to more digits with the same scale, timestamp to timestamptz in a session in UTC. \
        For all others add a column of the new type, keep it equal with a trigger, fill it in batches, and let a \
        release change over.",
    engines: &[Engine::Postgres],
    severity: Severity::Error,
    judges: Judges::Upgrades,
    examples: &[Example {
        engine: Engine::Postgres,
        bad: "ALTER TABLE orders ALTER COLUMN number TYPE bigint;",
        good: "ALTER TABLE orders ADD COLUMN number_new bigint;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::ChangeType { table, column, using } = &change.action else { continue };
        let before = known_type(subject, statement, table, &column.name);
        let shown = quoted_name(table);
        let (name, to) = (quoted(&column.name), &column.data_type);
        let from = before.as_deref().map_or_else(String::new, |before| format!(" from {before}"));
        let message = match postgres_conversion(before.as_deref(), to, *using) {
            Conversion::Quick => continue,
            Conversion::Rewrite => format!(
                "{name} changes{from} to {to}: {shown} and its indexes are written anew, and nobody reads or writes it \
                 meanwhile (ACCESS EXCLUSIVE)"
            ),
            Conversion::Unknown => format!(
                "{name} changes to {to}: unless it only gets longer, {shown} is written anew, and nobody reads or writes \
                 it meanwhile (ACCESS EXCLUSIVE)"
            ),
        };
        let new = quoted(&format!("{}_new", column.name));
        let remedy = format!(
            "ALTER TABLE {shown} ADD COLUMN {new} {to}; keep it equal with a trigger, fill it in batches in files of \
             their own, let a release use it, then drop {name}"
        );
        match postgres_conversion(before.as_deref(), to, *using) {
            Conversion::Unknown => hits.on_big_table(subject, (statement, change), message, remedy),
            _ => hits.on_used_table(subject, (statement, change), message, remedy),
        }
    }
}
