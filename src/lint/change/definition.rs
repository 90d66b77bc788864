//! Columns, constraints, indexes as statements define them.

use super::Name;

/// A column as it is defined.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnDefinition {
    /// Its name.
    pub name: String,
    /// Its type as written, lower case, blanks single: `varchar(255)`, `numeric(10, 2)`. Empty where none is given.
    pub data_type: String,
    /// `NOT NULL`, or part of a primary key.
    pub not_null: bool,
    /// Its default.
    pub default: Option<Default>,
    /// `PRIMARY KEY`
    pub primary_key: bool,
    /// `UNIQUE`
    pub unique: bool,
    /// The table it refers to.
    pub references: Option<Name>,
    /// `CHECK`
    pub check: bool,
    /// `GENERATED ALWAYS AS (…) STORED`
    pub generated_stored: bool,
    /// `GENERATED ALWAYS AS (…) VIRTUAL`
    pub generated_virtual: bool,
    /// `GENERATED … AS IDENTITY`, `serial`, `AUTO_INCREMENT`, SQLite's `AUTOINCREMENT`
    pub identity: bool,
    /// MySQL: `CHARACTER SET` or `COLLATE`, SQLite: `COLLATE`; lower case.
    pub charset: Option<String>,
}

/// What a column is filled with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Default {
    /// A constant: number, string, `true`, `NULL`.
    Constant(String),
    /// The same for all rows of a statement: `now()`, `CURRENT_TIMESTAMP`.
    Stable(String),
    /// Another for each row, or nobody knows: `random()`, `gen_random_uuid()`, a user's function.
    Volatile(String),
}

/// A constraint of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Its name.
    pub name: Option<String>,
    /// What it demands.
    pub kind: ConstraintKind,
    /// Its columns, where it lists any; of `CHECK (x IS NOT NULL)` that column.
    pub columns: Vec<String>,
    /// `NOT VALID`, `NOT ENFORCED`
    pub not_valid: bool,
    /// PostgreSQL: `USING INDEX`.
    pub using_index: bool,
}

/// What a constraint demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConstraintKind {
    /// `PRIMARY KEY`
    PrimaryKey,
    /// `UNIQUE`
    Unique,
    /// `FOREIGN KEY … REFERENCES`
    ForeignKey {
        /// The table it refers to.
        references: Name,
    },
    /// `CHECK`
    Check,
    /// `EXCLUDE`
    Exclude,
    /// PostgreSQL 18: `NOT NULL` as a constraint with a name.
    NotNull,
}

/// An index about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name; the engine makes one up where None.
    pub name: Option<Name>,
    /// Its table.
    pub table: Name,
    /// `UNIQUE`
    pub unique: bool,
    /// `CONCURRENTLY`
    pub concurrently: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// MySQL: `FULLTEXT` or `SPATIAL`.
    pub special: bool,
    /// MySQL: whether it is a clause of `ALTER TABLE`.
    pub in_alter: bool,
    /// PostgreSQL: `ON ONLY`, the partitioned table without its partitions: nothing is built.
    pub only: bool,
    /// SQLite: the columns it names, also in expressions and in its `WHERE`.
    pub columns: Vec<String>,
}

/// `ENGINE = InnoDB`: name upper case, value as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableOption {
    /// `ENGINE`, `CHARSET`, `COLLATE`, `ROW_FORMAT`, `CONVERT TO CHARACTER SET`, `SET TABLESPACE`, …
    pub name: String,
    /// As written.
    pub value: String,
}

/// What else has a name and can be created and dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the SQL keyword it is named after")]
pub enum Object {
    View,
    MaterializedView,
    Function,
    Procedure,
    Trigger,
    Event,
    Sequence,
    Type,
    Domain,
    Schema,
    Database,
    Extension,
    Policy,
    Role,
    Other,
}
