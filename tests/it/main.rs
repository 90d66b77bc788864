//! Tests of the built binary against real servers, one module per behaviour, and of the rules the source keeps.

// A test that cannot go on panics, and it reads and writes the files it gives to the binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

/// Nothing that the servers hold outlives the tests: they need not wait for the disk.
const DURABLE_SERVERS: bool = false;

#[macro_use]
mod harness;

mod announced;
mod backup;
mod bad_input;
mod blocked;
mod check;
mod config_cli;
mod disagreement;
mod edges;
mod engine_sql;
mod environment;
mod events;
mod examples;
mod failure;
mod help;
mod histories;
mod hostile;
mod json;
mod kill;
mod ledger;
mod lock;
mod lock_and_ask;
mod lock_safety;
mod lock_timeout;
mod manifest;
mod migrate;
mod network;
mod power_loss;
mod python_defects;
mod race;
mod random;
mod readme;
mod repair;
mod repeatable;
mod reports;
mod resume;
mod rollback;
mod round_trips;
mod sample;
mod secrets;
mod server_crash;
mod sessions;
mod shared_commit;
mod shared_message;
mod signals;
mod sqlite_files;
mod takeover;
mod tls;
mod unfinished;
