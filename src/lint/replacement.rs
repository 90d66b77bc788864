//! What a section takes away and puts there again: a table built anew, a view in another shape.

use super::change::{Action, Name, Object};
use super::subject::Subject;

/// Whether the table that a statement drops or renames is there again at the end of the section, or only held the
/// rows of one that is: the steps of building it anew.
pub(super) fn table_returns(subject: &Subject<'_>, table: &Name, statement: usize) -> bool {
    let is_made_behind = |table: &Name, statement: usize| {
        subject.changes().any(|(index, change)| {
            index >= statement
                && match &change.action {
                    Action::CreateTable { table: made, .. } => made.may_be(table),
                    Action::RenameTable { to, table: from } => to.may_be(table) && !from.may_be(table),
                    _ => false,
                }
        })
    };
    let former_name = subject.changes().find_map(|(index, change)| match &change.action {
        Action::RenameTable { table: from, to } if index < statement && to.may_be(table) => Some((index, from)),
        _ => None,
    });
    let is_set_aside = former_name.is_some_and(|(renamed, from)| is_made_behind(from, renamed));
    is_made_behind(table, statement) || is_set_aside
}

/// Whether an object of this kind and name is created behind a statement.
pub(super) fn object_returns(subject: &Subject<'_>, object: Object, name: &Name, statement: usize) -> bool {
    subject.changes().any(|(index, change)| match &change.action {
        Action::Create { object: made, name: other, .. } => index >= statement && *made == object && other.may_be(name),
        Action::Rename { object: made, to, .. } => {
            index >= statement && *made == object && to.eq_ignore_ascii_case(&name.name)
        }
        _ => false,
    })
}
