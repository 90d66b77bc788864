//! What a DDL statement leaves in the catalog.
//!
//! Only forms that are carried out whole or not at all, and whose result one look decides; everything else has no
//! effect that could be told, which is never an error.

use super::{Lexer, TokenKind};
use crate::dialect::Engine;
use crate::model::{Effect, Object, ObjectName};

/// The effect of `statement`; None where looking at the catalog would not tell.
pub fn effect(engine: Engine, statement: &str) -> Option<Effect> {
    let mut reader = Reader::new(engine, statement);
    match reader.word()?.as_str() {
        "create" => create(&mut reader),
        "drop" => drop_object(&mut reader),
        "alter" => reader.take("table").then(|| alter_table(&mut reader)).flatten(),
        "rename" if engine == Engine::MySql => {
            reader.take("table").then_some(())?;
            reader.name()?;
            reader.take("to").then_some(())?;
            let name = reader.name()?;
            reader.ends().then_some(Effect { object: Object::Table(name), present: true })
        }
        _ => None,
    }
}

/// Whether `statement` only adds an object that the catalog lists: nothing that another such statement left is gone
/// after it, so that of several in a row the catalog tells which have been carried out.
pub fn only_adds(engine: Engine, statement: &str) -> bool {
    Reader::new(engine, statement).word().as_deref() == Some("create") && effect(engine, statement).is_some()
}

fn create(reader: &mut Reader<'_>) -> Option<Effect> {
    let present = |object| Some(Effect { object, present: true });
    // `DEFINER = app@localhost`, `ALGORITHM = MERGE`, `SQL SECURITY INVOKER`, `UNIQUE`: up to the kind of object.
    loop {
        match reader.word_or_symbol()?.as_str() {
            // What it replaces may have been there before.
            "or" | "temporary" | "temp" => return None,
            "table" => return present(Object::Table(reader.if_not_exists().name()?)),
            "view" => return present(Object::View(reader.if_not_exists().name()?)),
            "function" | "procedure" => return present(Object::Routine(reader.if_not_exists().name()?)),
            "trigger" => return present(Object::Trigger(reader.if_not_exists().name()?)),
            "event" => return present(Object::Event(reader.if_not_exists().name()?)),
            "index" => {
                let concurrently = reader.take("concurrently");
                let name = reader.if_not_exists().name()?;
                while reader.word()? != "on" {}
                reader.take("only");
                let table = reader.name();
                return present(Object::Index { name, table, concurrently });
            }
            _ => {}
        }
    }
}

fn drop_object(reader: &mut Reader<'_>) -> Option<Effect> {
    let kind = reader.word()?;
    let concurrently = kind == "index" && reader.take("concurrently");
    let name = reader.if_exists().name()?;
    let object = match kind.as_str() {
        "table" => Object::Table(name),
        "view" => Object::View(name),
        "function" | "procedure" => Object::Routine(name),
        "trigger" => Object::Trigger(name),
        "event" => Object::Event(name),
        "index" => {
            let table = reader.take("on").then(|| reader.name()).flatten();
            Object::Index { name, table, concurrently }
        }
        _ => return None,
    };
    // Of several objects some may be gone.
    (!reader.has_comma()).then_some(Effect { object, present: false })
}

/// The first clause stands for all: the engine carries out one `ALTER TABLE` whole or not at all (MySQL 8.0,
/// <https://dev.mysql.com/doc/refman/8.0/en/atomic-ddl.html>; MariaDB 10.6,
/// <https://mariadb.com/kb/en/atomic-ddl/>; PostgreSQL and SQLite always).
fn alter_table(reader: &mut Reader<'_>) -> Option<Effect> {
    reader.if_exists().take("only");
    let table = reader.name()?;
    let verb = reader.word()?;
    let index = |name: String, table: &ObjectName| Object::Index {
        name: ObjectName { schema: table.schema.clone(), name },
        table: Some(table.clone()),
        concurrently: false,
    };
    match verb.as_str() {
        "add" => {
            let present = |object| Some(Effect { object, present: true });
            for kind in ["unique", "fulltext", "spatial"] {
                reader.take(kind);
            }
            if reader.take("index") || reader.take("key") {
                return present(index(reader.plain_name()?, &table));
            }
            if reader.take("constraint") {
                return present(Object::Constraint { name: reader.plain_name()?, table });
            }
            reader.take("column");
            if ["primary", "foreign", "check", "partition", "period", "system"].iter().any(|word| reader.take(word)) {
                return None;
            }
            present(Object::Column { column: reader.if_not_exists().plain_name()?, table })
        }
        "drop" => {
            let absent = |object| Some(Effect { object, present: false });
            if reader.take("index") || reader.take("key") {
                return absent(index(reader.if_exists().plain_name()?, &table));
            }
            if reader.take("foreign") {
                reader.take("key");
                return absent(Object::Constraint { name: reader.if_exists().plain_name()?, table });
            }
            if reader.take("constraint") {
                return absent(Object::Constraint { name: reader.if_exists().plain_name()?, table });
            }
            reader.take("column");
            if ["primary", "check", "partition", "period", "system"].iter().any(|word| reader.take(word)) {
                return None;
            }
            absent(Object::Column { column: reader.if_exists().plain_name()?, table })
        }
        "rename" => {
            let column = reader.take("column");
            if column {
                reader.plain_name()?;
            }
            if !reader.take("to") && (column || !reader.take("as")) {
                return None;
            }
            let object = match column {
                true => Object::Column { column: reader.plain_name()?, table },
                false => Object::Table(reader.name()?),
            };
            Some(Effect { object, present: true })
        }
        "change" => {
            reader.take("column");
            let (from, to) = (reader.plain_name()?, reader.plain_name()?);
            (!from.eq_ignore_ascii_case(&to))
                .then_some(Effect { object: Object::Column { column: to, table }, present: true })
        }
        _ => None,
    }
}

