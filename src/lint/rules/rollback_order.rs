use crate::dialect::Engine;
use crate::lint::{Action, Change, ConstraintKind, Example, Facts, Hits, Judges, Name, Rule, Severity, Subject};

/// A rollback that cannot run to its end, because it takes things away in the wrong order.
pub(super) const RULE: Rule = Rule {
    id: "rollback-order",
    summary: "the rollback takes things away in an order in which it fails",
    explanation: "A statement that names a table dropped just before it fails, and so does the drop of a table that \
        another one still refers to (on PostgreSQL, and on MySQL with foreign_key_checks on). The rollback then stops \
        half way, or undoes nothing, when it is needed most. Undo the upgrade's statements from the last to the \
        first.",
    engines: &Engine::ALL,
    severity: Severity::Error,
    judges: Judges::Rollbacks,
    examples: &[
        Example { engine: Engine::Postgres, bad: REFERENCED, good: BACKWARDS },
        Example { engine: Engine::MySql, bad: REFERENCED, good: BACKWARDS },
        Example { engine: Engine::Sqlite, bad: GONE, good: BACKWARDS },
    ],
    find,
};

const REFERENCED: &str = "-- upgrade\nCREATE TABLE users (id int PRIMARY KEY);\n\
    CREATE TABLE orders (id int PRIMARY KEY, user_id int, FOREIGN KEY (user_id) REFERENCES users (id));\n\
    -- rollback\nDROP TABLE users;\nDROP TABLE orders;\n";
const BACKWARDS: &str = "-- upgrade\nCREATE TABLE users (id int PRIMARY KEY);\n\
    CREATE TABLE orders (id int PRIMARY KEY, user_id int, FOREIGN KEY (user_id) REFERENCES users (id));\n\
    -- rollback\nDROP TABLE orders;\nDROP TABLE users;\n";
const GONE: &str = "-- upgrade\nCREATE TABLE users (id int PRIMARY KEY);\n-- rollback\nDROP TABLE users;\n\
    ALTER TABLE users DROP COLUMN id;\n";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let drops = subject.changes().filter_map(|(statement, change)| match &change.action {
        Action::DropTable { table, cascade, .. } => Some((statement, change, table, *cascade)),
        _ => None,
    });
    for (statement, change, table, cascade) in drops {
        if let Some((other, used)) = use_behind(subject, statement, table) {
            hits.at(
                other,
                used.span.clone(),
                format!("{table} was dropped in line {}: this fails", subject.script.statements[statement].line),
                "undo the upgrade's statements from the last to the first, or leave this one out",
            );
        }
        if cascade || !checks_references(subject, statement) {
            continue;
        }
        if let Some((child, line)) = child_dropped_behind(subject, statement, table) {
            hits.at(
                statement,
                change.span.clone(),
                format!("{child} still refers to {table}, and is dropped only in line {line}: this fails"),
                format!(
                    "drop {child} first, or its foreign key: undo the upgrade from the last statement to the first"
                ),
            );
        }
    }
}

/// The first statement behind a drop that needs the table, unless the table is made again before it.
fn use_behind<'a>(subject: &Subject<'a>, dropped: usize, table: &Name) -> Option<(usize, &'a Change)> {
    let indexes: Vec<&Name> = subject.other.into_iter().flatten().flat_map(|facts| indexes_of(facts, table)).collect();
    let behind = subject.changes().skip_while(|(index, _)| *index <= dropped);
    let until_made = behind.take_while(|(_, change)| match &change.action {
        Action::CreateTable { table: made, .. } => !made.may_be(table),
        Action::RenameTable { to, .. } => !to.may_be(table),
        _ => true,
    });
    let needs_it = |action: &Action| match action {
        Action::DropTable { .. } | Action::Drop { .. } => false,
        Action::DropIndex { if_exists: true, .. } => false,
        Action::DropIndex { index, table: None, .. } => indexes.iter().any(|made| made.may_be(index)),
        action => action.table().is_some_and(|used| used.may_be(table)),
    };
    until_made.into_iter().find(|(_, change)| needs_it(&change.action))
}

/// The indexes that a statement makes on a table.
fn indexes_of<'a>(facts: &'a Facts, table: &Name) -> Vec<&'a Name> {
    let indexes = facts.changes.iter().filter_map(|change| match &change.action {
        Action::CreateIndex(index) if index.table.may_be(table) => index.name.as_ref(),
        _ => None,
    });
    indexes.collect()
}

/// Whether dropping a table that another one refers to fails here.
fn checks_references(subject: &Subject<'_>, statement: usize) -> bool {
    match subject.engine {
        Engine::Postgres => true,
        // dbwarden switches them off around a migration, as sqlite3 does, and looks at the rows at the end.
        Engine::Sqlite => false,
        Engine::MySql => !subject.foreign_key_checks_are_off(statement),
    }
}

/// A table of the upgrade that refers to this one, and is dropped only later; with that line.
fn child_dropped_behind<'a>(subject: &Subject<'a>, statement: usize, table: &Name) -> Option<(&'a Name, usize)> {
    let upgrade = subject.other?;
    let children = upgrade.iter().flat_map(|facts| &facts.changes).filter(|change| refers_to(&change.action, table));
    children.filter_map(|change| change.action.table()).filter(|child| !child.may_be(table)).find_map(|child| {
        let mut undoing = subject.changes().filter(|(_, change)| match &change.action {
            Action::DropTable { table: dropped, .. } => dropped.may_be(child),
            Action::DropConstraint { table: of, .. } | Action::DropColumn { table: of, .. } => of.may_be(child),
            _ => false,
        });
        let (first, _) = undoing.next()?;
        (first > statement).then(|| (child, subject.script.statements[first].line))
    })
}

fn refers_to(action: &Action, table: &Name) -> bool {
    let refers =
        |kind: &ConstraintKind| matches!(kind, ConstraintKind::ForeignKey { references } if references.may_be(table));
    match action {
        Action::CreateTable { columns, constraints, .. } => {
            let of_column = columns.iter().filter_map(|column| column.references.as_ref());
            of_column.into_iter().any(|references| references.may_be(table))
                || constraints.iter().any(|constraint| refers(&constraint.kind))
        }
        Action::AddConstraint { constraint, .. } => refers(&constraint.kind),
        Action::AddColumn { column, .. } => column.references.as_ref().is_some_and(|other| other.may_be(table)),
        _ => false,
    }
}
