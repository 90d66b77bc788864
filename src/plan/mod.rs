//! What will be done, as a value: preview, dry run and execution all read the same [`Plan`].
//!
//! Everything here is a pure function of files, history and goal: no I/O, no clock.

mod migrate;
mod policy;
mod rollback;
mod segment;
pub mod state;

pub use policy::{DatabaseAhead, OutOfOrder};

use crate::model::Version;

/// What the user asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// Everything there is.
    Latest,
    /// Up to and including this version (migrate), or until it is the newest one left (rollback; `0` undoes all).
    Version(Version),
    /// This many migrations.
    Steps(usize),
}
