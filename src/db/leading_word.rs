//! The word a statement begins with: all a session needs to know to read its result.

use crate::dialect::Engine;

/// The first word of `sql` behind blanks and comments; empty where something else stands there, and also before a
/// MySQL comment that is code (`/*! … */`).
pub(super) fn leading_word(sql: &str) -> &str {
    split_leading_word(sql).0
}

/// The first two words of `sql`, each as [`leading_word`] finds it.
pub(super) fn leading_words(sql: &str) -> [&str; 2] {
    let (first, behind) = split_leading_word(sql);
    [first, leading_word(behind)]
}

fn split_leading_word(sql: &str) -> (&str, &str) {
    let mut rest = sql.trim_start();
    loop {
        rest = if rest.starts_with("--") || rest.starts_with('#') {
            rest.split_once('\n').map_or("", |(_, behind)| behind)
        } else if rest.starts_with("/*") && !rest.starts_with("/*!") && !rest.starts_with("/*M!") {
            behind_comment(rest)
        } else {
            break;
        }
        .trim_start();
    }
    let end = rest.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(rest.len());
    rest.split_at(end)
}

/// What follows the comment `text` begins with. Comments nest in PostgreSQL; the others end at the first `*/`, and
/// for them a nested one is an error anyway.
fn behind_comment(text: &str) -> &str {
    let mut depth = 0;
    let bytes = text.as_bytes();
    let mut index = 0;
    while index + 1 < bytes.len() {
        match &bytes[index..index + 2] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                index += 1;
                continue;
            }
        }
        index += 2;
        if depth == 0 {
            return &text[index..];
        }
    }
    ""
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|candidate| candidate.eq_ignore_ascii_case(word))
}

/// Rows a finished statement wrote or returned; None where its kind has no such number.
///
/// `affected` alone does not tell: for a statement that is not DML, SQLite repeats the number of the last one that
/// was (<https://www.sqlite.org/c3ref/changes.html>), and MySQL's DDL counts the rows of its table copy.
pub(super) fn rows(engine: Engine, sql: &str, affected: u64, returned: u64) -> Option<u64> {
    const READS: [&str; 9] = ["SELECT", "VALUES", "TABLE", "SHOW", "EXPLAIN", "DESCRIBE", "DESC", "PRAGMA", "FETCH"];
    const WRITES: [&str; 5] = ["INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE"];
    let word = leading_word(sql);
    if is_one_of(word, &WRITES) {
        return Some(affected.max(returned));
    }
    if is_one_of(word, &READS) {
        return Some(returned);
    }
    match engine {
        // The command tag has a count exactly where rows were written (`SELECT 5` after CREATE TABLE … AS).
        Engine::Postgres if affected > 0 || word.eq_ignore_ascii_case("WITH") => Some(affected.max(returned)),
        _ if returned > 0 => Some(returned),
        _ => None,
    }
}

/// Whether MySQL answers `sql` with exactly one result. `CALL`, `EXECUTE` and MariaDB's compound statements answer
/// with one for each query inside and one for themselves, so results could not be counted beside others.
pub(super) fn answers_once(sql: &str) -> bool {
    const ONCE: [&str; 24] = [
        "ALTER",
        "COMMIT",
        "CREATE",
        "DELETE",
        "DO",
        "DROP",
        "GRANT",
        "INSERT",
        "LOCK",
        "RELEASE",
        "RENAME",
        "REPLACE",
        "REVOKE",
        "ROLLBACK",
        "SAVEPOINT",
        "SELECT",
        "SET",
        "SHOW",
        "START",
        "TRUNCATE",
        "UNLOCK",
        "UPDATE",
        "USE",
        "VALUES",
    ];
    is_one_of(leading_word(sql), &ONCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_before_the_word_are_skipped() {
        for (sql, word) in [
            ("SELECT 1", "SELECT"),
            ("\n -- a\n# b\n/* c /* d */ e */ insert into t", "insert"),
            ("/*!50100 ALTER TABLE t */", ""),
            ("(SELECT 1)", ""),
            ("-- only", ""),
            ("/* open", ""),
            ("", ""),
        ] {
            assert_eq!(leading_word(sql), word, "{sql}");
        }
    }

    #[test]
    fn rows_are_told_only_where_the_statement_has_some() {
        for (engine, sql, affected, returned, expected) in [
            (Engine::Sqlite, "CREATE TABLE t (a)", 7, 0, None),
            (Engine::Sqlite, "DELETE FROM t", 7, 0, Some(7)),
            (Engine::Sqlite, "SELECT 1 WHERE 0", 7, 0, Some(0)),
            (Engine::Sqlite, "WITH x AS (SELECT 1) SELECT * FROM x", 7, 1, Some(1)),
            (Engine::MySql, "ALTER TABLE t ADD a int", 7, 0, None),
            (Engine::MySql, "INSERT INTO t VALUES (1) RETURNING a", 0, 1, Some(1)),
            (Engine::Postgres, "CREATE TABLE t AS SELECT 1", 1, 0, Some(1)),
            (Engine::Postgres, "CREATE TABLE t (a int)", 0, 0, None),
            (Engine::Postgres, "WITH x AS (SELECT 1) DELETE FROM t", 0, 0, Some(0)),
        ] {
            assert_eq!(rows(engine, sql, affected, returned), expected, "{engine} {sql}");
        }
    }

    #[test]
    fn only_statements_known_to_answer_once_are_counted_together() {
        assert!(answers_once("insert into t values (1)"));
        for sql in ["CALL p()", "EXECUTE s", "BEGIN NOT ATOMIC SELECT 1; END", "/*!50100 CALL p() */", "WITH x"] {
            assert!(!answers_once(sql), "{sql}");
        }
    }
}
