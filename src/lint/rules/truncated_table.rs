use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject, sql_text::quoted_name};

/// Every row of a table at once.
pub(super) const RULE: Rule = Rule {
    id: "truncated-table",
    summary: "TRUNCATE of a table in use: every row is gone, and no rollback brings them back",
    explanation: "TRUNCATE takes an exclusive lock on the table and removes all rows at once, without calling triggers \
        for each row. On PostgreSQL it can be rolled back until the transaction ends, on MySQL and MariaDB it commits \
        by itself; afterwards only a backup has the rows. Where that is meant, say so, and take a backup first \
        (`migrate --backup`).",
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
        // With CASCADE on PostgreSQL, worse is found.
        let Action::Truncate { table, cascade: false } = &change.action else { continue };
        hits.on_used_table(
            subject,
            (statement, change),
            format!("every row of {table} is gone for good"),
            format!(
                "name the rows: DELETE FROM {} WHERE …; or, where all are meant, the line above it: -- dbwarden: \
                 allow truncated-table because …",
                quoted_name(subject.engine, table)
            ),
        );
    }
}
