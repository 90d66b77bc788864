//! PostgreSQL: squawk's grammar, which is the server's own as far as real migrations go.

mod alter;
mod data;
mod expression;
mod node;
mod objects;
mod table;
#[cfg(test)]
mod tests;

use std::ops::Range;

use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SourceFile, SyntaxKind as K, SyntaxNode as Node};

use crate::lint::change::{Action, Change, Facts, Understood};
use crate::lint::guard;
use crate::lint::squawk::Tree;
use crate::model::Script;

/// What one statement does. Where the library panics, nothing.
pub(super) fn facts(text: &str) -> Facts {
    guard::guarded(|| of_text(text)).unwrap_or_default()
}

fn of_text(text: &str) -> Facts {
    let parse = SourceFile::parse(text);
    let mut changes = Changes::default();
    for statement in parse.syntax_node().children() {
        of_statement(&statement, &mut changes);
    }
    changes.facts(parse.errors().is_empty())
}

/// What each statement of a section does. None where the tree has errors: one broken statement may take in those
/// behind it, so that each has to be read by itself.
pub(super) fn of_tree(tree: &Tree, script: &Script) -> Option<Vec<Facts>> {
    guard::guarded(|| of_whole_tree(tree, script)).flatten()
}

fn of_whole_tree(tree: &Tree, script: &Script) -> Option<Vec<Facts>> {
    if !tree.parse.errors().is_empty() {
        return None;
    }
    let mut nodes = tree.parse.syntax_node().children().filter(|node| node.kind() != K::EMPTY_STMT).peekable();
    let mut facts = Vec::with_capacity(script.statements.len());
    for statement in &script.statements {
        let mut changes = Changes::default();
        while let Some(node) = nodes.next_if(|node| statement.span.contains(&usize::from(node.text_range().start()))) {
            if usize::from(node.text_range().end()) > statement.span.end + 1 {
                return None;
            }
            of_statement(&node, &mut changes);
        }
        for Change { span, .. } in &mut changes.list {
            *span = span.start - statement.span.start..span.end - statement.span.start;
        }
        facts.push(changes.facts(true));
    }
    nodes.next().is_none().then_some(facts)
}

/// What was found so far.
#[derive(Default)]
struct Changes {
    list: Vec<Change>,
    /// Something of it runs code that was not looked at.
    opaque: bool,
}

impl Changes {
    fn facts(self, is_sound: bool) -> Facts {
        let understood = match (is_sound && !self.opaque, self.list.is_empty()) {
            (true, false) => Understood::Whole,
            (false, false) => Understood::Partly,
            (_, true) => Understood::Tokens,
        };
        Facts { changes: self.list, understood, ..Facts::default() }
    }

    fn push(&mut self, span: Range<usize>, action: Action) {
        self.list.push(Change { span, action });
    }

    /// The whole node says so.
    fn at(&mut self, node: &Node, action: Action) {
        self.push(node::span(node), action);
    }
}

fn of_statement(statement: &Node, changes: &mut Changes) {
    match statement.kind() {
        K::CREATE_TABLE | K::CREATE_TABLE_AS | K::CREATE_FOREIGN_TABLE => table::create(statement, changes),
        K::ALTER_TABLE => alter::table(statement, changes),
        K::CREATE_SCHEMA => {
            objects::statement(statement, changes);
            statement
                .children()
                .filter(|child| is_statement(child.kind()))
                .for_each(|child| of_statement(&child, changes));
        }
        K::DO | K::CALL | K::EXECUTE => {
            changes.opaque = true;
            changes.at(statement, Action::Other(node::words(statement.kind())));
            of_block(statement, changes);
        }
        K::EMPTY_STMT | K::ERROR => {}
        _ => {
            if !data::statement(statement, changes) && !objects::statement(statement, changes) {
                changes.at(statement, Action::Other(node::words(statement.kind())));
            }
        }
    }
}

/// What the statements in a `DO` block do, if it comes to that: `EXECUTE` and conditions are not followed.
fn of_block(statement: &Node, changes: &mut Changes) {
    let Some(body) = ast::Do::cast(statement.clone()).and_then(|block| block.plpgsql()) else { return };
    for run in body.syntax().descendants().filter(|node| node.kind() == K::PLPGSQL_EXEC_SQL_STMT) {
        let mut inside = Changes::default();
        run.children().for_each(|sql| of_statement(&sql, &mut inside));
        let (here, there) = (run.text_range(), body.source_range(run.text_range()));
        let (here, from, to) = (usize::from(here.start()), usize::from(there.start()), usize::from(there.end()));
        // Only in a body with doubled quotes do places shift.
        let place = |offset: usize| (offset + from).saturating_sub(here).clamp(from, to);
        for Change { span, action } in inside.list {
            if !matches!(action, Action::Other(_) | Action::Read) {
                changes.push(place(span.start)..place(span.end), action);
            }
        }
    }
}

fn is_statement(kind: K) -> bool {
    let name = format!("{kind:?}");
    (name.starts_with("CREATE_") && name != "CREATE_SCHEMA_TARGET") || kind == K::GRANT
}
