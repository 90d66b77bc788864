//! Asking for the warnings of a statement without a round trip of its own.

use crate::db::leading_word::leading_words;
use crate::db::{Position, SqlError};

/// What lists them.
pub(super) const QUERY: &str = "SHOW WARNINGS";

/// What a statement and the query behind it are joined with. Without a line break, so that the lines and the places
/// that the server names in an error are those of the statement.
const SEPARATOR: &str = ";";

/// DDL with the query behind it: nothing but a warning is asked of the server once the statement is done, so that it
/// does no harm when a client that was killed does not hear the answer. None for what may answer more than once, what
/// the server keeps as text (the bodies of routines, triggers, events; views), and what may end in a comment.
pub(super) fn asked_behind(statement: &str) -> Option<String> {
    const WHOLE: [&str; 4] = ["ALTER", "DROP", "RENAME", "TRUNCATE"];
    const OF_TABLES: [&str; 7] = ["TABLE", "INDEX", "UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR", "TEMPORARY"];
    let is = |word: &str, words: &[&str]| words.iter().any(|candidate| candidate.eq_ignore_ascii_case(word));
    let [first, second] = leading_words(statement);
    let is_plain = match second {
        "" => false,
        second if first.eq_ignore_ascii_case("CREATE") => is(second, &OF_TABLES),
        second => is(first, &WHOLE) && is(second, &["TABLE", "TABLES", "INDEX"]),
    };
    let last_line = statement.lines().next_back().unwrap_or_default();
    let may_be_comment = last_line.contains("--") || last_line.contains('#');
    (is_plain && !may_be_comment).then(|| format!("{statement}{SEPARATOR}{QUERY}"))
}

/// Takes the query out of what an error quotes of the text that was sent; the server cuts the quotation anywhere.
pub(super) fn leave_out(error: &mut SqlError) {
    let Some(Position::Line(_, quoted)) = &mut error.position else { return };
    let Some(text) = quoted.as_deref() else { return };
    let behind = format!("{SEPARATOR}{QUERY}");
    let cut = (1..=behind.len()).rev().find_map(|length| text.strip_suffix(&behind[..length]));
    let Some(own) = cut else { return };
    error.message = error.message.replacen(&format!("near '{text}'"), &format!("near '{own}'"), 1);
    *quoted = (!own.is_empty()).then(|| own.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::SqlErrorKind;

    #[test]
    fn only_ddl_that_ends_once_and_is_kept_nowhere_asks_behind_itself() {
        for (statement, expected) in [
            ("CREATE TABLE t (id int)", true),
            ("create /* a */ unique index i ON t (a)", true),
            ("CREATE VECTOR INDEX i ON t (c)", true),
            ("ALTER TABLE t ADD c int", true),
            ("DROP TABLE t", true),
            ("TRUNCATE TABLE t", true),
            ("CREATE TABLE t (id int) -- the first", false),
            ("CREATE TABLE t (id int) # the first", false),
            ("CREATE VIEW v AS SELECT 1", false),
            ("CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET @a = 1", false),
            ("CREATE OR REPLACE TABLE t (id int)", false),
            ("ALTER EVENT e DO SELECT 1", false),
            ("TRUNCATE t", false),
            ("CALL p()", false),
            ("/*!40000 ALTER TABLE t DISABLE KEYS */", false),
            ("INSERT INTO t VALUES (1)", false),
        ] {
            assert_eq!(asked_behind(statement).is_some(), expected, "{statement}");
        }
    }

    #[test]
    fn an_error_quotes_the_statement_alone() {
        for (quoted, own) in [
            (";SHOW WARNINGS", None),
            ("int nul;SHOW WARNINGS", Some("int nul")),
            ("int nul;SHOW WAR", Some("int nul")),
            ("int nul", Some("int nul")),
        ] {
            let position = Some(Position::Line(2, Some(quoted.to_owned())));
            let message = format!("wrong near '{quoted}' at line 2");
            let mut error = SqlError { position, ..SqlError::new(SqlErrorKind::Statement, message) };
            leave_out(&mut error);
            assert_eq!(error.position, Some(Position::Line(2, own.map(str::to_owned))));
            assert_eq!(error.message, format!("wrong near '{}' at line 2", own.unwrap_or_default()));
        }
    }
}