/// Reads a statement word by word.
struct Reader<'t> {
    engine: Engine,
    lexer: Lexer<'t>,
}

impl<'t> Reader<'t> {
    fn new(engine: Engine, statement: &'t str) -> Self {
        Reader { engine, lexer: Lexer::new(engine.lex_rules(), statement) }
    }

    fn token(&mut self) -> Option<(TokenKind, &'t str)> {
        let token = self.lexer.by_ref().find(|token| token.kind.is_code())?;
        Some((token.kind, self.lexer.text_of(&token)))
    }

    /// The next token as a keyword, in lower case.
    fn word(&mut self) -> Option<String> {
        self.token().filter(|(kind, _)| *kind == TokenKind::Word).map(|(_, text)| text.to_ascii_lowercase())
    }

    /// The next token, whatever it is, in lower case.
    fn word_or_symbol(&mut self) -> Option<String> {
        self.token().map(|(_, text)| text.to_ascii_lowercase())
    }

    /// Passes over the next token when it is this keyword.
    fn take(&mut self, keyword: &str) -> bool {
        let mut ahead = Reader { engine: self.engine, lexer: self.lexer };
        let found = ahead.word().is_some_and(|word| word == keyword);
        if found {
            self.lexer = ahead.lexer;
        }
        found
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let mut ahead = Reader { engine: self.engine, lexer: self.lexer };
        let found = ahead.token().is_some_and(|(kind, text)| kind == TokenKind::Symbol && text == symbol);
        if found {
            self.lexer = ahead.lexer;
        }
        found
    }

    fn if_not_exists(&mut self) -> &mut Self {
        if self.take("if") {
            self.take("not");
            self.take("exists");
        }
        self
    }

    fn if_exists(&mut self) -> &mut Self {
        if self.take("if") {
            self.take("exists");
        }
        self
    }

    fn plain_name(&mut self) -> Option<String> {
        let (kind, text) = self.token()?;
        match kind {
            TokenKind::Word if self.engine == Engine::Postgres => Some(text.to_lowercase()),
            TokenKind::Word => Some(text.to_string()),
            TokenKind::QuotedIdentifier => unquote(text),
            _ => None,
        }
    }

    fn name(&mut self) -> Option<ObjectName> {
        let first = self.plain_name()?;
        if !self.take_symbol(".") {
            return Some(ObjectName { schema: None, name: first });
        }
        Some(ObjectName { schema: Some(first), name: self.plain_name()? })
    }

    fn ends(&mut self) -> bool {
        self.token().is_none()
    }

    fn has_comma(&mut self) -> bool {
        std::iter::from_fn(|| self.token()).any(|(kind, text)| kind == TokenKind::Symbol && text == ",")
    }
}

