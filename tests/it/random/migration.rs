//! Migrations made at random, of which each statement leaves a trace that only it leaves.

use std::collections::BTreeSet;

use super::rng::Rng;
use crate::harness::Engine;

/// What one statement does; the rollback section undoes them in reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Writes an entry into the ledger: `<version>.<index>`, or `-<version>.<index>` when it is undone.
    Row,
    /// Creates a table.
    Table,
    /// Adds a column to the table that the op with this index creates.
    Column(usize),
    /// Adds an index to such a table, on PostgreSQL concurrently.
    Index(usize),
}

/// A migration, and what has become of its file.
#[derive(Debug, Clone)]
pub struct Migration {
    pub version: u32,
    pub ops: Vec<Op>,
    /// Outside any transaction, one by one.
    pub off: bool,
    /// Before which op a statement stands that fails.
    pub fails_at: Option<usize>,
    /// How often the file was edited.
    pub edits: usize,
    /// The file is not what was applied.
    pub edited: bool,
    pub on_disk: bool,
    /// `repair` accepted that the file is gone.
    pub detached: bool,
}

impl Migration {
    pub fn random(rng: &mut Rng, version: u32) -> Migration {
        let mut ops: Vec<Op> = Vec::new();
        for _ in 0..=rng.below(4) {
            let tables: Vec<usize> = (0..ops.len()).filter(|&index| ops[index] == Op::Table).collect();
            let op = match (rng.below(6), rng.pick(&tables)) {
                (0, Some(&table)) => Op::Column(table),
                (1, Some(&table)) => Op::Index(table),
                (2 | 3, _) => Op::Table,
                _ => Op::Row,
            };
            ops.push(op);
        }
        let fails_at = rng.chance(12).then(|| rng.below(ops.len() + 1));
        Migration {
            version,
            off: rng.chance(50),
            fails_at,
            edits: 0,
            edited: false,
            on_disk: true,
            detached: false,
            ops,
        }
    }

    /// The file's name in `migrations/`.
    pub fn file_name(&self) -> String {
        format!("{:04}_m.sql", self.version)
    }

    /// The two sections.
    pub fn sections(&self, engine: Engine) -> (String, String) {
        let directive = if self.off { "-- dbwarden: transaction = off\n" } else { "" };
        let mut upgrade: Vec<String> = (0..self.ops.len()).map(|index| self.does(engine, index)).collect();
        if let Some(index) = self.fails_at {
            upgrade.insert(index, "INSERT INTO nowhere VALUES (1);".to_string());
        }
        upgrade.extend((0..self.edits).map(|edit| format!("SELECT {edit};")));
        let rollback: Vec<String> = (0..self.ops.len()).rev().map(|index| self.undoes(engine, index)).collect();
        (format!("{directive}{}", upgrade.join("\n")), format!("{directive}{}", rollback.join("\n")))
    }

    fn does(&self, engine: Engine, index: usize) -> String {
        let version = self.version;
        match self.ops[index] {
            Op::Row => format!("INSERT INTO ledger VALUES ('{version}.{index}');"),
            Op::Table => format!("CREATE TABLE m{version}_{index} (id int);"),
            Op::Column(table) => format!("ALTER TABLE m{version}_{table} ADD COLUMN c{index} int;"),
            Op::Index(table) => {
                let how = if engine == Engine::Postgres { "CONCURRENTLY " } else { "" };
                format!("CREATE INDEX {how}x{version}_{index} ON m{version}_{table} (id);")
            }
        }
    }

    fn undoes(&self, engine: Engine, index: usize) -> String {
        let version = self.version;
        match (self.ops[index], engine) {
            (Op::Row, _) => format!("INSERT INTO ledger VALUES ('-{version}.{index}');"),
            (Op::Table, _) => format!("DROP TABLE m{version}_{index};"),
            (Op::Column(table), _) => format!("ALTER TABLE m{version}_{table} DROP COLUMN c{index};"),
            (Op::Index(_), Engine::Postgres) => format!("DROP INDEX CONCURRENTLY x{version}_{index};"),
            (Op::Index(table), Engine::MySql) => format!("DROP INDEX x{version}_{index} ON m{version}_{table};"),
            (Op::Index(_), Engine::Sqlite) => format!("DROP INDEX x{version}_{index};"),
        }
    }

    /// The trace of one op: a ledger entry, or an object as [`super::observed`] lists it.
    pub fn trace(&self, index: usize) -> String {
        let version = self.version;
        match self.ops[index] {
            Op::Row => format!("entry {version}.{index}"),
            Op::Table => format!("table m{version}_{index}"),
            Op::Column(table) => format!("column m{version}_{table}.c{index}"),
            Op::Index(_) => format!("index x{version}_{index}"),
        }
    }

    /// The traces of all ops.
    pub fn traces(&self) -> BTreeSet<String> {
        (0..self.ops.len()).map(|index| self.trace(index)).collect()
    }

    /// The op that a statement of a section is, counted from 0; None for the one that fails, and those behind the ops.
    pub fn op_of(&self, is_rollback: bool, statement: usize) -> Option<usize> {
        if is_rollback {
            return (self.ops.len()).checked_sub(statement + 1);
        }
        let op = match self.fails_at {
            Some(failing) if statement == failing => return None,
            Some(failing) if statement > failing => statement - 1,
            _ => statement,
        };
        (op < self.ops.len()).then_some(op)
    }
}
