//! Exit codes as the documentation names them: restated here, so that a changed one fails.

/// Done, or nothing to do.
pub const DONE: i32 = 0;
/// A migration's SQL failed and was undone; what came before it stands.
pub const SQL_FAILED: i32 = 1;
/// Usage, configuration, bad files.
pub const USAGE: i32 = 2;
/// Work is pending.
pub const PENDING: i32 = 3;
/// Another run holds the migration lock.
pub const LOCKED: i32 = 4;
/// Blocked in the database.
pub const BLOCKED: i32 = 5;
/// Files and history disagree.
pub const DISAGREE: i32 = 6;
/// Refused: irreversible, unsafe connection, read-only.
pub const REFUSED: i32 = 7;
/// Partly applied, or the outcome is unknown.
pub const PARTLY: i32 = 8;
/// Cannot connect or log in.
pub const UNREACHABLE: i32 = 9;
/// Stopped cleanly by SIGTERM.
pub const TERMINATED: i32 = 143;
