//! PostgreSQL: what of an upgrade cannot do without something else of it, so that dropping that alone fails.
//!
//! Only what the file itself tells for certain: a name that may mean two things, or a place where it may be something
//! else (a column, a query's own name for a part), is no use.

use super::change::{Action, ColumnDefinition, Name, Object};
use crate::dialect::Engine;
use crate::parse::{Lexer, TokenKind};

/// Something with a name that PostgreSQL keeps as long as something else uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Used<'a> {
    /// A function.
    Function(&'a Name),
    /// A table or a view.
    Relation(&'a Name),
    /// A type or a domain.
    Type(&'a Name),
}

impl<'a> Used<'a> {
    /// What a statement drops without what depends on it.
    pub(super) fn dropped_by(action: &'a Action) -> Option<Self> {
        match action {
            Action::DropTable { table, cascade: false, .. } => Some(Used::Relation(table)),
            Action::Drop { object, name, cascade: false, .. } => Used::of(*object, name),
            _ => None,
        }
    }

    fn of(object: Object, name: &'a Name) -> Option<Self> {
        match object {
            Object::Function => Some(Used::Function(name)),
            Object::View | Object::MaterializedView => Some(Used::Relation(name)),
            Object::Type | Object::Domain => Some(Used::Type(name)),
            _ => None,
        }
    }

    /// Whether a statement makes this.
    pub(super) fn is_made_by(&self, action: &'a Action) -> bool {
        let made = match action {
            Action::CreateTable { table, .. } => Some(Used::Relation(table)),
            Action::Create { object, name, .. } => Used::of(*object, name),
            _ => None,
        };
        made.is_some_and(|made| {
            std::mem::discriminant(&made) == std::mem::discriminant(self) && made.name().may_be(self.name())
        })
    }

    fn name(&self) -> &'a Name {
        match self {
            Used::Function(name) | Used::Relation(name) | Used::Type(name) => name,
        }
    }

    /// Whether what `action` makes, in these words, needs this to be there.
    pub(super) fn is_needed_by(&self, action: &Action, text: &str) -> bool {
        match (self, action) {
            // Only the rows and the columns' types are taken over.
            (_, Action::CreateTable { from_elsewhere: true, .. }) => false,
            (Used::Type(name), Action::CreateTable { columns, .. }) => columns.iter().any(|column| is_of(column, name)),
            (Used::Type(name), Action::AddColumn { column, .. }) => is_of(column, name),
            (Used::Function(name), action) => Dependent::of(action).is_some() && calls(text, name),
            (Used::Relation(name), Action::Create { object: Object::View | Object::MaterializedView, .. }) => {
                reads(text, name)
            }
            _ => false,
        }
    }
}

/// Something that may depend on something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dependent<'a> {
    Object(Object, &'a Name, Option<&'a Name>),
    Index(&'a Name, &'a Name),
    Table(&'a Name),
    Column(&'a Name, &'a str),
    Constraint(&'a Name, Option<&'a str>),
}

impl<'a> Dependent<'a> {
    /// What a statement makes that may depend on something.
    pub(super) fn of(action: &'a Action) -> Option<Self> {
        use Object::{MaterializedView, Policy, Trigger, View};
        Some(match action {
            Action::Create { object: object @ (View | MaterializedView | Trigger | Policy), name, table, .. } => {
                Dependent::Object(*object, name, table.as_ref())
            }
            Action::CreateTable { table, temporary: false, .. } => Dependent::Table(table),
            Action::AddColumn { table, column, .. } => Dependent::Column(table, &column.name),
            Action::SetDefault { table, column } => Dependent::Column(table, column),
            Action::AddConstraint { table, constraint } => Dependent::Constraint(table, constraint.name.as_deref()),
            Action::CreateIndex(index) => Dependent::Index(index.name.as_ref()?, &index.table),
            _ => return None,
        })
    }

    fn table(&self) -> Option<&'a Name> {
        match *self {
            Dependent::Object(_, _, table) => table,
            Dependent::Index(_, table)
            | Dependent::Table(table)
            | Dependent::Column(table, _)
            | Dependent::Constraint(table, _) => Some(table),
        }
    }

    /// Whether a statement takes it away.
    pub(super) fn is_taken_away_by(&self, action: &Action) -> bool {
        let of = |table: &Name| self.table().is_some_and(|own| own.may_be(table));
        match (action, self) {
            (Action::DropTable { table, .. }, _) => of(table),
            (Action::Drop { object: dropped, name: other, .. }, Dependent::Object(object, name, _)) => {
                dropped == object && other.may_be(name)
            }
            (Action::DropIndex { index: dropped, .. }, Dependent::Index(index, _)) => dropped.may_be(index),
            (Action::DropColumn { table, column: dropped } | Action::DropDefault { table, column: dropped }, _) => {
                matches!(self, Dependent::Column(_, column) if of(table) && dropped == column)
            }
            (Action::DropConstraint { table, name: dropped }, Dependent::Constraint(_, name)) => {
                of(table) && dropped.as_deref() == *name
            }
            _ => false,
        }
    }

    /// Whether a statement may take it away, or have it need something else.
    pub(super) fn may_be_changed_by(&self, action: &Action) -> bool {
        let of = |table: &Name| self.table().is_some_and(|own| own.may_be(table));
        match action {
            Action::Other(_) | Action::Read | Action::Rename { .. } | Action::RenameTable { .. } => true,
            Action::Drop { cascade: true, .. } | Action::DropTable { cascade: true, .. } => true,
            Action::Create { name: other, .. } => matches!(self, Dependent::Object(_, name, _) if other.may_be(name)),
            Action::DropColumn { table, .. }
            | Action::RenameColumn { table, .. }
            | Action::ChangeType { table, .. }
            | Action::SetDefault { table, .. }
            | Action::DropDefault { table, .. }
            | Action::DropConstraint { table, .. }
            | Action::SetTableOption { table, .. } => of(table),
            action => self.is_taken_away_by(action),
        }
    }
}

