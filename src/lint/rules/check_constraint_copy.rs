use crate::dialect::Engine;
use crate::lint::online_ddl::{of_used_tables, server_name, weight};
use crate::lint::{Action, ConstraintKind, Example, Hit, Hits, Judges, Rule, Severity, Subject};

/// A CHECK that rows already there have to pass.
pub(super) const RULE: Rule = Rule {
    id: "check-constraint-copy",
    summary: "a CHECK is added to a table in use: the table is copied",
    explanation: "MySQL (from 8.0.16) and MariaDB add a CHECK that is enforced only by copying the table, whatever \
        check_constraint_checks says, and writers wait until the last row is copied and checked. On MariaDB a column \
        that is new can bring its CHECK along instantly. A CHECK that is NOT ENFORCED (MySQL) is added instantly, and \
        checks nothing; enforcing it later is the copy again.",
    engines: &[Engine::MySql],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "ALTER TABLE orders ADD CONSTRAINT positive CHECK (total >= 0);",
        good: "CREATE TABLE orders (id bigint PRIMARY KEY, total int, CONSTRAINT positive CHECK (total >= 0));",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    // Before 8.0.16 MySQL reads the clause and forgets it.
    if subject.is_older_than("MySQL", &[8, 0, 16]) {
        return;
    }
    let server = server_name(subject);
    for (index, change, table) in of_used_tables(subject) {
        let Action::AddConstraint { constraint, .. } = &change.action else { continue };
        if constraint.kind != ConstraintKind::Check || constraint.not_valid {
            continue;
        }
        hits.push(Hit {
            statement: Some(index),
            span: Some(change.span.clone()),
            line: None,
            severity: weight(subject, table),
            message: format!("{server} copies {table} to check every row of it, and writers wait until it is done"),
            remedy:
                "add it with gh-ost or pt-online-schema-change, or in a maintenance window; or let the application \
                     check, or triggers BEFORE INSERT and BEFORE UPDATE"
                    .to_owned(),
        });
    }
}
