use crate::dialect::Engine;
use crate::lint::online_ddl::{is_mariadb, of_used_tables, server_name, weight};
use crate::lint::{Action, Example, Hit, Hits, Judges, Rule, Severity, Subject};

/// A column that cannot be added online.
pub(super) const RULE: Rule = Rule {
    id: "added-column-copy",
    summary: "a column is added that every row has to be written for",
    explanation: "A STORED generated column, and on MySQL a column with a CHECK, makes the server copy the table row \
        by row; an AUTO_INCREMENT column rebuilds it. Writers wait until it is done in each case. A VIRTUAL column is \
        computed on reading, is added instantly and can be indexed all the same.",
    engines: &[Engine::MySql],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "ALTER TABLE orders ADD total int AS (price * pieces) STORED;",
        good: "ALTER TABLE orders ADD total int AS (price * pieces) VIRTUAL;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let server = server_name(subject);
    // MariaDB adds a column with its CHECK instantly.
    let on_mariadb = subject.surroundings.server.as_ref().is_some_and(is_mariadb);
    for (index, change, table) in of_used_tables(subject) {
        let Action::AddColumn { column, .. } = &change.action else { continue };
        let (why, remedy) = if column.generated_stored {
            (
                "the column is STORED",
                "make it VIRTUAL: it is added instantly, and an index on it is built beside writers",
            )
        } else if column.identity {
            ("every row gets a number", "add it with gh-ost or pt-online-schema-change, or in a maintenance window")
        } else if column.check && !on_mariadb {
            ("every row is checked", "add the column without the CHECK, and let the application check")
        } else {
            continue;
        };
        let remedy = remedy.to_owned();
        let message =
            format!("{server} writes every row of {table} anew, because {why}, and writers wait until it is done");
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
