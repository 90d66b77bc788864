//! SQLite: the syntax tree of sqlite3-parser, which is made from SQLite's own grammar.
//!
//! It knows no places, and one clause is all an `ALTER TABLE` has: places come from our own tokens. So does what is known
//! of an `INSERT`, whose rows nobody needs and of which there may be many, and of what SQLite's grammar does not have.

mod alter;
mod expression;
mod reader;
mod recognise;
mod rows;
mod table;
#[cfg(test)]
mod tests;

use std::ops::Range;

use reader::Reader;
use sqlite3_parser::ast::{self, Cmd, PragmaBody, Stmt};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator};

use crate::lint::change::{Action, Change, Facts, Name, Object, Understood};
use crate::lint::facts::is_always_true;
use crate::lint::guard;

/// Pragmas that tell something even where they are called with an argument.
const ASKING: [&str; 14] = [
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "index_xinfo",
    "foreign_key_list",
    "foreign_key_check",
    "integrity_check",
    "quick_check",
    "database_list",
    "collation_list",
    "function_list",
    "compile_options",
];

/// What one statement does. Where the library fails or panics, what its tokens tell.
pub(super) fn facts(text: &str) -> Facts {
    let reader = Reader::new(text);
    if let Some(action) = rows::insert(reader) {
        return of_changes(vec![Change { span: reader.position()..text.trim_end().len(), action }], Understood::Whole);
    }
    guard::guarded(|| of_text(text)).flatten().unwrap_or_else(|| recognise::facts(reader))
}

fn of_changes(changes: Vec<Change>, understood: Understood) -> Facts {
    Facts { changes, understood, ..Facts::default() }
}

/// None where it is not SQLite's.
fn of_text(text: &str) -> Option<Facts> {
    let bump = Bump::new();
    let command = Parser::new(&bump, text.as_bytes()).next().ok()??;
    let action = match &command {
        Cmd::Explain(_) | Cmd::ExplainQueryPlan(_) => Action::Read,
        Cmd::Stmt(statement) => action(statement, text)?,
    };
    let span = match &command {
        Cmd::Stmt(Stmt::AlterTable(..)) => clause(text),
        _ => Reader::new(text).whole(),
    };
    Some(of_changes(vec![Change { span, action }], Understood::Whole))
}

/// Where the clause of an `ALTER TABLE` stands.
fn clause(text: &str) -> Range<usize> {
    let mut reader = Reader::new(text);
    reader.take("ALTER TABLE");
    reader.name();
    reader.whole()
}

fn action(statement: &Stmt<'_>, text: &str) -> Option<Action> {
    let create = |object, table: Option<Name>, named: &ast::QualifiedName<'_>, if_not_exists: &bool| Action::Create {
        object,
        name: name(named),
        replace: false,
        if_not_exists: *if_not_exists,
        table,
    };
    let drop = |object, named: &ast::QualifiedName<'_>, if_exists: &bool| Action::Drop {
        object,
        name: name(named),
        if_exists: *if_exists,
        cascade: false,
    };
    Some(match statement {
        Stmt::AlterTable(table, body) => alter::action(name(table), body),
        Stmt::CreateTable { temporary, if_not_exists, tbl_name, body } => {
            table::create(name(tbl_name), body, *temporary, *if_not_exists)
        }
        Stmt::CreateVirtualTable { if_not_exists, tbl_name, module_name, .. } => {
            table::create_virtual(name(tbl_name), unquoted(module_name.0), *if_not_exists)
        }
        Stmt::DropTable { if_exists, tbl_name } => {
            Action::DropTable { table: name(tbl_name), if_exists: *if_exists, cascade: false }
        }
        Stmt::CreateIndex { unique, if_not_exists, idx_name, tbl_name, columns, where_clause } => {
            let terms = columns.iter().map(|column| &column.expr).chain(where_clause);
            table::create_index(name(idx_name), unquoted(tbl_name.0), *unique, *if_not_exists, terms)
        }
        Stmt::DropIndex { if_exists, idx_name } => {
            Action::DropIndex { index: name(idx_name), table: None, concurrently: false, if_exists: *if_exists }
        }
        Stmt::CreateTrigger { if_not_exists, trigger_name, tbl_name, .. } => {
            create(Object::Trigger, Some(name(tbl_name)), trigger_name, if_not_exists)
        }
        Stmt::CreateView { if_not_exists, view_name, .. } => create(Object::View, None, view_name, if_not_exists),
        Stmt::DropTrigger { if_exists, trigger_name } => drop(Object::Trigger, trigger_name, if_exists),
        Stmt::DropView { if_exists, view_name } => drop(Object::View, view_name, if_exists),
        Stmt::Update { tbl_name, where_clause, limit, .. } => Action::Update {
            table: name(tbl_name),
            filtered: is_filtered(where_clause.as_ref()),
            bounded: limit.is_some() || where_clause.as_ref().is_some_and(expression::is_bounded),
        },
        Stmt::Delete { tbl_name, where_clause, limit, .. } => Action::Delete {
            table: name(tbl_name),
            filtered: is_filtered(where_clause.as_ref()),
            bounded: limit.is_some() || where_clause.as_ref().is_some_and(expression::is_bounded),
        },
        // One with rows only has been recognised before; this one begins with WITH.
        Stmt::Insert { tbl_name, body, .. } => {
            Action::Insert { table: name(tbl_name), from_query: matches!(body, ast::InsertBody::Select(..)) }
        }
        Stmt::Pragma(pragma, body) => setting(pragma, body.as_ref()),
        Stmt::Select(_) => Action::Read,
        Stmt::Vacuum(_, into) => Action::Maintain { table: None, full: into.is_none() },
        Stmt::Analyze(named) => Action::Maintain { table: named.as_ref().map(name), full: false },
        Stmt::Reindex { .. } => Action::Reindex { concurrently: false },
        Stmt::Attach { .. }
        | Stmt::Detach(_)
        | Stmt::Begin(..)
        | Stmt::Commit(_)
        | Stmt::Release(_)
        | Stmt::Rollback { .. }
        | Stmt::Savepoint(_) => Action::Other(Reader::new(text).word()?),
    })
}

fn setting(pragma: &ast::QualifiedName<'_>, body: Option<&PragmaBody<'_>>) -> Action {
    let pragma = unquoted(pragma.name.0).to_lowercase();
    match body {
        Some(PragmaBody::Equals(value) | PragmaBody::Call(value)) if !ASKING.contains(&pragma.as_str()) => {
            Action::Set { name: pragma, value: value.to_string(), local: false }
        }
        _ => Action::Read,
    }
}

fn name(name: &ast::QualifiedName<'_>) -> Name {
    Name { schema: name.db_name.as_ref().map(|schema| unquoted(schema.0)), name: unquoted(name.name.0) }
}

/// A name without its quotes. SQLite does not fold case: it compares without it.
fn unquoted(text: &str) -> String {
    let Some(quote @ ('"' | '`' | '\'' | '[')) = text.chars().next() else { return text.to_owned() };
    let closing = if quote == '[' { ']' } else { quote };
    let inner = text.strip_prefix(quote).and_then(|text| text.strip_suffix(closing)).unwrap_or(text);
    match quote {
        '[' => inner.to_owned(),
        _ => inner.replace(&quote.to_string().repeat(2), &quote.to_string()),
    }
}

fn is_filtered(condition: Option<&ast::Expr<'_>>) -> bool {
    condition.is_some_and(|condition| !is_always_true(&condition.to_string()))
}
