//! What a statement does, in terms that all engines share.

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

/// What a change does. Variants carry what rules need and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// `CREATE TABLE`
    CreateTable {
        /// The table.
        table: Name,
        /// Its columns; empty for `AS SELECT` and `LIKE`.
        columns: Vec<ColumnDefinition>,
        /// Table constraints.
        constraints: Vec<Constraint>,
        /// Whether it is gone with the session.
        temporary: bool,
        /// `IF NOT EXISTS`
        if_not_exists: bool,
        /// `AS SELECT`, `LIKE`, `PARTITION OF`: columns come from elsewhere.
        from_elsewhere: bool,
        /// `ENGINE =`, `CHARSET =`, …: name upper case, value as written. PostgreSQL: `PARTITION OF` (the parent),
        /// `PARTITION BY`, `UNLOGGED`. SQLite: `STRICT`, `WITHOUT ROWID`, and `USING` of a virtual table (its module).
        options: Vec<TableOption>,
    },
    /// `DROP TABLE` of one table.
    DropTable {
        /// The table.
        table: Name,
        /// `IF EXISTS`
        if_exists: bool,
        /// `CASCADE`
        cascade: bool,
    },
    /// `ALTER TABLE … RENAME TO`, `RENAME TABLE`
    RenameTable {
        /// Its name before.
        table: Name,
        /// Its name after.
        to: Name,
    },
    /// `ADD COLUMN`
    AddColumn {
        /// The table.
        table: Name,
        /// The column.
        column: ColumnDefinition,
        /// `IF NOT EXISTS`
        if_not_exists: bool,
        /// MySQL: `FIRST` or `AFTER`.
        positioned: bool,
    },
    /// `DROP COLUMN`
    DropColumn {
        /// The table.
        table: Name,
        /// The column.
        column: String,
    },
    /// `RENAME COLUMN`, `CHANGE` with another name.
    RenameColumn {
        /// The table.
        table: Name,
        /// Its name before.
        column: String,
        /// Its name after.
        to: String,
    },
    /// `ALTER COLUMN … TYPE`, `MODIFY`, `CHANGE`: the whole definition is given anew on MySQL.
    ChangeType {
        /// The table.
        table: Name,
        /// The column as it will be; on PostgreSQL with name and type only.
        column: ColumnDefinition,
        /// PostgreSQL: `USING`.
        using: bool,
    },
    /// `ALTER COLUMN … SET NOT NULL`
    SetNotNull {
        /// The table.
        table: Name,
        /// The column.
        column: String,
    },
    /// `ALTER COLUMN … DROP NOT NULL`
    DropNotNull {
        /// The table.
        table: Name,
        /// The column.
        column: String,
    },
    /// `ALTER COLUMN … SET DEFAULT`
    SetDefault {
        /// The table.
        table: Name,
        /// The column.
        column: String,
    },
    /// `ALTER COLUMN … DROP DEFAULT`
    DropDefault {
        /// The table.
        table: Name,
        /// The column.
        column: String,
    },
    /// `ADD CONSTRAINT`, `ADD PRIMARY KEY`, `ADD UNIQUE` as a constraint, `ADD FOREIGN KEY`, `ADD CHECK`
    AddConstraint {
        /// The table.
        table: Name,
        /// The constraint.
        constraint: Constraint,
    },
    /// `VALIDATE CONSTRAINT`
    ValidateConstraint {
        /// The table.
        table: Name,
        /// The constraint.
        name: String,
    },
    /// `DROP CONSTRAINT`, `DROP FOREIGN KEY`, `DROP PRIMARY KEY`
    DropConstraint {
        /// The table.
        table: Name,
        /// The constraint; None for a primary key without a name.
        name: Option<String>,
    },
    /// `CREATE INDEX`, MySQL's `ADD INDEX`
    CreateIndex(Index),
    /// `DROP INDEX`
    DropIndex {
        /// The index.
        index: Name,
        /// The table, where the statement names it.
        table: Option<Name>,
        /// `CONCURRENTLY`
        concurrently: bool,
        /// `IF EXISTS`
        if_exists: bool,
    },
    /// `REINDEX`
    Reindex {
        /// `CONCURRENTLY`
        concurrently: bool,
    },
    /// `CREATE` of anything else that has a name.
    Create {
        /// What kind of thing.
        object: Object,
        /// Its name.
        name: Name,
        /// `OR REPLACE`
        replace: bool,
        /// `IF NOT EXISTS`
        if_not_exists: bool,
        /// The table it belongs to (triggers, policies).
        table: Option<Name>,
    },
    /// `DROP` of anything else that has a name.
    Drop {
        /// What kind of thing.
        object: Object,
        /// Its name.
        name: Name,
        /// `IF EXISTS`
        if_exists: bool,
        /// `CASCADE`
        cascade: bool,
    },
    /// `ALTER … RENAME TO` of anything else that has a name.
    Rename {
        /// What kind of thing.
        object: Object,
        /// Its name before.
        name: Name,
        /// Its name after.
        to: String,
    },
    /// `ALTER TYPE … ADD VALUE`
    AddEnumValue {
        /// The type.
        name: Name,
        /// The new value, without quotes.
        value: String,
    },
    /// `TRUNCATE` of one table.
    Truncate {
        /// The table.
        table: Name,
        /// `CASCADE`
        cascade: bool,
    },
    /// `INSERT`, `REPLACE`
    Insert {
        /// The table.
        table: Name,
        /// Whether its rows come from a query.
        from_query: bool,
    },
    /// `UPDATE`
    Update {
        /// The table.
        table: Name,
        /// Whether it has a `WHERE`.
        filtered: bool,
        /// Whether it has a `LIMIT`, or its `WHERE` compares a key with two bounds.
        bounded: bool,
    },
    /// `DELETE`
    Delete {
        /// The table.
        table: Name,
        /// Whether it has a `WHERE`.
        filtered: bool,
        /// Whether it has a `LIMIT`, or its `WHERE` compares a key with two bounds.
        bounded: bool,
    },
    /// `SELECT` and others that only read.
    Read,
    /// `COPY … FROM`
    Copy {
        /// The table.
        table: Name,
    },
    /// `GRANT`
    Grant {
        /// `ALL`
        all: bool,
        /// `TO PUBLIC`, or to everybody from anywhere.
        to_public: bool,
        /// `WITH GRANT OPTION`, `WITH ADMIN OPTION`
        grantable: bool,
    },
    /// `REVOKE`
    Revoke,
    /// `SET`, `SELECT set_config(…)`, SQLite's pragmas: a setting of the session.
    Set {
        /// Its name, lower case.
        name: String,
        /// As written.
        value: String,
        /// `SET LOCAL`: until the end of the transaction.
        local: bool,
    },
    /// `LOCK TABLE`, `LOCK TABLES`
    Lock {
        /// The tables.
        tables: Vec<Name>,
    },
    /// `VACUUM`, `VACUUM FULL`, `CLUSTER`, `OPTIMIZE TABLE`: the whole table is rewritten where `full`.
    Maintain {
        /// The table; None for all.
        table: Option<Name>,
        /// Whether it is rewritten under a strong lock.
        full: bool,
    },
    /// `REFRESH MATERIALIZED VIEW`
    Refresh {
        /// The view.
        view: Name,
        /// `CONCURRENTLY`
        concurrently: bool,
    },
    /// `ATTACH PARTITION`
    AttachPartition {
        /// The partitioned table.
        table: Name,
        /// The new partition.
        partition: Name,
    },
    /// `DETACH PARTITION`, MySQL's `DROP PARTITION`
    DetachPartition {
        /// The partitioned table.
        table: Name,
        /// `CONCURRENTLY`
        concurrently: bool,
        /// Whether its rows are gone.
        drops: bool,
    },
    /// MySQL: `ALTER TABLE … ENGINE =`, `CONVERT TO CHARACTER SET`, `ROW_FORMAT =`, …; PostgreSQL: every clause of
    /// `ALTER TABLE` that has no action of its own (`SET TABLESPACE`, `SET LOGGED`, `DISABLE TRIGGER`); SQLite: what it
    /// does not have and no action tells (`IF EXISTS`, `ADD INDEX`).
    SetTableOption {
        /// The table.
        table: Name,
        /// What.
        option: TableOption,
    },
    /// Something that is none of these: its leading words, upper case (`ALTER SYSTEM`).
    Other(String),
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

