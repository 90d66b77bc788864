//! PostgreSQL's `COPY … FROM STDIN` and its data lines, as `pg_dump` writes and `psql` reads them.

use std::ops::Range;

use super::classify;
use crate::dialect::LexRules;
use crate::model::StatementKind;

/// Whether the statement is a `COPY` that data lines follow.
pub(super) fn reads_stdin(rules: &'static LexRules, statement: &str) -> bool {
    // Asked for every statement: most are not, by their first letters.
    let starts = statement.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("copy"));
    starts && classify::kind(rules, statement) == StatementKind::Copy
}

/// The span of the first line after `start` that is `\.`, without its line end.
pub(super) fn data_end(text: &str, start: usize) -> Option<Range<usize>> {
    let mut line_start = start;
    while line_start < text.len() {
        let line_end = text[line_start..].find('\n').map_or(text.len(), |found| line_start + found);
        if text[line_start..line_end].trim_end_matches('\r') == r"\." {
            return Some(line_start..line_end);
        }
        line_start = line_end + 1;
    }
    None
}
