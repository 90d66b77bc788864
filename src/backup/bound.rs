//! Programs that end with the process that started them, however that one ends.
//!
//! Linux tells a child of its parent's end when the child has asked for it
//! (<https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html>). So dbwarden starts itself, which asks and then
//! becomes the program. Not by code between fork and exec: that could not be done without `unsafe`.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

/// The first argument of such a start, which is no command of dbwarden's.
const WORD: &str = "__bound";

/// What a shell says of a program that cannot be run.
const CANNOT_RUN: u8 = 127;

/// How to start `program` so that it is told to stop when this thread, and with it this process, is no more. To be told
/// and not killed lets pg_dump and pg_restore end what works for them.
pub(super) fn words(program: &Path) -> [OsString; 4] {
    let parent = getpid().as_raw_nonzero().to_string();
    ["/proc/self/exe".into(), WORD.into(), parent.into(), program.into()]
}

/// Becomes the program, where the arguments of this process are [`words`] and those of the program. Returns where they
/// are not, and where the program cannot be run.
pub fn become_program(arguments: &[OsString]) -> Option<ExitCode> {
    let [_, word, parent, program, rest @ ..] = arguments else { return None };
    if word != WORD {
        return None;
    }
    let error = run(parent, program, rest);
    let _ = writeln!(io::stderr(), "{}: {error}", program.display());
    Some(ExitCode::from(CANNOT_RUN))
}

fn run(parent: &OsStr, program: &OsStr, arguments: &[OsString]) -> io::Error {
    if let Err(error) = set_parent_process_death_signal(Some(Signal::TERM)) {
        return error.into();
    }
    // It may have ended before it was asked for.
    let now = getppid().map(|id| id.as_raw_nonzero().to_string()).unwrap_or_default();
    if parent != now.as_str() {
        return io::Error::other("the process that started it is no more");
    }
    Command::new(program).args(arguments).exec()
}
