use crate::dialect::Engine;
use crate::lint::sql_text::quoted_name;
use crate::lint::types::{is_narrower, known_type};
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject};

/// A type that does not hold what the old one held.
pub(super) const RULE: Rule = Rule {
    id: "narrowed-type",
    summary: "a column gets a type that holds less than the one it has",
    explanation: "The statement fails at the first row that does not fit (MySQL without a strict sql_mode cuts the value \
        off instead), and where it succeeds, the release that still runs writes what no longer fits and fails. Let the \
        application stop writing such values, look that none is left, and only then change the type. Needs the file \
        that gave the column its type.",
    engines: &[Engine::Postgres, Engine::MySql],
    severity: Severity::Warning,
    judges: Judges::Upgrades,
    examples: &[
        Example {
            engine: Engine::Postgres,
            bad: "ALTER TABLE users ADD COLUMN name varchar(200);\nALTER TABLE users ALTER COLUMN name TYPE varchar(50);",
            good: "ALTER TABLE users ADD COLUMN name varchar(50);\nALTER TABLE users ALTER COLUMN name TYPE varchar(200);",
        },
        Example {
            engine: Engine::MySql,
            bad: "ALTER TABLE users ADD COLUMN age bigint;\nALTER TABLE users MODIFY age int;",
            good: "ALTER TABLE users ADD COLUMN age int;\nALTER TABLE users MODIFY age bigint;",
        },
    ],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::ChangeType { table, column, .. } = &change.action else { continue };
        let renamed_from = subject.statements[statement].changes.iter().find_map(|other| match &other.action {
            Action::RenameColumn { column: from, to, .. } if other.span == change.span && *to == column.name => {
                Some(from)
            }
            _ => None,
        });
        let before = renamed_from.unwrap_or(&column.name);
        let Some(from) = known_type(subject, statement, table, before) else { continue };
        if !is_narrower(&from, &column.data_type) {
            continue;
        }
        let (name, to) = (&column.name, &column.data_type);
        hits.on_used_table(
            subject,
            (statement, change),
            format!(
                "{name} was {from}: a value that does not fit {to} stops this statement, or is cut off, and the \
                 release that runs may still write such values"
            ),
            format!(
                "first a release that writes no such value; then look that none is left (SELECT count(*) FROM {table} \
                 WHERE …), and change the type",
                table = quoted_name(subject.engine, table),
            ),
        );
    }
}
