//! The settings of a SQLite session, as SQL text. <https://www.sqlite.org/pragma.html>

use crate::db::SessionOptions;
use crate::dialect::{Engine, identifier, literal};

/// What a migration may have changed, as the `sqlite3` shell starts with it. The journal mode is not here: it is a
/// property of the file, not of the session.
pub(super) const SHELL_DEFAULTS: [&str; 11] = [
    "PRAGMA defer_foreign_keys = OFF",
    "PRAGMA legacy_alter_table = OFF",
    "PRAGMA recursive_triggers = OFF",
    "PRAGMA ignore_check_constraints = OFF",
    "PRAGMA reverse_unordered_selects = OFF",
    "PRAGMA writable_schema = OFF",
    "PRAGMA query_only = OFF",
    "PRAGMA locking_mode = NORMAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA trusted_schema = ON",
    "PRAGMA case_sensitive_like = OFF",
];

/// The statements that give a fresh (or reset) session its settings. The bundled library enforces foreign keys by
/// default; the shell does not.
pub(super) fn setup(options: &SessionOptions) -> Vec<String> {
    let mut statements = vec!["PRAGMA foreign_keys = OFF".to_owned()];
    statements.extend(options.settings.iter().map(|(name, value)| {
        // A pragma takes a number or a word as it is, and a quoted one the same way.
        format!("PRAGMA {} = {}", identifier(Engine::Sqlite, name), literal(Engine::Sqlite, value))
    }));
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_quoted_pragmas() {
        let settings = [("cache_size".to_owned(), "-64000".to_owned())].into();
        let statements = setup(&SessionOptions { settings, ..SessionOptions::default() });
        assert_eq!(statements.last().map(String::as_str), Some("PRAGMA \"cache_size\" = '-64000'"));
    }
}
