use std::ops::Range;

use crate::db::Position;
use crate::model::Script;

/// What MySQL quotes of the statement is cut after this many bytes (`ER_PARSE_ERROR` in its messages:
/// <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>); a shorter quotation runs to the end.
const MYSQL_QUOTE: usize = 80;

/// Where in [`Script::source`] an error in statement `index` is, in bytes: the word at `position`, or the first line
/// of the statement where the engine does not tell, or tells something that cannot be found.
///
/// Wrong is worse than vague here: a place is only named when it is certain.
///
/// # Panics
/// If `index` is not below the number of statements.
pub fn statement_position(script: &Script, index: usize, position: Option<&Position>) -> Range<usize> {
    let text = script.statement_text(index);
    let within = match position {
        Some(Position::Character(characters)) => at_character(text, *characters),
        Some(Position::Line(line, near)) => at_line(text, *line, near.as_deref()),
        Some(Position::Text(piece)) => only_occurrence(text, piece),
        None => None,
    };
    let within = within.unwrap_or_else(|| first_line(text));
    let start = script.statements[index].span.start;
    start + within.start..start + within.end
}

/// The 1-based line of a byte offset, and its 1-based column in characters. A BOM is not a character.
pub fn line_and_column(source: &str, offset: usize) -> (usize, usize) {
    let before = &source[..floor_boundary(source, offset)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before[line_start..].trim_start_matches('\u{feff}').chars().count() + 1;
    (before.bytes().filter(|&byte| byte == b'\n').count() + 1, column)
}

/// PostgreSQL counts characters, not bytes
/// (<https://www.postgresql.org/docs/current/protocol-error-fields.html>, field `P`).
fn at_character(text: &str, characters: usize) -> Option<Range<usize>> {
    let start = match text.char_indices().nth(characters) {
        Some((start, _)) => start,
        // "syntax error at end of input" points behind the last character.
        None if text.chars().count() == characters => return last_character(text),
        None => return None,
    };
    Some(start..start + word_length(&text[start..]))
}

/// MySQL names the line on which the parser stopped and quotes what follows, cut after [`MYSQL_QUOTE`] bytes; nothing
/// follows where the statement ends too early.
fn at_line(text: &str, line: usize, near: Option<&str>) -> Option<Range<usize>> {
    let start = line_start(text, line)?;
    let whole_line = trimmed(start, text[start..].lines().next().unwrap_or_default());
    let place = match near {
        None => None,
        Some("") => return last_character(text),
        Some(near) if near.len() < MYSQL_QUOTE && text.ends_with(near) => Some(text.len() - near.len()),
        Some(near) => only_place(text, near),
    };
    Some(place.map_or(whole_line, |place| place..place + word_length(&text[place..])))
}

/// The place of `piece` where it stands in `text` exactly once.
fn only_place(text: &str, piece: &str) -> Option<usize> {
    let mut places = text.match_indices(piece).map(|(place, _)| place);
    let place = places.next()?;
    places.next().is_none().then_some(place)
}

/// SQLite quotes a token of the statement: its place is known when the token stands there only once.
fn only_occurrence(text: &str, piece: &str) -> Option<Range<usize>> {
    let mut places = text.match_indices(piece).filter(|(start, found)| {
        let before = text[..*start].chars().next_back();
        let after = text[start + found.len()..].chars().next();
        let (first, last) = (found.chars().next(), found.chars().next_back());
        !(joined(before, first) || joined(last, after))
    });
    let (start, found) = places.next().filter(|(_, found)| !found.is_empty())?;
    places.next().is_none().then(|| start..start + found.len())
}

/// Whether two neighbours belong to one word.
fn joined(left: Option<char>, right: Option<char>) -> bool {
    left.is_some_and(is_word) && right.is_some_and(is_word)
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

/// The length in bytes of the word, the quoted name or the single character at the start of `text`.
fn word_length(text: &str) -> usize {
    let Some(first) = text.chars().next() else { return 0 };
    let quoted = match first {
        '"' | '`' | '\'' => text[1..].find(first).map(|end| end + 2),
        _ => None,
    };
    // A quotation that runs over several lines is a body or a data block: its first character is enough.
    if let Some(length) = quoted.filter(|&length| !text[..length].contains('\n')) {
        return length;
    }
    match text.find(|character| !is_word(character)) {
        Some(0) => first.len_utf8(),
        Some(length) => length,
        None => text.len(),
    }
}

fn line_start(text: &str, line: usize) -> Option<usize> {
    match line {
        0 => None,
        1 => Some(0),
        _ => text.match_indices('\n').nth(line - 2).map(|(newline, _)| newline + 1),
    }
}

fn first_line(text: &str) -> Range<usize> {
    trimmed(0, text.lines().next().unwrap_or_default())
}

/// The part of a line that is not blank; the line's start where there is none.
fn trimmed(start: usize, line: &str) -> Range<usize> {
    let indent = line.len() - line.trim_start().len();
    let text = line.trim();
    if text.is_empty() { start..start } else { start + indent..start + indent + text.len() }
}

fn last_character(text: &str) -> Option<Range<usize>> {
    text.char_indices().next_back().map(|(start, character)| start..start + character.len_utf8())
}

fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Directives, Statement, StatementKind};

    /// A file whose second line starts with a statement that is the rest of the text.
    fn script(statement: &str) -> Script {
        let head = "-- upgrade\n";
        let source = format!("{head}{statement}");
        Script {
            span: head.len()..source.len(),
            statements: vec![Statement {
                span: head.len()..source.len(),
                line: 2,
                kind: StatementKind::Other,
                autocommit: false,
                done_if: None,
                copy_data: None,
            }],
            source: Arc::new(source),
            directives: Directives::default(),
        }
    }

    fn found(statement: &str, position: Position) -> (usize, usize, String) {
        let script = script(statement);
        let span = statement_position(&script, 0, Some(&position));
        let (line, column) = line_and_column(&script.source, span.start);
        (line, column, script.source[span].to_string())
    }

    #[test]
    fn characters_are_not_bytes() {
        let statement = "select 'ÄÖ€😀',\n  nope from t";
        let characters = statement.chars().position(|character| character == 'n').expect("nope");
        assert_eq!(found(statement, Position::Character(characters)), (3, 3, "nope".into()));
    }

    #[test]
    fn a_character_points_at_a_word_a_quoted_name_or_itself() {
        for (statement, characters, text) in [
            ("select users$1.x", 7, "users$1"),
            ("select \"Two words\".x", 7, "\"Two words\""),
            ("select )", 7, ")"),
            ("select 'open", 7, "'"),
            ("select (", 8, "("),
            ("select (", 99, "select ("),
        ] {
            assert_eq!(found(statement, Position::Character(characters)).2, text, "{statement} {characters}");
        }
    }

    #[test]
    fn a_line_with_the_text_it_stopped_at() {
        let statement = "create table t (\n  a int,\n  b itn not null,\n  c int\n)";
        let near = |near: &str| Position::Line(3, Some(near.to_string()));
        assert_eq!(found(statement, near("itn not null,\n  c int\n)")), (4, 5, "itn".into()));
        assert_eq!(found(statement, near("itn not null,\n  c")), (4, 5, "itn".into()), "cut after 80 characters");
        assert_eq!(found(statement, near("absent")), (4, 3, "b itn not null,".into()));
        assert_eq!(found(statement, Position::Line(3, None)), (4, 3, "b itn not null,".into()));
        assert_eq!(found(statement, near("")), (6, 1, ")".into()), "ended too early");
        assert_eq!(found(statement, Position::Line(99, None)), (2, 1, "create table t (".into()));
        assert_eq!(found(statement, Position::Line(0, None)), (2, 1, "create table t (".into()));
    }

    #[test]
    fn a_text_that_stands_twice_is_found_from_the_end_or_not_at_all() {
        let line = |near: &str| Position::Line(1, Some(near.to_string()));
        assert_eq!(found("select a a a", line("a a")), (2, 10, "a".into()), "a short quotation runs to the end");
        assert_eq!(found("select a a b", line("a ")).2, "select a a b", "not guessed");
        let repeated = format!("select {0}, {0}", "x".repeat(MYSQL_QUOTE));
        assert_eq!(found(&repeated, line(&"x".repeat(MYSQL_QUOTE))).2, repeated, "cut: it may be either");
    }

    #[test]
    fn a_quoted_token_counts_only_where_it_stands_once() {
        let near = |piece: &str| Position::Text(piece.to_string());
        assert_eq!(found("insert into t\nvaleus (1)", near("valeus")), (3, 1, "valeus".into()));
        assert_eq!(found("select a, ab\nfrom a", near("a")), (2, 1, "select a, ab".into()), "twice");
        assert_eq!(found("select ab,\n a", near("a")), (3, 2, "a".into()), "once as a word");
        assert_eq!(found("select 1", near("x")), (2, 1, "select 1".into()), "not at all");
        assert_eq!(found("select 1", near("")), (2, 1, "select 1".into()));
    }

    #[test]
    fn without_a_position_it_is_the_first_line() {
        let script = script("  drop table t\n cascade".trim_start());
        assert_eq!(&script.source[statement_position(&script, 0, None)], "drop table t");
    }

    #[test]
    fn a_bom_and_carriage_returns_do_not_shift_columns() {
        let source = "\u{feff}ab\r\ncd";
        assert_eq!(line_and_column(source, "\u{feff}a".len()), (1, 2));
        assert_eq!(line_and_column(source, source.len() - 1), (2, 2));
        assert_eq!(line_and_column("ab", 99), (1, 3));
    }
}
