use std::ops::Range;

/// Lines shown before the one with the caret.
const LINES_BEFORE: usize = 2;
/// Lines shown after it.
const LINES_AFTER: usize = 1;
/// The longest piece of one line that is shown, in characters. More than a terminal's width is cut by `output`; this
/// bound only keeps a line of megabytes out of an error value.
const LONGEST_LINE: usize = 240;
/// What stands where a line was cut.
const CUT: &str = "...";

/// A few lines of a file around an error: all that `output` needs to show it, however large the file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// Whole lines, joined by `\n`, long ones cut.
    pub text: String,
    /// The 1-based line of the file on which `text` starts.
    pub first_line: usize,
    /// What is wrong, as byte offsets into `text`; never more than one line, and possibly empty.
    pub span: Range<usize>,
    /// A word on the marked piece; mostly empty, because the message says it.
    pub label: String,
}

impl Excerpt {
    /// The lines around `span`, which are byte offsets into `source`. Only the first line of a longer span is marked.
    pub fn around(source: &str, span: Range<usize>) -> Self {
        let line_start = source[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
        let first_line = source[..line_start].bytes().filter(|&byte| byte == b'\n').count() + 1;
        let before: Vec<&str> = source[..line_start].lines().rev().take(LINES_BEFORE).collect();
        let mut following = source[line_start..].lines();
        let marked = following.next().unwrap_or_default();

        let mut text = String::new();
        for line in before.iter().rev() {
            text.push_str(&cut(line, 0).0);
            text.push('\n');
        }
        let in_line = span.start - line_start..span.end.saturating_sub(line_start).min(marked.len());
        let (shown, removed) = cut(marked, in_line.start);
        let offset = text.len();
        let place = |within: usize| offset + (within + shown_prefix(removed)).saturating_sub(removed).min(shown.len());
        let start = place(in_line.start);
        let span = start..place(in_line.end.max(in_line.start)).max(start);
        text.push_str(&shown);
        for line in following.take(LINES_AFTER).filter(|line| !line.trim().is_empty()) {
            text.push('\n');
            text.push_str(&cut(line, 0).0);
        }
        Excerpt { text, first_line: first_line - before.len(), span, label: String::new() }
    }
}

/// The length of the mark that stands for `removed` bytes at the start of a line.
fn shown_prefix(removed: usize) -> usize {
    if removed == 0 { 0 } else { CUT.len() }
}

/// At most [`LONGEST_LINE`] characters of `line` that include byte `keep`, and how many bytes were cut at its start.
fn cut(line: &str, keep: usize) -> (String, usize) {
    let line = line.trim_end();
    if line.len() <= LONGEST_LINE {
        return (line.to_string(), 0);
    }
    let keep = line.floor_char_boundary(keep);
    let removed = match line[..keep].char_indices().nth_back(LONGEST_LINE / 2 - 1) {
        Some((start, _)) => start,
        None => 0,
    };
    let rest = &line[removed..];
    let (kept, behind) = match rest.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => (&rest[..end], CUT),
        None => (rest, ""),
    };
    let before = if removed == 0 { "" } else { CUT };
    (format!("{before}{kept}{behind}"), removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(source: &str, piece: &str) -> Excerpt {
        let start = source.find(piece).expect("the piece");
        Excerpt::around(source, start..start + piece.len())
    }

    #[test]
    fn shows_a_window_of_lines() {
        let source = "one\ntwo\nthree\nfour x\nfive\nsix\n";
        let excerpt = around(source, "x");
        assert_eq!(excerpt.text, "two\nthree\nfour x\nfive");
        assert_eq!((excerpt.first_line, &excerpt.text[excerpt.span]), (2, "x"));
    }

    #[test]
    fn works_on_the_first_and_the_last_line() {
        let excerpt = around("x", "x");
        assert_eq!((excerpt.text.as_str(), excerpt.first_line, excerpt.span), ("x", 1, 0..1));
        let excerpt = Excerpt::around("a\r\nb\r\n", 6..6);
        assert_eq!((excerpt.text.as_str(), excerpt.first_line, excerpt.span), ("a\nb\n", 1, 4..4));
        let excerpt = Excerpt::around("", 0..0);
        assert_eq!((excerpt.text.as_str(), excerpt.first_line, excerpt.span), ("", 1, 0..0));
    }

    #[test]
    fn marks_only_one_line() {
        let excerpt = around("a b\nc", "b\nc");
        assert_eq!(&excerpt.text[excerpt.span], "b");
    }

    #[test]
    fn a_line_of_megabytes_is_cut_around_the_mark() {
        let source = format!("{}ERROR{}", "ä".repeat(1_000_000), "ö".repeat(1_000_000));
        let excerpt = around(&source, "ERROR");
        assert!(excerpt.text.len() < 600, "{}", excerpt.text.len());
        assert_eq!(&excerpt.text[excerpt.span], "ERROR");
        assert!(excerpt.text.starts_with("...ä") && excerpt.text.ends_with("ö..."), "{}", excerpt.text);
    }
}
