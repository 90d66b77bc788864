//! Counting the rows in a dump as it passes by.

use std::collections::HashMap;

use crate::backup::pipe::Tap;

/// Counts the tuples of each table's INSERT statements in what mariadb-dump and mysqldump write. Statements within
/// bodies of routines, triggers and events, which stand between `DELIMITER` lines, do not count.
#[derive(Default)]
pub(super) struct RowCounter {
    rows: HashMap<String, u64>,
    state: State,
    /// The line, or the statement's head, read so far.
    head: Vec<u8>,
    /// Whether the delimiter is another than the semicolon.
    in_body: bool,
    table: String,
    count: u64,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the start of a line, or in a line that is no INSERT (yet).
    #[default]
    Line,
    /// Behind the table's name, before `VALUES`.
    Columns,
    /// Among the tuples, at a depth of parentheses.
    Tuples(u32),
    /// In a string among the tuples.
    Text(u32),
    /// Behind a backslash in such a string.
    Escaped(u32),
}

const INSERT: &[u8] = b"INSERT INTO `";

impl RowCounter {
    /// Rows by table; tables without any are missing.
    pub(super) fn rows(self) -> HashMap<String, u64> {
        self.rows
    }

    fn byte(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (State::Line, b'\n') => {
                if self.head.starts_with(b"DELIMITER ") {
                    self.in_body = self.head.trim_ascii_end() != b"DELIMITER ;";
                }
                self.head.clear();
                State::Line
            }
            (State::Line, byte) => self.line(byte),
            (State::Columns, byte) => {
                self.head.push(byte);
                if self.head.ends_with(b" VALUES") { State::Tuples(0) } else { State::Columns }
            }
            (State::Tuples(depth), b'(') => {
                self.count += u64::from(depth == 0);
                State::Tuples(depth + 1)
            }
            (State::Tuples(depth), b')') => State::Tuples(depth.saturating_sub(1)),
            (State::Tuples(depth), b'\'') => State::Text(depth),
            (State::Tuples(0), b';') => {
                let table = std::mem::take(&mut self.table);
                *self.rows.entry(table).or_default() += std::mem::take(&mut self.count);
                self.head.clear();
                State::Line
            }
            (State::Tuples(depth), _) => State::Tuples(depth),
            (State::Text(depth), b'\\') => State::Escaped(depth),
            (State::Text(depth), b'\'') => State::Tuples(depth),
            (State::Text(depth) | State::Escaped(depth), _) => State::Text(depth),
        };
    }

    fn line(&mut self, byte: u8) -> State {
        // Beyond a name's length only the start of a line matters.
        if self.head.len() < 400 {
            self.head.push(byte);
        }
        if self.in_body || !self.head.starts_with(INSERT) || byte != b' ' {
            return State::Line;
        }
        match name(&self.head[INSERT.len()..]) {
            Some(table) => {
                self.table = table;
                self.head.clear();
                self.head.push(b' ');
                State::Columns
            }
            None => State::Line,
        }
    }
}

/// The name before the closing backquote and the blank behind it; None while it goes on.
fn name(head: &[u8]) -> Option<String> {
    let quoted = head.strip_suffix(b"` ")?;
    // An odd number of backquotes at the end: the last one was half of a doubled one.
    let doubled = quoted.iter().rev().take_while(|byte| **byte == b'`').count() % 2 == 1;
    (!doubled).then(|| String::from_utf8_lossy(quoted).replace("``", "`"))
}

impl Tap for RowCounter {
    fn see(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((first, after)) = rest.split_first() {
            // Most of a dump is the inside of strings and numbers: skipped to what can end it.
            let skipped = match self.state {
                State::Text(_) => memchr::memchr2(b'\'', b'\\', rest),
                State::Tuples(_) => rest.iter().position(|byte| matches!(byte, b'(' | b')' | b'\'' | b';')),
                _ => Some(0),
            };
            match skipped {
                Some(0) => {
                    self.byte(*first);
                    rest = after;
                }
                Some(skipped) => rest = &rest[skipped..],
                None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = "-- MariaDB dump\nCREATE TABLE `a` (\n  `x` int DEFAULT NULL\n);\n\
        INSERT INTO `a` VALUES\n(1,'x);(\\'y'),\n(2,''),(3,'it''s\\\\');\n\
        INSERT INTO `b``c` (`x`, `y(z)`) VALUES (1,_binary 'a'),(2,0x4142);\n\
        INSERT INTO `a` VALUES (4,NULL);\n\
        DELIMITER ;;\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW\nINSERT INTO `a` VALUES (9);;\nDELIMITER ;\n\
        INSERT INTO `b``c` (`x`) VALUES (3);\n";

    fn counted(chunks: impl Iterator<Item = impl AsRef<[u8]>>) -> HashMap<String, u64> {
        let mut counter = RowCounter::default();
        chunks.for_each(|chunk| counter.see(chunk.as_ref()));
        counter.rows()
    }

    #[test]
    fn tuples_are_counted_whatever_they_hold() {
        let expected = HashMap::from([("a".to_owned(), 4), ("b`c".to_owned(), 3)]);
        assert_eq!(counted([DUMP].iter()), expected);
        for size in 1..20 {
            assert_eq!(counted(DUMP.as_bytes().chunks(size)), expected, "in chunks of {size}");
        }
    }
}
