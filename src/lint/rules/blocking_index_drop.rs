use crate::dialect::Engine;
use crate::lint::{
    Action, Example, Hits, Judges, Name, Rule, Severity, Subject, locks::quoted_name, rule::Hit, sql_text::one_line,
};

/// An index dropped under the strongest lock of its table.
pub(super) const RULE: Rule = Rule {
    id: "blocking-index-drop",
    summary: "an index is dropped without CONCURRENTLY: its table is locked for readers too",
    explanation: "DROP INDEX takes an ACCESS EXCLUSIVE lock on the index's table. Dropping is quick, but it waits for \
        every transaction that uses the table, whoever comes behind waits with it, and the lock is kept until the \
        transaction ends. With the lock timeout that dbwarden sets it gives up and tries again. DROP INDEX \
        CONCURRENTLY keeps nobody out; it takes one index and no CASCADE.",
    engines: &[Engine::Postgres],
    severity: Severity::Note,
    judges: Judges::Upgrades,
    examples: &[Example {
        engine: Engine::Postgres,
        bad: "DROP INDEX users_email;",
        good: "DROP INDEX CONCURRENTLY users_email;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::DropIndex { index, concurrently: false, if_exists, .. } = &change.action else { continue };
        if is_of_new_table(subject, index, statement) {
            continue;
        }
        let alone = subject.statements[statement].changes.len() == 1;
        let remedy = match (alone, if_exists) {
            (true, _) => one_line(subject, statement),
            (false, true) => format!("DROP INDEX IF EXISTS {}", quoted_name(index)),
            (false, false) => format!("DROP INDEX {}", quoted_name(index)),
        };
        hits.push(Hit {
            statement: Some(statement),
            span: Some(change.span.clone()),
            line: None,
            severity: None,
            message: "the table of this index is locked (ACCESS EXCLUSIVE) until the transaction ends".to_owned(),
            remedy: format!("DROP INDEX CONCURRENTLY{};", &remedy["DROP INDEX".len()..]),
        });
    }
}

/// Whether the set created the index on a table that it created too.
fn is_of_new_table(subject: &Subject<'_>, index: &Name, statement: usize) -> bool {
    subject.history(statement).any(|(_, change)| match &change.action {
        Action::CreateIndex(created) => {
            created.name.as_ref().is_some_and(|name| name.may_be(index)) && subject.is_new(&created.table, statement)
        }
        _ => false,
    })
}
