use crate::dialect::{Engine, literal};
use crate::lint::rebuild::{Order, Rebuild, quoted, rebuilds};
use crate::lint::schema::{Schema, Table};
use crate::lint::{Action, Example, Hit, Hits, Index, Judges, Object, Rule, Severity, Subject, pragmas};

/// A table built anew without something the old one had.
pub(super) const RULE: Rule = Rule {
    id: "incomplete-rebuild",
    summary: "a table is built anew, and a step is missing: rows, indexes, triggers or views do not survive",
    explanation: "What ALTER TABLE cannot do takes SQLite's procedure of twelve steps: create the new table, copy the rows, \
        drop the old table, rename the new one. DROP TABLE takes the table's rows, indexes and triggers with it, so \
        that the copy comes first and each index and trigger is created again; views (and triggers of other tables) \
        that name the table are dropped before and created again, or the rename fails with \"no such table\". \
        CREATE TABLE … AS SELECT has no key, no constraint and no default. Meanwhile no other connection can write; \
        in WAL mode readers go on.",
    engines: &[Engine::Sqlite],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[
        Example {
            engine: Engine::Sqlite,
            bad: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT);\nDROP TABLE users;\n\
                ALTER TABLE new_users RENAME TO users;",
            good: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT);\n\
                INSERT INTO new_users (id, email) SELECT id, email FROM users;\nDROP TABLE users;\n\
                ALTER TABLE new_users RENAME TO users;",
        },
        Example {
            engine: Engine::Sqlite,
            bad: "CREATE INDEX users_email ON users (email);\nCREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT);\n\
                INSERT INTO new_users (id, email) SELECT id, email FROM users;\nDROP TABLE users;\n\
                ALTER TABLE new_users RENAME TO users;",
            good: "CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT);\n\
                INSERT INTO new_users (id, email) SELECT id, email FROM users;\nDROP TABLE users;\n\
                ALTER TABLE new_users RENAME TO users;\nCREATE INDEX users_email ON users (email);",
        },
    ],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for rebuild in rebuilds(subject) {
        let before = Schema::before(subject, rebuild.start());
        if !rebuild.copies && !subject.is_empty(rebuild.table, rebuild.start()) {
            rows(&rebuild, hits);
        }
        indexes(subject, &rebuild, &before, hits);
        triggers(subject, &rebuild, &before, hits);
        if rebuild.order == Order::NewRenamedLast {
            views(subject, &rebuild, hits);
        }
        definition(subject, &rebuild, before.table(rebuild.table), hits);
    }
}

fn hit(place: (usize, &crate::lint::Change), severity: Option<Severity>, message: String, remedy: String) -> Hit {
    let (statement, change) = place;
    Hit { statement: Some(statement), span: Some(change.span.clone()), line: None, severity, message, remedy }
}

fn rows(rebuild: &Rebuild<'_>, hits: &mut Hits) {
    let (table, new) = (quoted(&rebuild.table.name), quoted(&rebuild.new.name));
    let old = match &rebuild.dropped.1.action {
        Action::DropTable { table, .. } => quoted(&table.name),
        _ => table.clone(),
    };
    hits.push(hit(
        rebuild.dropped,
        None,
        format!("{table} is built anew, and no row has been copied: this drops all of them"),
        format!("before it: INSERT INTO {new} (…) SELECT … FROM {old};"),
    ));
}

/// Whether the section creates something like it behind the new table.
fn again(subject: &Subject<'_>, rebuild: &Rebuild<'_>, fits: impl Fn(&Action) -> bool) -> bool {
    subject.changes().any(|(statement, change)| statement > rebuild.created.0 && fits(&change.action))
}

