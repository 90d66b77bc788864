use crate::dialect::Engine;
use crate::lint::online_ddl::{of_used_tables, server_name, weight};
use crate::lint::{Action, Example, Hit, Hits, Judges, Rule, Severity, Subject};

/// An index that cannot be built online.
pub(super) const RULE: Rule = Rule {
    id: "fulltext-or-spatial-index",
    summary: "a FULLTEXT or SPATIAL index keeps writers out while it is built",
    explanation: "Other indexes are built beside writers; FULLTEXT and SPATIAL ones are not: writers wait until the \
        index is ready, and the first FULLTEXT index of a table rebuilds the table as well. No ALGORITHM or LOCK \
        changes that.",
    engines: &[Engine::MySql],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "CREATE FULLTEXT INDEX posts_body ON posts (body);",
        good: "CREATE INDEX posts_title ON posts (title);",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let server = server_name(subject);
    for (index, change, table) in of_used_tables(subject) {
        let Action::CreateIndex(new) = &change.action else { continue };
        if !new.special {
            continue;
        }
        let message = format!("{server} builds this index with {table} locked against writes");
        let remedy = "build it in a maintenance window, or with gh-ost or pt-online-schema-change".to_owned();
        hits.push(Hit {
            statement: Some(index),
            span: Some(change.span.clone()),
            line: None,
            severity: weight(subject, table),
            message,
            remedy,
        });
    }
}
