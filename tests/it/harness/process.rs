//! The built binary as a child process: started hermetically, watched, never left behind.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// What any run may take before it counts as hung. Generous: a loaded machine is no failure.
const LIMIT: Duration = Duration::from_secs(120);

/// A run of `dbwarden` that has not started yet. Its environment is empty but for what is set here.
#[must_use]
pub struct Invocation {
    program: OsString,
    arguments: Vec<OsString>,
    folder: PathBuf,
    environment: Vec<(OsString, OsString)>,
    input: String,
}

impl Invocation {
    /// A run in `folder`.
    pub fn new<A: Into<OsString>>(folder: &Path, arguments: impl IntoIterator<Item = A>) -> Invocation {
        Invocation {
            program: env!("CARGO_BIN_EXE_dbwarden").into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            folder: folder.to_path_buf(),
            environment: Vec::new(),
            input: String::new(),
        }
    }

    /// A run of a shell script that calls `dbwarden` by that name.
    pub fn shell(folder: &Path, script: &str) -> Invocation {
        Invocation { program: "sh".into(), ..Invocation::new(folder, ["-eu", "-c", script]) }
    }

    /// What happens at the boundaries of a build for tests: see `src/fail_point.rs`.
    pub fn fail_point(self, wish: impl Into<OsString>) -> Invocation {
        self.env("FAIL_POINT", wish)
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Invocation {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Runs in another folder.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Invocation {
        self.folder = folder.into();
        self
    }

    /// Text on standard input, which otherwise is empty.
    pub fn input(mut self, text: &str) -> Invocation {
        self.input = text.to_string();
        self
    }

    /// Runs it to its end.
    #[must_use = "how it ended is what the test is about"]
    #[track_caller]
    pub fn run(self) -> Finished {
        self.spawn().finish()
    }

    /// Starts it and returns at once.
    #[track_caller]
    pub fn spawn(self) -> Running {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder).env_clear();
        // A home of its own: neither ~/.pgpass nor ~/.my.cnf of the developer may help a test to pass.
        command.env("PATH", path_with_binary()).env("HOME", &self.folder);
        command.env("NO_COLOR", "1").envs(self.environment);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("starting the built binary");

        let mut stdin = child.stdin.take().expect("a pipe");
        let input = self.input;
        thread::spawn(move || stdin.write_all(input.as_bytes()));
        let stdout = Captured::new(child.stdout.take().expect("a pipe"));
        let stderr = Captured::new(child.stderr.take().expect("a pipe"));
        let id = Pid::from_child(&child);
        let (sender, ended) = channel();
        thread::spawn(move || sender.send(child.wait().expect("waiting for a child")));
        let name = Path::new(&self.program).file_name().unwrap_or_default();
        let words = std::iter::once(name).chain(self.arguments.iter().map(OsString::as_os_str));
        let line = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        Running { line, id, ended, stdout, stderr, over: false }
    }
}

/// This process's PATH, with the built binary before everything else.
fn path_with_binary() -> OsString {
    let folder = Path::new(env!("CARGO_BIN_EXE_dbwarden")).parent().expect("a folder").to_path_buf();
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path))).expect("a path without `:`")
}

/// A run of `dbwarden` that is going on. Dropping it kills the process.
#[must_use]
pub struct Running {
    line: String,
    id: Pid,
    ended: Receiver<ExitStatus>,
    stdout: Captured,
    stderr: Captured,
    over: bool,
}

impl Running {
    /// Waits until standard error fulfils `condition` and returns it.
    #[track_caller]
    pub fn wait_for_stderr(&self, condition: impl Fn(&str) -> bool) -> String {
        match self.stderr.wait(|text, closed| condition(text) || closed) {
            Some(text) if condition(&text) => text,
            other => panic!("never came on the standard error of `{}`: {other:?}", self.line),
        }
    }

    /// Its process.
    pub fn id(&self) -> i32 {
        self.id.as_raw_nonzero().get()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let _ = kill_process(self.id, signal);
    }

    /// Waits until it has stopped itself, as a fail point asked.
    pub fn wait_until_stopped(&self) {
        let file = format!("/proc/{}/stat", self.id.as_raw_nonzero());
        super::wait_until("the process has stopped", || {
            std::fs::read_to_string(&file).is_ok_and(|stat| stat.contains(") T "))
        });
    }