impl Action {
    /// The table it is about, if it is about one.
    pub fn table(&self) -> Option<&Name> {
        use Action::*;
        match self {
            CreateTable { table, .. }
            | DropTable { table, .. }
            | RenameTable { table, .. }
            | AddColumn { table, .. }
            | DropColumn { table, .. }
            | RenameColumn { table, .. }
            | ChangeType { table, .. }
            | SetNotNull { table, .. }
            | DropNotNull { table, .. }
            | SetDefault { table, .. }
            | DropDefault { table, .. }
            | AddConstraint { table, .. }
            | ValidateConstraint { table, .. }
            | DropConstraint { table, .. }
            | Truncate { table, .. }
            | Insert { table, .. }
            | Update { table, .. }
            | Delete { table, .. }
            | Copy { table }
            | AttachPartition { table, .. }
            | DetachPartition { table, .. }
            | SetTableOption { table, .. } => Some(table),
            CreateIndex(index) => Some(&index.table),
            DropIndex { table, .. } | Create { table, .. } | Maintain { table, .. } => table.as_ref(),
            Reindex { .. }
            | Drop { .. }
            | Rename { .. }
            | AddEnumValue { .. }
            | Read
            | Grant { .. }
            | Revoke
            | Set { .. }
            | Lock { .. }
            | Refresh { .. }
            | Other(_) => None,
        }
    }
}

impl Facts {
    /// The tables it creates, temporary ones included.
    pub fn created_tables(&self) -> impl Iterator<Item = Name> + '_ {
        self.changes.iter().filter_map(|change| match &change.action {
            Action::CreateTable { table, .. } => Some(table.clone()),
            _ => None,
        })
    }
}
