//! What happens at boundaries in the build that has them.

// A test's own switch, which is no setting of the program.
#![allow(clippy::disallowed_methods)]

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::{Signal, getpid, kill_process};

/// The variable that says what happens.
const VARIABLE: &str = "FAIL_POINT";

/// What a test wants.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wish {
    /// Write down each boundary.
    Record(PathBuf),
    /// A signal at the boundary with this number, counted from 1, among those whose name begins so.
    Signal { signal: Signal, number: usize, name: String },
}

impl Wish {
    fn parse(text: &str) -> Option<Wish> {
        let (verb, rest) = text.split_once(' ')?;
        let signal = match verb {
            "record" => return Some(Wish::Record(PathBuf::from(rest))),
            "KILL" => Signal::KILL,
            "STOP" => Signal::STOP,
            "TERM" => Signal::TERM,
            _ => return None,
        };
        let (number, name) = rest.split_once(' ').unwrap_or((rest, ""));
        Some(Wish::Signal { signal, number: number.parse().ok()?, name: name.to_owned() })
    }
}

pub(super) fn pass(name: &str) {
    static WISH: OnceLock<Option<Wish>> = OnceLock::new();
    static PASSED: AtomicUsize = AtomicUsize::new(0);
    match WISH.get_or_init(|| Wish::parse(&std::env::var(VARIABLE).ok()?)) {
        Some(Wish::Signal { signal, number, name: wanted }) if name.starts_with(wanted.as_str()) => {
            if PASSED.fetch_add(1, Ordering::SeqCst) + 1 == *number {
                let _ = kill_process(getpid(), *signal);
            }
        }
        Some(Wish::Record(path)) => record(path, name),
        Some(Wish::Signal { .. }) | None => {}
    }
}

fn record(path: &Path, name: &str) {
    if let Ok(mut file) = OpenOptions::new().append(true).create(true).open(path) {
        let line: String = name.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect();
        let _ = file.write_all(format!("{line}\n").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_names_what_happens_and_where() {
        let signal = |signal, number, name: &str| Some(Wish::Signal { signal, number, name: name.to_owned() });
        assert_eq!(Wish::parse("KILL 17"), signal(Signal::KILL, 17, ""));
        assert_eq!(Wish::parse("TERM 2 answer COMMIT"), signal(Signal::TERM, 2, "answer COMMIT"));
        assert_eq!(Wish::parse("record a b"), Some(Wish::Record("a b".into())));
        for nonsense in ["", "KILL", "KILL x", "BURN 1"] {
            assert_eq!(Wish::parse(nonsense), None, "{nonsense}");
        }
    }
}
