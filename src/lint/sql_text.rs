//! SQL as remedies quote it: statements on one line, names in quotes where they need them.

use super::change::Name;
use super::subject::Subject;
use super::{locks, rebuild};
use crate::dialect::Engine;
use crate::parse::{Lexer, TokenKind};

/// A statement without its comments, on one line.
pub(super) fn one_line(subject: &Subject<'_>, statement: usize) -> String {
    tidy(subject, subject.text(statement))
}

/// A part of a statement in the same way.
pub(super) fn tidy(subject: &Subject<'_>, text: &str) -> String {
    let comment = |kind| matches!(kind, TokenKind::LineComment | TokenKind::BlockComment);
    let tokens = Lexer::new(subject.engine.lex_rules(), text).filter(|token| !comment(token.kind));
    let parts = tokens.map(|token| match token.kind {
        TokenKind::Blank => " ",
        _ => &text[token.span],
    });
    let line = parts.fold(String::new(), |line, part| match part {
        " " if line.ends_with(' ') => line,
        part => line + part,
    });
    line.trim().to_owned()
}

/// A name as the engine's SQL has it.
pub(super) fn quoted(engine: Engine, name: &str) -> String {
    match engine {
        Engine::Postgres => locks::quoted(name),
        Engine::Sqlite => rebuild::quoted(name),
        Engine::MySql if needs_backquotes(name) => format!("`{}`", name.replace('`', "``")),
        Engine::MySql => name.to_owned(),
    }
}

/// The same with the schema.
pub(super) fn quoted_name(engine: Engine, name: &Name) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", quoted(engine, schema), quoted(engine, &name.name)),
        None => quoted(engine, &name.name),
    }
}

/// MySQL's and MariaDB's reserved words that turn up as names.
const RESERVED: [&str; 26] = [
    "add",
    "by",
    "call",
    "check",
    "column",
    "condition",
    "default",
    "desc",
    "from",
    "group",
    "groups",
    "index",
    "interval",
    "key",
    "keys",
    "limit",
    "not",
    "option",
    "order",
    "range",
    "rank",
    "read",
    "references",
    "select",
    "table",
    "usage",
];

fn needs_backquotes(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    is_number || !name.bytes().all(plain) || RESERVED.iter().any(|word| name.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_the_engine_needs_it() {
        for (name, postgres, mysql, sqlite) in [
            ("users", "users", "users", "users"),
            ("order", "\"order\"", "`order`", "\"order\""),
            ("my table", "\"my table\"", "`my table`", "\"my table\""),
            ("Users", "\"Users\"", "Users", "Users"),
        ] {
            assert_eq!(quoted(Engine::Postgres, name), postgres);
            assert_eq!(quoted(Engine::MySql, name), mysql);
            assert_eq!(quoted(Engine::Sqlite, name), sqlite);
        }
        let name = Name { schema: Some("s".into()), name: "group".into() };
        assert_eq!(quoted_name(Engine::MySql, &name), "s.`group`");
    }
}
