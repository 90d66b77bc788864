use crate::dialect::Engine;
use crate::lint::{Action, Change, Example, Hits, Judges, Rule, Severity, Subject, sql_text::quoted_name};

/// Every row of a table at once.
pub(super) const RULE: Rule = Rule {
    id: "truncated-table",
    summary: "TRUNCATE of a table in use, or DROP of a partition: the rows are gone, and no rollback brings them back",
    explanation: "TRUNCATE takes an exclusive lock on the table and removes all rows at once, without calling triggers \
        for each row. On PostgreSQL it can be rolled back until the transaction ends, on MySQL and MariaDB it commits \
        by itself; afterwards only a backup has the rows. Where that is meant, say so, and take a backup first \
        (`migrate --backup`). ALTER TABLE … TRUNCATE PARTITION and DROP PARTITION of MySQL do the same to the rows of \
        some partitions.",
    engines: &[Engine::Postgres, Engine::MySql],
    severity: Severity::Warning,
    judges: Judges::Upgrades,
    examples: &[
        Example { engine: Engine::Postgres, bad: BAD, good: GOOD },
        Example { engine: Engine::MySql, bad: BAD, good: GOOD },
    ],
    find,
};

const BAD: &str = "TRUNCATE TABLE sessions;";
const GOOD: &str = "DELETE FROM sessions WHERE expires_at < '2020-01-01';";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let (table, partitions) = match &change.action {
            // With CASCADE on PostgreSQL, worse is found.
            Action::Truncate { table, cascade: false } => (table, is_partitions(subject, statement, change)),
            Action::DetachPartition { table, drops: true, .. } => (table, true),
            _ => continue,
        };
        let lost = if partitions { "the rows of these partitions" } else { "every row" };
        hits.on_used_table(
            subject,
            (statement, change),
            format!("{lost} of {table} {} gone for good", if partitions { "are" } else { "is" }),
            format!(
                "name the rows: DELETE FROM {} WHERE …; or, where all are meant, the line above it: -- dbwarden: allow \
                 truncated-table because …",
                quoted_name(subject.engine, table)
            ),
        );
    }
}

/// Whether it is a clause of `ALTER TABLE` on MySQL, which is about partitions.
fn is_partitions(subject: &Subject<'_>, statement: usize, change: &Change) -> bool {
    let text = subject.text(statement).get(change.span.clone()).unwrap_or_default();
    text.split_whitespace().nth(1).is_some_and(|word| word.eq_ignore_ascii_case("partition"))
}
