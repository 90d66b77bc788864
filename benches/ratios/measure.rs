//! Running a command and taking its time and memory.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How often the memory of a running process is looked at. Its peak only grows, so little is missed at the end.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    pub elapsed: Duration,
    /// The largest resident memory, in bytes, where it was looked at.
    pub peak: Option<u64>,
}

/// The same work done by dbwarden and by the engine's client.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    pub ours: Usage,
    pub theirs: Usage,
}

/// Runs both in turn, so that what slows the machine for a while slows both, and takes the medians. Each goes first
/// every other time.
pub fn in_turn(runs: usize, mut ours: impl FnMut() -> Usage, mut theirs: impl FnMut() -> Usage) -> Pair {
    let run = |number| {
        if number % 2 == 0 {
            let first = ours();
            (first, theirs())
        } else {
            let first = theirs();
            (ours(), first)
        }
    };
    let (ours, theirs): (Vec<Usage>, Vec<Usage>) = (0..runs).map(run).unzip();
    Pair { ours: median(ours), theirs: median(theirs) }
}

/// A stage of the work on a subject: what dbwarden does, and what the other does on its own subject.
pub type Stage<'a, S> = (&'a dyn Fn(&S) -> Usage, &'a dyn Fn(&S) -> Usage);

/// The same with a new subject for each run, on which the stages run one after the other. All are there until the last
/// has run: a file system that has just deleted thousands of files makes new ones slowly (ext4 looks for inodes that
/// were not freed a moment ago), and would do so for whoever comes next.
pub fn in_turn_on_new<S, const N: usize>(runs: usize, make: impl Fn() -> S, stages: [Stage<'_, S>; N]) -> [Pair; N] {
    let (mut used, mut taken) = (Vec::new(), [const { (Vec::new(), Vec::new()) }; N]);
    for run in 0..runs {
        let (ours, theirs) = (make(), make());
        for is_ours in [run % 2 == 0, run % 2 == 1] {
            // Whoever waits for the disk first would else wait for the files that were made just now.
            rustix::fs::sync();
            for ((our_stage, their_stage), (our_taken, their_taken)) in stages.iter().zip(&mut taken) {
                match is_ours {
                    true => our_taken.push(our_stage(&ours)),
                    false => their_taken.push(their_stage(&theirs)),
                }
            }
        }
        used.extend([ours, theirs]);
    }
    taken.map(|(ours, theirs)| Pair { ours: median(ours), theirs: median(theirs) })
}

/// Runs a command that must succeed and takes its time.
pub fn time(command: &mut Command) -> Usage {
    let started = Instant::now();
    let mut child = start(command);
    let status = child.wait().expect("waiting for a child");
    let elapsed = started.elapsed();
    assert!(status.success(), "{command:?} failed: {status}");
    Usage { elapsed, peak: None }
}

/// The same, and watches the memory meanwhile.
pub fn watch(command: &mut Command) -> Usage {
    let started = Instant::now();
    let mut child = start(command);
    let mut peak = None;
    loop {
        peak = peak.max(peak_of(child.id()));
        if let Some(status) = child.try_wait().expect("waiting for a child") {
            assert!(status.success(), "{command:?} failed: {status}");
            return Usage { elapsed: started.elapsed(), peak };
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Errors stay visible; results and progress go nowhere, as they would cost the terminal's time.
fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::null()).spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// The high-water mark of a process's resident memory (<https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>).
fn peak_of(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kibibytes * 1024)
}

fn median(mut runs: Vec<Usage>) -> Usage {
    runs.sort_by_key(|run| run.elapsed);
    Usage { elapsed: runs[runs.len() / 2].elapsed, peak: runs.iter().filter_map(|run| run.peak).max() }
}
