//! Rows, settings, rights and upkeep.

use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxKind as K, SyntaxNode as Node};

use super::node::{child, contains, find, has, ident_in, name, name_in, plain, tokens, unquoted};
use super::{Changes, expression, table};
use crate::lint::change::{Action, Name};
use crate::lint::facts::is_always_true;

/// Whether it was one of these.
pub(super) fn statement(statement: &Node, changes: &mut Changes) -> bool {
    match statement.kind() {
        K::INSERT | K::UPDATE | K::DELETE | K::MERGE => of_rows(statement, changes),
        K::SELECT | K::COMPOUND_SELECT | K::PAREN_SELECT | K::TABLE | K::VALUES | K::SHOW | K::DECLARE | K::FETCH => {
            of_rows(statement, changes);
            settings_by_function(statement, changes);
            if changes.list.is_empty() {
                changes.at(statement, Action::Read);
            }
        }
        K::EXPLAIN => {
            // Only `ANALYZE` runs it.
            if tokens(statement).any(|token| token.text().eq_ignore_ascii_case("analyze")) {
                of_rows(statement, changes);
            }
            changes.at(statement, Action::Read);
        }
        K::SELECT_INTO => into(statement, changes),
        K::COPY => copy(statement, changes),
        K::TRUNCATE => truncate(statement, changes),
        K::GRANT => grant(statement, changes),
        K::REVOKE => changes.at(statement, Action::Revoke),
        K::SET => set(statement, changes),
        K::RESET => {
            let name = find(statement, K::CONFIG_PARAMETER_REF)
                .map_or_else(|| "all".into(), |node| plain(&node).to_lowercase());
            changes.at(statement, Action::Set { name, value: "DEFAULT".into(), local: false });
        }
        K::SET_ROLE | K::RESET_ROLE => session(statement, "role", changes),
        K::SET_SESSION_AUTH | K::RESET_SESSION_AUTH => session(statement, "session_authorization", changes),
        K::LOCK => {
            let list = child(statement, K::RELATION_LIST);
            let relations = list.iter().flat_map(|list| list.children());
            let tables = relations.filter(|node| node.kind() == K::RELATION_NAME).map(|node| name(&node)).collect();
            changes.at(statement, Action::Lock { tables });
        }
        K::VACUUM => {
            let full = ast::Vacuum::cast(statement.clone()).is_some_and(|vacuum| vacuum.is_full());
            maintain(statement, full, changes);
        }
        K::ANALYZE => maintain(statement, false, changes),
        K::CLUSTER => maintain(statement, true, changes),
        K::REPACK => {
            let concurrently = tokens(statement).any(|token| token.text().eq_ignore_ascii_case("concurrently"));
            maintain(statement, !concurrently, changes);
        }
        K::REINDEX => {
            let concurrently = ast::Reindex::cast(statement.clone()).is_some_and(|reindex| reindex.is_concurrently());
            changes.at(statement, Action::Reindex { concurrently });
        }
        K::REFRESH => {
            let Some(view) = name_in(statement, K::VIEW_REF) else { return false };
            let concurrently = has(statement, K::CONCURRENTLY_KW);
            changes.at(statement, Action::Refresh { view, concurrently });
        }
        _ => return false,
    }
    true
}

/// What it writes, also in its `WITH`.
fn of_rows(statement: &Node, changes: &mut Changes) {
    for node in statement.descendants() {
        let Some(table) = table::relation(&node) else { continue };
        let action = match node.kind() {
            K::INSERT => Action::Insert { table, from_query: from_query(&node) },
            K::UPDATE => {
                let (filtered, bounded) = condition(&node);
                Action::Update { table, filtered, bounded }
            }
            K::DELETE => {
                let (filtered, bounded) = condition(&node);
                Action::Delete { table, filtered, bounded }
            }
            K::MERGE => Action::Update { table, filtered: true, bounded: false },
            _ => continue,
        };
        changes.at(&node, action);
    }
}

/// Whether its rows are read from somewhere: `SELECT 1` is one row.
fn from_query(insert: &Node) -> bool {
    insert.children().any(|source| match source.kind() {
        K::SELECT | K::COMPOUND_SELECT | K::PAREN_SELECT => contains(&source, K::FROM_CLAUSE),
        K::TABLE => true,
        _ => false,
    })
}

fn condition(statement: &Node) -> (bool, bool) {
    match child(statement, K::WHERE_CLAUSE) {
        Some(condition) => {
            let text = plain(&condition);
            let filtered = !without_word(&text, "where").is_some_and(is_always_true);
            (filtered, expression::is_bounded(&condition))
        }
        None => (has(statement, K::WHERE_CURRENT_OF), has(statement, K::WHERE_CURRENT_OF)),
    }
}

/// `SELECT set_config('name', 'value', is_local)`
fn settings_by_function(statement: &Node, changes: &mut Changes) {
    for call in statement.descendants().filter(|node| node.kind() == K::CALL_EXPR) {
        if expression::called(&call).as_deref() != Some("set_config") {
            continue;
        }
        let Some(list) = child(&call, K::ARG_LIST) else { continue };
        let arguments: Vec<String> = list.children().map(|argument| plain(&argument)).collect();
        let [name, value, local] = arguments.as_slice() else { continue };
        let local = matches!(local.to_ascii_lowercase().as_str(), "true" | "'t'" | "'true'" | "'on'");
        changes.at(&call, Action::Set { name: unquoted(name).to_lowercase(), value: value.clone(), local });
    }
}

