//! What changed between two texts of one section.

use similar::{ChangeTag, TextDiff};

/// Lines shown around a change.
const CONTEXT: usize = 3;
/// The most lines that are shown: whoever needs more has both texts.
const MOST_LINES: usize = 60;

/// Two texts side by side, as `diff -u` shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The hunks; line numbers are those of the file the newer text stands in.
    pub text: String,
    /// The 1-based line of that file on which the first change stands.
    pub line: usize,
}

/// Compares `old` with `new`, of which the first line is line `first_line` of its file. With `lines`, only what begins in
/// the first so many lines of `old` counts. None where nothing differs there. Line ends make no difference.
pub fn difference(old: &str, new: &str, first_line: usize, lines: Option<usize>) -> Option<Difference> {
    let (old, new) = (old.replace('\r', ""), new.replace('\r', ""));
    let diff = TextDiff::from_lines(&old, &new);
    let mut shown: Vec<String> = Vec::new();
    let mut first = None;
    for hunk in diff.grouped_ops(CONTEXT) {
        let changes: Vec<_> = hunk.iter().flat_map(|op| diff.iter_changes(op)).collect();
        let changed = changes.iter().position(|change| change.tag() != ChangeTag::Equal);
        let Some(start) = changed.map(|changed| place_of(&changes, changed)) else { continue };
        if lines.is_some_and(|lines| start.old >= lines) {
            break;
        }
        first.get_or_insert(start.new);
        let count = |tag| changes.iter().filter(|change| change.tag() != tag).count();
        let begin = place_of(&changes, 0);
        shown.push(format!(
            "@@ -{},{} +{},{} @@",
            begin.old + first_line,
            count(ChangeTag::Insert),
            begin.new + first_line,
            count(ChangeTag::Delete)
        ));
        for change in &changes {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            shown.push(format!("{sign}{}", change.value().trim_end_matches('\n')));
        }
    }
    let line = first? + first_line;
    let more = shown.len().saturating_sub(MOST_LINES);
    if more > 0 {
        shown.truncate(MOST_LINES);
        shown.push(format!("… {more} more lines"));
    }
    Some(Difference { text: shown.join("\n"), line })
}

/// Where a change stands in both texts, from 0.
#[derive(Clone, Copy)]
struct Place {
    old: usize,
    new: usize,
}

/// A line that is only in one text stands in the other where that one goes on.
fn place_of(changes: &[similar::Change<&str>], index: usize) -> Place {
    let place = |number: &dyn Fn(&similar::Change<&str>) -> Option<usize>| {
        let behind = changes[index..].iter().find_map(number);
        behind.or_else(|| changes[..index].iter().rev().find_map(number).map(|line| line + 1)).unwrap_or_default()
    };
    Place { old: place(&|change| change.old_index()), new: place(&|change| change.new_index()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_as_in_the_file() {
        let found = difference("a\nb\nc\n", "a\r\nB\r\nc\r\n", 5, None).expect("a difference");
        assert_eq!(found.text, "@@ -5,3 +5,3 @@\n a\n-b\n+B\n c");
        assert_eq!(found.line, 6);
        assert_eq!(difference("a\nb\n", "a\nb\n", 1, None), None);
        let appended = difference("a\n", "a\nb\n", 1, None).expect("a difference");
        assert_eq!((appended.text.as_str(), appended.line), ("@@ -1,1 +1,2 @@\n a\n+b", 2));
    }

    #[test]
    fn what_comes_later_can_be_left_out() {
        let old: String = (0..30).map(|line| format!("{line}\n")).collect();
        let new = old.replace("25\n", "x\n");
        assert_eq!(difference(&old, &new, 1, Some(20)), None);
        let both = new.replace("3\n", "y\n");
        let found = difference(&old, &both, 1, Some(20)).expect("a difference");
        assert!(found.text.contains("+y") && !found.text.contains("+x"), "{}", found.text);
    }

    #[test]
    fn a_long_difference_is_cut() {
        let old = "a\n".repeat(100);
        let found = difference(&old, "", 1, None).expect("a difference");
        assert!(found.text.ends_with("more lines"));
        assert_eq!(found.text.lines().count(), MOST_LINES + 1);
    }
}
