//! What a statement does, in terms that all engines share.

mod action;
mod definition;

pub use action::Action;
pub use definition::{ColumnDefinition, Constraint, ConstraintKind, Default, Index, Object, TableOption};

use std::ops::Range;

/// One statement, as far as it was understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// What it does, in the order it says so. `ALTER TABLE` has one for each clause.
    pub changes: Vec<Change>,
    /// How well it was understood.
    pub understood: Understood,
    /// MySQL: the value of `ALGORITHM =`, upper case.
    pub algorithm: Option<String>,
    /// MySQL: the value of `LOCK =`, upper case.
    pub lock: Option<String>,
    /// MySQL: the account in `DEFINER =`, as written.
    pub definer: Option<String>,
}

/// How well a statement was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Understood {
    /// Every part of it.
    Whole,
    /// Some of it; the rest was passed over.
    Partly,
    /// Nothing but its tokens.
    #[default]
    Tokens,
}

/// A name as the statement has it: quotes removed, case folded where the engine folds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The schema (MySQL: the database), where the statement names it.
    pub schema: Option<String>,
    /// The name itself.
    pub name: String,
}

impl Name {
    /// A name without a schema.
    pub fn new(name: impl Into<String>) -> Self {
        Name { schema: None, name: name.into() }
    }

    /// Whether both mean the same, as far as can be told: a name without a schema may be in any.
    pub fn may_be(&self, other: &Name) -> bool {
        let same_schema = match (&self.schema, &other.schema) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            _ => true,
        };
        same_schema && self.name.eq_ignore_ascii_case(&other.name)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}.")?;
        }
        f.write_str(&self.name)
    }
}

/// One thing a statement does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The part of the statement that says so: bytes of the statement's text. A finding points there.
    pub span: Range<usize>,
    /// What.
    pub action: Action,
}
