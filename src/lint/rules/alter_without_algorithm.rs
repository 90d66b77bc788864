use crate::dialect::Engine;
use crate::lint::online_ddl::{Way, of_statement, since};
use crate::lint::sql_text::one_line;
use crate::lint::{Action, ConstraintKind, Example, Hit, Hits, Judges, Rule, Severity, Subject};

/// An `ALTER TABLE` that could say that it must not block, and does not.
pub(super) const RULE: Rule = Rule {
    id: "alter-without-algorithm",
    summary: "a table in use is altered without ALGORITHM, so that the server may silently copy it",
    explanation: "Without ALGORITHM the server takes the best way it finds. When that is not the one you expect (an \
        older server, a compressed or full-text table, a table that was altered too often), it silently copies the \
        whole table instead, and writers wait until it is done. With ALGORITHM the statement fails at once, having \
        done nothing. ALGORITHM=INSTANT changes only the table's description (MySQL 8.0.12, MariaDB 10.3); \
        ALGORITHM=INPLACE, LOCK=NONE works beside writers. Both still need the metadata lock for a moment.",
    engines: &[Engine::MySql],
    severity: Severity::Note,
    judges: Judges::Upgrades,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "ALTER TABLE users ADD COLUMN age int;",
        good: "ALTER TABLE users ADD COLUMN age int, ALGORITHM=INSTANT;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let server = subject.surroundings.server.as_ref();
    for (index, facts) in subject.statements.iter().enumerate() {
        let Some(table) = facts.changes.first().and_then(|change| change.action.table()) else { continue };
        // A new name is instant; what rebuilds the table is found by rules of its own, with the same remedy.
        let left_to_others = |action: &Action| match action {
            Action::RenameTable { .. } | Action::Maintain { .. } => true,
            // The grammars of both servers have no ALGORITHM behind a clause about partitions.
            Action::DetachPartition { .. } => true,
            Action::SetTableOption { option, .. } if option.name.contains("PARTITION") => true,
            Action::Truncate { .. } => true,
            Action::AddConstraint { constraint, .. } => constraint.kind == ConstraintKind::PrimaryKey,
            Action::SetTableOption { option, .. } => {
                matches!(option.name.as_str(), "ROW_FORMAT" | "KEY_BLOCK_SIZE" | "FORCE")
            }
            _ => false,
        };
        if facts.algorithm.is_some()
            || facts.changes.iter().any(|change| left_to_others(&change.action))
            || subject.is_new(table, index)
            || subject.is_small(table)
        {
            continue;
        }
        let Some(verdict) = of_statement(facts, server).filter(|verdict| verdict.writes && verdict.way != Way::Copy)
        else {
            continue;
        };
        // A server that is known does it instantly by itself.
        if verdict.way == Way::Metadata && server.is_some() {
            continue;
        }
        let can_be_instant = since(server, &[8, 0, 12], &[10, 3, 7]);
        let clause = match verdict.way {
            Way::Metadata if can_be_instant => ["ALGORITHM=INSTANT", ""],
            _ if facts.lock.is_some() => ["ALGORITHM=INPLACE", ""],
            _ => ["ALGORITHM=INPLACE", "LOCK=NONE"],
        };
        let standalone = |action: &Action| match action {
            Action::CreateIndex(index) => !index.in_alter,
            Action::DropIndex { .. } => subject.text(index).trim_start().to_ascii_uppercase().starts_with("DROP"),
            _ => false,
        };
        let separator = if standalone(&facts.changes[0].action) { " " } else { ", " };
        let clause = clause.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(separator);
        let text = one_line(subject, index);
        hits.push(Hit {
            statement: Some(index),
            span: None,
            line: None,
            severity: None,
            message: format!(
                "nothing keeps the server from copying {table}, with its writers waiting, where it cannot do this online"
            ),
            remedy: format!("let it fail instead: {text}{separator}{clause}"),
        });
    }
}
