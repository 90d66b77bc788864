//! The text of looks into the catalog: how does it stand with what a statement leaves there?
//!
//! A look is one expression, so that it can travel with the statement that says in the journal what is about to start:
//! how things were before costs no message of its own.

mod mysql;
mod postgres;
mod sqlite;

pub use postgres::{drop_index_concurrently, select_leftovers};

use super::{Engine, identifier, literal};
use crate::model::{ABSENT, Effect, Object, ObjectName};

/// A query of one row with one cell: what [`Effect::judge`] takes. `place` is where names without a schema were looked
/// for when the statement was started ([`place`]), where that is known. None where the catalog does not tell.
pub fn select_look(engine: Engine, effect: &Effect, place: Option<&str>) -> Option<String> {
    Some(format!("SELECT {}", look(engine, effect, place, Moment::After)?))
}

/// How things stand before a statement starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LooksBefore {
    /// What is to be executed first, in the same message.
    pub first: Option<String>,
    /// An expression for what [`before`] reads; NULL where a look could not be taken.
    pub value: String,
}

/// Looks at what statements of several scripts will change: of each the one with the given index, and those behind it
/// that may start without another mark, whose effects follow. None of the scripts changes what another is looked at for.
/// [`before_of`] reads what is written down. None where nothing can be told of one.
pub fn looks_before_each(engine: Engine, scripts: &[(usize, &[Effect])]) -> Option<LooksBefore> {
    let mut parts = Vec::new();
    for (index, effects) in scripts {
        let look = |(place, effect): (usize, &Effect)| match is_of_new_table(effect, &effects[..place]) {
            true => Some(format!("'{ABSENT}'")),
            false => look(engine, effect, None, Moment::Before),
        };
        let looks: Vec<Option<String>> = effects.iter().enumerate().map(look).collect();
        looks.iter().any(Option::is_some).then_some(())?;
        parts.push(match parts.is_empty() {
            true => format!("'{index}:'"),
            false => format!("'{BETWEEN}{index}:'"),
        });
        parts.extend(looks.into_iter().flat_map(|look| [Some("','".to_string()), look]).flatten().skip(1));
    }
    Some(match engine {
        Engine::Postgres => LooksBefore { first: None, value: format!("pg_catalog.concat({})", parts.join(", ")) },
        // MariaDB warns of a table it leaves out because somebody else is changing it just now; as part of a statement
        // that writes, that would be an error. MySQL opens no table for it, and counts the warnings of the statement
        // before.
        Engine::MySql => LooksBefore {
            first: Some(format!(
                "SET @dbwarden_before = CONCAT({}), @dbwarden_left_out = 0 /*M! + @@warning_count */",
                parts.join(", ")
            )),
            value: "IF(@dbwarden_left_out = 0, @dbwarden_before, NULL)".to_string(),
        },
        Engine::Sqlite => LooksBefore { first: None, value: parts.join(" || ") },
    })
}

/// Whether `effect` adds an index to a table that one of the statements `before` it makes. It is asked about only once
/// that one is known to have made the table, so that there was no index: to look would cost and tell nothing.
fn is_of_new_table(effect: &Effect, before: &[Effect]) -> bool {
    let Effect::Objects { objects, present: true } = effect else { return false };
    let [Object::Index { table: Some(table), .. }] = objects.as_slice() else { return false };
    before.iter().any(|earlier| *earlier == Effect::present(Object::Table(table.clone())))
}

/// What was written down for one of several scripts, by its place among them.
pub fn before_of(written: &str, script: usize) -> Option<&str> {
    written.split(BETWEEN).nth(script)
}

/// How things stood before statement `index`, out of what [`looks_before_each`] wrote down.
pub fn before(written: &str, index: usize) -> Option<&str> {
    let (first, looks) = written.split_once(':')?;
    let look = looks.split(',').nth(index.checked_sub(first.parse().ok()?)?)?;
    (look != UNTOLD).then_some(look)
}

/// An expression for where the session looks for names without a schema; None where there is only one such place.
pub fn place(engine: Engine) -> Option<&'static str> {
    match engine {
        Engine::Postgres => Some("pg_catalog.current_setting('search_path')"),
        Engine::MySql => Some("DATABASE()"),
        Engine::Sqlite => None,
    }
}

/// A statement that makes the session look for names in `place`, where that is not part of each look.
pub fn go_to_place(engine: Engine, place: &str) -> Option<String> {
    match engine {
        Engine::Postgres => {
            Some(format!("SELECT pg_catalog.set_config('search_path', {}, false)", literal(engine, place)))
        }
        Engine::MySql => Some(format!("USE {}", identifier(engine, place))),
        Engine::Sqlite => None,
    }
}

/// What opens and what ends a transaction that cannot write.
pub fn read_only(engine: Engine) -> (&'static str, &'static str) {
    match engine {
        Engine::Postgres => ("BEGIN READ ONLY", "ROLLBACK"),
        Engine::MySql => ("START TRANSACTION READ ONLY", "ROLLBACK"),
        Engine::Sqlite => ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
    }
}

/// Stands between what was written down for two scripts.
const BETWEEN: char = ';';

/// Stands in what was written down for a look that was not taken.
const UNTOLD: &str = "-";

/// When a look is taken: those before a statement must not cost what they are worth only after a crash.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    Before,
    After,
}

