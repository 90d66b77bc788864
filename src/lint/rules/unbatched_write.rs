use crate::dialect::Engine;
use crate::lint::{Action, Change, Example, Hit, Hits, Judges, Rule, Severity, Subject, locks, sql_text::tidy};

/// A write to a whole table.
pub(super) const RULE: Rule = Rule {
    id: "unbatched-write",
    summary: "every row of a table in use is written in one statement",
    explanation: "UPDATE and DELETE lock each row they touch until their transaction ends; without a WHERE or a LIMIT \
        that is all of them. Other writers wait (on MySQL until innodb_lock_wait_timeout), the undo log grows or, on \
        PostgreSQL, the table doubles in size, and replicas fall behind by as long as it took. Batches of a few \
        thousand rows hold locks for moments.",
    engines: &[Engine::Postgres, Engine::MySql],
    severity: Severity::Warning,
    judges: Judges::Upgrades,
    examples: &[
        Example { engine: Engine::Postgres, bad: BAD, good: GOOD },
        Example { engine: Engine::MySql, bad: BAD, good: GOOD },
    ],
    find,
};

const BAD: &str = "UPDATE users SET active = 1;";
const GOOD: &str = "UPDATE users SET active = 1 WHERE id BETWEEN 1 AND 1000;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (index, change) in subject.changes() {
        let (verb, table, filtered) = match &change.action {
            Action::Update { table, filtered, bounded: false } => ("UPDATE", table, *filtered),
            // Without a WHERE it is the loss of the rows that is found.
            Action::Delete { table, filtered: true, bounded: false } => ("DELETE", table, true),
            _ => continue,
        };
        // With a lock held beside, that is found.
        if subject.engine == Engine::Postgres && locks::held_before(subject, index).is_some() {
            continue;
        }
        let big = subject.size(table).is_some_and(|size| size.rows >= 100_000);
        // What a WHERE leaves is not known; on a big table it may be a lot.
        if subject.is_new(table, index) || subject.is_small(table) || filtered && !big {
            continue;
        }
        let (rows, severity) = match filtered {
            true => ("the rows it finds", Some(Severity::Note)),
            false => ("every row", None),
        };
        let and = if filtered { "AND" } else { "WHERE" };
        hits.push(Hit {
            statement: Some(index),
            span: Some(change.span.clone()),
            line: None,
            severity,
            message: format!("this {verb} locks {rows} of {table} until it is committed, and other writers wait"),
            remedy: format!("in batches, by the key: {} {and} id BETWEEN 1 AND 5000", written(subject, index, change)),
        });
    }
}

/// The statement that writes: of a `DO` block the one inside it, else all of it, `WITH` and what else there is.
fn written(subject: &Subject<'_>, statement: usize, change: &Change) -> String {
    let text = subject.text(statement);
    let is_block = text.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("do"));
    let inside = text.get(change.span.clone()).filter(|_| is_block);
    tidy(subject, inside.unwrap_or(text)).trim_end_matches(';').to_owned()
}
