//! `ALTER TABLE`, which has one clause.

use sqlite3_parser::ast::AlterTableBody;

use super::{table, unquoted};
use crate::lint::change::{Action, Name};

pub(super) fn action(table: Name, clause: &AlterTableBody<'_>) -> Action {
    match clause {
        AlterTableBody::RenameTo(to) => {
            let to = Name { schema: table.schema.clone(), name: unquoted(to.0) };
            Action::RenameTable { table, to }
        }
        AlterTableBody::AddColumn(column) => {
            Action::AddColumn { table, column: table::column(column), if_not_exists: false, positioned: false }
        }
        AlterTableBody::DropColumn(column) => Action::DropColumn { table, column: unquoted(column.0) },
        AlterTableBody::RenameColumn { old, new } => {
            Action::RenameColumn { table, column: unquoted(old.0), to: unquoted(new.0) }
        }
        AlterTableBody::SetColumnNotNull(column, _) => Action::SetNotNull { table, column: unquoted(column.0) },
        AlterTableBody::DropColumnNotNull(column) => Action::DropNotNull { table, column: unquoted(column.0) },
        AlterTableBody::AddConstraint(constraint) => {
            Action::AddConstraint { table, constraint: table::constraint(constraint) }
        }
        AlterTableBody::DropConstraint(name) => Action::DropConstraint { table, name: Some(unquoted(name.0)) },
    }
}
