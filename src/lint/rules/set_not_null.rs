use crate::dialect::Engine;
use crate::lint::{
    Action, ConstraintKind, Example, Hits, Judges, Name, Rule, Severity, Subject,
    locks::{quoted, quoted_name},
};

/// A column that every row has to be read for before it may be `NOT NULL`.
pub(super) const RULE: Rule = Rule {
    id: "set-not-null",
    summary: "SET NOT NULL on a table in use: every row is read while nobody reads or writes",
    explanation: "SET NOT NULL reads the whole table under an ACCESS EXCLUSIVE lock to see that no row has NULL there. \
        Since PostgreSQL 12 it does not where a valid CHECK (column IS NOT NULL) says so already: add that with NOT \
        VALID, validate it in a later file (both keep nobody out), then SET NOT NULL and drop the CHECK. From its first \
        step on, releases that still write NULL fail: they have to be gone by then.",
    engines: &[Engine::Postgres],
    severity: Severity::Error,
    judges: Judges::Upgrades,
    examples: &[Example {
        engine: Engine::Postgres,
        bad: "ALTER TABLE users ALTER COLUMN email SET NOT NULL;",
        good: "ALTER TABLE users VALIDATE CONSTRAINT users_email_not_null;\n\
            ALTER TABLE users ALTER COLUMN email SET NOT NULL;\n\
            ALTER TABLE users DROP CONSTRAINT users_email_not_null;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let trusts_checks = !subject.is_older_than("PostgreSQL", &[12]);
    for (statement, change) in subject.changes() {
        let Action::SetNotNull { table, column } = &change.action else { continue };
        let is_checked = trusts_checks && is_checked(subject, statement, table, column);
        if is_checked || is_not_null_already(subject, statement, table, column) {
            continue;
        }
        let check = quoted(&format!("{}_{column}_not_null", table.name));
        let message = format!(
            "nobody reads or writes {} while every row is looked at (ACCESS EXCLUSIVE), unless a valid CHECK says that \
             {column} is never NULL; a release that still writes NULL fails",
            quoted_name(table)
        );
        let (table, column) = (quoted_name(table), quoted(column));
        let remedy = format!(
            "ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID; then, in a later file: \
             ALTER TABLE {table} VALIDATE CONSTRAINT {check}; ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL; \
             ALTER TABLE {table} DROP CONSTRAINT {check};"
        );
        hits.on_big_table(subject, (statement, change), message, remedy);
    }
}

/// Whether files say that the column is `NOT NULL` by then: nothing is left to look at.
fn is_not_null_already(subject: &Subject<'_>, statement: usize, table: &Name, column: &str) -> bool {
    let says = |action: &Action| match action {
        Action::CreateTable { table: of, columns, .. } if of.may_be(table) => {
            columns.iter().find(|definition| definition.name == column).map(|definition| definition.not_null)
        }
        Action::AddColumn { table: of, column: added, .. } if of.may_be(table) && added.name == column => {
            Some(added.not_null)
        }
        Action::SetNotNull { table: of, column: other } => (of.may_be(table) && other == column).then_some(true),
        Action::DropNotNull { table: of, column: other } => (of.may_be(table) && other == column).then_some(false),
        Action::RenameColumn { table: of, to, .. } => (of.may_be(table) && to == column).then_some(false),
        _ => None,
    };
    subject.history(statement).filter_map(|(_, change)| says(&change.action)).last().unwrap_or(false)
}

/// Whether files say that a constraint on this column was validated. One whose condition no file shows is trusted to
/// be the right one: why else would it be validated just before?
fn is_checked(subject: &Subject<'_>, statement: usize, table: &Name, column: &str) -> bool {
    let before: Vec<_> = subject.history(statement).map(|(_, change)| &change.action).collect();
    let demands = |name: &str| {
        let mut demanded = before.iter().filter_map(|action| match action {
            Action::AddConstraint { table: of, constraint } if of.may_be(table) => {
                (constraint.name.as_deref() == Some(name)).then_some(&constraint.columns)
            }
            _ => None,
        });
        demanded.next_back().is_none_or(|columns| columns.iter().any(|other| other == column))
    };
    before.iter().any(|action| match action {
        Action::ValidateConstraint { table: of, name } => of.may_be(table) && demands(name),
        Action::AddConstraint { table: of, constraint } => {
            let is_check = constraint.kind == ConstraintKind::Check && !constraint.not_valid;
            of.may_be(table) && is_check && constraint.columns == [column]
        }
        _ => false,
    })
}
