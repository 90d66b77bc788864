//! `ALTER TABLE`: several clauses that the engine carries out together or not at all (MySQL 8.0,
//! <https://dev.mysql.com/doc/refman/8.0/en/atomic-ddl.html>; MariaDB 10.6, <https://mariadb.com/kb/en/atomic-ddl/>;
//! PostgreSQL and SQLite always), so that one of them tells of all.

use super::reader::Reader;
use crate::dialect::Engine;
use crate::model::{Effect, Object, ObjectName, Subject};

/// What one clause does.
enum Clause {
    /// An object comes or goes, by its name alone.
    Object {
        object: Object,
        present: bool,
        /// `IF [NOT] EXISTS`: or nothing happens.
        conditional: bool,
        /// The name it had before.
        from: Option<String>,
    },
    /// The table itself goes by another name afterwards.
    Renamed(ObjectName),
    /// One column gets another definition.
    Column(String),
    /// Something else of the table that the catalog shows, or that may be done twice.
    Table,
}

pub(super) fn alter_table(reader: &mut Reader<'_>) -> Option<Effect> {
    reader.if_exists();
    reader.take("only");
    let table = reader.name()?;
    if reader.engine == Engine::Postgres {
        reader.take_symbol("*");
    }
    let mut clauses = Vec::new();
    loop {
        clauses.push(clause(reader, &table)?);
        if !reader.next_clause() {
            break;
        }
    }
    decide(reader.engine, table, clauses)
}

fn decide(engine: Engine, table: ObjectName, clauses: Vec<Clause>) -> Option<Effect> {
    if let Some(Clause::Renamed(name)) = clauses.iter().find(|clause| matches!(clause, Clause::Renamed(_))) {
        return Some(Effect::present(Object::Table(name.clone())));
    }
    // `DROP c, ADD c int`, `CHANGE a b …, CHANGE b a …`: there before and after. PostgreSQL numbers columns, and never
    // uses a number again.
    let mut names: Vec<(u8, String)> = clauses.iter().flat_map(names_of).collect();
    names.sort();
    let ambiguous = names.array_windows().any(|[one, next]| one == next);
    if ambiguous && engine != Engine::Postgres {
        return None;
    }
    let sign = clauses.iter().find_map(|clause| match clause {
        Clause::Object { object, present, conditional: false, .. } if !ambiguous => Some((object, *present)),
        _ => None,
    });
    if let Some((object, present)) = sign {
        return Some(Effect::Objects { objects: vec![object.clone()], present });
    }
    Some(Effect::Change(match clauses.as_slice() {
        [Clause::Column(column)] => Subject::Column { table, column: column.clone() },
        _ => Subject::Table(table),
    }))
}

/// The names a clause gives or takes, where they could meet those of another one.
fn names_of(clause: &Clause) -> Vec<(u8, String)> {
    let Clause::Object { object, from, .. } = clause else { return Vec::new() };
    let (kind, name) = match object {
        Object::Column { column, .. } => (0, column),
        Object::Index { name, .. } => (1, &name.name),
        Object::Constraint { name, .. } => (1, name),
        _ => return Vec::new(),
    };
    std::iter::once(name).chain(from).map(|name| (kind, name.to_lowercase())).collect()
}

fn clause(reader: &mut Reader<'_>, table: &ObjectName) -> Option<Clause> {
    let is_mysql = reader.engine == Engine::MySql;
    let column = |name: String| Object::Column { table: table.clone(), column: name };
    let renamed = |object, from| Some(Clause::Object { object, present: true, conditional: false, from: Some(from) });
    match reader.word()?.as_str() {
        "add" => added(reader, table),
        "drop" => dropped(reader, table),
        "rename" => {
            if is_mysql && reader.take_any(&["index", "key"]).is_some() {
                let (from, to) = old_and_new(reader)?;
                return renamed(index(to, table), from);
            }
            if reader.take("constraint") {
                let (from, to) = old_and_new(reader)?;
                return renamed(Object::Constraint { table: table.clone(), name: to }, from);
            }
            if reader.take("column") {
                let (from, to) = old_and_new(reader)?;
                return renamed(column(to), from);
            }
            if reader.take_any(&["to", "as"]).is_some() {
                return Some(Clause::Renamed(reader.name()?));
            }
            let name = reader.name()?;
            match reader.take("to") {
                true => renamed(column(reader.plain_name()?), name.name),
                false => Some(Clause::Renamed(name)),
            }
        }
        "change" => {
            reader.take("column");
            let conditional = reader.if_exists();
            let (from, to) = (reader.plain_name()?, reader.plain_name()?);
            match from.eq_ignore_ascii_case(&to) {
                true => Some(Clause::Column(to)),
                false => Some(Clause::Object { object: column(to), present: true, conditional, from: Some(from) }),
            }
        }
        "modify" => {
            reader.take("column");
            reader.if_exists();
            Some(Clause::Column(reader.plain_name()?))
        }
        "alter" => match reader.peek().as_deref() {
            Some("index" | "key" | "constraint" | "check") => Some(Clause::Table),
            _ => {
                reader.take("column");
                reader.if_exists();
                Some(Clause::Column(reader.plain_name()?))
            }
        },
        "detach" => {
            reader.take("partition");
            let object = Object::Partition { table: table.clone(), partition: reader.name()? };
            Some(Clause::Object { object, present: false, conditional: false, from: None })
        }
        // What they do to rows is not in the catalog, and done twice it is undone, or done to other rows.
        "exchange" | "discard" | "import" | "truncate" | "in" => None,
        _ => Some(Clause::Table),
    }
}

