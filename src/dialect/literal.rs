//! Quoting. The only place where text that is not ours becomes part of a statement.

use super::Engine;

/// `text` as a string literal that means the same under every session setting a migration may have left behind
/// (`standard_conforming_strings`, `NO_BACKSLASH_ESCAPES`, `ANSI_QUOTES`).
///
/// A NUL byte cannot be stored as text by PostgreSQL and ends a text for SQLite; it becomes U+2400 (`␀`).
pub fn literal(engine: Engine, text: &str) -> String {
    match engine {
        Engine::Postgres => {
            let mut quoted = String::with_capacity(text.len() + 3);
            quoted.push_str("E'");
            for character in text.chars() {
                match character {
                    '\'' => quoted.push_str("''"),
                    '\\' => quoted.push_str("\\\\"),
                    '\0' => quoted.push('␀'),
                    other => quoted.push(other),
                }
            }
            quoted.push('\'');
            quoted
        }
        // In hexadecimal: whether a backslash escapes depends on sql_mode, which a file may have changed. A literal
        // takes the collation of the column it is compared with; the result of CONVERT has one of its own, and fails
        // where a file gave all tables of the database another.
        Engine::MySql => format!("_utf8mb4 X'{}'", hex::encode(text)),
        Engine::Sqlite => format!("'{}'", text.replace('\'', "''").replace('\0', "␀")),
    }
}

/// `name` as a quoted identifier.
pub fn identifier(engine: Engine, name: &str) -> String {
    let name = name.replace('\0', "␀");
    match engine {
        Engine::Postgres | Engine::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
        Engine::MySql => format!("`{}`", name.replace('`', "``")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_stay_inside() {
        assert_eq!(literal(Engine::Postgres, r"it's \ here"), r"E'it''s \\ here'");
        assert_eq!(literal(Engine::Sqlite, r"it's \ here"), r"'it''s \ here'");
        assert_eq!(literal(Engine::MySql, "a'b"), "_utf8mb4 X'612762'");
        assert_eq!(identifier(Engine::Postgres, "a\"b"), "\"a\"\"b\"");
        assert_eq!(identifier(Engine::MySql, "a`b"), "`a``b`");
    }
}
