use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject, pragmas};

/// `PRAGMA writable_schema`, and writes to the schema table.
pub(super) const RULE: Rule = Rule {
    id: "writable-schema",
    summary: "the schema is edited as text: a mistake leaves a database that cannot be opened",
    explanation: "With PRAGMA writable_schema the text of CREATE statements in sqlite_schema can be edited. Nothing checks that \
        it fits what is stored: a wrong word makes the database unreadable (\"malformed database schema\"), a column too \
        much or too few reads wrong values. No rollback section undoes that, and databases opened in defensive mode \
        refuse it. SQLite's manual allows it only for changes that leave the stored rows alone (dropping a CHECK, a \
        NOT NULL or a default), followed by an integrity check. Build the table anew instead.",
    engines: &[Engine::Sqlite],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::Sqlite,
        bad: "PRAGMA writable_schema = ON;\n\
            UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', '') WHERE name = 'users';",
        good: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT);\n\
            INSERT INTO new_users (id, email) SELECT id, email FROM users;\nDROP TABLE users;\n\
            ALTER TABLE new_users RENAME TO users;",
    }],
    find,
};

const TABLES: [&str; 4] = ["sqlite_schema", "sqlite_master", "sqlite_temp_schema", "sqlite_temp_master"];

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let found = subject.changes().find(|(_, change)| match &change.action {
        Action::Set { name, value, .. } => name == "writable_schema" && pragmas::is_on(value),
        Action::Update { table, .. } | Action::Insert { table, .. } | Action::Delete { table, .. } => {
            TABLES.iter().any(|name| table.name.eq_ignore_ascii_case(name))
        }
        _ => false,
    });
    if let Some((statement, change)) = found {
        hits.at(
            statement,
            change.span.clone(),
            "the schema is edited as text, and nothing checks that it fits what is stored",
            "build the table anew: CREATE TABLE new_t (…); INSERT INTO new_t (…) SELECT … FROM t; DROP TABLE t; ALTER TABLE \
             new_t RENAME TO t;",
        );
    }
}
