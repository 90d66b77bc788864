//! The rows of the tool's own queries.

use std::borrow::Cow;

/// One row of a bookkeeping query: every column as text, NULL as None.
///
/// The tool's own queries cast what they read to text, so that one type serves all engines. The cells share one text:
/// a history has thousands of rows, and a dozen columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    text: String,
    cells: Vec<Option<Span>>,
}

/// Where a cell is in the row's text. No engine has rows so long that it would not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: u32,
    end: u32,
}

/// What a cell takes up on the average: digests are longer, numbers shorter.
const USUAL_CELL: usize = 24;

impl Row {
    /// A row without cells, with room for so many.
    pub(super) fn with_capacity(columns: usize) -> Self {
        Row { text: String::with_capacity(columns * USUAL_CELL), cells: Vec::with_capacity(columns) }
    }

    /// Adds the next cell.
    pub(super) fn push(&mut self, cell: Option<&str>) {
        let span = cell.and_then(|cell| {
            let start = u32::try_from(self.text.len()).ok()?;
            let end = u32::try_from(self.text.len() + cell.len()).ok()?;
            self.text.push_str(cell);
            Some(Span { start, end })
        });
        self.cells.push(span);
    }

    /// The text of column `index`; None when it is NULL or there is no such column.
    pub fn text(&self, index: usize) -> Option<&str> {
        self.cells.get(index).copied().flatten().and_then(|span| self.under(span))
    }

    /// Column `index` as a number; None when NULL, absent or not a number.
    pub fn number(&self, index: usize) -> Option<i64> {
        self.text(index)?.parse().ok()
    }

    /// Every column.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = Option<&str>> {
        self.cells.iter().map(|span| span.and_then(|span| self.under(span)))
    }

    /// The text of the only column, which may be long: it is not copied.
    pub(super) fn into_text(self) -> Option<String> {
        self.cells.first().copied().flatten().map(|_| self.text)
    }

    fn under(&self, span: Span) -> Option<&str> {
        self.text.get(span.start as usize..span.end as usize)
    }
}

/// A cell's bytes as text; what is not UTF-8 in them is replaced. To look for that takes several times as long as to see
/// that there is none.
pub(super) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

impl<'c> FromIterator<Option<&'c str>> for Row {
    fn from_iter<I: IntoIterator<Item = Option<&'c str>>>(cells: I) -> Self {
        let mut row = Row::default();
        cells.into_iter().for_each(|cell| row.push(cell));
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_replaced() {
        assert!(matches!(lossy("größer".as_bytes()), Cow::Borrowed("größer")));
        assert_eq!(lossy(b"gr\xf6\xdfer"), "gr\u{fffd}\u{fffd}er");
    }

    #[test]
    fn cells_are_what_was_put_in() {
        let cells = [Some("größer"), None, Some(""), Some("-7")];
        let row = Row::from_iter(cells);
        assert_eq!(row.cells().collect::<Vec<_>>(), cells);
        assert_eq!((row.text(0), row.text(1), row.text(2), row.text(4)), (Some("größer"), None, Some(""), None));
        assert_eq!((row.number(3), row.number(0), row.number(1)), (Some(-7), None, None));
        assert_eq!(
            (Row::from_iter([Some("long")]).into_text(), Row::from_iter([None]).into_text()),
            (Some("long".into()), None)
        );
    }
}
