use crate::dialect::Engine;
use crate::lint::{
    Action, ColumnDefinition, Constraint, ConstraintKind, Example, Hits, Judges, Rule, Severity, Subject, locks::quoted,
};

/// A key that runs out.
pub(super) const RULE: Rule = Rule {
    id: "small-key",
    summary: "a primary key of 32 bits or fewer that numbers itself, and runs out",
    explanation: "integer ends at 2,147,483,647, also where most numbers are lost to rollbacks and conflicts: a table \
        that is written often gets there, and every INSERT fails from then on. Changing the type then \
        rewrites the table and every table that refers to it. bigint costs four bytes a row, often none \
        after padding.",
    engines: &[Engine::Postgres],
    severity: Severity::Note,
    judges: Judges::Upgrades,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "CREATE TABLE events (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);";
const GOOD: &str = "CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);";

const SMALL: [&str; 9] = ["int", "int4", "integer", "serial", "serial4", "smallint", "int2", "smallserial", "serial2"];

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let (columns, constraints): (&[ColumnDefinition], &[Constraint]) = match &change.action {
            Action::CreateTable { columns, constraints, temporary: false, .. } => (columns, constraints),
            Action::AddColumn { column, .. } => (std::slice::from_ref(column), &[]),
            _ => continue,
        };
        let alone = |column: &ColumnDefinition| {
            constraints.iter().any(|constraint| {
                constraint.kind == ConstraintKind::PrimaryKey && constraint.columns == [column.name.clone()]
            })
        };
        for column in columns {
            let key = column.primary_key || alone(column);
            if key && column.identity && SMALL.contains(&column.data_type.as_str()) {
                hits.at(
                    statement,
                    change.span.clone(),
                    format!("{} is {} and runs out at {}", column.name, column.data_type, last(&column.data_type)),
                    format!("{} bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", quoted(&column.name)),
                );
            }
        }
    }
}

fn last(data_type: &str) -> &'static str {
    match data_type {
        "smallint" | "int2" | "smallserial" | "serial2" => "32,767",
        _ => "2,147,483,647",
    }
}
