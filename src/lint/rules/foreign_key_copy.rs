use crate::dialect::Engine;
use crate::lint::online_ddl::{of_used_tables, server_name, weight};
use crate::lint::sql_text::one_line;
use crate::lint::{Action, ConstraintKind, Example, Hit, Hits, Judges, Rule, Severity, Subject};

/// A foreign key on a table in use.
pub(super) const RULE: Rule = Rule {
    id: "foreign-key-copy",
    summary: "a foreign key is added with its checks on: the table is copied",
    explanation: "With foreign_key_checks on, which is the default, InnoDB can add a foreign key only by copying the \
        table (MySQL 5.6 and later, MariaDB too); writers wait until it is done, and the table referred to is locked \
        for a moment as well. With the checks off it is added in place beside writers, and rows that are there already \
        are not checked: look for those first.",
    engines: &[Engine::MySql],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id);",
        good: "SET foreign_key_checks = 0;\nALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id), ALGORITHM=INPLACE, LOCK=NONE;\nSET foreign_key_checks = 1;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let server = server_name(subject);
    for (index, change, table) in of_used_tables(subject) {
        let Action::AddConstraint { constraint, .. } = &change.action else { continue };
        let ConstraintKind::ForeignKey { references } = &constraint.kind else { continue };
        if subject.foreign_key_checks_are_off(index) {
            continue;
        }
        let message = format!(
            "with foreign_key_checks on {server} copies {table} to add this, and writers wait until it is done"
        );
        let column = constraint.columns.first().map_or("the column", String::as_str);
        let remedy = format!(
            "look for rows of {table} whose {column} is not in {references}, then: SET foreign_key_checks = 0; {}, \
             ALGORITHM=INPLACE, LOCK=NONE; SET foreign_key_checks = 1",
            one_line(subject, index)
        );
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
