use crate::dialect::Engine;
use crate::lint::rebuild::{quoted, steps};
use crate::lint::{Action, ColumnDefinition, Default, Example, Hits, Judges, Name, Rule, Severity, Subject, pragmas};

/// `ADD COLUMN` that SQLite refuses.
pub(super) const RULE: Rule = Rule {
    id: "refused-add-column",
    summary: "ADD COLUMN in a form that SQLite refuses, always or on a table with rows",
    explanation: "SQLite adds a column without touching the rows, so that it can only add what needs no look at them. \
        PRIMARY KEY and UNIQUE are refused always. On a table with rows NOT NULL without a default, a default that is \
        no literal (CURRENT_TIMESTAMP, an expression), and a STORED generated column are refused too; on an empty \
        test database the migration passes, in production it fails. With foreign keys on (in dbwarden's sessions they \
        are off unless the file says otherwise) so is REFERENCES with a default other than NULL.",
    engines: &[Engine::Sqlite],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[
        Example {
            engine: Engine::Sqlite,
            bad: "ALTER TABLE users ADD COLUMN email TEXT UNIQUE;",
            good: "ALTER TABLE users ADD COLUMN email TEXT;\nCREATE UNIQUE INDEX users_email ON users (email);",
        },
        Example {
            engine: Engine::Sqlite,
            bad: "ALTER TABLE users ADD COLUMN created_at TEXT DEFAULT CURRENT_TIMESTAMP;",
            good: "ALTER TABLE users ADD COLUMN created_at TEXT;\nUPDATE users SET created_at = CURRENT_TIMESTAMP;",
        },
    ],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::AddColumn { table, column, .. } = &change.action else { continue };
        let foreign_keys = pragmas::is_on_at(subject, "foreign_keys", statement);
        let refusal = refused_always(table, column).or_else(|| {
            (!subject.is_empty(table, statement)).then(|| refused_with_rows(table, column, foreign_keys)).flatten()
        });
        if let Some((message, remedy)) = refusal {
            hits.at(statement, change.span.clone(), message, remedy);
        }
    }
}

fn refused_always(table: &Name, column: &ColumnDefinition) -> Option<(String, String)> {
    if column.primary_key {
        return Some(("SQLite refuses to add a PRIMARY KEY column".into(), steps(table)));
    }
    if column.unique {
        let (table, name) = (quoted(&table.name), quoted(&column.name));
        let index = quoted(&format!("{}_{}", table.trim_matches('"'), column.name));
        let add = without_unique(column);
        return Some((
            "SQLite refuses to add a UNIQUE column".into(),
            format!("ALTER TABLE {table} ADD COLUMN {add}; CREATE UNIQUE INDEX {index} ON {table} ({name});"),
        ));
    }
    None
}

fn refused_with_rows(table: &Name, column: &ColumnDefinition, foreign_keys: bool) -> Option<(String, String)> {
    let (quoted_table, name) = (quoted(&table.name), quoted(&column.name));
    let null = match &column.default {
        None => true,
        Some(Default::Constant(value)) => value.trim_matches(['(', ')']).eq_ignore_ascii_case("null"),
        Some(_) => false,
    };
    match &column.default {
        Some(Default::Stable(value) | Default::Volatile(value)) => Some((
            format!("SQLite refuses a default that is no literal ({value}) when the table has rows"),
            match column.not_null {
                false => format!(
                    "ALTER TABLE {quoted_table} ADD COLUMN {name} {}; UPDATE {quoted_table} SET {name} = {value}; for rows to \
                     come the default takes a rebuild",
                    column.data_type
                ),
                true => steps(table),
            },
        )),
        _ if column.generated_stored => Some((
            "SQLite refuses to add a STORED generated column when the table has rows".into(),
            "make it VIRTUAL, or build the table anew".into(),
        )),
        _ if column.not_null && null && !column.generated_virtual => Some((
            "SQLite refuses NOT NULL without a default other than NULL when the table has rows".into(),
            format!(
                "give it a literal as default: ALTER TABLE {quoted_table} ADD COLUMN {name} {} NOT NULL DEFAULT {};",
                column.data_type,
                literal(&column.data_type)
            ),
        )),
        _ if foreign_keys && column.references.is_some() && !null => Some((
            "SQLite refuses REFERENCES with a default other than NULL while foreign keys are on".into(),
            "leave PRAGMA foreign_keys out: dbwarden runs the file with foreign keys off and checks them before the commit"
                .into(),
        )),
        _ => None,
    }
}

/// The column's definition without `UNIQUE`.
fn without_unique(column: &ColumnDefinition) -> String {
    let default = match &column.default {
        Some(Default::Constant(value)) => format!(" DEFAULT {value}"),
        _ => String::new(),
    };
    let not_null = if column.not_null && !default.is_empty() { " NOT NULL" } else { "" };
    format!("{} {}{not_null}{default}", quoted(&column.name), column.data_type).trim().to_owned()
}

/// A value that fits the type, by SQLite's rules of affinity.
fn literal(data_type: &str) -> &'static str {
    let is_text = ["char", "clob", "text"].iter().any(|part| data_type.contains(part));
    if is_text && !data_type.contains("int") { "''" } else { "0" }
}
