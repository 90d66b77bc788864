use crate::dialect::Engine;
use crate::lint::online_ddl::{of_used_tables, server_name, since, weight};
use crate::lint::{Action, Example, Hit, Hits, Judges, Rule, Severity, Subject};

/// A place for a new column.
pub(super) const RULE: Rule = Rule {
    id: "positioned-column",
    summary: "FIRST or AFTER rebuilds the table on servers before MySQL 8.0.29 and MariaDB 10.4",
    explanation: "Before MySQL 8.0.29 and MariaDB 10.4 a column can be added instantly only as the last one; at any \
        other place the whole table is rebuilt. Nothing needs the place: a query names its columns. Say the server \
        version (server_version) to have this judged exactly.",
    engines: &[Engine::MySql],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "ALTER TABLE users ADD COLUMN age int AFTER name;",
        good: "ALTER TABLE users ADD COLUMN age int;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let server = server_name(subject);
    for (index, change, table) in of_used_tables(subject) {
        let Action::AddColumn { positioned: true, .. } = &change.action else { continue };
        let known = subject.surroundings.server.as_ref();
        if known.is_some() && since(known, &[8, 0, 29], &[10, 4]) {
            continue;
        }
        let message = match known {
            Some(_) => format!("{server} rebuilds {table} to put the column there"),
            None => format!("before MySQL 8.0.29 and MariaDB 10.4 {table} is rebuilt to put the column there"),
        };
        let remedy = "add it as the last column: leave out FIRST or AFTER".to_owned();
        hits.push(Hit {
            statement: Some(index),
            span: Some(change.span.clone()),
            line: None,
            severity: known.is_none().then_some(Severity::Note).or(weight(subject, table)),
            message,
            remedy,
        });
    }
}
