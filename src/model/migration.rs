use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::{Checksum, Direction, Script, Version};

/// Makes the digest over the tokens of a script, as the file's engine reads it.
pub type TokenDigest = fn(&Script) -> String;

/// A migration file, parsed.
#[derive(Debug, Clone)]
pub struct Migration {
    /// Versioned, or one of the two repeatable kinds.
    pub kind: MigrationKind,
    /// The snake-case part of the file name: `add_users` of `0001_add_users.sql`.
    pub name: String,
    /// The file's name without its folder; the history knows the migration by it.
    pub file_name: String,
    /// Where the file was read, as shown to people.
    pub path: PathBuf,
    /// `-- description:` of the header, else the name with blanks for underscores.
    pub description: String,
    /// `-- depends_on:` of the header: what must be applied before this one.
    pub depends_on: Vec<Dependency>,
    /// `-- seed` stands in the header: the file brings data, not structure.
    pub seed: bool,
    /// What `migrate` runs.
    pub upgrade: Script,
    /// What `rollback` runs.
    pub rollback: Rollback,
    /// SHA-256 in hexadecimal over the upgrade section's normalised text: an applied file must keep it.
    pub digest: String,
    /// Makes [`Migration::token_digest`].
    pub tokens: TokenDigest,
    /// The file's allowances for lint rules.
    pub allowances: Vec<Allowance>,
}

impl Migration {
    /// What a history row records of the file.
    pub fn checksum(&self) -> Checksum {
        Checksum { digest: self.digest.clone(), token_digest: self.token_digest() }
    }

    /// The digest over the upgrade section's tokens. It is made when it is asked for, which is seldom: of a file that
    /// is as it was applied, nobody does, and such are nearly all.
    pub fn token_digest(&self) -> String {
        (self.tokens)(&self.upgrade)
    }

    /// Whether the upgrade section is what was recorded, but for comments and blanks.
    pub fn does_what(&self, recorded: &Checksum) -> bool {
        recorded.digest == self.digest || recorded.token_digest == self.token_digest()
    }

    /// The version of a versioned migration.
    pub fn version(&self) -> Option<&Version> {
        match &self.kind {
            MigrationKind::Versioned(version) => Some(version),
            MigrationKind::RunsAlways | MigrationKind::RunsOnChange => None,
        }
    }

    /// What a `depends_on` line calls this migration.
    pub fn dependency_name(&self) -> Dependency {
        match &self.kind {
            MigrationKind::Versioned(version) => Dependency::Version(version.clone()),
            MigrationKind::RunsAlways => Dependency::Repeatable(format!("RA__{}", self.name)),
            MigrationKind::RunsOnChange => Dependency::Repeatable(format!("ROC__{}", self.name)),
        }
    }

    /// The short label used in messages: `0001 add_users`, or `ROC refresh_views` for repeatables.
    pub fn label(&self) -> String {
        match &self.kind {
            MigrationKind::Versioned(version) => format!("{version} {}", self.name),
            MigrationKind::RunsAlways => format!("RA {}", self.name),
            MigrationKind::RunsOnChange => format!("ROC {}", self.name),
        }
    }
}

/// One entry of `-- depends_on: ["0001", "ROC__views"]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Dependency {
    /// A versioned migration, by its version.
    Version(Version),
    /// A repeatable migration, by its file name without the database prefix and without `.sql`.
    Repeatable(String),
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dependency::Version(version) => version.fmt(f),
            Dependency::Repeatable(name) => f.write_str(name),
        }
    }
}

/// When a migration runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MigrationKind {
    /// Once, in the order of versions.
    Versioned(Version),
    /// `RA__`: at the end of every `migrate`.
    RunsAlways,
    /// `ROC__`: at the end of `migrate`, when its content changed.
    RunsOnChange,
}

/// What undoes a migration.
#[derive(Debug, Clone)]
pub enum Rollback {
    /// The rollback section.
    Script(Script),
    /// The file says `-- dbwarden: irreversible`.
    Irreversible,
}

impl Rollback {
    /// The script, unless irreversible.
    pub fn script(&self) -> Option<&Script> {
        match self {
            Rollback::Script(script) => Some(script),
            Rollback::Irreversible => None,
        }
    }
}

/// What `-- dbwarden: …` lines say about running one section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directives {
    /// `transaction = off` makes it false: every statement runs outside a transaction.
    pub transaction: bool,
    /// `split = off` makes it false: the section is sent as one statement.
    pub split: bool,
    /// `lock_timeout = 5s`: overrides the configured one.
    pub lock_timeout: Option<Duration>,
    /// `statement_timeout = 10min`: overrides the configured one.
    pub statement_timeout: Option<Duration>,
}

impl Default for Directives {
    fn default() -> Self {
        Directives { transaction: true, split: true, lock_timeout: None, statement_timeout: None }
    }
}

/// `-- dbwarden: allow <rule> because <reason>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// The lint rule's id.
    pub rule: String,
    /// Why the author accepts it; never empty.
    pub reason: String,
    /// The 1-based line it stands on.
    pub line: usize,
    /// How far it reaches.
    pub scope: AllowanceScope,
}

/// How far an allowance reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowanceScope {
    /// It stands in the header: the whole file.
    File,
    /// It stands at the top of a section, with a blank line behind it: that section.
    Section(Direction),
    /// It stands before a statement: the statement with this index.
    Statement(Direction, usize),
}
