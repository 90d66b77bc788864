//! Whether an index, view, routine or the like that a rollback drops may be what its upgrade made.

use super::change::{Action, ColumnDefinition, Facts, Name, Object};
use super::replacement::object_returns;
use super::subject::Subject;

/// What a statement of a rollback drops that neither its upgrade made nor the rollback makes: in words. None where
/// it may be their own, under whatever name it was made.
pub(super) fn foreign_object(subject: &Subject<'_>, upgrade: &[Facts], action: &Action) -> Option<String> {
    match action {
        Action::DropIndex { index, table, .. } => {
            let may_make = |action: &Action| may_make_index(action, index, table.as_ref());
            let is_own = actions(upgrade).chain(actions(subject.statements)).any(may_make);
            (!is_own).then(|| format!("index {index}"))
        }
        Action::Drop { object, name, .. } if is_judged(*object) => {
            let is_own = actions(upgrade).any(|action| may_make(action, *object, name))
                || object_returns(subject, *object, name, 0);
            (!is_own).then(|| format!("{} {name}", super::made::word(*object).to_lowercase()))
        }
        _ => None,
    }
}

/// Roles and extensions belong to more than one database or one file.
fn is_judged(object: Object) -> bool {
    !matches!(object, Object::Role | Object::Extension | Object::Other)
}

fn actions(statements: &[Facts]) -> impl Iterator<Item = &Action> {
    statements.iter().flat_map(|facts| &facts.changes).map(|change| &change.action)
}

fn may_make(action: &Action, object: Object, name: &Name) -> bool {
    match action {
        // It brings types, functions, tables of its own.
        Action::Create { object: Object::Extension, .. } => true,
        Action::Create { object: made, name: other, .. } => are_alike(*made, object) && other.may_be(name),
        Action::Rename { to, .. } => to.eq_ignore_ascii_case(&name.name),
        // A serial column has a sequence that nobody named.
        Action::CreateTable { columns, from_elsewhere, .. } => {
            object == Object::Sequence && (*from_elsewhere || columns.iter().any(|column| column.identity))
        }
        Action::AddColumn { column, .. } => object == Object::Sequence && column.identity,
        _ => false,
    }
}

/// Whether one `DROP` may mean both: `DROP ROUTINE` of a procedure, `DROP TYPE` of a domain.
fn are_alike(one: Object, other: Object) -> bool {
    use Object::{Database, Domain, Function, MaterializedView, Procedure, Schema, Type, View};
    let alike = [[Function, Procedure], [Type, Domain], [View, MaterializedView], [Schema, Database]];
    one == other || alike.iter().any(|pair| pair.contains(&one) && pair.contains(&other))
}

/// Whether the statement may make an index of this name: also one that it does not name.
fn may_make_index(action: &Action, index: &Name, table: Option<&Name>) -> bool {
    let of = |made: &Name| table.is_none_or(|table| table.may_be(made));
    let with_column = |column: &ColumnDefinition| column.unique || column.primary_key || column.identity;
    match action {
        Action::CreateIndex(made) => match &made.name {
            Some(name) => name.may_be(index),
            None => of(&made.table),
        },
        Action::AddConstraint { table: made, constraint } => match &constraint.name {
            Some(name) => name.eq_ignore_ascii_case(&index.name),
            None => of(made),
        },
        Action::AddColumn { table: made, column, .. } | Action::ChangeType { table: made, column, .. } => {
            // MySQL and MariaDB index a column that refers to another.
            of(made) && (with_column(column) || column.references.is_some())
        }
        Action::CreateTable { table: made, from_elsewhere, .. } => {
            *from_elsewhere || table.is_some_and(|table| table.may_be(made))
        }
        // A partition gets the indexes of its table; `RENAME INDEX` is an option of the table.
        Action::AttachPartition { .. } => true,
        Action::SetTableOption { table: made, .. } => of(made),
        Action::Create { object: Object::Extension, .. } => true,
        Action::Rename { to, .. } => to.eq_ignore_ascii_case(&index.name),
        Action::RenameTable { .. } => table.is_some(),
        _ => false,
    }
}