/// `a TO b`, or `a AS b`.
fn old_and_new(reader: &mut Reader<'_>) -> Option<(String, String)> {
    reader.if_exists();
    let from = reader.plain_name()?;
    reader.take_any(&["to", "as"])?;
    Some((from, reader.plain_name()?))
}

fn index(name: String, table: &ObjectName) -> Object {
    let name = ObjectName { schema: table.schema.clone(), name };
    Object::Index { name, table: Some(table.clone()), concurrently: false }
}

fn added(reader: &mut Reader<'_>, table: &ObjectName) -> Option<Clause> {
    let present = |object, conditional| Some(Clause::Object { object, present: true, conditional, from: None });
    let is_mysql = reader.engine == Engine::MySql;
    if reader.take("constraint") {
        let conditional = reader.if_not_exists();
        // The name may be left out, and MySQL gives its primary and unique keys other ones.
        if reader.next_is(&["primary", "foreign", "unique", "check", "exclude"]) {
            return Some(Clause::Table);
        }
        let name = reader.plain_name()?;
        if is_mysql && reader.next_is(&["primary", "unique"]) {
            return Some(Clause::Table);
        }
        return present(Object::Constraint { table: table.clone(), name }, conditional);
    }
    let vector = is_mysql && reader.take("vector");
    if vector && !reader.next_is(&["index", "key"]) {
        // A column of that name; from MariaDB 11.7 on an index, which need not say so.
        return Some(Clause::Table);
    }
    let keyed = reader.take_any(&["unique", "fulltext", "spatial"]).is_some();
    if (is_mysql && reader.take_any(&["index", "key"]).is_some()) || keyed {
        let conditional = reader.if_not_exists();
        // `ADD INDEX (c)`, `ADD INDEX USING BTREE (c)`: the server finds a name.
        let name = if reader.next_is(&["using"]) { None } else { reader.name_if_any() };
        return match name.filter(|_| is_mysql) {
            Some(name) => present(index(name, table), conditional),
            None => Some(Clause::Table),
        };
    }
    // `NOT NULL c` is a constraint of PostgreSQL 18.
    if reader.next_is(&["primary", "foreign", "check", "exclude", "not", "partition", "period", "system"]) {
        return Some(Clause::Table);
    }
    reader.take("column");
    let conditional = reader.if_not_exists();
    match reader.name_if_any() {
        Some(column) => present(Object::Column { column, table: table.clone() }, conditional),
        // `ADD (a int, b int)`
        None => Some(Clause::Table),
    }
}

fn dropped(reader: &mut Reader<'_>, table: &ObjectName) -> Option<Clause> {
    let absent = |object, conditional| Some(Clause::Object { object, present: false, conditional, from: None });
    let is_mysql = reader.engine == Engine::MySql;
    if is_mysql && reader.take_any(&["index", "key"]).is_some() {
        let conditional = reader.if_exists();
        return absent(index(reader.plain_name()?, table), conditional);
    }
    if reader.take("constraint") || (is_mysql && reader.take("foreign") && reader.take("key")) {
        let conditional = reader.if_exists();
        return absent(Object::Constraint { name: reader.plain_name()?, table: table.clone() }, conditional);
    }
    if is_mysql && reader.next_is(&["primary", "check", "partition", "period", "system"]) {
        return Some(Clause::Table);
    }
    reader.take("column");
    let conditional = reader.if_exists();
    absent(Object::Column { column: reader.plain_name()?, table: table.clone() }, conditional)
}
