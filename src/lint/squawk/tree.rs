//! A section as squawk's grammar sees it: parsed once, for facts and for squawk's rules.

use squawk_syntax::{Parse, SourceFile};

use super::super::guard;
use crate::model::Script;

/// The syntax tree of a section's statements.
pub struct Tree {
    /// The text it was made from: places are those of the section's source.
    pub(in crate::lint) text: String,
    pub(in crate::lint) parse: Parse<SourceFile>,
}

impl Tree {
    /// None where the library panics.
    pub(in crate::lint) fn of(script: &Script) -> Option<Self> {
        let text = only_statements(script);
        let parse = guard::guarded(|| SourceFile::parse(&text))?;
        Some(Tree { text, parse })
    }
}

/// The section's statements where they are in the source, each ended by a semicolon, and blanks in place of all else:
/// comments (no second way to silence a rule), the data of `COPY`, the other section.
pub(super) fn only_statements(script: &Script) -> String {
    let mut text = String::with_capacity(script.source.len() + 1);
    for (index, statement) in script.statements.iter().enumerate() {
        text.extend(std::iter::repeat_n(' ', statement.span.start.saturating_sub(text.len())));
        text.push_str(script.statement_text(index));
        text.push(';');
    }
    text
}
