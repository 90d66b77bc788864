//! dbwarden migrates SQL databases: versioned plain-SQL files, each with its upgrade and its rollback, applied
//! exactly once on PostgreSQL, MySQL/MariaDB and SQLite.
//!
//! # The map
//!
//! Three layers; a module may use what stands below it, never what stands above (`tests/it/edges.rs` checks it).
//!
//! | layer | modules | what lives there |
//! | --- | --- | --- |
//! | edge | [`cli`], [`commands`], [`output`], [`error`], [`config`] | arguments, settings, one file per command, the only printing, the only exit codes |
//! | effects | [`source`], [`db`], [`executor`] | files, sessions, carrying out a plan |
//! | core | [`model`], [`dialect`], [`parse`], [`plan`], [`lint`] | pure functions: no async, no I/O, no clock, no printing |
//!
//! `migrate` flows through them like this: arguments, `config::resolve`, `source` reads and `parse` parses every
//! file, connect, lock, read the history under the lock, `plan` decides, `executor` acts and tells, `output` prints.

pub mod cli;
pub mod commands;
pub mod config;
pub mod db;
pub mod dialect;
pub mod error;
pub mod executor;
pub mod lint;
pub mod model;
pub mod output;
pub mod parse;
pub mod plan;
pub mod source;

mod run;

pub use run::run;
