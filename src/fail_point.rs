//! Places where a test can have the process die: before each message to the database, after each answer, and around
//! the migration lock.
//!
//! Compiled in where the feature `fail-points` meets a debug build, which is what `cargo test` makes; everywhere else
//! [`pass`] is nothing. There the variable `FAIL_POINT` says what is to happen:
//!
//! - `record FILE` writes each boundary that is passed to FILE, one a line;
//! - `KILL 17` sends that signal to the process itself at the 17th boundary;
//! - `KILL 2 lock` does so at the second boundary whose name begins with `lock`.
//!
//! A signal, neither an exit nor a panic: no destructor runs, no buffer is flushed, as when the machine is switched off.

#[cfg(all(feature = "fail-points", debug_assertions))]
mod active;

/// A boundary called `name` is reached.
#[cfg(all(feature = "fail-points", debug_assertions))]
pub(crate) fn pass(name: &str) {
    active::pass(name);
}

/// A boundary called `name` is reached.
#[cfg(not(all(feature = "fail-points", debug_assertions)))]
#[inline(always)]
pub(crate) fn pass(_name: &str) {}

/// Whether boundaries are there at all: what would have to be made for their names alone need not be.
pub(crate) const ACTIVE: bool = cfg!(all(feature = "fail-points", debug_assertions));
