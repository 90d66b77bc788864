use crate::dialect::Engine;
use crate::lint::{Action, ColumnDefinition, Default, Example, Hits, Judges, Rule, Severity, Subject};

/// `DEFAULT '0000-00-00'`.
pub(super) const RULE: Rule = Rule {
    id: "zero-date",
    summary: "a zero date as default is refused in strict mode",
    explanation: "0000-00-00 is no date. NO_ZERO_DATE, on by default in MySQL since 5.7, refuses it as a default \
        (error 1067), so that the table cannot be created or altered on such a server, and drivers fail to read it.",
    engines: &[Engine::MySql],
    severity: Severity::Warning,
    judges: Judges::Upgrades,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "CREATE TABLE t (id int PRIMARY KEY, d datetime DEFAULT '0000-00-00 00:00:00');",
        good: "CREATE TABLE t (id int PRIMARY KEY, d datetime NULL);",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let zero = |column: &&ColumnDefinition| match &column.default {
        Some(Default::Constant(value)) => value.trim_matches(['\'', '"']).starts_with("0000-00-00"),
        _ => false,
    };
    for (index, change) in subject.changes() {
        let found = match &change.action {
            Action::CreateTable { columns, .. } => columns.iter().find(zero),
            Action::AddColumn { column, .. } | Action::ChangeType { column, .. } => Some(column).filter(zero),
            _ => None,
        };
        if let Some(column) = found {
            hits.at(
                index,
                change.span.clone(),
                format!("the default of {} is no date: strict servers refuse the statement", column.name),
                format!("{} {} NULL, or DEFAULT CURRENT_TIMESTAMP", column.name, column.data_type),
            );
        }
    }
}
