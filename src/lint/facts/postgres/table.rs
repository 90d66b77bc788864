//! Tables as they are created: columns and constraints.

use squawk_syntax::{SyntaxKind as K, SyntaxNode as Node};

use super::node::{child, contains, find, has, ident_in, name, name_in, plain};
use super::{Changes, expression};
use crate::lint::change::{Action, ColumnDefinition, Constraint, ConstraintKind, Name, TableOption};

const SERIAL: [&str; 6] = ["serial", "serial4", "bigserial", "serial8", "smallserial", "serial2"];

/// `CREATE TABLE`
pub(super) fn create(statement: &Node, changes: &mut Changes) {
    let Some(table) = name_in(statement, K::TABLE_NAME) else { return };
    let arguments = child(statement, K::TABLE_ARG_LIST);
    let arguments: Vec<Node> = arguments.iter().flat_map(|list| list.children()).collect();
    let mut columns: Vec<ColumnDefinition> =
        arguments.iter().filter(|node| node.kind() == K::COLUMN).filter_map(column).collect();
    let constraints: Vec<Constraint> = arguments.iter().filter_map(constraint).collect();
    for constraint in constraints.iter().filter(|constraint| constraint.kind == ConstraintKind::PrimaryKey) {
        columns.iter_mut().filter(|column| constraint.columns.contains(&column.name)).for_each(|column| {
            column.not_null = true;
        });
    }
    let parent = child(statement, K::PARTITION_OF);
    let from_elsewhere = statement.kind() == K::CREATE_TABLE_AS
        || parent.is_some()
        || has(statement, K::OF_TYPE)
        || arguments.iter().any(|node| node.kind() == K::LIKE_CLAUSE);
    let parent = parent.and_then(|parent| name_in(&parent, K::TABLE_NAME_REF));
    let mut options: Vec<TableOption> = parent
        .map(|parent| TableOption { name: "PARTITION OF".into(), value: parent.to_string() })
        .into_iter()
        .collect();
    if has(statement, K::PARTITION_BY) {
        options.push(TableOption { name: "PARTITION BY".into(), value: String::new() });
    }
    if has(statement, K::UNLOGGED) {
        options.push(TableOption { name: "UNLOGGED".into(), value: String::new() });
    }
    changes.at(
        statement,
        Action::CreateTable {
            table,
            columns,
            constraints,
            temporary: has(statement, K::TEMP),
            if_not_exists: has(statement, K::IF_NOT_EXISTS),
            from_elsewhere,
            options,
        },
    );
}

/// A column of `CREATE TABLE` or `ADD COLUMN`.
pub(super) fn column(node: &Node) -> Option<ColumnDefinition> {
    let mut column = ColumnDefinition { name: ident_in(node, K::COLUMN_NAME)?, ..ColumnDefinition::default() };
    if let Some(data_type) = node.children().find(|child| is_type(child.kind())) {
        column.data_type = plain(&data_type).to_lowercase();
    }
    column.identity = SERIAL.contains(&column.data_type.as_str());
    for clause in node.children() {
        match clause.kind() {
            K::NOT_NULL_CONSTRAINT => column.not_null = true,
            K::PRIMARY_KEY_CONSTRAINT => (column.primary_key, column.not_null) = (true, true),
            K::UNIQUE_CONSTRAINT => column.unique = true,
            K::CHECK_CONSTRAINT => column.check = true,
            K::REFERENCES_CONSTRAINT => column.references = name_in(&clause, K::TABLE_NAME_REF),
            K::DEFAULT_CONSTRAINT => {
                let value = clause.children().find(|child| child.kind() != K::CONSTRAINT_NAME_CLAUSE);
                column.default = value.map(|value| expression::default(&value));
            }
            K::GENERATED_CONSTRAINT => match child(&clause, K::GENERATED_IDENTITY) {
                Some(_) => column.identity = true,
                None if contains(&clause, K::STORED) => column.generated_stored = true,
                None => column.generated_virtual = true,
            },
            _ => {}
        }
    }
    Some(column)
}

