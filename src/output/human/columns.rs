use std::borrow::Cow;
use std::fmt::Write;

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

/// A line of cells for each row, each column as wide as its widest cell, two blanks between, indented by two. Columns
/// that are empty in every line disappear. `cells` is asked twice for each row: to keep those of a long list would take
/// longer.
pub(super) fn columns<'a, T, const N: usize>(rows: &'a [T], cells: impl Fn(&'a T) -> [Cell<'a>; N]) -> String {
    let mut widths = [0; N];
    for row in rows {
        cells(row).iter().zip(&mut widths).for_each(|(cell, width)| *width = cell.width.max(*width));
    }
    let line = widths.iter().map(|width| width + 2).sum::<usize>();
    let mut text = String::with_capacity(rows.len() * line);
    for row in rows {
        let mut gap = 2;
        for (cell, &width) in cells(row).iter().zip(&widths).filter(|(_, width)| **width > 0) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_empty_ones_disappear() {
        let rows = [["a", "", "größer", "x"], ["long", "", "b", ""], ["", "", "b", "y"]];
        assert_eq!(columns(&rows, |row| row.map(Cell::from)), "  a     größer  x\n  long  b\n        b       y\n");
    }
}
