//! What changed between two texts of one section.

use similar::{ChangeTag, TextDiff};

use crate::model::Script;
use crate::parse;

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

/// Compares `old` with `new`, of which the first line is line `first_line` of its file. With `lines`, only what stands in
/// the first so many lines of `old` is shown. None where nothing differs there. Line ends make no difference.
pub fn difference(old: &str, new: &str, first_line: usize, lines: Option<usize>) -> Option<Difference> {
    let (old, new) = (old.replace('\r', ""), new.replace('\r', ""));
    let diff = TextDiff::from_lines(&old, &new);
    let mut shown: Vec<String> = Vec::new();
    let mut first = None;
    for hunk in diff.grouped_ops(CONTEXT) {
        let changes = hunk.iter().flat_map(|op| {
            diff.iter_changes(op).map(|change| Line {
                tag: change.tag(),
                text: change.value().trim_end_matches('\n'),
                // What is inserted stands where the text goes on, or where what it replaces stood.
                old: change.old_index().unwrap_or(op.old_range().start),
                new: change.new_index().unwrap_or(op.new_range().start),
            })
        });
        let changes: Vec<Line> = changes.filter(|line| lines.is_none_or(|lines| line.old < lines)).collect();
        let Some(changed) = changes.iter().find(|line| line.tag != ChangeTag::Equal) else { continue };
        first.get_or_insert(changed.new);
        let count = |tag| changes.iter().filter(|line| line.tag != tag).count();
        shown.push(format!(
            "@@ -{},{} +{},{} @@",
            changes[0].old + first_line,
            count(ChangeTag::Insert),
            changes[0].new + first_line,
            count(ChangeTag::Delete)
        ));
        for line in &changes {
            let sign = match line.tag {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            shown.push(format!("{sign}{}", line.text));
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

/// Compares the text that was kept of a section with the section as its file has it now.
pub fn difference_of_section(kept: &str, now: &Script) -> Option<Difference> {
    difference_within(kept, now, None)
}

/// The same for the first so many lines of the kept text.
pub(super) fn difference_within(kept: &str, now: &Script, lines: Option<usize>) -> Option<Difference> {
    let text = parse::portable(now);
    let lines_above = now.source[..now.span.start].matches('\n').count();
    let own_lines = text.strip_suffix(now.text()).map_or(0, |added| added.matches('\n').count());
    difference(kept, &text, (lines_above + 1).saturating_sub(own_lines), lines)
}

/// A line of a hunk, and where it stands in both texts, from 0.
struct Line<'t> {
    tag: ChangeTag,
    text: &'t str,
    old: usize,
    new: usize,
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
        let cut = difference("a\nb\nc\n", "a\nB\nb2\nC\n", 1, Some(2)).expect("a difference");
        assert_eq!(cut.text, "@@ -1,2 +1,4 @@\n a\n-b\n+B\n+b2\n+C", "what replaces the last of them in one piece");
    }

    #[test]
    fn a_long_difference_is_cut() {
        let old = "a\n".repeat(100);
        let found = difference(&old, "", 1, None).expect("a difference");
        assert!(found.text.ends_with("more lines"));
        assert_eq!(found.text.lines().count(), MOST_LINES + 1);
    }
}
