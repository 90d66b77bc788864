use crate::dialect::Engine;
use crate::lint::rebuild::{quoted, steps};
use crate::lint::schema::{Schema, Table, is_name, names, names_row_column};
use crate::lint::{Action, ConstraintKind, Example, Hit, Hits, Judges, Name, Rule, Severity, Subject};
use crate::parse::{Lexer, TokenKind};

/// `DROP COLUMN` that SQLite refuses.
pub(super) const RULE: Rule = Rule {
    id: "refused-drop-column",
    summary: "DROP COLUMN of a column that an index, key, constraint, trigger or view needs: SQLite refuses it",
    explanation: "SQLite drops a column (since 3.35) only where nothing else names it. It refuses a column that is PRIMARY \
        KEY or UNIQUE, has an index, is named in the WHERE of a partial index, in a CHECK other than the column's \
        own, in a FOREIGN KEY of the table, in a generated column, a trigger or a view. Rollbacks fall into this most \
        often: the upgrade adds a column and an index, the rollback drops the column alone. Drop the index, trigger or \
        view first; for a key or constraint the table has to be built anew.",
    engines: &[Engine::Sqlite],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::Sqlite,
        bad: "-- upgrade\nALTER TABLE users ADD COLUMN email TEXT;\nCREATE INDEX users_email ON users (email);\n\
            -- rollback\nALTER TABLE users DROP COLUMN email;\n",
        good: "-- upgrade\nALTER TABLE users ADD COLUMN email TEXT;\nCREATE INDEX users_email ON users (email);\n\
            -- rollback\nDROP INDEX users_email;\nALTER TABLE users DROP COLUMN email;\n",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::DropColumn { table, column } = &change.action else { continue };
        let schema = Schema::before(subject, statement);
        let Some((why, remedy, severity)) = refusal(&schema, table, column) else { continue };
        hits.push(Hit {
            statement: Some(statement),
            span: Some(change.span.clone()),
            line: None,
            severity,
            message: format!("SQLite refuses to drop {column}: {why}"),
            remedy,
        });
    }
}

/// Why, what to do, and a severity where it is not certain.
type Refusal = (String, String, Option<Severity>);

fn refusal(schema: &Schema<'_>, table: &Name, column: &str) -> Option<Refusal> {
    let is_it = |name: &String| name.eq_ignore_ascii_case(column);
    if let Some(why) = schema.table(table).and_then(|known| constraint(known, column)) {
        return Some((why.into(), steps(table), None));
    }
    let index = schema.indexes_of(table).find(|index| index.columns.iter().any(is_it));
    if let Some(name) = index.and_then(|index| index.name.as_ref()) {
        let name = quoted(&name.name);
        return Some((format!("the index {name} is on it"), format!("before it: DROP INDEX {name};"), None));
    }
    if let Some(trigger) = schema.triggers_of(table).find(|trigger| names_row_column(trigger.text, column)) {
        let name = quoted(&trigger.name.name);
        return Some((format!("the trigger {name} names it"), again("TRIGGER", &name), None));
    }
    // It may be a column of another table that has the same name.
    let stored = schema.triggers_of(table).chain(schema.naming(table)).find(|stored| names(stored.text, column))?;
    let (kind, name) = (if stored.table.is_some() { "TRIGGER" } else { "VIEW" }, quoted(&stored.name.name));
    Some((format!("{name} seems to name it"), again(kind, &name), Some(Severity::Warning)))
}

fn again(kind: &str, name: &str) -> String {
    format!("before it: DROP {kind} {name}; behind it create it again without the column")
}

/// Whether SQLite refuses it.
pub(super) fn is_refused(subject: &Subject<'_>, statement: usize, table: &Name, column: &str) -> bool {
    refusal(&Schema::before(subject, statement), table, column).is_some_and(|(_, _, severity)| severity.is_none())
}

/// What of the table itself needs the column.
fn constraint(table: &Table<'_>, name: &str) -> Option<&'static str> {
    let column = table.column(name)?;
    if column.primary_key {
        return Some("it is the primary key");
    }
    if column.unique {
        return Some("it is UNIQUE");
    }
    let naming = table.constraints.iter().find(|constraint| {
        constraint.kind != ConstraintKind::Check
            && constraint.columns.iter().any(|other| other.eq_ignore_ascii_case(name))
    });
    match naming.map(|constraint| &constraint.kind) {
        Some(ConstraintKind::PrimaryKey) => Some("it is part of the primary key"),
        Some(ConstraintKind::Unique) => Some("a UNIQUE constraint of the table has it"),
        Some(ConstraintKind::ForeignKey { .. }) => Some("a FOREIGN KEY of the table has it"),
        _ => named_elsewhere(table.text, name).then_some("a CHECK or a generated column names it"),
    }
}

/// Whether a `CHECK` or generated column names a column that is not the one it belongs to.
fn named_elsewhere(create: &str, name: &str) -> bool {
    let lexer = Lexer::new(Engine::Sqlite.lex_rules(), create);
    let (mut depth, mut own, mut begins, mut looks) = (0usize, false, false, None);
    for token in lexer.filter(|token| token.kind.is_code()) {
        let text = &create[token.span.clone()];
        match (token.kind, text) {
            (TokenKind::Symbol, "(") => {
                depth += 1;
                begins |= depth == 1;
                continue;
            }
            (TokenKind::Symbol, ")") => {
                depth = depth.saturating_sub(1);
                looks = looks.filter(|above| depth > *above);
            }
            (TokenKind::Symbol, ",") if depth == 1 => {
                begins = true;
                continue;
            }
            (TokenKind::Word, _)
                if depth == 1 && ["check", "as"].iter().any(|word| text.eq_ignore_ascii_case(word)) =>
            {
                looks = Some(depth);
            }
            (kind, text) if depth > 1 && looks.is_some() && !own && is_name(kind, text, name) => return true,
            _ => {}
        }
        if begins {
            own = is_name(token.kind, text, name);
            begins = false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::named_elsewhere;

    #[test]
    fn a_columns_own_check_does_not_count() {
        for (create, expected) in [
            ("CREATE TABLE t (a int CHECK (a > 0), b int)", false),
            ("CREATE TABLE t (a int, b int CHECK (b > a))", true),
            ("CREATE TABLE t (b int, a int, CHECK (\"A\" > 0))", true),
            ("CREATE TABLE t (a int, b int AS (a * 2))", true),
            ("CREATE TABLE t (b int CHECK (b > 0), a int DEFAULT (1), c numeric(1, 2))", false),
            ("CREATE TABLE t (a int, b int CHECK (b IN (1, 2)), c int REFERENCES a (a))", false),
        ] {
            assert_eq!(named_elsewhere(create, "a"), expected, "{create}");
        }
    }
}