fn indexes(subject: &Subject<'_>, rebuild: &Rebuild<'_>, before: &Schema<'_>, hits: &mut Hits) {
    let Action::CreateTable { columns, from_elsewhere, .. } = &rebuild.created.1.action else { return };
    let has = |name: &String| *from_elsewhere || columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    for index in before.indexes_of(rebuild.table) {
        let Some(name) = &index.name else { continue };
        let same_columns = |other: &Index| {
            other.columns.len() == index.columns.len()
                && other.columns.iter().zip(&index.columns).all(|(one, other)| one.eq_ignore_ascii_case(other))
        };
        let settled = again(subject, rebuild, |action| match action {
            Action::CreateIndex(other) => {
                let of_table = other.table.may_be(rebuild.table) || other.table.may_be(rebuild.new);
                of_table && (same_columns(other) || other.name.as_ref().is_some_and(|other| other.may_be(name)))
            }
            Action::DropIndex { index, .. } => index.may_be(name),
            _ => false,
        });
        // An index of columns that are gone is gone with them.
        if settled || !index.columns.iter().all(has) {
            continue;
        }
        let unique = if index.unique { "UNIQUE " } else { "" };
        let columns: Vec<String> = index.columns.iter().map(|column| quoted(column)).collect();
        let (name, table) = (quoted(&name.name), quoted(&rebuild.table.name));
        hits.push(hit(
            rebuild.dropped,
            (!index.unique).then_some(Severity::Warning),
            format!("the index {name} goes with the old {table} and is not created again"),
            format!("at the end: CREATE {unique}INDEX {name} ON {table} ({});", columns.join(", ")),
        ));
    }
}

fn triggers(subject: &Subject<'_>, rebuild: &Rebuild<'_>, before: &Schema<'_>, hits: &mut Hits) {
    for trigger in before.triggers_of(rebuild.table) {
        let settled = again(subject, rebuild, |action| match action {
            Action::Create { object: Object::Trigger, name, .. }
            | Action::Drop { object: Object::Trigger, name, .. } => name.may_be(&trigger.name),
            _ => false,
        });
        if !settled {
            let (name, table) = (quoted(&trigger.name.name), quoted(&rebuild.table.name));
            hits.push(hit(
                rebuild.dropped,
                None,
                format!("the trigger {name} goes with the old {table} and is not created again"),
                format!("at the end: {}", trigger.text.split_whitespace().collect::<Vec<_>>().join(" ")),
            ));
        }
    }
}

/// What names the table keeps the new one from being renamed once the old one is gone.
fn views(subject: &Subject<'_>, rebuild: &Rebuild<'_>, hits: &mut Hits) {
    let (statement, _) = rebuild.renamed;
    let lenient = pragmas::is_on_at(subject, "legacy_alter_table", statement);
    if lenient || subject.is_older_than("SQLite", &[3, 25]) {
        return;
    }
    for stored in Schema::before(subject, statement).naming(rebuild.table) {
        let kind = if stored.table.is_some() { "TRIGGER" } else { "VIEW" };
        let (name, table) = (quoted(&stored.name.name), quoted(&rebuild.table.name));
        hits.push(hit(
            rebuild.renamed,
            None,
            format!("this fails: {name} names {table}, which does not exist at this moment"),
            format!("before the rebuild: DROP {kind} {name}; at the end create it again"),
        ));
    }
}

/// What the new table has not, though the old one had.
fn definition(subject: &Subject<'_>, rebuild: &Rebuild<'_>, old: Option<&Table<'_>>, hits: &mut Hits) {
    let Action::CreateTable { columns, from_elsewhere, options, .. } = &rebuild.created.1.action else { return };
    let table = quoted(&rebuild.table.name);
    if *from_elsewhere && options.is_empty() {
        hits.push(hit(
            rebuild.created,
            Some(Severity::Warning),
            format!("CREATE TABLE … AS SELECT gives {table} no primary key, no constraint and no default"),
            format!("CREATE TABLE {} (…) with all of them, then INSERT INTO … SELECT", quoted(&rebuild.new.name)),
        ));
    }
    let counts = |columns: &[crate::lint::ColumnDefinition]| columns.iter().any(|column| column.identity);
    let known = old.is_none_or(|old| counts(&old.columns));
    let kept =
        subject.changes().any(|(_, change)| change.action.table().is_some_and(|table| table.name == "sqlite_sequence"));
    if rebuild.copies && counts(columns) && known && !kept && rebuild.order == Order::NewRenamedLast {
        hits.push(hit(
            rebuild.dropped,
            Some(Severity::Note),
            format!("AUTOINCREMENT of {table} goes on from the highest id that was copied: ids of deleted rows come again"),
            format!(
                "before it: UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = {}) WHERE name \
                 = {};",
                literal(subject.engine, &rebuild.table.name),
                literal(subject.engine, &rebuild.new.name)
            ),
        ));
    }
}
