//! `ALTER TABLE`: a change for each clause.

use squawk_syntax::{SyntaxKind as K, SyntaxNode as Node};

use super::node::{child, has, ident_in, name, name_in, plain, tokens, words};
use super::{Changes, table};
use crate::lint::change::{Action, ColumnDefinition, Name, TableOption};

/// `ALTER TABLE`
pub(super) fn table(statement: &Node, changes: &mut Changes) {
    let Some(table) = child(statement, K::TABLE_RELATION_NAME).map(|node| name(&node)) else {
        // `ALL IN TABLESPACE`
        return changes.at(statement, Action::Other("ALTER TABLE".into()));
    };
    let heads = [K::TABLE_RELATION_NAME, K::IF_EXISTS, K::ERROR];
    for clause in statement.children().filter(|child| !heads.contains(&child.kind())) {
        let action = match clause.kind() {
            K::ALTER_COLUMN => column(&table, &clause),
            _ => action(&table, &clause, &mut *changes),
        };
        changes.at(&clause, action.unwrap_or_else(|| option(&table, &clause)));
    }
}

/// None where it has no action of its own.
fn action(table: &Name, clause: &Node, changes: &mut Changes) -> Option<Action> {
    let table = table.clone();
    Some(match clause.kind() {
        K::ADD_COLUMN => Action::AddColumn {
            table,
            column: table::column(clause)?,
            if_not_exists: has(clause, K::IF_NOT_EXISTS),
            positioned: false,
        },
        K::DROP_COLUMN => Action::DropColumn { table, column: ident_in(clause, K::COLUMN_NAME_REF)? },
        K::RENAME_COLUMN => Action::RenameColumn {
            table,
            column: ident_in(clause, K::COLUMN_NAME_REF)?,
            to: ident_in(clause, K::COLUMN_NAME)?,
        },
        K::TABLE_RENAME_TO => {
            let to = Name { schema: table.schema.clone(), ..name_in(clause, K::TABLE_NAME)? };
            Action::RenameTable { table, to }
        }
        // Whoever names it with its schema finds it no more.
        K::SET_SCHEMA => {
            let to = Name { schema: ident_in(clause, K::SCHEMA_REF), name: table.name.clone() };
            Action::RenameTable { table, to }
        }
        K::ADD_CONSTRAINT => {
            Action::AddConstraint { table, constraint: clause.children().find_map(|node| table::constraint(&node))? }
        }
        K::VALIDATE_CONSTRAINT => Action::ValidateConstraint { table, name: ident_in(clause, K::CONSTRAINT_NAME_REF)? },
        K::DROP_CONSTRAINT => Action::DropConstraint { table, name: ident_in(clause, K::CONSTRAINT_NAME_REF) },
        K::ATTACH_PARTITION => Action::AttachPartition { table, partition: name_in(clause, K::TABLE_NAME_REF)? },
        K::DETACH_PARTITION => Action::DetachPartition {
            table,
            concurrently: has(clause, K::DETACH_CONCURRENTLY) || has(clause, K::DETACH_FINALIZE),
            drops: false,
        },
        K::DISABLE_TRIGGER | K::ENABLE_TRIGGER => {
            let value = child(clause, K::TRIGGER_REF).map_or_else(|| "ALL".into(), |trigger| plain(&trigger));
            Action::SetTableOption { table, option: TableOption { name: words(clause.kind()), value } }
        }
        K::OPTION_ITEM_LIST | K::ALTER_OPTION_LIST => {
            changes.opaque = true;
            return None;
        }
        _ => return None,
    })
}

fn column(table: &Name, clause: &Node) -> Option<Action> {
    let column = ident_in(clause, K::COLUMN_NAME_REF)?;
    let table = table.clone();
    let heads = [K::COLUMN_NAME_REF, K::ERROR];
    let what = clause.children().find(|child| !heads.contains(&child.kind()))?;
    Some(match what.kind() {
        K::SET_TYPE => {
            let data_type = what.children().find(|child| table::is_type(child.kind()));
            let data_type = data_type.map(|node| plain(&node).to_lowercase()).unwrap_or_default();
            let column = ColumnDefinition { name: column, data_type, ..ColumnDefinition::default() };
            Action::ChangeType { table, column, using: has(&what, K::USING_EXPR) }
        }
        K::SET_NOT_NULL => Action::SetNotNull { table, column },
        K::DROP_NOT_NULL => Action::DropNotNull { table, column },
        K::SET_DEFAULT => Action::SetDefault { table, column },
        K::DROP_DEFAULT => Action::DropDefault { table, column },
        kind => {
            let name = format!("ALTER COLUMN {}", words(kind));
            Action::SetTableOption { table, option: TableOption { name, value: column } }
        }
    })
}

/// Any other clause: its leading words, and what stands behind them.
fn option(table: &Name, clause: &Node) -> Action {
    let all = plain(clause);
    let mut name = words(clause.kind());
    if !all.to_ascii_uppercase().starts_with(&name) {
        let keywords = tokens(clause).take_while(|token| format!("{:?}", token.kind()).ends_with("_KW"));
        name = keywords.map(|token| token.text().to_ascii_uppercase()).collect::<Vec<_>>().join(" ");
    }
    let value = all.get(name.len()..).unwrap_or_default().trim().to_owned();
    Action::SetTableOption { table: table.clone(), option: TableOption { name, value } }
}
