//! Tables and indexes as they are created.

use sqlite3_parser::ast::{self, ColumnConstraint, CreateTableBody, TabFlags, TableConstraint, TypeSize};

use super::{expression, unquoted};
use crate::lint::change::{Action, ColumnDefinition, Constraint, ConstraintKind, Index, Name, TableOption};

/// `CREATE TABLE`
pub(super) fn create(table: Name, body: &CreateTableBody<'_>, temporary: bool, if_not_exists: bool) -> Action {
    let (mut columns, mut constraints, mut options) = (Vec::new(), Vec::new(), Vec::new());
    if let CreateTableBody::ColumnsAndConstraints { columns: defined, constraints: demanded, flags } = body {
        columns.extend(defined.iter().map(column));
        constraints.extend(demanded.iter().flat_map(|demanded| demanded.iter()).map(constraint));
        let option = |name: &str| TableOption { name: name.into(), value: String::new() };
        options.extend(flags.contains(TabFlags::Strict).then(|| option("STRICT")));
        options.extend(flags.contains(TabFlags::WithoutRowid).then(|| option("WITHOUT ROWID")));
        for constraint in constraints.iter().filter(|constraint| constraint.kind == ConstraintKind::PrimaryKey) {
            let named = |column: &&mut ColumnDefinition| {
                constraint.columns.iter().any(|name| name.eq_ignore_ascii_case(&column.name))
            };
            columns.iter_mut().filter(named).for_each(|column| column.not_null = true);
        }
        let automatic = demanded
            .iter()
            .flat_map(|demanded| demanded.iter())
            .any(|demanded| matches!(demanded.constraint, TableConstraint::PrimaryKey { auto_increment: true, .. }));
        if let (true, Some(key)) = (automatic, columns.iter_mut().find(|column| column.not_null)) {
            key.identity = true;
        }
    }
    let from_elsewhere = matches!(body, CreateTableBody::AsSelect(_));
    Action::CreateTable { table, columns, constraints, temporary, if_not_exists, from_elsewhere, options }
}

/// `CREATE VIRTUAL TABLE`: its module makes its columns.
pub(super) fn create_virtual(table: Name, module: String, if_not_exists: bool) -> Action {
    Action::CreateTable {
        table,
        columns: Vec::new(),
        constraints: Vec::new(),
        temporary: false,
        if_not_exists,
        from_elsewhere: true,
        options: vec![TableOption { name: "USING".into(), value: module }],
    }
}

/// `CREATE INDEX`; the table is in the schema of the index.
pub(super) fn create_index<'a, 'b: 'a>(
    index: Name,
    table: String,
    unique: bool,
    if_not_exists: bool,
    terms: impl Iterator<Item = &'a ast::Expr<'b>>,
) -> Action {
    Action::CreateIndex(Index {
        table: Name { schema: index.schema.clone(), name: table },
        name: Some(index),
        unique,
        concurrently: false,
        if_not_exists,
        special: false,
        in_alter: false,
        only: false,
        columns: terms.flat_map(expression::columns).collect(),
    })
}

/// A column of `CREATE TABLE` or `ADD COLUMN`.
pub(super) fn column(definition: &ast::ColumnDefinition<'_>) -> ColumnDefinition {
    let mut column = ColumnDefinition {
        name: unquoted(definition.col_name.0),
        data_type: definition.col_type.as_ref().map(data_type).unwrap_or_default(),
        ..ColumnDefinition::default()
    };
    for constraint in definition.constraints {
        match &constraint.constraint {
            ColumnConstraint::PrimaryKey { auto_increment, .. } => {
                (column.primary_key, column.not_null, column.identity) = (true, true, *auto_increment);
            }
            ColumnConstraint::NotNull { nullable, .. } => column.not_null |= !nullable,
            ColumnConstraint::Unique(_) => column.unique = true,
            ColumnConstraint::Check(_) => column.check = true,
            ColumnConstraint::Default(value) => column.default = Some(expression::default(value)),
            ColumnConstraint::ForeignKey { clause, .. } => {
                column.references = Some(Name::new(unquoted(clause.tbl_name.0)));
            }
            ColumnConstraint::Generated { typ, .. } => {
                let stored = typ.as_ref().is_some_and(|kind| kind.0.eq_ignore_ascii_case("stored"));
                (column.generated_stored, column.generated_virtual) = (stored, !stored);
            }
            ColumnConstraint::Collate { collation_name } => {
                column.charset = Some(unquoted(collation_name.0).to_lowercase());
            }
            ColumnConstraint::Defer(_) => {}
        }
    }
    column
}

fn data_type(written: &ast::Type<'_>) -> String {
    let words: Vec<String> = written.name.split_whitespace().map(|word| unquoted(word).to_lowercase()).collect();
    match &written.size {
        None => words.join(" "),
        Some(TypeSize::MaxSize(size)) => format!("{}({size})", words.join(" ")),
        Some(TypeSize::TypeSize(digits, scale)) => format!("{}({digits}, {scale})", words.join(" ")),
    }
}

/// A table's constraint.
pub(super) fn constraint(written: &ast::NamedTableConstraint<'_>) -> Constraint {
    let of_key = |columns: &[ast::SortedColumn<'_>]| {
        columns.iter().filter_map(|column| expression::column(&column.expr)).collect::<Vec<_>>()
    };
    let (kind, columns) = match &written.constraint {
        TableConstraint::PrimaryKey { columns, .. } => (ConstraintKind::PrimaryKey, of_key(columns)),
        TableConstraint::Unique { columns, .. } => (ConstraintKind::Unique, of_key(columns)),
        TableConstraint::Check(condition, _) => {
            (ConstraintKind::Check, expression::demanded(condition).into_iter().collect())
        }
        TableConstraint::ForeignKey { columns, clause, .. } => {
            let references = Name::new(unquoted(clause.tbl_name.0));
            let columns = columns.iter().map(|column| unquoted(column.col_name.0)).collect();
            (ConstraintKind::ForeignKey { references }, columns)
        }
    };
    let name = written.name.as_ref().map(|name| unquoted(name.0));
    Constraint { name, kind, columns, not_valid: false, using_index: false }
}