fn into(statement: &Node, changes: &mut Changes) {
    let Some(clause) = child(statement, K::INTO_CLAUSE) else { return };
    let Some(table) = name_in(&clause, K::TABLE_NAME) else { return };
    changes.at(
        statement,
        Action::CreateTable {
            table,
            columns: Vec::new(),
            constraints: Vec::new(),
            temporary: has(&clause, K::TEMP),
            if_not_exists: false,
            from_elsewhere: true,
            options: Vec::new(),
        },
    );
}

fn copy(statement: &Node, changes: &mut Changes) {
    let table = child(statement, K::COPY_TABLE).and_then(|copied| name_in(&copied, K::TABLE_NAME_REF));
    match table {
        Some(table) if has(statement, K::COPY_FROM) => changes.at(statement, Action::Copy { table }),
        _ => {
            of_rows(statement, changes);
            changes.at(statement, Action::Read);
        }
    }
}

fn truncate(statement: &Node, changes: &mut Changes) {
    let cascade = contains(statement, K::CASCADE);
    let list = child(statement, K::TABLE_LIST);
    let tables: Vec<Node> =
        list.iter().flat_map(|list| list.children()).filter(|node| node.kind() == K::TABLE_RELATION_NAME).collect();
    for node in &tables {
        let at = if tables.len() == 1 { statement } else { node };
        changes.at(at, Action::Truncate { table: name(node), cascade });
    }
}

fn grant(statement: &Node, changes: &mut Changes) {
    let to_public = statement.descendants().any(|node| {
        node.kind() == K::ROLE_REF && plain(&node).trim_start_matches("group ").eq_ignore_ascii_case("public")
    });
    let with = child(statement, K::GRANT_WITH_CLAUSE).map(|with| plain(&with).to_ascii_lowercase()).unwrap_or_default();
    let admin = with.contains("admin option") || with.contains("admin true");
    let grantable = with.contains("grant option") || admin;
    changes.at(statement, Action::Grant { all: contains(statement, K::ALL_PRIVILEGES), to_public, grantable });
}

fn set(statement: &Node, changes: &mut Changes) {
    let local = contains(statement, K::LOCAL_SCOPE);
    let (name, value) = if let Some(config) = child(statement, K::SET_CONFIG) {
        let name = child(&config, K::CONFIG_PARAMETER_REF).map(|node| plain(&node).to_lowercase()).unwrap_or_default();
        let assignment = plain(&config);
        let value = assignment.get(name.len()..).unwrap_or_default().trim_start();
        let value = value.strip_prefix('=').or_else(|| without_word(value, "to")).unwrap_or(value);
        (name, value.trim().to_owned())
    } else if let Some(schema) = child(statement, K::SET_SCHEMA_VALUE) {
        ("search_path".to_owned(), find(&schema, K::LITERAL).map(|value| plain(&value)).unwrap_or_default())
    } else if let Some(zone) = child(statement, K::SET_TIME_ZONE) {
        let value = plain(&zone);
        ("timezone".to_owned(), value.get("time zone".len()..).unwrap_or_default().trim().to_owned())
    } else {
        return changes.at(statement, Action::Other("SET".into()));
    };
    changes.at(statement, Action::Set { name, value, local });
}

fn without_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let head = text.get(..word.len())?;
    head.eq_ignore_ascii_case(word).then(|| &text[word.len()..]).filter(|rest| rest.starts_with(char::is_whitespace))
}

fn session(statement: &Node, name: &str, changes: &mut Changes) {
    let value = plain(statement).split_whitespace().next_back().unwrap_or_default().to_owned();
    let local = contains(statement, K::LOCAL_SCOPE);
    changes.at(statement, Action::Set { name: name.into(), value, local });
}

/// One for each table, or one for all.
fn maintain(statement: &Node, full: bool, changes: &mut Changes) {
    let list = child(statement, K::TABLE_AND_COLUMNS_LIST);
    let listed = list.iter().flat_map(|list| list.children()).filter_map(|item| table::relation(&item));
    let mut tables: Vec<Option<Name>> = listed.map(Some).collect();
    if tables.is_empty() {
        let legacy = child(statement, K::CLUSTER_LEGACY).and_then(|legacy| child(&legacy, K::ON_PATH));
        let table = legacy.and_then(|on| find(&on, K::PATH_REF)).map(|path| name(&path));
        tables.push(table.or_else(|| table::relation(statement)));
    }
    for table in tables {
        changes.at(statement, Action::Maintain { table, full });
    }
}

/// The new value of `ALTER TYPE … ADD VALUE`.
pub(super) fn enum_value(statement: &Node) -> Option<Action> {
    let value = child(&child(statement, K::ADD_VALUE)?, K::LITERAL)?;
    let type_name = ident_in(statement, K::TYPE_NAME_REF).and(name_in(statement, K::TYPE_NAME_REF))?;
    Some(Action::AddEnumValue { name: type_name, value: unquoted(&plain(&value)) })
}
