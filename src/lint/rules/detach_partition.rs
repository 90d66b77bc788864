use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject, locks::quoted_name};

/// A partition can leave without keeping anybody out.
pub(super) const RULE: Rule = Rule {
    id: "detach-partition",
    summary: "DETACH PARTITION without CONCURRENTLY, which locks the whole partitioned table",
    explanation: "DETACH PARTITION takes an ACCESS EXCLUSIVE lock on the parent: it waits for every query on any \
        partition, and every later query waits behind it. DETACH PARTITION … CONCURRENTLY (PostgreSQL 14 and \
        later) takes a lock that keeps nobody out; it runs outside a transaction, and not where there is a \
        default partition.",
    engines: &[Engine::Postgres],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "ALTER TABLE events DETACH PARTITION events_2014;";
const GOOD: &str = "ALTER TABLE events DETACH PARTITION events_2014 CONCURRENTLY;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    if subject.is_older_than("PostgreSQL", &[14]) {
        return;
    }
    for (statement, change) in subject.changes() {
        let Action::DetachPartition { table, concurrently: false, .. } = &change.action else { continue };
        let clause = subject.text(statement).get(change.span.clone()).unwrap_or_default();
        hits.on_used_table(
            subject,
            (statement, change),
            format!(
                "{table} is locked against everybody (ACCESS EXCLUSIVE), and every query on any partition waits in line"
            ),
            format!("ALTER TABLE {} {clause} CONCURRENTLY;", quoted_name(table)),
        );
    }
}
