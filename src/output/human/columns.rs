use std::borrow::Cow;
use std::fmt::Write;

/// Lines of cells, each column as wide as its widest cell, two blanks between, indented by two. Columns that are
/// empty in every line disappear.
pub(super) struct Columns<'a, const N: usize> {
    rows: Vec<[Cell<'a>; N]>,
}

/// A cell: the text that counts for the width, and a style around it.
pub(super) struct Cell<'a> {
    text: Cow<'a, str>,
    width: usize,
    style: anstyle::Style,
}

impl<'a> Cell<'a> {
    pub fn styled(style: anstyle::Style, text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        Cell { width: text.chars().count(), text, style }
    }
}

impl<'a, T: Into<Cow<'a, str>>> From<T> for Cell<'a> {
    fn from(text: T) -> Self {
        Cell::styled(anstyle::Style::new(), text)
    }
}

impl<'a, const N: usize> Columns<'a, N> {
    pub fn new() -> Self {
        Columns { rows: Vec::new() }
    }

    pub fn row(&mut self, cells: [Cell<'a>; N]) {
        self.rows.push(cells);
    }

    pub fn render(&self) -> String {
        let mut widths = [0; N];
        for row in &self.rows {
            row.iter().zip(&mut widths).for_each(|(cell, width)| *width = cell.width.max(*width));
        }
        let line = widths.iter().map(|width| width + 2).sum::<usize>();
        let mut text = String::with_capacity(self.rows.len() * line);
        for row in &self.rows {
            let mut gap = 2;
            for (cell, &width) in row.iter().zip(&widths).filter(|(_, width)| **width > 0) {
                // Blanks are written only before the next text, so that no line ends with them.
                if !cell.text.is_empty() {
                    text.extend(std::iter::repeat_n(' ', gap));
                    if cell.style.is_plain() {
                        text.push_str(&cell.text);
                    } else {
                        // Writing to a text cannot fail.
                        let _ = write!(text, "{}{}{:#}", cell.style, cell.text, cell.style);
                    }
                    gap = 0;
                }
                gap += width - cell.width + 2;
            }
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_empty_ones_disappear() {
        let mut columns = Columns::new();
        columns.row(["a".into(), "".into(), "größer".into(), "x".into()]);
        columns.row(["long".into(), "".into(), "b".into(), "".into()]);
        columns.row(["".into(), "".into(), "b".into(), "y".into()]);
        assert_eq!(columns.render(), "  a     größer  x\n  long  b\n        b       y\n");
    }
}
