//! What files have built by the time a statement runs, as far as they tell it.
//!
//! Replayed from what statements do, so that a rule can know what hangs on a table. What files outside the set created
//! is missing here: only what is found counts, never what is not.

use std::rc::Rc;

use super::change::{Action, ColumnDefinition, Constraint, ConstraintKind, Facts, Index, Name, Object};
use super::pragmas;
use super::subject::Subject;
use crate::dialect::Engine;
use crate::model::{Direction, Script};
use crate::parse::{Lexer, TokenKind};

/// Tables and what belongs to them; a copy costs little.
#[derive(Clone, Default)]
pub(super) struct Schema<'a> {
    tables: Vec<Rc<Table<'a>>>,
    indexes: Vec<Rc<Index>>,
    triggers: Vec<Rc<Stored<'a>>>,
    views: Vec<Rc<Stored<'a>>>,
}

/// A table whose creation is known.
#[derive(Clone)]
pub(super) struct Table<'a> {
    /// Its name by now.
    pub(super) name: Name,
    /// Its columns by now.
    pub(super) columns: Vec<ColumnDefinition>,
    /// Its constraints.
    pub(super) constraints: Vec<Constraint>,
    /// Whether rows were inserted.
    pub(super) filled: bool,
    /// The statement that created it.
    pub(super) text: &'a str,
}

/// A trigger or a view.
#[derive(Clone)]
pub(super) struct Stored<'a> {
    /// Its name.
    pub(super) name: Name,
    /// A trigger's table.
    pub(super) table: Option<Name>,
    /// The statement that created it.
    pub(super) text: &'a str,
}

impl<'a> Schema<'a> {
    /// The schema that statement `statement` finds: what the files before have built, of a rollback the upgrade it
    /// undoes, and the section up to there.
    pub(super) fn before(subject: &Subject<'a>, statement: usize) -> Self {
        let mut schema = subject.schema.clone();
        if let (Direction::Rollback, Some(undone)) = (subject.direction, subject.other) {
            schema.run(&subject.migration.upgrade, undone);
        }
        schema.run(subject.script, &subject.statements[..statement.min(subject.statements.len())]);
        schema
    }

    /// Goes on with the first statements of a script.
    pub(super) fn run(&mut self, script: &'a Script, statements: &[Facts]) {
        let mut keep_references = false;
        let mut last_filled: Option<&Name> = None;
        for (index, facts) in statements.iter().enumerate() {
            for change in &facts.changes {
                match &change.action {
                    Action::Set { name, value, .. } if name == "legacy_alter_table" => {
                        keep_references = pragmas::is_on(value);
                    }
                    // Of rows there may be many.
                    Action::Insert { table, .. } if last_filled == Some(table) => {}
                    action => {
                        last_filled = match action {
                            Action::Insert { table, .. } => Some(table),
                            _ => None,
                        };
                        self.apply(script.statement_text(index), action, keep_references);
                    }
                }
            }
        }
    }

    /// A table, where its creation is known.
    pub(super) fn table(&self, name: &Name) -> Option<&Table<'a>> {
        self.tables.iter().find(|table| table.name.may_be(name)).map(Rc::as_ref)
    }

    /// The indexes of a table.
    pub(super) fn indexes_of<'s>(&'s self, table: &'s Name) -> impl Iterator<Item = &'s Index> {
        self.indexes.iter().map(Rc::as_ref).filter(|index| index.table.may_be(table))
    }

    /// The triggers of a table.
    pub(super) fn triggers_of<'s>(&'s self, table: &'s Name) -> impl Iterator<Item = &'s Stored<'a>> {
        self.triggers.iter().map(Rc::as_ref).filter(|trigger| trigger.is_on(table))
    }

    /// The views and the triggers of other tables whose text names a table.
    pub(super) fn naming<'s>(&'s self, table: &'s Name) -> impl Iterator<Item = &'s Stored<'a>> {
        let others = self.triggers.iter().filter(|trigger| !trigger.is_on(table));
        self.views.iter().chain(others).map(Rc::as_ref).filter(|stored| names_table(stored.text, &table.name))
    }

    /// The tables with a foreign key to a table, itself left out.
    pub(super) fn referrers<'s>(&'s self, table: &'s Name) -> impl Iterator<Item = &'s Name> {
        let others = self.tables.iter().filter(|other| !other.name.may_be(table));
        others.filter(|other| other.references().any(|references| references.may_be(table))).map(|other| &other.name)
    }

    fn apply(&mut self, text: &'a str, action: &Action, keep_references: bool) {
        match action {
            Action::CreateTable { table, columns, constraints, from_elsewhere, .. } if self.table(table).is_none() => {
                let (columns, constraints) = (columns.clone(), constraints.clone());
                let name = table.clone();
                self.tables.push(Rc::new(Table { name, columns, constraints, filled: *from_elsewhere, text }));
            }
            Action::DropTable { table, .. } => {
                self.tables.retain(|other| !other.name.may_be(table));
                self.indexes.retain(|index| !index.table.may_be(table));
                self.triggers.retain(|trigger| !trigger.is_on(table));
            }
            Action::RenameTable { table, to } => self.rename(table, to, keep_references),
            Action::AddColumn { table, column, .. } => {
                self.alter(table, |table| table.columns.push(column.clone()));
            }
            Action::DropColumn { table, column } => {
                self.alter(table, |table| table.columns.retain(|other| !other.name.eq_ignore_ascii_case(column)));
            }
            Action::RenameColumn { table, column, to } => self.rename_column(table, column, to),
            Action::Insert { table, .. } => self.alter(table, |table| table.filled = true),
            Action::CreateIndex(index) => self.indexes.push(Rc::new(index.clone())),
            Action::DropIndex { index, .. } => {
                self.indexes.retain(|other| !other.name.as_ref().is_some_and(|name| name.may_be(index)));
            }
            Action::Create { object: Object::Trigger, name, table, .. } => {
                self.triggers.push(Rc::new(Stored { name: name.clone(), table: table.clone(), text }));
            }
            Action::Create { object: Object::View, name, .. } => {
                self.views.push(Rc::new(Stored { name: name.clone(), table: None, text }));
            }
            Action::Drop { object: Object::Trigger, name, .. } => {
                self.triggers.retain(|trigger| !trigger.name.may_be(name));
            }
            Action::Drop { object: Object::View, name, .. } => self.views.retain(|view| !view.name.may_be(name)),
            _ => {}
        }
    }

    fn alter(&mut self, table: &Name, change: impl FnOnce(&mut Table<'a>)) {
        if let Some(table) = self.tables.iter_mut().find(|other| other.name.may_be(table)) {
            change(Rc::make_mut(table));
        }
    }

    fn rename_column(&mut self, table: &Name, column: &str, to: &str) {
        let rename = |name: &mut String| {
            if name.eq_ignore_ascii_case(column) {
                to.clone_into(name);
            }
        };
        self.alter(table, |table| {
            table.columns.iter_mut().for_each(|column| rename(&mut column.name));
            table.constraints.iter_mut().flat_map(|constraint| &mut constraint.columns).for_each(rename);
        });
        for index in self.indexes.iter_mut().filter(|index| index.table.may_be(table)) {
            Rc::make_mut(index).columns.iter_mut().for_each(rename);
        }
    }

    fn rename(&mut self, table: &Name, to: &Name, keep_references: bool) {
        let rename = |name: &mut Name| {
            if name.may_be(table) {
                name.clone_from(to);
            }
        };
        for other in &mut self.tables {
            let refers = !keep_references && other.references().any(|references| references.may_be(table));
            if other.name.may_be(table) || refers {
                let other = Rc::make_mut(other);
                rename(&mut other.name);
                if refers {
                    other.references_mut().for_each(rename);
                }
            }
        }
        for index in self.indexes.iter_mut().filter(|index| index.table.may_be(table)) {
            rename(&mut Rc::make_mut(index).table);
        }
        for trigger in self.triggers.iter_mut().filter(|trigger| trigger.is_on(table)) {
            Rc::make_mut(trigger).table.as_mut().into_iter().for_each(rename);
        }
    }
}

