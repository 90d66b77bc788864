//! Ways through the syntax tree: the only part that knows how the library spells it.

use std::ops::Range;

use squawk_syntax::ast::normalize_name_node;
use squawk_syntax::{SyntaxKind as K, SyntaxNode as Node, SyntaxToken};

use crate::lint::change::Name;

/// The first child of this kind.
pub(super) fn child(node: &Node, kind: K) -> Option<Node> {
    node.children().find(|child| child.kind() == kind)
}

/// The first node of this kind anywhere below.
pub(super) fn find(node: &Node, kind: K) -> Option<Node> {
    node.descendants().skip(1).find(|below| below.kind() == kind)
}

/// Whether a child, node or keyword, is of this kind.
pub(super) fn has(node: &Node, kind: K) -> bool {
    node.children_with_tokens().any(|child| child.kind() == kind)
}

/// Whether anything below is of this kind.
pub(super) fn contains(node: &Node, kind: K) -> bool {
    node.descendants_with_tokens().skip(1).any(|below| below.kind() == kind)
}

/// Tokens without blanks and comments, and without the semicolon that ends a statement.
pub(super) fn tokens(node: &Node) -> impl Iterator<Item = SyntaxToken> + use<> {
    let below = node.descendants_with_tokens().filter_map(|element| element.into_token());
    below.filter(|token| !token.kind().is_trivia() && token.kind() != K::SEMICOLON && !token.text().is_empty())
}

/// The bytes of the text it takes up, blanks at the ends left out.
pub(super) fn span(node: &Node) -> Range<usize> {
    let mut tokens = tokens(node);
    let Some(first) = tokens.next() else {
        let range = node.text_range();
        return range.start().into()..range.end().into();
    };
    let end = tokens.last().as_ref().unwrap_or(&first).text_range().end();
    first.text_range().start().into()..end.into()
}

/// The text without comments, blanks single, and without the semicolon that ends a statement.
pub(super) fn plain(node: &Node) -> String {
    let mut text = String::new();
    for element in node.descendants_with_tokens().filter_map(|element| element.into_token()) {
        match element.kind().is_trivia() {
            true if text.ends_with(' ') || text.is_empty() => {}
            true => text.push(' '),
            false => text.push_str(element.text()),
        }
    }
    text.truncate(text.trim_end_matches([' ', ';']).len());
    text
}

/// A name in a node made for one: its last two parts.
pub(super) fn name(node: &Node) -> Name {
    let mut parts: Vec<String> = node
        .descendants()
        .filter(|below| matches!(below.kind(), K::PATH_SEGMENT | K::PATH_SEGMENT_REF))
        .map(|segment| normalize_name_node(&segment))
        .collect();
    match parts.pop() {
        None => Name::new(normalize_name_node(node)),
        Some(last) => Name { schema: parts.pop(), name: last },
    }
}

/// The name in the first child of this kind.
pub(super) fn name_in(node: &Node, kind: K) -> Option<Name> {
    child(node, kind).map(|child| name(&child)).filter(|name| !name.name.is_empty())
}

/// The same for a name that has no schema.
pub(super) fn ident_in(node: &Node, kind: K) -> Option<String> {
    name_in(node, kind).map(|name| name.name)
}

/// What a quoted string says; anything else as written.
pub(super) fn unquoted(text: &str) -> String {
    match text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        Some(inner) => inner.replace("''", "'"),
        None => text.to_owned(),
    }
}

/// A kind in SQL's words: `ALTER_SYSTEM` is `ALTER SYSTEM`.
pub(super) fn words(kind: K) -> String {
    format!("{kind:?}").replace('_', " ")
}
