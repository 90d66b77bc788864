use super::refused_drop_column;
use crate::dialect::Engine;
use crate::lint::{Action, Example, Hit, Hits, Judges, Rule, Severity, Subject};

/// `DROP COLUMN` writes every row.
pub(super) const RULE: Rule = Rule {
    id: "drop-column-rewrite",
    summary: "DROP COLUMN writes the whole table anew while nobody else can write",
    explanation: "SQLite has one writer. ALTER TABLE … DROP COLUMN (since 3.35) takes the column's data out of every row, and \
        holds the write lock until the migration commits: other connections wait as long as their busy_timeout and then \
        fail with \"database is locked\". In WAL mode readers go on, otherwise they wait at the commit. The time grows \
        with the table; ADD COLUMN and both forms of RENAME do not touch rows.",
    engines: &[Engine::Sqlite],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::Sqlite,
        bad: "ALTER TABLE events DROP COLUMN payload;",
        good: "ALTER TABLE events RENAME COLUMN payload TO unused_payload;",
    }],
    find,
};

/// Rows from which a rewrite takes seconds.
const MANY: u64 = 1_000_000;

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::DropColumn { table, column } = &change.action else { continue };
        let harmless = subject.is_new(table, statement) || subject.is_small(table);
        // What is refused writes nothing.
        if harmless || refused_drop_column::is_refused(subject, statement, table, column) {
            continue;
        }
        let size = subject.size(table);
        let rows = size.map(|size| format!("; {table} has about {} rows", size.rows)).unwrap_or_default();
        hits.push(Hit {
            statement: Some(statement),
            span: Some(change.span.clone()),
            line: None,
            severity: size.is_none_or(|size| size.rows < MANY).then_some(Severity::Note),
            message: format!("this writes every row of {table} while no other connection can write{rows}"),
            remedy: "run it when nobody writes, or leave the column unused until then".into(),
        });
    }
}