fn unquote(text: &str) -> Option<String> {
    let quote = text.chars().next()?;
    let closing = if quote == '[' { ']' } else { quote };
    let inner = text.strip_prefix(quote)?.strip_suffix(closing)?;
    Some(inner.replace(&format!("{closing}{closing}"), &closing.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> ObjectName {
        match name.split_once('.') {
            Some((schema, name)) => ObjectName { schema: Some(schema.into()), name: name.into() },
            None => ObjectName { schema: None, name: name.into() },
        }
    }

    fn index(name: &str, table: Option<&str>, concurrently: bool) -> Object {
        Object::Index { name: named(name), table: table.map(named), concurrently }
    }

    fn column(table: &str, column: &str) -> Object {
        Object::Column { table: named(table), column: column.into() }
    }

    #[test]
    fn mysql_ddl_is_told_by_what_it_leaves() {
        for (statement, object, present) in [
            ("CREATE TABLE `a b` (c int)", Object::Table(named("a b")), true),
            ("create table if not exists shop.t (c int)", Object::Table(named("shop.t")), true),
            ("DROP TABLE t", Object::Table(named("t")), false),
            ("CREATE UNIQUE INDEX i ON t (c)", index("i", Some("t"), false), true),
            ("CREATE INDEX i USING BTREE ON t (c)", index("i", Some("t"), false), true),
            ("DROP INDEX i ON t", index("i", Some("t"), false), false),
            ("ALTER TABLE t ADD COLUMN c int, ADD COLUMN d int", column("t", "c"), true),
            ("ALTER TABLE t ADD c int", column("t", "c"), true),
            ("ALTER TABLE t DROP c", column("t", "c"), false),
            ("ALTER TABLE t ADD UNIQUE KEY k (c)", index("k", Some("t"), false), true),
            ("ALTER TABLE t DROP INDEX k", index("k", Some("t"), false), false),
            ("ALTER TABLE t RENAME TO u", Object::Table(named("u")), true),
            ("ALTER TABLE t RENAME COLUMN a TO b", column("t", "b"), true),
            ("ALTER TABLE t CHANGE COLUMN a b int", column("t", "b"), true),
            ("RENAME TABLE a TO b", Object::Table(named("b")), true),
            (
                "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (b)",
                Object::Constraint { table: named("t"), name: "f".into() },
                true,
            ),
            ("ALTER TABLE t DROP FOREIGN KEY f", Object::Constraint { table: named("t"), name: "f".into() }, false),
            (
                "CREATE DEFINER=`a`@`%` TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a=1",
                Object::Trigger(named("g")),
                true,
            ),
            ("CREATE PROCEDURE p() SELECT 1", Object::Routine(named("p")), true),
            ("CREATE SQL SECURITY INVOKER VIEW v AS SELECT 1", Object::View(named("v")), true),
            ("DROP EVENT IF EXISTS e", Object::Event(named("e")), false),
        ] {
            assert_eq!(effect(Engine::MySql, statement), Some(Effect { object, present }), "{statement}");
        }
    }

    #[test]
    fn postgres_indexes_are_told_with_their_validity() {
        for (statement, object, present) in [
            ("CREATE INDEX CONCURRENTLY I ON ONLY s.t (c)", index("i", Some("s.t"), true), true),
            ("CREATE INDEX CONCURRENTLY IF NOT EXISTS \"I\" ON t (c)", index("I", Some("t"), true), true),
            ("DROP INDEX CONCURRENTLY IF EXISTS s.i", index("s.i", None, true), false),
        ] {
            assert_eq!(effect(Engine::Postgres, statement), Some(Effect { object, present }), "{statement}");
        }
    }

    #[test]
    fn only_creating_adds_and_takes_nothing_away() {
        for (statement, expected) in [
            ("CREATE TABLE t (c int)", true),
            ("CREATE INDEX i ON t (c)", true),
            ("ALTER TABLE t ADD c int, DROP d", false),
            ("RENAME TABLE a TO b", false),
            ("CREATE OR REPLACE VIEW v AS SELECT 1", false),
            ("DROP TABLE t", false),
        ] {
            assert_eq!(only_adds(Engine::MySql, statement), expected, "{statement}");
        }
    }

    #[test]
    fn what_one_look_does_not_decide_has_no_effect() {
        for statement in [
            "CREATE OR REPLACE VIEW v AS SELECT 1",
            "CREATE TEMPORARY TABLE t (c int)",
            "DROP TABLE a, b",
            "ALTER TABLE t MODIFY c bigint",
            "ALTER TABLE t CHANGE c c bigint",
            "ALTER TABLE t ADD PRIMARY KEY (c)",
            "ALTER TABLE t ADD INDEX (c)",
            "ALTER TABLE t ADD FOREIGN KEY (c) REFERENCES u (d)",
            "ALTER TABLE t ENGINE = InnoDB",
            "RENAME TABLE a TO b, c TO d",
            "INSERT INTO t VALUES (1)",
            "CALL p()",
            "",
        ] {
            assert_eq!(effect(Engine::MySql, statement), None, "{statement}");
        }
    }
}
