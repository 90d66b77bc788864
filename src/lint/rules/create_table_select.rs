use crate::dialect::Engine;
use crate::lint::sql_text::quoted_name;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject};

/// A table filled as it is created.
pub(super) const RULE: Rule = Rule {
    id: "create-table-select",
    summary: "CREATE TABLE … SELECT locks what it reads and loses keys and defaults",
    explanation: "The SELECT reads with shared row locks (REPEATABLE READ), so that writers of the table it reads wait \
        until all rows are copied. The new table has no primary key, no indexes and no AUTO_INCREMENT unless the \
        statement says so, and row-based replication with GTIDs refused it before MySQL 8.0.21. Create the table \
        first, then copy in batches.",
    engines: &[Engine::MySql],
    severity: Severity::Warning,
    judges: Judges::Upgrades,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "CREATE TABLE old_users AS SELECT * FROM users;",
        good: "CREATE TABLE old_users LIKE users;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (index, facts) in subject.statements.iter().enumerate() {
        let created = facts.changes.iter().find_map(|change| match &change.action {
            Action::CreateTable { table, temporary: false, .. } => Some(table),
            _ => None,
        });
        let filled = facts.changes.iter().find(|change| matches!(change.action, Action::Insert { .. }));
        if let (Some(table), Some(filled)) = (created, filled) {
            hits.at(
                index,
                filled.span.clone(),
                "this locks the rows it reads until all are copied, and the new table has no keys of its own",
                format!(
                    "CREATE TABLE {table} LIKE … first, then INSERT INTO {table} SELECT … in batches of a key range",
                    table = quoted_name(subject.engine, table),
                ),
            );
        }
    }
}