fn look(engine: Engine, effect: &Effect, place: Option<&str>, moment: Moment) -> Option<String> {
    let look = match effect {
        Effect::Objects { objects, .. } => {
            let words = objects.iter().map(|object| match engine {
                Engine::Postgres => postgres::object(object),
                Engine::MySql => mysql::object(object, place, moment),
                Engine::Sqlite => sqlite::object(object),
            });
            words.collect::<Option<Vec<String>>>().map(|words| joined(engine, words))
        }
        Effect::Change(subject) => match engine {
            Engine::Postgres => Some(postgres::fingerprint(subject)),
            Engine::MySql => mysql::fingerprint(subject, place),
            Engine::Sqlite => None,
        },
        Effect::Emptied(_) if moment == Moment::Before => None,
        Effect::Emptied(tables) => Some(joined(engine, tables.iter().map(|table| rows(engine, table)))),
    };
    match moment {
        Moment::Before => Some(look.unwrap_or_else(|| format!("'{UNTOLD}'"))),
        Moment::After => look,
    }
}

fn joined(engine: Engine, words: impl IntoIterator<Item = String>) -> String {
    let words: Vec<String> = words.into_iter().collect();
    match (words.as_slice(), engine) {
        ([word], _) => word.clone(),
        (words, Engine::Postgres) => format!("pg_catalog.concat_ws(' ', {})", words.join(", ")),
        (words, Engine::MySql) => format!("CONCAT_WS(' ', {})", words.join(", ")),
        (words, Engine::Sqlite) => words.join(" || ' ' || "),
    }
}

fn rows(engine: Engine, table: &ObjectName) -> String {
    format!("(SELECT COUNT(*) FROM (SELECT 1 FROM {} LIMIT 1) found)", qualified(engine, table))
}

fn qualified(engine: Engine, name: &ObjectName) -> String {
    let own = identifier(engine, &name.name);
    match &name.schema {
        Some(schema) => format!("{}.{own}", identifier(engine, schema)),
        None => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Subject;

    fn table(name: &str) -> Object {
        Object::Table(ObjectName { schema: None, name: name.into() })
    }

    fn looks_before(engine: Engine, index: usize, effects: &[Effect]) -> Option<LooksBefore> {
        looks_before_each(engine, &[(index, effects)])
    }

    #[test]
    fn what_was_written_down_is_found_again() {
        assert_eq!(before("3:0,7 8,-", 3), Some("0"));
        assert_eq!(before("3:0,7 8,-", 4), Some("7 8"));
        assert_eq!(before("3:0,7 8,-", 5), None);
        assert_eq!(before("3:0", 2), None, "of another statement");
        assert_eq!(before("", 0), None);
    }

    #[test]
    fn several_scripts_are_looked_at_in_one_go() {
        let effects = [Effect::present(table("a"))];
        let looks = looks_before_each(Engine::MySql, &[(0, &effects), (0, &effects)]).expect("looks");
        assert!(
            looks.first.is_some_and(|text| text.contains("CONCAT('0:', EXISTS") && text.contains(", ';0:', EXISTS"))
        );
        assert_eq!([0, 1, 2].map(|script| before_of("0:0,1;0:1", script)), [Some("0:0,1"), Some("0:1"), None]);
    }

    #[test]
    fn looks_are_expressions_of_each_engine() {
        let effects = [Effect::present(table("a")), Effect::absent(table("b"))];
        for engine in Engine::ALL {
            let looks = looks_before(engine, 2, &effects).expect("tables are seen everywhere");
            let text = looks.first.unwrap_or(looks.value);
            assert!(text.contains("'2:'") && text.contains("','"), "{text}");
            assert!(select_look(engine, &effects[0], None).expect("a look").starts_with("SELECT "));
        }
    }

    #[test]
    fn an_index_of_a_table_that_is_made_just_before_is_not_looked_for() {
        let name = |name: &str| ObjectName { schema: None, name: name.into() };
        let index = |of: &str| Object::Index { name: name("i"), table: Some(name(of)), concurrently: false };
        let looked = |effects: &[Effect]| {
            let looks = looks_before(Engine::MySql, 0, effects).expect("looks");
            looks.first.expect("a look").matches("STATISTICS").count()
        };
        let (a, of_a) = (Effect::present(table("a")), Effect::present(index("a")));
        assert_eq!(looked(&[a.clone(), of_a.clone()]), 0);
        assert_eq!(looked(&[a.clone(), Effect::present(index("b"))]), 1, "of another table");
        assert_eq!(looked(&[of_a.clone(), a.clone()]), 1, "made only after it");
        assert_eq!(looked(&[Effect::absent(table("a")), of_a]), 1, "not made");
        assert_eq!(looked(&[a, Effect::absent(index("a"))]), 1, "not added");
    }

    #[test]
    fn what_is_not_seen_is_not_asked() {
        let subject = Subject::Table(ObjectName { schema: None, name: "t".into() });
        assert_eq!(select_look(Engine::Sqlite, &Effect::Change(subject.clone()), None), None);
        let effects = [Effect::Change(subject)];
        assert_eq!(looks_before(Engine::Sqlite, 0, &effects).map(|looks| looks.value).as_deref(), Some("'0:' || '-'"));
    }
}
