//! What dbwarden talks about: files, their statements, and the rows that record them.
//!
//! Pure data. A file ([`Migration`]) and a history row ([`AppliedMigration`]) are different types, so that neither
//! has optional fields for what only the other knows.

mod catalog;
mod checksum;
mod duration;
mod effect;
mod event;
mod history;
mod journal;
mod migration;
mod script;
#[cfg(test)]
pub(crate) mod test_support;
mod unfinished;
mod version;

pub use catalog::{Catalog, CatalogError};
pub use checksum::{CHECKSUM_ALGORITHM, Checksum, hexadecimal, normalised_digest, sha256_hex};
pub use duration::{DurationError, format_duration, parse_duration};
pub use effect::{ABSENT, Effect, Leftover, Object, ObjectName, Subject, UNFINISHED, Verdict};
pub use event::RecordedEvent;
pub use history::{AppliedMigration, BOOKKEEPING_FORMAT, History, RowKind};
pub use journal::{Announced, JournalEntry, JournalState, Settlement};
pub use migration::{
    Allowance, AllowanceScope, Dependency, Directives, Migration, MigrationKind, Rollback, TokenDigest,
};
pub use script::{Script, Statement, StatementKind, TransactionControl};
pub use unfinished::Unfinished;
pub use version::{Version, VersionError};

/// Which way a step goes. Stored in the journal and in events under [`Direction::name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Runs a migration's upgrade section.
    Upgrade,
    /// Runs a migration's rollback section.
    Rollback,
}

impl Direction {
    /// The word used in the journal, in events and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Upgrade => "upgrade",
            Direction::Rollback => "rollback",
        }
    }

    /// The inverse of [`Direction::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        [Direction::Upgrade, Direction::Rollback].into_iter().find(|direction| direction.name() == name)
    }
}
