use crate::dialect::Engine;
use crate::lint::{Example, Hits, Judges, Rule, Severity, Subject};

/// A rollback that undoes nothing of an upgrade that does something.
pub(super) const RULE: Rule = Rule {
    id: "empty-rollback",
    summary: "the upgrade does something, and the rollback section is empty",
    explanation: "Rolling back runs nothing and takes the migration out of the history: the next migrate would apply it \
        a second time, on a database that still has what it did. Write the statements that undo it, or say that it \
        cannot be undone.",
    engines: &Engine::ALL,
    severity: Severity::Warning,
    judges: Judges::Rollbacks,
    examples: &[
        Example { engine: Engine::Postgres, bad: BAD, good: GOOD },
        Example { engine: Engine::MySql, bad: BAD, good: GOOD },
        Example { engine: Engine::Sqlite, bad: BAD, good: GOOD },
    ],
    find,
};

const BAD: &str = "-- upgrade\nCREATE TABLE t (id int PRIMARY KEY);\n-- rollback\n";
const GOOD: &str = "-- upgrade\nCREATE TABLE t (id int PRIMARY KEY);\n-- rollback\nDROP TABLE t;\n";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    if !subject.script.is_empty() || subject.migration.upgrade.is_empty() {
        return;
    }
    let before = &subject.script.source[..subject.script.span.start];
    hits.section(
        Some(before.bytes().filter(|&byte| byte == b'\n').count()),
        "the rollback section is empty: rolling back undoes nothing of what the upgrade did",
        "write the statements that undo it, or say `-- dbwarden: irreversible` in the header",
    );
}
