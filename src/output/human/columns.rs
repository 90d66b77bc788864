use std::fmt::Write;

/// Lines of cells, each column as wide as its widest cell, two blanks between, indented by two. Columns that are
/// empty in every line disappear.
pub(super) struct Columns {
    rows: Vec<Vec<Cell>>,
}

/// A cell: the text that counts for the width, and a style around it.
pub(super) struct Cell {
    text: String,
    style: anstyle::Style,
}

impl Cell {
    pub fn styled(style: anstyle::Style, text: impl Into<String>) -> Self {
        Cell { text: text.into(), style }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Cell::styled(anstyle::Style::new(), text)
    }
}

impl Columns {
    pub fn new() -> Self {
        Columns { rows: Vec::new() }
    }

    pub fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        self.rows.push(cells.into());
    }

    pub fn render(&self) -> String {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(Cell::width).max();
        let widths: Vec<usize> = (0..count).map(|column| width(column).unwrap_or(0)).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut gap = 2;
            for (cell, &width) in row.iter().zip(&widths).filter(|(_, width)| **width > 0) {
                // Blanks are written only before the next text, so that no line ends with them.
                if !cell.text.is_empty() {
                    text.extend(std::iter::repeat_n(' ', gap));
                    // Writing to a text cannot fail.
                    let _ = write!(text, "{}{}{:#}", cell.style, cell.text, cell.style);
                    gap = 0;
                }
                gap += width - cell.width() + 2;
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
