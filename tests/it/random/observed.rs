//! What the database holds, read without dbwarden.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::{Engine, Project};

/// The journal's entry of an interrupted migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFlight {
    pub version: u32,
    pub is_rollback: bool,
    /// Statements that are done.
    pub done: usize,
    /// Whether another one was begun, of which nothing more is known.
    pub begun: bool,
}

#[derive(Debug, Default)]
pub struct Observed {
    /// The versions in the history, in order of application.
    pub applied: Vec<u32>,
    pub in_flight: Option<InFlight>,
    /// How often each entry stands in the ledger.
    pub ledger: BTreeMap<String, i64>,
    /// Tables, columns and valid indexes that migrations made.
    pub objects: BTreeSet<String>,
    /// How often each version was applied, less how often it was rolled back, as the events tell.
    pub balance: BTreeMap<u32, i64>,
}

impl Observed {
    /// Reads it.
    #[track_caller]
    pub fn of(project: &Project) -> Observed {
        let objects = match project.engine() {
            Engine::Postgres => {
                "SELECT 'object', 'table ' || relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'm%\\_%'
                     AND relnamespace = 'public'::regnamespace;
                 SELECT 'object', 'column ' || attrelid::regclass || '.' || attname FROM pg_attribute
                     WHERE attname LIKE 'c_' AND attrelid::regclass::text LIKE 'm%\\_%' AND NOT attisdropped;
                 SELECT 'object', 'index ' || indexrelid::regclass FROM pg_index
                     WHERE indisvalid AND indexrelid::regclass::text LIKE 'x%\\_%';"
            }
            Engine::MySql => {
                "SELECT 'object', CONCAT('table ', TABLE_NAME) FROM information_schema.TABLES
                     WHERE TABLE_SCHEMA = database() AND TABLE_NAME LIKE 'm%\\_%';
                 SELECT 'object', CONCAT('column ', TABLE_NAME, '.', COLUMN_NAME) FROM information_schema.COLUMNS
                     WHERE TABLE_SCHEMA = database() AND TABLE_NAME LIKE 'm%\\_%' AND COLUMN_NAME LIKE 'c_';
                 SELECT DISTINCT 'object', CONCAT('index ', INDEX_NAME) FROM information_schema.STATISTICS
                     WHERE TABLE_SCHEMA = database() AND TABLE_NAME LIKE 'm%\\_%';"
            }
            Engine::Sqlite => {
                "SELECT 'object', type || ' ' || name FROM sqlite_master WHERE name GLOB '[mx][0-9]*_[0-9]*';
                 SELECT 'object', 'column ' || m.name || '.' || p.name FROM sqlite_master m, pragma_table_info(m.name) p
                     WHERE m.type = 'table' AND m.name GLOB 'm[0-9]*_[0-9]*' AND p.name LIKE 'c_';"
            }
        };
        let answer = project.sql(&format!(
            "SELECT 'applied', version FROM _dbwarden_migrations ORDER BY sequence;
             SELECT 'journal', version, direction, done, CASE WHEN cur IS NOT NULL AND state <> 'failed' THEN 1 ELSE 0 END
                 FROM _dbwarden_journal;
             SELECT 'ledger', entry, count(*) FROM ledger GROUP BY entry;
             SELECT 'balance', version, sum(CASE WHEN kind = 'applied' THEN 1 ELSE -1 END) FROM _dbwarden_events
                 WHERE kind IN ('applied', 'rolled_back') GROUP BY version;
             {objects}"
        ));
        let mut observed = Observed::default();
        for line in answer.lines() {
            observed.add(&line.split('|').collect::<Vec<_>>());
        }
        observed
    }

    fn add(&mut self, cells: &[&str]) {
        let version = |text: &str| text.parse::<u32>().expect("a version");
        match *cells {
            ["applied", applied] => self.applied.push(version(applied)),
            ["journal", running, direction, done, begun] => {
                self.in_flight = Some(InFlight {
                    version: version(running),
                    is_rollback: direction == "rollback",
                    done: done.parse().expect("a number"),
                    begun: begun == "1",
                });
            }
            ["ledger", entry, count] => {
                self.ledger.insert(entry.to_string(), count.parse().expect("a number"));
            }
            ["balance", moved, sum] => {
                self.balance.insert(version(moved), sum.parse().expect("a number"));
            }
            ["object", object] => {
                self.objects.insert(object.to_string());
            }
            _ => panic!("{cells:?}"),
        }
    }

    /// How often an op's entry was written and not undone.
    pub fn net(&self, entry: &str) -> i64 {
        let count = |entry: &str| self.ledger.get(entry).copied().unwrap_or_default();
        count(entry) - count(&format!("-{entry}"))
    }

    /// Whether the trace of an op is there.
    pub fn has(&self, trace: &str) -> bool {
        match trace.strip_prefix("entry ") {
            Some(entry) => self.net(entry) == 1,
            None => self.objects.contains(trace),
        }
    }
}
