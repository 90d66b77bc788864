use crate::dialect::Engine;
use crate::lint::{
    Action, Constraint, ConstraintKind, Default, Example, Hits, Judges, Name, Rule, Severity, Subject,
    locks::{quoted, quoted_name},
    sql_text::tidy,
};

/// A constraint that is checked against every row while the table is locked.
pub(super) const RULE: Rule = Rule {
    id: "blocking-constraint",
    summary: "a CHECK or FOREIGN KEY is added to a table in use without NOT VALID: every row is checked under the lock",
    explanation: "ADD CONSTRAINT reads every row that is there. For a CHECK that happens under an ACCESS EXCLUSIVE \
        lock, so that nobody reads or writes; for a foreign key under SHARE ROW EXCLUSIVE on both tables, so that \
        nobody writes to either. With NOT VALID the constraint holds for new rows at once and the lock is gone in an \
        instant; VALIDATE CONSTRAINT, in a later transaction, then reads the old rows beside readers and writers.",
    engines: &[Engine::Postgres],
    severity: Severity::Error,
    judges: Judges::Upgrades,
    examples: &[
        Example {
            engine: Engine::Postgres,
            bad: "ALTER TABLE orders ADD CONSTRAINT orders_user_fkey FOREIGN KEY (user_id) REFERENCES users (id);",
            good: "ALTER TABLE orders ADD CONSTRAINT orders_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;",
        },
        Example {
            engine: Engine::Postgres,
            bad: "ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0);",
            good: "ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID;",
        },
    ],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let clause = || tidy(subject, &subject.text(statement)[change.span.clone()]);
        match &change.action {
            Action::AddConstraint { table, constraint } if !constraint.not_valid => {
                let Some(message) = message(table, constraint) else { continue };
                let (name, quoted_table) = (quoted(&name(table, constraint)), quoted_name(table));
                let clause = clause();
                let remedy = format!(
                    "ALTER TABLE {quoted_table} {clause} NOT VALID; then, in a file of its own: ALTER TABLE {quoted_table} \
                     VALIDATE CONSTRAINT {name};"
                );
                hits.on_big_table(subject, (statement, change), message, remedy);
            }
            Action::AddColumn { table, column, .. } => {
                // A reference of a column that is NULL everywhere is not checked.
                let filled = match &column.default {
                    None => false,
                    Some(Default::Constant(value)) => !value.eq_ignore_ascii_case("null"),
                    Some(Default::Stable(_) | Default::Volatile(_)) => true,
                };
                if !column.check && (column.references.is_none() || !filled) {
                    continue;
                }
                let (table, name) = (quoted_name(table), quoted(&column.name));
                let what = if column.check { "CHECK" } else { "reference" };
                hits.on_big_table(
                    subject,
                    (statement, change),
                    format!("every row of {table} is read for the {what} of this column while nobody reads or writes"),
                    format!(
                        "ALTER TABLE {table} ADD COLUMN {name} {}; without it, then ALTER TABLE {table} ADD CONSTRAINT … \
                         NOT VALID; and VALIDATE CONSTRAINT in a file of its own",
                        column.data_type
                    ),
                );
            }
            _ => {}
        }
    }
}

fn message(table: &Name, constraint: &Constraint) -> Option<String> {
    let table = quoted_name(table);
    match &constraint.kind {
        ConstraintKind::Check | ConstraintKind::NotNull => {
            Some(format!("nobody reads or writes {table} while every row is checked (ACCESS EXCLUSIVE)"))
        }
        ConstraintKind::ForeignKey { references } => Some(format!(
            "nobody writes to {table} or {} while every row of {table} is checked (SHARE ROW EXCLUSIVE)",
            quoted_name(references)
        )),
        ConstraintKind::PrimaryKey | ConstraintKind::Unique | ConstraintKind::Exclude => None,
    }
}

/// Its name, or the one that PostgreSQL gives it.
fn name(table: &Name, constraint: &Constraint) -> String {
    if let Some(name) = &constraint.name {
        return name.clone();
    }
    let columns: String = constraint.columns.iter().map(|column| format!("_{column}")).collect();
    match constraint.kind {
        ConstraintKind::ForeignKey { .. } => format!("{}{columns}_fkey", table.name),
        ConstraintKind::NotNull => format!("{}{columns}_not_null", table.name),
        _ => format!("{}{columns}_check", table.name),
    }
}
