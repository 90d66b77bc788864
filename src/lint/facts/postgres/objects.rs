//! Indexes, and everything else that has a name and is created, dropped, renamed.

use squawk_syntax::{SyntaxKind as K, SyntaxNode as Node};

use super::node::{contains, has, name, name_in};
use super::{Changes, data, table};
use crate::lint::change::{Action, Index, Object};

/// Whether it was one of these.
pub(super) fn statement(statement: &Node, changes: &mut Changes) -> bool {
    let kind = format!("{:?}", statement.kind());
    if statement.kind() == K::CREATE_INDEX {
        return create_index(statement, changes);
    }
    if let Some(what) = kind.strip_prefix("CREATE_") {
        return create(statement, what, changes);
    }
    if let Some(what) = kind.strip_prefix("DROP_") {
        return drop(statement, what, changes);
    }
    if let Some(what) = kind.strip_prefix("ALTER_") {
        return alter(statement, what, changes);
    }
    false
}

fn create_index(statement: &Node, changes: &mut Changes) -> bool {
    let Some(table) = table::relation(statement) else { return false };
    let only = statement.children().any(|node| node.kind() == K::TABLE_RELATION_NAME && has(&node, K::ONLY_KW));
    changes.at(
        statement,
        Action::CreateIndex(Index {
            name: name_in(statement, K::INDEX),
            table,
            unique: has(statement, K::UNIQUE_KW),
            concurrently: has(statement, K::CONCURRENTLY_KW),
            if_not_exists: has(statement, K::IF_NOT_EXISTS),
            special: false,
            in_alter: false,
            only,
            columns: Vec::new(),
        }),
    );
    true
}

fn create(statement: &Node, what: &str, changes: &mut Changes) -> bool {
    let kinds: Vec<String> = match what {
        "MATERIALIZED_VIEW" => vec!["VIEW".into()],
        "USER" | "GROUP" => vec!["ROLE".into()],
        // `AUTHORIZATION r` alone is a schema with the role's name.
        "SCHEMA" => vec!["SCHEMA".into(), "ROLE".into()],
        _ => vec![what.into(), format!("{what}_NAME")],
    };
    // `CREATE SCHEMA` has its name one level deeper.
    let mut nodes = statement.children().flat_map(|child| [vec![child.clone()], child.children().collect()].concat());
    let Some(node) = nodes.find(|node| kinds.contains(&format!("{:?}", node.kind()))) else { return false };
    let action = Action::Create {
        object: object(what),
        name: name(&node),
        replace: has(statement, K::OR_REPLACE),
        if_not_exists: has(statement, K::IF_NOT_EXISTS),
        table: match what {
            "TRIGGER" | "POLICY" => table::relation(statement),
            _ => None,
        },
    };
    changes.at(statement, action);
    true
}

fn drop(statement: &Node, what: &str, changes: &mut Changes) -> bool {
    let names = referred(statement);
    let if_exists = has(statement, K::IF_EXISTS);
    let cascade = contains(statement, K::CASCADE);
    for node in &names {
        let name = name(node);
        let action = match what {
            "TABLE" => Action::DropTable { table: name, if_exists, cascade },
            "INDEX" => {
                let concurrently = has(statement, K::CONCURRENTLY_KW);
                Action::DropIndex { index: name, table: None, concurrently, if_exists }
            }
            _ => Action::Drop { object: object(what), name, if_exists, cascade },
        };
        let at = if names.len() == 1 { statement } else { node };
        changes.at(at, action);
    }
    !names.is_empty()
}

fn alter(statement: &Node, what: &str, changes: &mut Changes) -> bool {
    if let Some(action) = data::enum_value(statement) {
        changes.at(statement, action);
        return true;
    }
    let is_rename = |node: &Node| format!("{:?}", node.kind()).ends_with("_RENAME_TO");
    let (Some(rename), Some(node)) = (statement.children().find(is_rename), referred(statement).into_iter().next())
    else {
        return false;
    };
    let to = rename.children().next().map(|to| name(&to).name).unwrap_or_default();
    changes.at(statement, Action::Rename { object: object(what), name: name(&node), to });
    true
}

/// The names a statement refers to: its own, not those of the tables they are on.
fn referred(statement: &Node) -> Vec<Node> {
    let is_name = |node: &Node| format!("{:?}", node.kind()).ends_with("_REF");
    let mut names = Vec::new();
    for node in statement.children() {
        match node.kind() {
            K::FUNCTION_SIG_LIST | K::PROCEDURE_SIG_LIST | K::ROUTINE_SIG_LIST => {
                names.extend(node.children().filter_map(|signature| signature.children().find(is_name)));
            }
            K::FUNCTION_SIG | K::PROCEDURE_SIG | K::ROUTINE_SIG => names.extend(node.children().find(is_name)),
            _ if is_name(&node) => names.push(node),
            _ => {}
        }
    }
    names
}

fn object(what: &str) -> Object {
    match what {
        "VIEW" => Object::View,
        "MATERIALIZED_VIEW" => Object::MaterializedView,
        "FUNCTION" | "AGGREGATE" | "ROUTINE" => Object::Function,
        "PROCEDURE" => Object::Procedure,
        "TRIGGER" => Object::Trigger,
        "SEQUENCE" => Object::Sequence,
        "TYPE" => Object::Type,
        "DOMAIN" => Object::Domain,
        "SCHEMA" => Object::Schema,
        "DATABASE" => Object::Database,
        "EXTENSION" => Object::Extension,
        "POLICY" => Object::Policy,
        "ROLE" | "USER" | "GROUP" => Object::Role,
        _ => Object::Other,
    }
}
