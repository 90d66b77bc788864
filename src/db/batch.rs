//! Groups statements into messages, and finds the statement of a message that an error belongs to.

use std::ops::Range;

use super::{BatchError, Position, SqlError};

/// Stands between two statements of a message. The line breaks keep a `--` comment at the end of a statement from
/// swallowing the semicolon.
pub(super) const SEPARATOR: &str = "\n;\n";

/// How much one message may hold. A longer statement goes alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub bytes: usize,
    pub statements: usize,
}

/// Cuts `statements` into runs that travel in one message each; a statement for which `alone` holds shares none.
pub(super) fn messages(statements: &[&str], bounds: Bounds, alone: fn(&str) -> bool) -> Vec<Range<usize>> {
    let mut messages: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    let mut closed = true;
    for (index, statement) in statements.iter().enumerate() {
        let alone = alone(statement);
        let length = statement.len() + SEPARATOR.len();
        match messages.last_mut() {
            Some(message)
                if !closed && !alone && bytes + length <= bounds.bytes && message.len() < bounds.statements =>
            {
                message.end = index + 1;
                bytes += length;
            }
            _ => {
                messages.push(index..index + 1);
                bytes = length;
                closed = alone;
            }
        }
    }
    messages
}

/// The text of one message.
pub(super) fn join(statements: &[&str]) -> String {
    statements.join(SEPARATOR)
}

/// The statement that holds the 0-based `character` of the joined text, and the character's index within it.
///
/// A position in a separator or past the end (`syntax error at end of input`) belongs to the statement before it.
pub(super) fn locate(statements: &[&str], character: usize) -> (usize, usize) {
    let mut rest = character;
    for (index, statement) in statements.iter().enumerate() {
        let length = statement.chars().count();
        if rest < length + SEPARATOR.len() || index + 1 == statements.len() {
            return (index, rest.min(length));
        }
        rest -= length + SEPARATOR.len();
    }
    (0, character)
}

/// Gives an error of a message to the statement it belongs to: by its position where there is one, because
/// PostgreSQL parses a whole message before it runs the first statement, else by what was finished before it.
pub(super) fn place(statements: &[&str], first: usize, finished: usize, mut error: SqlError) -> BatchError {
    let mut index = finished.min(statements.len() - 1);
    if let Some(Position::Character(character)) = error.position {
        let (found, within) = locate(statements, character);
        // One that is finished cannot fail: the position is that of another text, such as a function's body.
        error.position = (found >= finished).then_some(Position::Character(within));
        index = index.max(found);
    }
    if let Some(Position::Line(_, Some(text))) = &mut error.position
        && let Some((own, _)) = text.split_once(SEPARATOR)
    {
        // MySQL quotes what follows the error, on into the statements behind.
        error.message = error.message.replace(text.as_str(), own);
        *text = own.to_owned();
    }
    BatchError { index: first + index, error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::SqlErrorKind;

    const BOUNDS: Bounds = Bounds { bytes: 20, statements: 3 };

    fn cut(statements: &[&str]) -> Vec<Range<usize>> {
        messages(statements, BOUNDS, |statement| statement.starts_with("CALL"))
    }

    #[test]
    fn messages_are_bounded_in_number_and_bytes() {
        assert!(cut(&[]).is_empty());
        assert_eq!(cut(&["a", "b", "c", "d"]), vec![0..3, 3..4]);
        assert_eq!(cut(&["aaaaaaa", "bbbbbbb", "c"]), vec![0..2, 2..3], "the third would pass 20 bytes");
    }

    #[test]
    fn a_long_statement_goes_alone() {
        let long = "x".repeat(50);
        assert_eq!(cut(&["a", &long, "b"]), vec![0..1, 1..2, 2..3]);
    }

    #[test]
    fn a_statement_of_its_own_shares_with_neither_neighbour() {
        assert_eq!(cut(&["a", "CALL p()", "b", "c"]), vec![0..1, 1..2, 2..4]);
    }

    #[test]
    fn an_error_position_leads_to_its_statement_in_characters() {
        let statements = ["SELECT 'é'", "SELEC 2", "SELECT 3"];
        let text = join(&statements);
        for (index, needle) in [(0, "'é'"), (1, "SELEC 2"), (2, "3")] {
            let byte = text.rfind(needle).unwrap();
            let character = text[..byte].chars().count();
            let within = statements[index][..statements[index].find(needle).unwrap()].chars().count();
            assert_eq!(locate(&statements, character), (index, within), "{needle}");
        }
    }

    #[test]
    fn the_end_of_the_input_belongs_to_the_last_statement_before_it() {
        assert_eq!(locate(&["ab", "cd"], 3), (0, 2), "the semicolon");
        assert_eq!(locate(&["ab", "cd"], 99), (1, 2));
    }

    fn error(position: Option<Position>) -> SqlError {
        SqlError { position, ..SqlError::new(SqlErrorKind::Statement, "no") }
    }

    #[test]
    fn an_error_goes_to_the_statement_its_position_names_or_to_the_first_unfinished_one() {
        let statements = ["SELECT 1", "SELEC 2", "SELECT 3"];
        let placed = |finished, position| {
            let BatchError { index, error } = place(&statements, 10, finished, error(position));
            (index, error.position)
        };
        assert_eq!(placed(0, Some(Position::Character(11))), (11, Some(Position::Character(0))));
        assert_eq!(placed(2, None), (12, None));
        assert_eq!(placed(2, Some(Position::Character(3))), (12, None), "a finished statement cannot fail");
        assert_eq!(placed(3, None), (12, None), "a deferred failure belongs to the last");
        let line = |text: &str| Some(Position::Line(2, Some(text.to_owned())));
        assert_eq!(placed(1, line("2\n;\nSELECT 3")), (11, line("2")), "the quoted text ends with the statement");
    }
}
