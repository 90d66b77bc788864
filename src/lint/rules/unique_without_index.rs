use crate::dialect::Engine;
use crate::lint::{
    Action, ConstraintKind, Example, Hits, Judges, Rule, Severity, Subject,
    locks::{quoted, quoted_name},
};

/// A constraint that builds its index under the strongest lock.
pub(super) const RULE: Rule = Rule {
    id: "unique-without-index",
    summary: "a UNIQUE or PRIMARY KEY constraint whose index is built while the table is locked",
    explanation: "Adding a UNIQUE or PRIMARY KEY constraint builds its index under an ACCESS EXCLUSIVE lock: nobody \
        reads or writes the table until it is done. Build the index first with CREATE UNIQUE INDEX \
        CONCURRENTLY, which keeps nobody out, and then add the constraint with USING INDEX: that only \
        changes the catalog. For a primary key the columns have to be NOT NULL before, or they are scanned.",
    engines: &[Engine::Postgres],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email);";
const GOOD: &str = "CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);\n\
    ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let (table, columns, name, primary) = match &change.action {
            Action::AddConstraint { table, constraint } if !constraint.using_index => {
                let primary = match constraint.kind {
                    ConstraintKind::PrimaryKey => true,
                    ConstraintKind::Unique => false,
                    _ => continue,
                };
                (table, constraint.columns.clone(), constraint.name.clone(), primary)
            }
            Action::AddColumn { table, column, .. } if column.unique || column.primary_key => {
                (table, vec![column.name.clone()], None, column.primary_key)
            }
            _ => continue,
        };
        let first = match &change.action {
            Action::AddColumn { table, column, .. } => {
                format!("ALTER TABLE {} ADD COLUMN {} {}; ", quoted_name(table), quoted(&column.name), column.data_type)
            }
            _ => String::new(),
        };
        let what = if primary { "PRIMARY KEY" } else { "UNIQUE" };
        let name = name.unwrap_or_else(|| match primary {
            true => format!("{}_pkey", table.name),
            false => format!("{}_{}_key", table.name, columns.join("_")),
        });
        let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        let (name, table) = (quoted(&name), quoted_name(table));
        hits.on_used_table(
            subject,
            (statement, change),
            format!("the index of {what} is built while nobody can read or write the table (ACCESS EXCLUSIVE)"),
            format!(
                "{first}CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({}); ALTER TABLE {table} ADD CONSTRAINT \
                 {name} {what} USING INDEX {name};",
                columns.join(", ")
            ),
        );
    }
}