pub(super) fn is_type(kind: K) -> bool {
    matches!(
        kind,
        K::ARRAY_TYPE
            | K::PATH_TYPE
            | K::PERCENT_TYPE
            | K::VARCHAR_TYPE
            | K::CHARACTER_TYPE
            | K::BIT_TYPE
            | K::BIT_VARYING_TYPE
            | K::DOUBLE_TYPE
            | K::TIME_TYPE
            | K::TIMESTAMP_TYPE
            | K::INTERVAL_TYPE
    )
}

/// A table's constraint; None for anything else.
pub(super) fn constraint(node: &Node) -> Option<Constraint> {
    let kind = match node.kind() {
        K::PRIMARY_KEY_CONSTRAINT => ConstraintKind::PrimaryKey,
        K::UNIQUE_CONSTRAINT => ConstraintKind::Unique,
        K::CHECK_CONSTRAINT => ConstraintKind::Check,
        K::EXCLUDE_CONSTRAINT => ConstraintKind::Exclude,
        K::NOT_NULL_CONSTRAINT => ConstraintKind::NotNull,
        K::FOREIGN_KEY_CONSTRAINT => {
            let references = name_in(node, K::TABLE_NAME_REF).unwrap_or_else(|| Name::new(""));
            ConstraintKind::ForeignKey { references }
        }
        _ => return None,
    };
    let columns = match kind {
        ConstraintKind::ForeignKey { .. } => child(node, K::FOREIGN_KEY_COLUMN_LIST).map(|list| column_names(&list)),
        ConstraintKind::Check => demanded(node).map(|column| vec![column]),
        ConstraintKind::Exclude => None,
        _ => Some(column_names(node)),
    };
    Some(Constraint {
        name: child(node, K::CONSTRAINT_NAME_CLAUSE).and_then(|clause| ident_in(&clause, K::CONSTRAINT_NAME)),
        kind,
        columns: columns.unwrap_or_default(),
        not_valid: has(node, K::NOT_VALID) || has(node, K::NOT_ENFORCED),
        using_index: contains(node, K::USING_INDEX_NAME),
    })
}

fn column_names(node: &Node) -> Vec<String> {
    let listed = |below: &Node| !below.ancestors().any(|above| above.kind() == K::CONSTRAINT_INCLUDE_CLAUSE);
    let names = node.descendants().filter(|below| below.kind() == K::COLUMN_NAME_REF && listed(below));
    names.map(|below| name(&below).name).collect()
}

/// The column of `CHECK (column IS NOT NULL)`.
fn demanded(check: &Node) -> Option<String> {
    let condition = plain(check.children().find(|child| child.kind() != K::CONSTRAINT_NAME_CLAUSE).as_ref()?);
    let condition = condition.trim_matches(['(', ')']).trim();
    let at = condition.len().checked_sub(" is not null".len())?;
    let (column, rest) = (condition.get(..at)?.trim(), condition.get(at..)?);
    if !rest.eq_ignore_ascii_case(" is not null") {
        return None;
    }
    match column.strip_prefix('"').and_then(|column| column.strip_suffix('"')) {
        Some(quoted) => Some(quoted.replace("\"\"", "\"")),
        None if column.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 128) => {
            Some(column.to_ascii_lowercase())
        }
        None => None,
    }
}

/// The table of a statement that names it alone, or with `ONLY`, or with a star.
pub(super) fn relation(statement: &Node) -> Option<Name> {
    let kinds = [K::TABLE_RELATION_NAME, K::RELATION_NAME, K::TABLE_NAME_REF, K::RELATION_NAME_REF];
    kinds.into_iter().find_map(|kind| child(statement, kind)).map(|node| name(&node)).or_else(|| {
        let on = child(statement, K::ON_TABLE).or_else(|| child(statement, K::ON_RELATION))?;
        find(&on, K::PATH_REF).map(|path| name(&path))
    })
}
