use crate::dialect::Engine;
use crate::lint::{
    Action, Example, Hits, Judges, Rule, Severity, Subject,
    locks::{self, quoted_name},
    rule::Hit,
};

/// Rows written while a lock of a schema change is held.
pub(super) const RULE: Rule = Rule {
    id: "backfill-under-lock",
    summary: "rows are written in the transaction that has changed a table in use, under its lock",
    explanation: "ALTER TABLE takes its lock in an instant and keeps it until the transaction ends. An UPDATE of many \
        rows behind it in the same transaction makes that minutes, in which nobody reads or writes the table. Put the \
        rows into a file of their own, behind the one that changes the schema: the lock is gone by then, and they can \
        be written in batches.",
    engines: &[Engine::Postgres],
    severity: Severity::Error,
    judges: Judges::Upgrades,
    examples: &[Example {
        engine: Engine::Postgres,
        bad: "ALTER TABLE users ADD COLUMN email_lower text;\nUPDATE users SET email_lower = lower(email);",
        good: "ALTER TABLE users ADD COLUMN email_lower text;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let (verb, table, filtered) = match &change.action {
            Action::Update { table, filtered, bounded: false } => ("UPDATE", table, *filtered),
            Action::Delete { table, filtered, bounded: false } => ("DELETE", table, *filtered),
            Action::Insert { table, from_query: true } => ("INSERT … SELECT", table, false),
            _ => continue,
        };
        // What a WHERE leaves is mostly little; on a big table it may be a lot.
        let writes_old_rows = !matches!(change.action, Action::Insert { .. });
        if writes_old_rows && subject.is_new(table, statement) {
            continue;
        }
        if subject.is_small(table) || filtered && !subject.is_big(table) {
            continue;
        }
        let Some((since, locked, lock)) = locks::held_before(subject, statement) else { continue };
        let severity = match subject.is_big(locked) || subject.is_big(table) {
            true => None,
            false => Some(Severity::Warning),
        };
        let line = subject.script.statements[since].line;
        hits.push(Hit {
            statement: Some(statement),
            span: Some(change.span.clone()),
            line: None,
            severity,
            message: format!(
                "{} is locked ({}) since line {line} while this {verb} runs, and until the transaction ends",
                quoted_name(locked),
                lock.name()
            ),
            remedy: format!(
                "move it to a file of its own, behind this one; a big table in batches, by the key: {verb} … WHERE id \
                 BETWEEN 1 AND 5000"
            ),
        });
    }
}
