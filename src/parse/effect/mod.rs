//! What a DDL statement leaves in the catalog, and which statements may simply run again.
//!
//! Only forms of which the catalog decides without a doubt; everything else has no effect that could be told, which is
//! never an error.

mod alter;
mod reader;
#[cfg(test)]
mod tests;

use crate::dialect::Engine;
use crate::model::{Effect, Leftover, Object, ObjectName, Subject};
use reader::Reader;

/// The effect of `statement`; None where looking at the catalog would not tell.
pub fn effect(engine: Engine, statement: &str) -> Option<Effect> {
    let mut reader = Reader::new(engine, statement);
    match reader.word()?.as_str() {
        "create" => create(&mut reader),
        "drop" => drop_objects(&mut reader),
        "alter" => altered(&mut reader),
        "rename" if engine == Engine::MySql => renamed(&mut reader),
        "truncate" => truncated(&mut reader),
        _ => None,
    }
}

/// Whether `statement` only adds an object that the catalog lists: nothing that another such statement left is gone
/// after it, so that of several in a row the catalog tells which have been carried out.
pub fn only_adds(engine: Engine, statement: &str) -> bool {
    let creates = Reader::new(engine, statement).take("create");
    creates && matches!(effect(engine, statement), Some(Effect::Objects { .. }))
}

/// Whether running `statement` a second time changes nothing: `CREATE … IF NOT EXISTS`, `DROP … IF EXISTS`,
/// `CREATE OR REPLACE` of what holds no rows, what sets something to a value, and what only tidies up.
pub fn is_repeatable(engine: Engine, statement: &str) -> bool {
    let mut reader = Reader::new(engine, statement);
    match reader.word().unwrap_or_default().as_str() {
        "create" => creates_what_may_be_there(&mut reader),
        "drop" => {
            reader.take("materialized");
            // An interrupted one leaves an invalid index, which the catalog shows.
            reader.word().is_some() && !reader.take("concurrently") && reader.if_exists()
        }
        // MariaDB's ANALYZE runs the statement behind it.
        "analyze" => !reader.mentions(&["select", "insert", "update", "delete", "replace", "with"]),
        "grant" | "comment" | "vacuum" | "reindex" | "cluster" | "refresh" | "checkpoint" | "optimize" | "pragma" => {
            true
        }
        "alter" => match reader.word().unwrap_or_default().as_str() {
            "system" => true,
            "database" => !reader.mentions(&["rename", "upgrade"]),
            "view" => reader.engine == Engine::MySql,
            _ => false,
        },
        _ => false,
    }
}

/// What an earlier attempt at `statement` may have left, where the engine leaves anything.
pub fn leftover(engine: Engine, statement: &str) -> Option<Leftover> {
    let mut reader = Reader::new(engine, statement);
    match reader.word()?.as_str() {
        "create" => match effect(engine, statement)? {
            Effect::Objects { objects, .. } => objects.into_iter().find_map(|object| match object {
                Object::Index { name, table, concurrently: true } => Some(Leftover::Index { name, table }),
                _ => None,
            }),
            Effect::Change(_) | Effect::Emptied(_) => None,
        },
        "reindex" if engine == Engine::Postgres => {
            if reader.take_symbol("(") {
                while !reader.take_symbol(")") {
                    reader.token()?;
                }
            }
            reader.take("verbose");
            let kind = reader.word()?;
            reader.take("concurrently").then_some(())?;
            match kind.as_str() {
                "index" => Some(Leftover::BesideIndex(reader.name()?)),
                "table" => Some(Leftover::BesideIndexesOf(reader.name()?)),
                "schema" => Some(Leftover::BesideIndexesIn(Some(reader.plain_name()?))),
                _ => Some(Leftover::BesideIndexesIn(None)),
            }
        }
        _ => None,
    }
}

/// The statement that carries out what is left of `statement`, when a part of it was carried out.
pub fn remainder(engine: Engine, statement: &str) -> Option<String> {
    let mut reader = Reader::new(engine, statement);
    match reader.word()?.as_str() {
        "drop" if engine == Engine::MySql => {
            reader.take_any(&["table", "tables", "view"])?;
            let (before, names) = statement.split_at(reader.position());
            let conditional = reader.if_exists();
            Some(if conditional { statement.to_string() } else { format!("{before}IF EXISTS {names}") })
        }
        "alter" if engine == Engine::Postgres => {
            reader.skip_behind("detach").then_some(())?;
            reader.take("partition");
            reader.name()?;
            let (before, _) = statement.split_at(reader.position());
            reader.take("concurrently").then(|| format!("{before}FINALIZE"))
        }
        _ => None,
    }
}

