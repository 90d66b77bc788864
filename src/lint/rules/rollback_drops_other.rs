use crate::dialect::Engine;
use crate::lint::sql_text::quoted_name;
use crate::lint::{
    Action, Change, Example, Facts, Hit, Hits, Judges, Name, Rule, Severity, Subject, made, replacement,
};

/// A rollback that drops what the upgrade did not make.
pub(super) const RULE: Rule = Rule {
    id: "rollback-drops-other",
    summary: "the rollback drops a table or column that the upgrade did not make, or empties one",
    explanation: "A rollback puts back what was there before its upgrade. What the upgrade did not make was there: \
        dropping it loses its rows, and the older releases that the rollback is for need it. Usually a name was \
        mistyped, or the statement belongs to another file. A table that is emptied, because the upgrade inserted a few \
        rows, loses those of everybody else (a warning). Looked at only where every statement of the upgrade is \
        understood.",
    engines: &Engine::ALL,
    severity: Severity::Error,
    judges: Judges::Rollbacks,
    examples: &[
        Example { engine: Engine::Postgres, bad: BAD, good: GOOD },
        Example { engine: Engine::MySql, bad: BAD, good: GOOD },
        Example { engine: Engine::Sqlite, bad: BAD, good: GOOD },
    ],
    find,
};

const BAD: &str = "-- upgrade\nCREATE TABLE orders (id int PRIMARY KEY);\n-- rollback\nDROP TABLE users;\n";
const GOOD: &str = "-- upgrade\nCREATE TABLE orders (id int PRIMARY KEY);\n-- rollback\nDROP TABLE orders;\n";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let Some(upgrade) = subject.other.filter(|upgrade| made::is_known(upgrade)) else { return };
    for (statement, change) in subject.changes() {
        let (what, is_own) = match &change.action {
            Action::DropTable { table, .. } => {
                let is_set_aside = replacement::table_returns(subject, table, statement);
                (format!("table {table}"), is_set_aside || makes_table(upgrade, table))
            }
            Action::DropColumn { table, column } => {
                let is_own = makes_table(upgrade, table) || makes_column(upgrade, table, column);
                (format!("column {column} of {table}"), is_own || makes_column(subject.statements, table, column))
            }
            _ => {
                empties(subject, upgrade, (statement, change), hits);
                continue;
            }
        };
        let is_new = change.action.table().is_some_and(|table| {
            let here = subject.created_here.get().is_some_and(|here| here.contains(table, statement));
            here || subject.is_new(table, statement)
        });
        if is_own || is_new {
            continue;
        }
        hits.at(
            statement,
            change.span.clone(),
            format!("the upgrade did not make {what}: rolling back loses what it held before"),
            "drop only what the upgrade of this file makes",
        );
    }
}

/// The opposite of a few rows inserted is not a table without any.
fn empties(subject: &Subject<'_>, upgrade: &[Facts], (statement, change): (usize, &Change), hits: &mut Hits) {
    let emptied = |action: &'_ Action| match action {
        Action::Truncate { table, .. } | Action::Delete { table, filtered: false, bounded: false } => {
            Some(table.clone())
        }
        _ => None,
    };
    let Some(table) = emptied(&change.action) else { return };
    let is_lost = |action: &Action| emptied(action).is_some_and(|other| other.may_be(&table));
    let is_dropped = subject.changes().any(|(index, other)| match &other.action {
        Action::DropTable { table: dropped, .. } => index > statement && dropped.may_be(&table),
        _ => false,
    });
    let is_own = makes_table(upgrade, &table) || subject.is_new(&table, statement) || changes(upgrade).any(is_lost);
    if is_own || is_dropped || replacement::table_returns(subject, &table, statement) {
        return;
    }
    hits.push(Hit {
        statement: Some(statement),
        span: Some(change.span.clone()),
        line: None,
        severity: Some(Severity::Warning),
        message: format!("rolling back empties {table}, also of the rows that the upgrade did not insert"),
        remedy: format!("name the rows of the upgrade: DELETE FROM {} WHERE …", quoted_name(subject.engine, &table)),
    });
}

fn makes_table(statements: &[Facts], table: &Name) -> bool {
    changes(statements).any(|action| match action {
        Action::CreateTable { table: made, .. } => made.may_be(table),
        Action::RenameTable { to, .. } => to.may_be(table),
        _ => false,
    })
}

fn makes_column(statements: &[Facts], table: &Name, column: &str) -> bool {
    changes(statements).any(|action| match action {
        Action::AddColumn { table: of, column: made, .. } | Action::ChangeType { table: of, column: made, .. } => {
            of.may_be(table) && made.name.eq_ignore_ascii_case(column)
        }
        Action::RenameColumn { table: of, to, .. } => of.may_be(table) && to.eq_ignore_ascii_case(column),
        _ => false,
    })
}

fn changes(statements: &[Facts]) -> impl Iterator<Item = &Action> {
    statements.iter().flat_map(|facts| &facts.changes).map(|change| &change.action)
}
