use crate::dialect::Engine;
use crate::lint::{Action, ConstraintKind, Example, Hit, Hits, Judges, Rule, Severity, Subject};

/// A table without a primary key.
pub(super) const RULE: Rule = Rule {
    id: "table-without-primary-key",
    summary: "a table is created without a primary key",
    explanation: "InnoDB then orders rows by a hidden number that nothing can use. Row-based replication searches the \
        whole table for every changed row, Group Replication and Galera refuse or break it, and gh-ost and \
        pt-online-schema-change cannot alter it later. MySQL refuses such tables with sql_require_primary_key.",
    engines: &[Engine::MySql],
    severity: Severity::Warning,
    judges: Judges::Upgrades,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "CREATE TABLE t (a int, b int);",
        good: "CREATE TABLE t (a int, b int, PRIMARY KEY (a, b));",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (index, change) in subject.changes() {
        let Action::CreateTable { table, columns, constraints, temporary: false, from_elsewhere: false, .. } =
            &change.action
        else {
            continue;
        };
        let is_key = |kind: &ConstraintKind| *kind == ConstraintKind::PrimaryKey;
        let added_later = subject.changes().any(|(_, later)| {
            matches!(&later.action, Action::AddConstraint { table: altered, constraint }
                if is_key(&constraint.kind) && altered.may_be(table))
        });
        let has_key = columns.iter().any(|column| column.primary_key)
            || constraints.iter().any(|constraint| is_key(&constraint.kind))
            || added_later;
        if columns.is_empty() || has_key {
            continue;
        }
        let unique = constraints.iter().find(|constraint| {
            let not_null =
                |name: &String| columns.iter().any(|column| column.name.eq_ignore_ascii_case(name) && column.not_null);
            constraint.kind == ConstraintKind::Unique
                && !constraint.columns.is_empty()
                && constraint.columns.iter().all(not_null)
        });
        // InnoDB orders rows by a unique key without NULL instead.
        let remedy = match unique {
            Some(unique) => format!("make the unique key the primary one: PRIMARY KEY ({})", unique.columns.join(", ")),
            None => {
                "add a key: id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, or PRIMARY KEY (…) of its columns"
                    .into()
            }
        };
        hits.push(Hit {
            statement: Some(index),
            span: Some(change.span.clone()),
            line: None,
            severity: unique.map(|_| Severity::Note),
            message: format!("{table} has no primary key: replication and online tools need one"),
            remedy,
        });
    }
}
