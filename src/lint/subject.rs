use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::time::Duration;

use super::change::{Action, Change, Facts, Name};
use super::new_tables::NewTables;
use super::schema::Schema;
use super::squawk::Found;
use crate::dialect::Engine;
use crate::model::{Direction, Migration, Script};
use crate::plan::{Segment, SegmentMode};

/// What a rule looks at: one section of one file, and everything around it that matters.
pub struct Subject<'a> {
    /// The engine.
    pub engine: Engine,
    /// The file.
    pub migration: &'a Migration,
    /// Which of its sections.
    pub direction: Direction,
    /// The section.
    pub script: &'a Script,
    /// What each of its statements does: as many as the script has.
    pub statements: &'a [Facts],
    /// The same of the other section, where there is one.
    pub other: Option<&'a [Facts]>,
    /// Which statements share a transaction.
    pub segments: &'a [Segment],
    /// Tables that files before this one create: nobody uses them yet.
    pub created_before: &'a NewTables,
    /// What the section itself creates, once a rule asks.
    pub created_here: OnceCell<NewTables>,
    /// The files of the set before this one, in their order.
    pub earlier: &'a [Earlier<'a>],
    /// What the files before this one have built; kept for SQLite alone.
    pub(super) schema: &'a Schema<'a>,
    /// What is known beside the files.
    pub surroundings: &'a Surroundings,
    /// What squawk finds in it, once a rule asks.
    pub squawk: Found<'a>,
}

/// A file before the one that is looked at.
pub struct Earlier<'a> {
    /// The file.
    pub migration: &'a Migration,
    /// What each statement of its upgrade does.
    pub upgrade: Vec<Facts>,
}

/// What is known beside the files.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The server: from the database, or from `server_version` of the configuration.
    pub server: Option<Server>,
    /// How long the configuration lets a statement wait for locks, zero for ever; None: not known.
    pub lock_timeout: Option<Duration>,
    /// What the configuration sets in the session.
    pub session: BTreeMap<String, String>,
    /// Tables that exist, with their size; None: no database was asked.
    pub tables: Option<BTreeMap<Name, TableSize>>,
}

/// A server's product and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// `PostgreSQL`, `MySQL`, `MariaDB`, `SQLite`.
    pub product: String,
    /// The version's numbers: `[15, 18]`.
    pub version: Vec<u32>,
}

/// How big a table is, as the catalog estimates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableSize {
    /// Rows.
    pub rows: u64,
    /// Bytes, indexes included.
    pub bytes: u64,
}

impl<'a> Subject<'a> {
    /// Every change of the section, with the index of its statement.
    pub fn changes(&self) -> impl Iterator<Item = (usize, &'a Change)> + use<'a> {
        let statements = self.statements;
        statements.iter().enumerate().flat_map(|(index, facts)| facts.changes.iter().map(move |change| (index, change)))
    }

    /// What ran before statement `statement`, as far as the files tell, each change with its statement's text: the
    /// upgrades of the files before, of a rollback the upgrade it undoes, and the section up to there.
    pub fn history(&self, statement: usize) -> impl Iterator<Item = (&'a str, &'a Change)> + use<'a> {
        let earlier = self.earlier.iter().map(|file| (&file.migration.upgrade, file.upgrade.as_slice()));
        let undone = self.other.filter(|_| self.direction == Direction::Rollback);
        let undone = undone.map(|statements| (&self.migration.upgrade, statements));
        let here = (self.script, &self.statements[..statement.min(self.statements.len())]);
        earlier.chain(undone).chain([here]).flat_map(|(script, statements)| {
            statements.iter().enumerate().flat_map(move |(index, facts)| {
                facts.changes.iter().map(move |change| (script.statement_text(index), change))
            })
        })
    }

    /// Whether `table` was created before statement `statement` in the same pending set: nobody uses it yet, so that
    /// no lock on it hurts.
    pub fn is_new(&self, table: &Name, statement: usize) -> bool {
        let here = self.created_here.get_or_init(|| NewTables::of(self.statements));
        here.contains(table, statement)
            || self.direction == Direction::Upgrade && self.created_before.contains(table, usize::MAX)
    }

    /// The table's size, where a database was asked and has it.
    pub fn size(&self, table: &Name) -> Option<TableSize> {
        let tables = self.surroundings.tables.as_ref()?;
        tables.iter().find(|(name, _)| name.may_be(table)).map(|(_, size)| *size)
    }

    /// Whether a database was asked and the table has no rows worth a lock: fewer than a thousand.
    pub fn is_small(&self, table: &Name) -> bool {
        self.size(table).is_some_and(|size| size.rows < 1000)
    }

    /// Whether a database was asked and the table is one whose every lock is felt: a million rows or more.
    pub fn is_big(&self, table: &Name) -> bool {
        self.size(table).is_some_and(|size| size.rows >= 1_000_000)
    }

    /// Whether the table has no rows when statement `statement` runs: known to be empty, or created in the same pending
    /// set and not filled since.
    pub fn is_empty(&self, table: &Name, statement: usize) -> bool {
        let filled = || Schema::before(self, statement).table(table).is_some_and(|table| table.filled);
        self.size(table).is_some_and(|size| size.rows == 0) || (self.is_new(table, statement) && !filled())
    }

    /// The segment a statement is in; None for an author's own `BEGIN` and `COMMIT`.
    pub fn segment_of(&self, statement: usize) -> Option<&'a Segment> {
        self.segments.iter().find(|segment| segment.statements.contains(&statement))
    }

    /// Whether the statement runs in a transaction.
    pub fn in_transaction(&self, statement: usize) -> bool {
        self.segment_of(statement).is_some_and(|segment| segment.mode == SegmentMode::Transaction)
    }

    /// Whether the server is known to be of `product` and older than `version`.
    pub fn is_older_than(&self, product: &str, version: &[u32]) -> bool {
        self.surroundings
            .server
            .as_ref()
            .is_some_and(|server| server.product == product && server.version.as_slice() < version)
    }

    /// How long its statements wait for locks, zero for ever; None: not known.
    pub fn lock_timeout(&self) -> Option<Duration> {
        self.script.directives.lock_timeout.or(self.surroundings.lock_timeout)
    }

    /// MySQL: whether the configuration, or the file before this statement, switched the checks of foreign keys off.
    pub fn foreign_key_checks_are_off(&self, statement: usize) -> bool {
        const NAME: &str = "foreign_key_checks";
        let set =
            self.changes().take_while(|(index, _)| *index < statement).filter_map(|(_, change)| match &change.action {
                Action::Set { name, value, .. } if name == NAME => Some(value.as_str()),
                _ => None,
            });
        let configured = self.surroundings.session.get(NAME).map(String::as_str);
        let value = set.last().or(configured);
        value.is_some_and(|value| ["0", "off", "false"].iter().any(|off| value.eq_ignore_ascii_case(off)))
    }

    /// The text of a statement.
    pub fn text(&self, statement: usize) -> &'a str {
        self.script.statement_text(statement)
    }

    /// Whether the statement takes a lock that keeps writers (or readers) out of a table that is in use.
    pub fn touches_used_table(&self, statement: usize, action: &Action) -> bool {
        action.table().is_some_and(|table| !self.is_new(table, statement))
    }
}