    /// The system calls of all its threads so far that read or write: of files, sockets and pipes.
    pub fn reads_and_writes(&self) -> usize {
        let file = format!("/proc/{}/io", self.id.as_raw_nonzero());
        let counts = std::fs::read_to_string(&file).expect("the kernel counts");
        let of = |name: &str| counts.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<usize>().ok());
        of("syscr:").expect("reads") + of("syscw:").expect("writes")
    }

    /// Kills it as an out-of-memory killer would, and waits until it is gone.
    pub fn kill9(mut self) {
        self.signal(Signal::KILL);
        let _ = self.ended.recv_timeout(LIMIT);
        self.over = true;
    }

    /// Waits for its end. A process that takes too long is killed and fails the test.
    #[must_use = "how it ended is what the test is about"]
    #[track_caller]
    pub fn finish(mut self) -> Finished {
        let status = match self.ended.recv_timeout(LIMIT) {
            Ok(status) => status,
            Err(RecvTimeoutError::Timeout) => {
                self.signal(Signal::KILL);
                let (stdout, stderr) = (self.stdout.text(), self.stderr.text());
                panic!("`{}` hangs\n-- stdout\n{stdout}\n-- stderr\n{stderr}", self.line);
            }
            Err(RecvTimeoutError::Disconnected) => panic!("nobody waited for `{}`", self.line),
        };
        self.over = true;
        let line = self.line.clone();
        Finished {
            line,
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout.to_end(),
            stderr: self.stderr.to_end(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.over && self.ended.try_recv().is_err() {
            self.signal(Signal::KILL);
        }
    }
}

/// How a run ended. Every assertion shows all output when it fails, and gives the run back for the next one.
#[derive(Debug, Clone)]
pub struct Finished {
    line: String,
    /// The exit code; None when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Finished {
    /// Told of just these migrations that they were applied, of each once.
    #[track_caller]
    pub fn applies_once(&self, names: &[&str]) {
        for name in names {
            assert_eq!(self.stderr.matches(&format!("applied {name}")).count(), 1, "{name}: {self:?}");
        }
        assert_eq!(self.stderr.matches("  applied ").count(), names.len(), "{self:?}");
    }

    /// It ended with this exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Finished {
        self.holds(self.code == Some(code), &format!("exit code {code}"));
        self
    }

    /// It was killed, as a fail point asked.
    #[track_caller]
    pub fn killed(self) -> Finished {
        self.holds(
            self.signal == Some(Signal::KILL.as_raw()),
            "an end by SIGKILL (an optimised build has no fail points)",
        );
        self
    }

    /// Whether it was killed, as a fail point asked. It may have come to its end first: not every run passes as many
    /// boundaries as the one before, because on a slow disk it also looks who keeps it waiting, and shares less.
    #[track_caller]
    pub fn was_killed(self) -> bool {
        let was_killed = self.signal.is_some();
        if was_killed {
            self.killed()
        } else {
            self.exits(super::exit::DONE)
        };
        was_killed
    }

    /// Standard output contains `text`.
    #[track_caller]
    pub fn prints(self, text: &str) -> Finished {
        self.holds(self.stdout.contains(text), &format!("{text:?} on stdout"));
        self
    }

    /// Standard error contains `text`.
    #[track_caller]
    pub fn says(self, text: &str) -> Finished {
        self.holds(self.stderr.contains(text), &format!("{text:?} on stderr"));
        self
    }

    /// Either output contains `text`, in any case.
    #[track_caller]
    pub fn mentions(self, text: &str) -> Finished {
        self.holds(self.output().to_lowercase().contains(&text.to_lowercase()), &format!("{text:?} in the output"));
        self
    }

    /// Neither output contains `text`.
    #[track_caller]
    pub fn never_mentions(self, text: &str) -> Finished {
        self.holds(!self.output().contains(text), &format!("no {text:?} in the output"));
        self
    }

    /// Both outputs.
    pub fn output(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// The lines of standard output that contain `text`.
    pub fn lines_with(&self, text: &str) -> Vec<&str> {
        self.stdout.lines().filter(|line| line.contains(text)).collect()
    }

    /// Standard output as the one JSON document it must be.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        let parsed = serde_json::from_str(&self.stdout);
        self.holds(parsed.is_ok(), "one JSON document on stdout");
        parsed.unwrap_or_default()
    }

    #[track_caller]
    fn holds(&self, condition: bool, expected: &str) {
        let Finished { line, code, stdout, stderr, .. } = self;
        assert!(
            condition,
            "`{line}`: expected {expected}, got exit code {code:?}\n-- stdout\n{stdout}\n-- stderr\n{stderr}"
        );
    }
}

/// A stream of the child, read as it comes.
#[derive(Clone)]
struct Captured(Arc<(Mutex<Stream>, Condvar)>);

#[derive(Default)]
struct Stream {
    bytes: Vec<u8>,
    closed: bool,
}

impl Captured {
    fn new(mut source: impl Read + Send + 'static) -> Captured {
        let captured = Captured(Arc::new((Mutex::new(Stream::default()), Condvar::new())));
        let writer = captured.clone();
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            loop {
                let count = source.read(&mut buffer).unwrap_or(0);
                let (stream, changed) = &*writer.0;
                let mut stream = stream.lock().expect("a reader that did not panic");
                stream.bytes.extend_from_slice(&buffer[..count]);
                stream.closed = count == 0;
                changed.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        captured
    }

    /// Waits until `condition` holds for the text and whether it is complete; None when that takes too long.
    fn wait(&self, condition: impl Fn(&str, bool) -> bool) -> Option<String> {
        let deadline = Instant::now() + LIMIT;
        let (stream, changed) = &*self.0;
        let mut stream = stream.lock().expect("a reader that did not panic");
        loop {
            let text = String::from_utf8_lossy(&stream.bytes).into_owned();
            if condition(&text, stream.closed) {
                return Some(text);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            stream = changed.wait_timeout(stream, left).expect("a reader that did not panic").0;
        }
    }

    fn to_end(&self) -> String {
        self.wait(|_, closed| closed).unwrap_or_else(|| self.text())
    }

    fn text(&self) -> String {
        self.wait(|_, _| true).unwrap_or_default()
    }
}
