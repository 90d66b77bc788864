//! What files have built by the time a statement runs, as far as they tell it.
//!
//! Replayed from what statements do, so that a rule can know what hangs on a table. What files outside the set created
//! is missing here: only what is found counts, never what is not.

use super::change::{Action, ColumnDefinition, Constraint, ConstraintKind, Index, Name, Object};
use super::pragmas;
use super::subject::Subject;
use crate::parse::{Lexer, TokenKind};

/// Tables and what belongs to them.
#[derive(Default)]
pub(super) struct Schema<'a> {
    tables: Vec<Table<'a>>,
    indexes: Vec<Index>,
    triggers: Vec<Stored<'a>>,
    views: Vec<Stored<'a>>,
}

/// A table whose creation is known.
pub(super) struct Table<'a> {
    /// Its name by now.
    pub(super) name: Name,
    /// Its columns by now.
    pub(super) columns: Vec<ColumnDefinition>,
    /// Its constraints.
    pub(super) constraints: Vec<Constraint>,
    /// The statement that created it.
    pub(super) text: &'a str,
}

/// A trigger or a view.
pub(super) struct Stored<'a> {
    /// Its name.
    pub(super) name: Name,
    /// A trigger's table.
    pub(super) table: Option<Name>,
    /// The statement that created it.
    pub(super) text: &'a str,
}

impl<'a> Schema<'a> {
    /// The schema that statement `statement` finds.
    pub(super) fn before(subject: &Subject<'a>, statement: usize) -> Self {
        let mut schema = Schema::default();
        let mut keep_references = false;
        for (text, change) in subject.history(statement) {
            match &change.action {
                Action::Set { name, value, .. } if name == "legacy_alter_table" => {
                    keep_references = pragmas::is_on(value)
                }
                action => schema.apply(text, action, keep_references),
            }
        }
        schema
    }