impl std::fmt::Display for Dependent<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Dependent::Object(object, name, _) => {
                write!(f, "{} {name}", super::made::word(*object).to_lowercase())
            }
            Dependent::Index(index, _) => write!(f, "index {index}"),
            Dependent::Table(table) => write!(f, "table {table}"),
            Dependent::Column(table, column) => write!(f, "column {column} of {table}"),
            Dependent::Constraint(table, Some(name)) => write!(f, "constraint {name} of {table}"),
            Dependent::Constraint(table, None) => write!(f, "a constraint of {table}"),
        }
    }
}

/// Whether a column is of this type, or an array of it.
fn is_of(column: &ColumnDefinition, name: &Name) -> bool {
    let data_type = column.data_type.trim_end_matches("[]").trim_end();
    // The type is in lower case, whatever was written: a name in capitals cannot be told from another.
    let parts: Vec<String> = data_type.rsplit('.').map(|part| part.trim_matches('"').to_owned()).collect();
    let schema = parts.get(1).cloned();
    !name.name.contains(['.', '"', ' ']) && parts.first() == Some(&name.name) && {
        Name { schema, name: name.name.clone() }.may_be(name)
    }
}

/// A word, name, string or symbol of a statement: names as the catalog has them.
fn tokens(text: &str) -> Vec<(TokenKind, String)> {
    let code = Lexer::new(Engine::Postgres.lex_rules(), text).filter(|token| token.kind.is_code());
    code.map(|token| {
        let text = &text[token.span];
        let name = match token.kind {
            TokenKind::QuotedIdentifier => text.trim_matches('"').replace("\"\"", "\""),
            _ => text.to_ascii_lowercase(),
        };
        (token.kind, name)
    })
    .collect()
}

/// Where a name stands, with its schema or without: the index of its first token and of the one behind it.
fn places<'t>(tokens: &'t [(TokenKind, String)], name: &'t Name) -> impl Iterator<Item = (usize, usize)> + 't {
    let is_name = |kind| matches!(kind, TokenKind::Word | TokenKind::QuotedIdentifier);
    let is_dot = |index: usize| tokens.get(index).is_some_and(|(_, text)| text == ".");
    (0..tokens.len()).filter_map(move |index| {
        let (kind, text) = &tokens[index];
        if !is_name(*kind) || *text != name.name || is_dot(index + 1) {
            return None;
        }
        let qualified = index >= 2 && is_dot(index - 1);
        let schema = qualified.then(|| tokens[index - 2].1.clone());
        let found = Name { schema, name: name.name.clone() };
        found.may_be(name).then_some((if qualified { index - 2 } else { index }, index + 1))
    })
}

/// Whether the function is called in it.
fn calls(text: &str, name: &Name) -> bool {
    // Behind these the name is that of something else, though a parenthesis follows: `ON f (a)`, `REFERENCES f (id)`.
    const ELSEWHERE: [&str; 12] =
        ["table", "view", "references", "on", "into", "with", "recursive", "as", "using", "exists", "policy", "index"];
    let tokens = tokens(text);
    places(&tokens, name).any(|(start, end)| {
        let before = start.checked_sub(1).map(|index| tokens[index].1.as_str());
        tokens.get(end).is_some_and(|(_, text)| text == "(")
            && before.is_some_and(|before| !ELSEWHERE.contains(&before))
            && !is_inner_name(&tokens, start, before)
    })
}

/// `a AS (…), f (x) AS (SELECT …)`, or a column `f` of the type `…(…)`: a comma before it may mean that.
fn is_inner_name(tokens: &[(TokenKind, String)], start: usize, before: Option<&str>) -> bool {
    before == Some(",") && tokens[..start].iter().any(|(_, text)| text == "with")
}

/// Whether the query of a view reads the table or view.
fn reads(text: &str, name: &Name) -> bool {
    let tokens = tokens(text);
    let word = |index: usize| tokens.get(index).map_or("", |(_, text)| text.as_str());
    // A part of the query may have the same name.
    if tokens.iter().any(|(kind, text)| *kind == TokenKind::Word && text == "with") {
        return false;
    }
    let depth = |until: usize| {
        let count = |symbol: &str| tokens[..until].iter().filter(|(_, text)| text == symbol).count();
        count("(") - count(")").min(count("("))
    };
    places(&tokens, name).any(|(start, end)| {
        let start = if start > 0 && word(start - 1) == "only" { start - 1 } else { start };
        let before = start.checked_sub(1).map_or("", word);
        let from = before == "from" && word(start.saturating_sub(2)) != "distinct" && depth(start) == 0;
        (from || before == "join") && word(end) != "("
    })
}
