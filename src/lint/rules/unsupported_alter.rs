use crate::dialect::Engine;
use crate::lint::change::Understood;
use crate::lint::rebuild::{quoted, steps};
use crate::lint::{Action, Change, ConstraintKind, Example, Hit, Hits, Judges, Rule, Severity, Subject};

/// `ALTER TABLE` as SQLite does not have it.
pub(super) const RULE: Rule = Rule {
    id: "unsupported-alter",
    summary: "a form of ALTER TABLE that SQLite, or this version of it, does not have",
    explanation: "SQLite's ALTER TABLE renames the table, and adds, drops (since 3.35) and renames (since 3.25) one column; \
        since 3.53 it also sets and drops NOT NULL and adds and drops CHECK constraints. It takes one clause, and knows no \
        IF EXISTS. Everything else is a syntax error. A type, a default, a key or a foreign key changes by building the \
        table anew.",
    engines: &[Engine::Sqlite],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[
        Example {
            engine: Engine::Sqlite,
            bad: "ALTER TABLE users ADD COLUMN IF NOT EXISTS email TEXT;",
            good: "ALTER TABLE users ADD COLUMN email TEXT;",
        },
        Example {
            engine: Engine::Sqlite,
            bad: "ALTER TABLE users ALTER COLUMN age TYPE TEXT;",
            good: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, age TEXT);\n\
                INSERT INTO new_users (id, age) SELECT id, age FROM users;\nDROP TABLE users;\n\
                ALTER TABLE new_users RENAME TO users;",
        },
    ],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, facts) in subject.statements.iter().enumerate() {
        if !subject.script.starts_with(statement, "alter") {
            continue;
        }
        let several = facts.changes.len() > 1;
        for change in &facts.changes {
            let found = match facts.understood {
                Understood::Whole => too_new(subject, change),
                _ => foreign(change, several),
            };
            if let Some((message, remedy, severity)) = found {
                let span = Some(change.span.clone());
                hits.push(Hit { statement: Some(statement), span, line: None, severity, message, remedy });
                // One finding for a statement: none of it runs.
                break;
            }
        }
    }
}

type Found = (String, String, Option<Severity>);

/// What SQLite's grammar has, and older versions have not.
fn too_new(subject: &Subject<'_>, change: &Change) -> Option<Found> {
    let (what, version): (&str, [u32; 2]) = match &change.action {
        Action::RenameColumn { .. } => ("RENAME COLUMN", [3, 25]),
        Action::DropColumn { .. } => ("DROP COLUMN", [3, 35]),
        Action::SetNotNull { .. } => ("SET NOT NULL", [3, 53]),
        Action::DropNotNull { .. } => ("DROP NOT NULL", [3, 53]),
        Action::AddConstraint { .. } => ("ADD CONSTRAINT", [3, 53]),
        Action::DropConstraint { .. } => ("DROP CONSTRAINT", [3, 53]),
        _ => return None,
    };
    let older = subject.is_older_than("SQLite", &version);
    let unknown = subject.surroundings.server.is_none() && version == [3, 53];
    let severity = if older { None } else { unknown.then_some(Severity::Warning) };
    (older || unknown).then(|| {
        let remedy = change.action.table().map(steps).unwrap_or_default();
        (
            format!("ALTER TABLE … {what} needs SQLite {}.{}: a syntax error before", version[0], version[1]),
            remedy,
            severity,
        )
    })
}

/// What no version has.
fn foreign(change: &Change, several: bool) -> Option<Found> {
    let table = change.action.table()?;
    let name = quoted(&table.name);
    let (what, remedy) = match &change.action {
        Action::AddColumn { if_not_exists: true, .. } => {
            ("IF NOT EXISTS of a column", format!("ALTER TABLE {name} ADD COLUMN …; a migration runs once"))
        }
        Action::ChangeType { .. } => ("a change of a column's type", steps(table)),
        Action::SetDefault { .. } | Action::DropDefault { .. } => ("a change of a column's default", steps(table)),
        Action::AddConstraint { constraint, .. } => match constraint.kind {
            ConstraintKind::Unique => ("ADD UNIQUE", format!("CREATE UNIQUE INDEX … ON {name} (…);")),
            ConstraintKind::PrimaryKey => ("ADD PRIMARY KEY", steps(table)),
            ConstraintKind::ForeignKey { .. } => ("ADD FOREIGN KEY", steps(table)),
            _ => ("this constraint", steps(table)),
        },
        Action::SetTableOption { option, .. } => match option.name.as_str() {
            "IF EXISTS" => ("IF EXISTS", format!("ALTER TABLE {name} …")),
            "ADD INDEX" | "ADD KEY" => ("ADD INDEX", format!("CREATE INDEX … ON {name} (…);")),
            "DROP INDEX" | "DROP KEY" => ("DROP INDEX", "DROP INDEX …;".into()),
            _ => ("this clause", steps(table)),
        },
        _ if several => {
            ("several clauses", format!("one statement for each: ALTER TABLE {name} …; ALTER TABLE {name} …;"))
        }
        Action::DropColumn { .. } => ("IF EXISTS or CASCADE of a column", format!("ALTER TABLE {name} DROP COLUMN …;")),
        Action::RenameColumn { .. } => ("CHANGE", format!("ALTER TABLE {name} RENAME COLUMN … TO …;")),
        _ => ("this form", steps(table)),
    };
    Some((format!("SQLite's ALTER TABLE does not have {what}: a syntax error"), remedy, None))
}