    /// A table, where its creation is known.
    pub(super) fn table(&self, name: &Name) -> Option<&Table<'a>> {
        self.tables.iter().find(|table| table.name.may_be(name))
    }

    /// The indexes of a table.
    pub(super) fn indexes_of<'s>(&'s self, table: &'s Name) -> impl Iterator<Item = &'s Index> {
        self.indexes.iter().filter(|index| index.table.may_be(table))
    }

    /// The triggers of a table.
    pub(super) fn triggers_of<'s>(&'s self, table: &'s Name) -> impl Iterator<Item = &'s Stored<'a>> {
        self.triggers.iter().filter(|trigger| trigger.table.as_ref().is_some_and(|on| on.may_be(table)))
    }

    /// The views and the triggers of other tables whose text names a table.
    pub(super) fn naming<'s>(&'s self, table: &'s Name) -> impl Iterator<Item = &'s Stored<'a>> {
        let others = self.triggers.iter().filter(|trigger| !trigger.table.as_ref().is_some_and(|on| on.may_be(table)));
        self.views.iter().chain(others).filter(|stored| names(stored.text, &table.name))
    }

    /// The tables with a foreign key to a table, itself left out.
    pub(super) fn referrers<'s>(&'s self, table: &'s Name) -> impl Iterator<Item = &'s Name> {
        let others = self.tables.iter().filter(|other| !other.name.may_be(table));
        others.filter(|other| other.references().any(|references| references.may_be(table))).map(|other| &other.name)
    }

    fn apply(&mut self, text: &'a str, action: &Action, keep_references: bool) {
        match action {
            Action::CreateTable { table, columns, constraints, .. } => {
                if self.table(table).is_none() {
                    let (columns, constraints) = (columns.clone(), constraints.clone());
                    self.tables.push(Table { name: table.clone(), columns, constraints, text });
                }
            }
            Action::DropTable { table, .. } => {
                self.tables.retain(|other| !other.name.may_be(table));
                self.indexes.retain(|index| !index.table.may_be(table));
                self.triggers.retain(|trigger| !trigger.table.as_ref().is_some_and(|on| on.may_be(table)));
            }
            Action::RenameTable { table, to } => self.rename(table, to, keep_references),
            Action::AddColumn { table, column, .. } => {
                self.alter(table, |columns| columns.push(column.clone()));
            }
            Action::DropColumn { table, column } => {
                self.alter(table, |columns| columns.retain(|other| !other.name.eq_ignore_ascii_case(column)));
            }
            Action::RenameColumn { table, column, to } => self.alter(table, |columns| {
                let renamed = columns.iter_mut().find(|other| other.name.eq_ignore_ascii_case(column));
                renamed.into_iter().for_each(|column| column.name.clone_from(to));
            }),
            Action::CreateIndex(index) => self.indexes.push(index.clone()),
            Action::DropIndex { index, .. } => {
                self.indexes.retain(|other| !other.name.as_ref().is_some_and(|name| name.may_be(index)));
            }
            Action::Create { object: Object::Trigger, name, table, .. } => {
                self.triggers.push(Stored { name: name.clone(), table: table.clone(), text });
            }
            Action::Create { object: Object::View, name, .. } => {
                self.views.push(Stored { name: name.clone(), table: None, text });
            }
            Action::Drop { object: Object::Trigger, name, .. } => {
                self.triggers.retain(|trigger| !trigger.name.may_be(name));
            }
            Action::Drop { object: Object::View, name, .. } => self.views.retain(|view| !view.name.may_be(name)),
            _ => {}
        }
    }

    fn alter(&mut self, table: &Name, change: impl FnOnce(&mut Vec<ColumnDefinition>)) {
        if let Some(table) = self.tables.iter_mut().find(|other| other.name.may_be(table)) {
            change(&mut table.columns);
        }
    }

    fn rename(&mut self, table: &Name, to: &Name, keep_references: bool) {
        let rename = |name: &mut Name| {
            if name.may_be(table) {
                name.clone_from(to);
            }
        };
        for other in &mut self.tables {
            rename(&mut other.name);
            if !keep_references {
                other.references_mut().for_each(rename);
            }
        }
        self.indexes.iter_mut().for_each(|index| rename(&mut index.table));
        self.triggers.iter_mut().filter_map(|trigger| trigger.table.as_mut()).for_each(rename);
    }
}

impl Table<'_> {
    fn references(&self) -> impl Iterator<Item = &Name> {
        let of_constraints = self.constraints.iter().filter_map(|constraint| match &constraint.kind {
            ConstraintKind::ForeignKey { references } => Some(references),
            _ => None,
        });
        self.columns.iter().filter_map(|column| column.references.as_ref()).chain(of_constraints)
    }

    fn references_mut(&mut self) -> impl Iterator<Item = &mut Name> {
        let of_constraints = self.constraints.iter_mut().filter_map(|constraint| match &mut constraint.kind {
            ConstraintKind::ForeignKey { references } => Some(references),
            _ => None,
        });
        self.columns.iter_mut().filter_map(|column| column.references.as_mut()).chain(of_constraints)
    }

    /// The column of that name.
    pub(super) fn column(&self, name: &str) -> Option<&ColumnDefinition> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }
}

/// Whether a statement has this name in it, in quotes or without.
pub(super) fn names(text: &str, name: &str) -> bool {
    let lexer = Lexer::new(crate::dialect::Engine::Sqlite.lex_rules(), text);
    lexer.into_iter().any(|token| is_name(token.kind, &text[token.span.clone()], name))
}

/// Whether a token is this name.
pub(super) fn is_name(kind: TokenKind, text: &str, name: &str) -> bool {
    match kind {
        TokenKind::Word => text.eq_ignore_ascii_case(name),
        TokenKind::QuotedIdentifier => {
            text.get(1..text.len() - 1).is_some_and(|inner| inner.eq_ignore_ascii_case(name))
        }
        _ => false,
    }
}
