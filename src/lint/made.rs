//! What an upgrade makes, and whether a rollback undoes it.

use super::change::{Action, Change, Facts, Name, Object, Understood};
use super::quoting::{quoted, quoted_name};
use crate::dialect::Engine;

/// Something with a name that an upgrade makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Made<'a> {
    /// A table.
    Table(&'a Name),
    /// A column of a table that was there before.
    Column(&'a Name, &'a str),
    /// An index of a table that was there before.
    Index(&'a Name, &'a Name),
    /// Anything else, of a table where it belongs to one.
    Object(Object, &'a Name, Option<&'a Name>),
}

impl Made<'_> {
    /// The statement that takes it away.
    pub(super) fn undoing(&self, engine: Engine) -> String {
        let name = |name: &Name| quoted_name(engine, name);
        match self {
            Made::Table(table) => format!("DROP TABLE {};", name(table)),
            Made::Column(table, column) => {
                format!("ALTER TABLE {} DROP COLUMN {};", name(table), quoted(engine, column))
            }
            // The name of an index is a table's own on MySQL, and a schema's elsewhere.
            Made::Index(index, table) if engine == Engine::MySql => {
                format!("DROP INDEX {} ON {};", name(index), name(table))
            }
            Made::Index(index, _) => format!("DROP INDEX {};", name(index)),
            Made::Object(object, of, Some(table))
                if engine == Engine::Postgres && matches!(object, Object::Trigger | Object::Policy) =>
            {
                format!("DROP {} {} ON {};", word(*object), name(of), name(table))
            }
            Made::Object(object, of, _) => format!("DROP {} {};", word(*object), name(of)),
        }
    }

    fn is_taken_away_by(&self, action: &Action) -> bool {
        let gone = |table: &Name| match action {
            Action::DropTable { table: dropped, .. } => dropped.may_be(table),
            // Under another name it is another table; a new one that takes its name is built as it was.
            Action::RenameTable { table: from, to } => from.may_be(table) || to.may_be(table),
            Action::CreateTable { table: made, .. } => made.may_be(table),
            // What is in it goes with it.
            Action::Drop { object: Object::Schema | Object::Database, .. } => true,
            _ => false,
        };
        match self {
            Made::Table(table) => gone(table),
            Made::Column(table, column) => {
                gone(table)
                    || match action {
                        Action::DropColumn { table: of, column: dropped }
                        | Action::RenameColumn { table: of, column: dropped, .. } => {
                            of.may_be(table) && dropped.eq_ignore_ascii_case(column)
                        }
                        _ => false,
                    }
            }
            Made::Index(index, table) => {
                gone(table)
                    || match action {
                        Action::DropIndex { index: dropped, .. } => dropped.may_be(index),
                        // It goes with its columns.
                        Action::DropColumn { table: of, .. } => of.may_be(table),
                        Action::DropConstraint { name, .. } => name.as_deref() == Some(index.name.as_str()),
                        Action::Rename { name, .. } => name.may_be(index),
                        Action::SetTableOption { table: of, .. } => of.may_be(table),
                        _ => false,
                    }
            }
            Made::Object(object, name, table) => {
                table.is_some_and(gone)
                    || match action {
                        Action::Drop { cascade: true, .. } | Action::DropTable { cascade: true, .. } => true,
                        Action::Drop { object: Object::Schema | Object::Database, .. } => true,
                        Action::Drop { object: dropped, name: other, .. }
                        | Action::Rename { object: dropped, name: other, .. } => {
                            dropped == object && other.may_be(name)
                        }
                        // The sequence of a column goes with it.
                        Action::DropTable { .. } | Action::DropColumn { .. } => *object == Object::Sequence,
                        _ => false,
                    }
            }
        }
    }
}

impl std::fmt::Display for Made<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Made::Table(table) => write!(f, "table {table}"),
            Made::Column(table, column) => write!(f, "column {column} of {table}"),
            Made::Index(index, table) => write!(f, "index {index} of {table}"),
            Made::Object(object, name, _) => write!(f, "{} {name}", word(*object).to_lowercase()),
        }
    }
}

/// The words for a kind of object.
pub(super) fn word(object: Object) -> &'static str {
    match object {
        Object::View => "VIEW",
        Object::MaterializedView => "MATERIALIZED VIEW",
        Object::Function => "FUNCTION",
        Object::Procedure => "PROCEDURE",
        Object::Trigger => "TRIGGER",
        Object::Event => "EVENT",
        Object::Sequence => "SEQUENCE",
        Object::Type => "TYPE",
        Object::Domain => "DOMAIN",
        Object::Schema => "SCHEMA",
        Object::Database => "DATABASE",
        Object::Extension => "EXTENSION",
        Object::Policy => "POLICY",
        Object::Role => "ROLE",
        Object::Other => "OBJECT",
    }
}

/// Whether everything that the statements do is known. A query may call a function that does anything.
pub(super) fn is_known(statements: &[Facts]) -> bool {
    statements.iter().all(|facts| {
        let hidden = |change: &Change| matches!(change.action, Action::Other(_) | Action::Read);
        facts.understood == Understood::Whole && !facts.changes.iter().any(hidden)
    })
}

/// What is there at the end of an upgrade that it made: the index of the statement, and what.
pub(super) fn by(upgrade: &[Facts]) -> Vec<(usize, Made<'_>)> {
    let mut made: Vec<(usize, Made<'_>)> = Vec::new();
    let changes =
        upgrade.iter().enumerate().flat_map(|(index, facts)| facts.changes.iter().map(move |change| (index, change)));
    for (index, Change { action, .. }) in changes {
        made.retain(|(_, thing)| !thing.is_taken_away_by(action));
        let is_of_new = |table: &Name, made: &[(usize, Made<'_>)]| {
            made.iter().any(|(_, thing)| matches!(thing, Made::Table(new) if new.may_be(table)))
        };
        match action {
            // What may have been there before is not this upgrade's to drop.
            Action::CreateTable { table, temporary: false, if_not_exists: false, .. } => {
                made.push((index, Made::Table(table)));
            }
            Action::AddColumn { table, column, if_not_exists: false, .. } if !is_of_new(table, &made) => {
                made.push((index, Made::Column(table, &column.name)));
            }
            Action::CreateIndex(created) if !created.if_not_exists && !is_of_new(&created.table, &made) => {
                made.extend(created.name.as_ref().map(|name| (index, Made::Index(name, &created.table))));
            }
            Action::Create { object, name, replace: false, if_not_exists: false, table } => {
                let kept = [Object::Role, Object::Extension, Object::Database, Object::Other].contains(object);
                let goes_with_table = table.as_ref().is_some_and(|table| is_of_new(table, &made));
                if !kept && !goes_with_table {
                    made.push((index, Made::Object(*object, name, table.as_ref())));
                }
            }
            _ => {}
        }
    }
    made
}

/// Whether a rollback takes it away.
pub(super) fn is_undone(thing: &Made<'_>, rollback: &[Facts]) -> bool {
    rollback.iter().flat_map(|facts| &facts.changes).any(|change| thing.is_taken_away_by(&change.action))
}
