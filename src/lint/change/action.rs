use super::{ColumnDefinition, Constraint, Index, Name, Object, TableOption};

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
        /// `ALL`; MySQL: on `*.*`.
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
        /// Its name, lower case. MySQL: `global.x` and `persist.x` for what outlives the session, `@x` for a user's
        /// variable, `names`, `transaction`.
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
    /// MySQL: `ALTER TABLE … ENGINE =`, `CONVERT TO CHARACTER SET`, `ROW_FORMAT =`, and every clause that has no action
    /// of its own (`RENAME INDEX`, `PARTITION BY`, `FORCE`); PostgreSQL: every clause of `ALTER TABLE` that has none
    /// (`SET TABLESPACE`, `SET LOGGED`, `DISABLE TRIGGER`); SQLite: what it does not have and no action tells
    /// (`IF EXISTS`, `ADD INDEX`).
    SetTableOption {
        /// The table.
        table: Name,
        /// What.
        option: TableOption,
    },
    /// Something that is none of these: its leading words, upper case (`ALTER SYSTEM`).
    Other(String),
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

    /// Whether it changes how a table that exists is built, or what it is called.
    pub fn alters_table(&self) -> bool {
        use Action::*;
        matches!(
            self,
            RenameTable { .. }
                | AddColumn { .. }
                | DropColumn { .. }
                | RenameColumn { .. }
                | ChangeType { .. }
                | SetNotNull { .. }
                | DropNotNull { .. }
                | SetDefault { .. }
                | DropDefault { .. }
                | AddConstraint { .. }
                | ValidateConstraint { .. }
                | DropConstraint { .. }
                | CreateIndex(_)
                | DropIndex { .. }
                | AttachPartition { .. }
                | DetachPartition { .. }
                | SetTableOption { .. }
        )
    }
}
