use crate::dialect::Engine;
use crate::lint::online_ddl::{of_used_tables, server_name, weight};
use crate::lint::sql_text::{one_line, quoted};
use crate::lint::{Action, ConstraintKind, Example, Hit, Hits, Judges, Name, Rule, Severity, Subject};

/// The primary key of a table in use.
pub(super) const RULE: Rule = Rule {
    id: "primary-key-rebuild",
    summary: "the primary key changes: the table is rebuilt or copied",
    explanation: "InnoDB keeps rows in the order of the primary key. ADD PRIMARY KEY builds the table and every index \
        anew, beside writers; DROP PRIMARY KEY alone copies it row by row, and writers wait until it is done. Both in \
        one statement rebuild it once.",
    engines: &[Engine::MySql],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "ALTER TABLE users DROP PRIMARY KEY;",
        good: "ALTER TABLE users DROP PRIMARY KEY, ADD PRIMARY KEY (id), ALGORITHM=INPLACE, LOCK=NONE;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let server = server_name(subject);
    for (index, change, table) in of_used_tables(subject) {
        let (Action::AddConstraint { .. } | Action::DropConstraint { name: None, .. }) = &change.action else {
            continue;
        };
        let drops = matches!(change.action, Action::DropConstraint { .. });
        if !drops && !is_key(&change.action) {
            continue;
        }
        let same = &subject.statements[index].changes;
        let replaces = same.iter().any(|other| is_key(&other.action));
        // Found once, where the old one is dropped.
        if !drops && same.len() > 1 {
            continue;
        }
        let text = one_line(subject, index);
        let (message, remedy) = match drops && !replaces {
            true => (
                format!(
                    "{server} copies {table} row by row to drop its primary key, and writers wait until it is done"
                ),
                format!(
                    "drop it and add the new one in one statement: {text}, ADD PRIMARY KEY ({}), ALGORITHM=INPLACE, LOCK=NONE",
                    later_key(subject, table).unwrap_or("…".into())
                ),
            ),
            false => (
                format!("{server} builds {table} and all its indexes anew for this primary key"),
                format!("let it fail where it would block: {text}, ALGORITHM=INPLACE, LOCK=NONE"),
            ),
        };
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

fn is_key(action: &Action) -> bool {
    matches!(action, Action::AddConstraint { constraint, .. } if constraint.kind == ConstraintKind::PrimaryKey)
}

/// The columns of the key that the section adds to `table`.
fn later_key(subject: &Subject<'_>, table: &Name) -> Option<String> {
    subject.changes().find_map(|(_, change)| match &change.action {
        Action::AddConstraint { table: altered, constraint } if is_key(&change.action) && altered.may_be(table) => {
            let columns: Vec<String> = constraint.columns.iter().map(|column| quoted(subject.engine, column)).collect();
            Some(columns.join(", "))
        }
        _ => None,
    })
}
