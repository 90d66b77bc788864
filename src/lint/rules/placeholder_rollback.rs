use crate::dialect::Engine;
use crate::lint::{Action, Example, Facts, Hits, Judges, Rule, Severity, Subject, Understood};

/// A rollback that only looks like one.
pub(super) const RULE: Rule = Rule {
    id: "placeholder-rollback",
    summary: "the rollback section only reads (SELECT 1), while the upgrade changes something",
    explanation: "Rolling back then succeeds, undoes nothing and takes the migration out of the history: the next \
        migrate applies it a second time, on a database that still has what it did. Write the statements that undo \
        it, or say that it cannot be undone: dbwarden then refuses to roll back (exit 7) before anything runs.",
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

const BAD: &str = "-- upgrade\nCREATE TABLE t (id int PRIMARY KEY);\n-- rollback\nSELECT 1;\n";
const GOOD: &str = "-- upgrade\nCREATE TABLE t (id int PRIMARY KEY);\n-- rollback\nDROP TABLE t;\n";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let upgrade_reads = subject.other.is_some_and(|upgrade| upgrade.iter().all(only_reads));
    // A query may call a function that does anything.
    let calls_something = (0..subject.statements.len()).any(|statement| subject.text(statement).contains('('));
    let reads = !subject.statements.is_empty() && subject.statements.iter().all(only_reads);
    if upgrade_reads || calls_something || !reads {
        return;
    }
    let whole = 0..subject.text(0).len();
    let message = "the rollback only reads: rolling back undoes nothing of what the upgrade did";
    hits.at(0, whole, message, "write the statements that undo it, or say `-- dbwarden: irreversible` in the header");
}

/// Whether a statement is a query and nothing else.
fn only_reads(facts: &Facts) -> bool {
    facts.understood == Understood::Whole
        && !facts.changes.is_empty()
        && facts.changes.iter().all(|change| change.action == Action::Read)
}