/// Whether a name stands in `statement`, quoted or not, in upper or lower case.
pub fn mentions(engine: Engine, statement: &str, name: &str) -> bool {
    let mut reader = Reader::new(engine, statement);
    while !reader.ends() {
        match reader.name_if_any() {
            Some(found) if found.to_lowercase() == name.to_lowercase() => return true,
            Some(_) => {}
            None => _ = reader.token(),
        }
    }
    false
}

/// The name of the temporary table that `statement` makes.
pub fn temporary_table(engine: Engine, statement: &str) -> Option<ObjectName> {
    let mut reader = Reader::new(engine, statement);
    reader.take("create").then_some(())?;
    if reader.take("or") {
        reader.take("replace");
    }
    reader.take_any(&["global", "local"]);
    reader.take_any(&["temporary", "temp"])?;
    reader.take("table").then_some(())?;
    reader.if_not_exists();
    reader.name()
}

fn create(reader: &mut Reader<'_>) -> Option<Effect> {
    let is_mysql = reader.engine == Engine::MySql;
    loop {
        let name = |reader: &mut Reader<'_>| {
            reader.if_not_exists();
            reader.name()
        };
        return Some(Effect::present(match reader.word()?.as_str() {
            "unique" | "fulltext" | "spatial" | "unlogged" | "materialized" | "recursive" | "aggregate" => continue,
            "vector" if is_mysql => continue,
            "foreign" if reader.next_is(&["table"]) => continue,
            // `DEFINER = app@localhost`, `ALGORITHM = MERGE`, `SQL SECURITY INVOKER`: up to the kind of object.
            "definer" | "algorithm" | "sql" if is_mysql => {
                const KINDS: [&str; 7] = ["definer", "algorithm", "view", "function", "procedure", "trigger", "event"];
                while !reader.next_is(&KINDS) {
                    reader.token()?;
                }
                continue;
            }
            "table" | "sequence" => Object::Table(name(reader)?),
            "view" => Object::View(name(reader)?),
            "function" | "procedure" if reader.engine == Engine::Postgres => {
                return Some(Effect::Change(Subject::Routines(name(reader)?)));
            }
            "function" | "procedure" => Object::Routine(name(reader)?),
            "trigger" => {
                let name = name(reader)?;
                Object::Trigger { name, table: if reader.skip_behind("on") { reader.name() } else { None } }
            }
            "event" if is_mysql => Object::Event(name(reader)?),
            "type" | "domain" if reader.engine == Engine::Postgres => Object::Type(name(reader)?),
            "database" if is_mysql => Object::Schema(name(reader)?.name),
            "database" => Object::Database(name(reader)?.name),
            "tablespace" if reader.engine == Engine::Postgres => Object::Tablespace(name(reader)?.name),
            "schema" => {
                reader.if_not_exists();
                // `CREATE SCHEMA AUTHORIZATION app` has no name.
                if reader.next_is(&["authorization"]) {
                    return None;
                }
                Object::Schema(reader.plain_name()?)
            }
            "index" => return created_index(reader),
            // `OR REPLACE`, `TEMPORARY`: what was there before says nothing. And what nobody has thought of here.
            _ => return None,
        }));
    }
}

fn created_index(reader: &mut Reader<'_>) -> Option<Effect> {
    let concurrently = reader.take("concurrently");
    reader.if_not_exists();
    if reader.take("on") {
        reader.take("only");
        return Some(Effect::Change(Subject::Indexes(reader.name()?)));
    }
    let name = reader.name()?;
    reader.skip_behind("on").then_some(())?;
    reader.take("only");
    let table = reader.name();
    Some(Effect::present(Object::Index { name, table, concurrently }))
}

