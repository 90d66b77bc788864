//! Backups: taking, keeping, verifying and restoring them.
//!
//! What is the same for every engine is written once: [`take`] makes an archive with its [`Manifest`] in a [`Store`],
//! [`verify`] loads an archive into a scratch database and compares it with its manifest. An engine contributes a
//! [`Technique`]: which program makes the dump, how a dump becomes a scratch database, how a scratch database takes
//! the place of the real one. To restore is to verify, and then to [`Technique::swap`].
//!
//! Promises it keeps:
//!
//! - what has its final name and a manifest is whole: written under another name, flushed, then renamed;
//! - a restore that fails leaves the old data: the archive is loaded beside it first and compared with its manifest;
//! - a password is in no argument, no environment and no file on disk ([`secret_file`]);
//! - a child process does not outlive the work it does, nor a dbwarden that is killed.

mod bound;
mod compare;
mod error;
mod flush;
mod manifest;
mod mysql;
mod name;
mod pipe;
mod postgres;
mod printed;
mod program;
mod retention;
mod secret_file;
mod settings;
mod sink;
mod sqlite;
mod store;
mod take;
mod technique;
mod verify;

pub use bound::become_program;
pub use compare::{TableCount, history_head};
pub use error::BackupError;
pub use manifest::{FileDigest, HistoryHead, MANIFEST_FORMAT, Manifest, Method, Product};
pub use retention::Keep;
pub use settings::{DumpFormat, Settings};
pub use store::{Archive, Listing, Store};
pub use take::{Job, Taken, take};
pub use technique::{OnProgress, Progress, Scratch, Swapped, Technique, technique};
pub use verify::{Verified, verify};
