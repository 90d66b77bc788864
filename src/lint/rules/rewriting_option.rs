use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject, locks::REWRITING};

/// Where and how a table is stored is not changed in place.
pub(super) const RULE: Rule = Rule {
    id: "rewriting-option",
    summary: "SET TABLESPACE, SET LOGGED, SET UNLOGGED or SET ACCESS METHOD, which write the whole table anew",
    explanation: "The table is copied file by file or row by row under an ACCESS EXCLUSIVE lock: nobody reads or \
        writes it until that is done, and SET LOGGED writes all of it to the write-ahead log, which every \
        standby has to take. Create the table the way it is wanted; for one in use: a new table, filled in \
        batches and exchanged by renaming, or pg_repack, which can move to a tablespace.",
    engines: &[Engine::Postgres],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "ALTER TABLE users SET TABLESPACE fast;";
const GOOD: &str = "CREATE TABLE users_new (LIKE users INCLUDING ALL) TABLESPACE fast;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::SetTableOption { option, .. } = &change.action else { continue };
        if !REWRITING.contains(&option.name.as_str()) {
            continue;
        }
        hits.on_used_table(
            subject,
            (statement, change),
            format!("{} writes the table anew while nobody can read or write it (ACCESS EXCLUSIVE)", option.name),
            "make a new table that way, fill it in batches and rename it; or run this when nobody needs the table",
        );
    }
}