fn drop_objects(reader: &mut Reader<'_>) -> Option<Effect> {
    let is_postgres = reader.engine == Engine::Postgres;
    reader.take("materialized");
    let kind = reader.word()?;
    let concurrently = kind == "index" && reader.take("concurrently");
    reader.if_exists();
    if is_postgres && matches!(kind.as_str(), "function" | "procedure" | "routine") {
        return Some(Effect::Change(Subject::Routines(reader.name()?)));
    }
    let names = reader.names()?;
    let on = if matches!(kind.as_str(), "index" | "trigger") && reader.take("on") { reader.name() } else { None };
    let object = |name: ObjectName| {
        Some(match kind.as_str() {
            "table" | "tables" | "sequence" => Object::Table(name),
            "view" => Object::View(name),
            "function" | "procedure" => Object::Routine(name),
            "trigger" => Object::Trigger { name, table: on.clone() },
            "event" => Object::Event(name),
            "type" | "domain" => Object::Type(name),
            "schema" => Object::Schema(name.name),
            "database" if is_postgres => Object::Database(name.name),
            "database" => Object::Schema(name.name),
            "tablespace" if is_postgres => Object::Tablespace(name.name),
            "index" => Object::Index { name, table: on.clone(), concurrently },
            _ => return None,
        })
    };
    let objects = names.into_iter().map(object).collect::<Option<Vec<Object>>>()?;
    Some(Effect::Objects { objects, present: false })
}

fn altered(reader: &mut Reader<'_>) -> Option<Effect> {
    reader.take_any(&["online", "offline", "ignore", "foreign"]);
    match reader.word()?.as_str() {
        "table" => alter::alter_table(reader),
        "type" if reader.engine == Engine::Postgres => {
            let name = reader.name()?;
            let verb = reader.word()?;
            reader.take("value").then_some(())?;
            match verb.as_str() {
                "add" => {
                    reader.if_not_exists();
                }
                "rename" => {
                    reader.string()?;
                    reader.take("to").then_some(())?;
                }
                _ => return None,
            }
            Some(Effect::present(Object::EnumValue { name, value: reader.string()? }))
        }
        _ => None,
    }
}

/// `RENAME TABLE a TO b, c TO d`: done whole or not at all. Of a swap the names tell nothing.
fn renamed(reader: &mut Reader<'_>) -> Option<Effect> {
    reader.take_any(&["table", "tables"])?;
    reader.if_exists();
    let (mut old, mut new) = (Vec::new(), Vec::new());
    loop {
        old.push(reader.name()?);
        reader.take("to").then_some(())?;
        new.push(reader.name()?);
        if !reader.take_symbol(",") {
            break;
        }
    }
    let mut names: Vec<String> = old.iter().chain(&new).map(|name| name.name.to_lowercase()).collect();
    names.sort();
    let chained = names.array_windows().any(|[one, next]| one == next);
    let objects = new.into_iter().map(Object::Table).collect();
    (!chained && reader.ends()).then_some(Effect::Objects { objects, present: true })
}

fn truncated(reader: &mut Reader<'_>) -> Option<Effect> {
    reader.take("table");
    let mut tables = Vec::new();
    loop {
        reader.take("only");
        tables.push(reader.name()?);
        reader.take_symbol("*");
        if !reader.take_symbol(",") {
            break;
        }
    }
    (!reader.mentions(&["cascade"])).then_some(Effect::Emptied(tables))
}

/// Behind `CREATE`: whether what may be there already stands in nobody's way, and holds no rows that would be lost.
fn creates_what_may_be_there(reader: &mut Reader<'_>) -> bool {
    const HOLD_NO_ROWS: [&str; 8] =
        ["view", "function", "procedure", "trigger", "event", "rule", "aggregate", "package"];
    const KINDS: [&str; 12] = [
        "table",
        "sequence",
        "schema",
        "database",
        "index",
        "type",
        "domain",
        "extension",
        "user",
        "role",
        "server",
        "tablespace",
    ];
    let replaces = reader.take("or") && reader.take("replace");
    loop {
        let Some((kind, text)) = reader.token() else { return false };
        if kind != super::TokenKind::Word {
            continue;
        }
        let word = text.to_ascii_lowercase();
        let harmless = HOLD_NO_ROWS.contains(&word.as_str());
        if harmless || KINDS.contains(&word.as_str()) {
            return (replaces && harmless) || (!reader.take("concurrently") && reader.if_not_exists());
        }
    }
}
