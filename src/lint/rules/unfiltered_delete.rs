use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject, replacement, sql_text::quoted_name};

/// A `DELETE` of everything.
pub(super) const RULE: Rule = Rule {
    id: "unfiltered-delete",
    summary: "DELETE without WHERE on a table in use: every row is gone",
    explanation: "Every row is locked and removed, and no rollback brings them back. Often a WHERE was forgotten. On a \
        big table one transaction that deletes millions of rows also keeps everybody waiting who wants to write them, \
        and replicas behind. Name the rows, and delete them in batches.",
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

const BAD: &str = "DELETE FROM sessions;";
const GOOD: &str = "DELETE FROM sessions WHERE expired = 1;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::Delete { table, filtered: false, bounded: false } = &change.action else { continue };
        // What is dropped next has been said of the drop.
        let is_dropped = subject.changes().any(|(index, other)| match &other.action {
            Action::DropTable { table: dropped, .. } => index > statement && dropped.may_be(table),
            _ => false,
        });
        if is_dropped || replacement::table_returns(subject, table, statement) {
            continue;
        }
        hits.on_used_table(
            subject,
            (statement, change),
            format!("every row of {table} is gone for good"),
            format!(
                "name the rows: DELETE FROM {} WHERE …; or, where all are meant, the line above it: -- dbwarden: allow \
                 unfiltered-delete because …",
                quoted_name(subject.engine, table)
            ),
        );
    }
}
