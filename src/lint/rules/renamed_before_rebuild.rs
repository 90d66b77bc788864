use crate::dialect::Engine;
use crate::lint::rebuild::{Order, quoted, rebuilds};
use crate::lint::schema::Schema;
use crate::lint::{Example, Hit, Hits, Judges, Rule, Severity, Subject, pragmas};

/// The old table renamed first.
pub(super) const RULE: Rule = Rule {
    id: "renamed-before-rebuild",
    summary: "a rebuild renames the old table first: whatever refers to it then refers to the table that is dropped",
    explanation: "ALTER TABLE … RENAME TO also rewrites the foreign keys, triggers and views that name the table (since \
        SQLite 3.26; triggers and views since 3.25). When the old table is renamed first, they follow it to its new \
        name, and are left without a table when that is dropped: inserts into the tables that refer to it fail with \
        \"no such table\". SQLite's manual warns of this order. Create the new table under another name, copy, drop \
        the old one, rename the new one last; or PRAGMA legacy_alter_table = ON before.",
    engines: &[Engine::Sqlite],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Sqlite, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "ALTER TABLE users RENAME TO old_users;\nCREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);\n\
    INSERT INTO users (id, email) SELECT id, email FROM old_users;\nDROP TABLE old_users;";
const GOOD: &str = "CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT);\n\
    INSERT INTO new_users (id, email) SELECT id, email FROM users;\nDROP TABLE users;\n\
    ALTER TABLE new_users RENAME TO users;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    if subject.is_older_than("SQLite", &[3, 25]) {
        return;
    }
    for rebuild in rebuilds(subject).into_iter().filter(|rebuild| rebuild.order == Order::OldRenamedFirst) {
        let (statement, change) = rebuild.renamed;
        if pragmas::is_on_at(subject, "legacy_alter_table", statement) {
            continue;
        }
        let schema = Schema::before(subject, statement);
        let stored = schema.naming(rebuild.table).map(|stored| quoted(&stored.name.name));
        let who: Vec<String> = schema.referrers(rebuild.table).map(|name| quoted(&name.name)).chain(stored).collect();
        // Where its creation is known, so is who refers to it.
        if who.is_empty() && schema.table(rebuild.table).is_some() {
            continue;
        }
        // Nobody may.
        let severity = who.is_empty().then_some(Severity::Warning);
        let who = if who.is_empty() { "whatever refers to it".to_owned() } else { who.join(", ") };
        let table = quoted(&rebuild.table.name);
        let new = quoted(&format!("new_{}", rebuild.table.name));
        hits.push(Hit {
            statement: Some(statement),
            span: Some(change.span.clone()),
            line: None,
            severity,
            message: format!("this renames {table} also in {who}, and the table they then mean is dropped"),
            remedy: format!(
                "the new table first: CREATE TABLE {new} (…); INSERT INTO {new} (…) SELECT … FROM {table}; DROP TABLE \
                 {table}; ALTER TABLE {new} RENAME TO {table};"
            ),
        });
    }
}
