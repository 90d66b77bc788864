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

    /// A byte of a line that is no INSERT (yet).
    fn line(&mut self, byte: u8) -> State {
        if byte == b'\n' {
            if self.head.starts_with(b"DELIMITER ") {
                self.in_body = self.head.trim_ascii_end() != b"DELIMITER ;";
            }
            self.head.clear();
            return State::Line;
        }
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

    /// A byte behind the table's name.
    fn columns(&mut self, byte: u8) -> State {
        self.head.push(byte);
        if self.head.ends_with(b" VALUES") { State::Tuples(0) } else { State::Columns }
    }

    /// Reads on among the tuples, to where that ends or all is read; the rest. Nearly all of a dump passes here and through
    /// [`RowCounter::text`], beside programs that have the processors busy: a byte costs one look.
    fn tuples<'a>(&mut self, mut depth: u32, bytes: &'a [u8]) -> &'a [u8] {
        let mut rest = bytes.iter();
        while let Some(byte) = rest.next() {
            match byte {
                b'(' => {
                    self.count += u64::from(depth == 0);
                    depth += 1;
                }
                b')' => depth = depth.saturating_sub(1),
                b'\'' => {
                    self.state = State::Text(depth);
                    return self.text(depth, rest.as_slice());
                }
                b';' if depth == 0 => {
                    let table = std::mem::take(&mut self.table);
                    *self.rows.entry(table).or_default() += std::mem::take(&mut self.count);
                    self.head.clear();
                    self.state = State::Line;
                    return rest.as_slice();
                }
                _ => {}
            }
        }
        self.state = State::Tuples(depth);
        &[]
    }

    /// Reads on in a string to what may end it; the rest.
    fn text<'a>(&mut self, depth: u32, bytes: &'a [u8]) -> &'a [u8] {
        let Some(at) = memchr::memchr2(b'\'', b'\\', bytes) else { return &[] };
        self.state = if bytes[at] == b'\'' { State::Tuples(depth) } else { State::Escaped(depth) };
        &bytes[at + 1..]
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
            rest = match self.state {
                State::Line => {
                    self.state = self.line(*first);
                    after
                }
                State::Columns => {
                    self.state = self.columns(*first);
                    after
                }
                State::Tuples(depth) => self.tuples(depth, rest),
                State::Text(depth) => self.text(depth, rest),
                State::Escaped(depth) => {
                    self.state = State::Text(depth);
                    after
                }
            };
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