impl Stored<'_> {
    fn is_on(&self, table: &Name) -> bool {
        self.table.as_ref().is_some_and(|on| on.may_be(table))
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
    code(text).any(|(kind, token)| is_name(kind, token, name))
}

/// Whether a statement has this name where a table stands: a column may have the same.
fn names_table(text: &str, name: &str) -> bool {
    let tokens: Vec<_> = code(text).collect();
    tokens.iter().enumerate().any(|(at, (kind, token))| {
        let before = at.checked_sub(1).map_or("", |before| tokens[before].1);
        let opens = ["from", "join", "into", "update"].iter().any(|word| before.eq_ignore_ascii_case(word));
        let qualifies = tokens.get(at + 1).is_some_and(|(_, behind)| *behind == ".");
        is_name(*kind, token, name) && (opens || qualifies)
    })
}

/// Whether a trigger has this column of its row: `new.x`, `old.x`, or in `UPDATE OF`.
pub(super) fn names_row_column(trigger: &str, column: &str) -> bool {
    let tokens: Vec<_> = code(trigger).collect();
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|(_, token)| token.eq_ignore_ascii_case(word));
    let mut listed = false;
    tokens.iter().enumerate().any(|(at, (kind, token))| {
        listed = if at > 1 && is(at - 1, "of") && is(at - 2, "update") { true } else { listed && !is(at, "on") };
        let of_row = at > 1 && is(at - 1, ".") && (is(at - 2, "new") || is(at - 2, "old"));
        is_name(*kind, token, column) && (of_row || listed)
    })
}

/// The tokens of a statement that the server sees.
pub(super) fn code(text: &str) -> impl Iterator<Item = (TokenKind, &str)> {
    let lexer = Lexer::new(Engine::Sqlite.lex_rules(), text);
    lexer.filter(|token| token.kind.is_code()).map(|token| (token.kind, &text[token.span]))
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

#[cfg(test)]
mod tests {
    use super::{names_row_column, names_table};

    #[test]
    fn a_column_of_the_tables_name_is_no_table() {
        for (text, expected) in [
            ("CREATE VIEW v AS SELECT a FROM t", true),
            ("CREATE VIEW v AS SELECT a FROM o JOIN \"T\" ON 1", true),
            ("CREATE VIEW v AS SELECT t.a FROM o, t", true),
            ("CREATE VIEW v AS SELECT t FROM o", false),
            ("CREATE TRIGGER g AFTER INSERT ON o BEGIN INSERT INTO [t] VALUES (1); END", true),
            ("CREATE TRIGGER g AFTER INSERT ON o BEGIN UPDATE o SET t = 't'; END", false),
        ] {
            assert_eq!(names_table(text, "t"), expected, "{text}");
        }
    }

    #[test]
    fn a_column_of_another_table_is_not_the_rows() {
        for (text, expected) in [
            ("CREATE TRIGGER g AFTER UPDATE OF b, a ON t BEGIN SELECT 1; END", true),
            ("CREATE TRIGGER g AFTER INSERT ON t WHEN OLD.\"a\" > 1 BEGIN SELECT 1; END", true),
            ("CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log (a) VALUES (new.b); END", false),
            ("CREATE TRIGGER g AFTER UPDATE OF b ON a BEGIN SELECT 1; END", false),
        ] {
            assert_eq!(names_row_column(text, "a"), expected, "{text}");
        }
    }
}
