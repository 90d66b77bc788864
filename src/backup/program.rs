//! The engines' own programs: found, asked for their version, run, and never left running.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinHandle;

use super::bound;
use super::error::BackupError;

/// How long a program may take to tell its version.
const VERSION_LIMIT: Duration = Duration::from_secs(10);

/// How long a program that was told to stop may take, before it is killed.
const LAST_CHANCE: Duration = Duration::from_secs(2);

/// How many of the last lines of a program's stderr an error shows.
const LINES_KEPT: usize = 20;

/// A program that was found, and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) path: PathBuf,
    /// What it says of itself: `pg_dump (PostgreSQL) 15.18 (Debian …)`.
    pub(super) banner: String,
}

impl Program {
    /// The configured program, or the first of `names` in `search_path`.
    ///
    /// # Errors
    /// [`BackupError::ProgramMissing`], also for one that cannot tell its version.
    pub(super) async fn find(
        configured: Option<&Path>,
        names: &[&str],
        search_path: &[PathBuf],
        package: &str,
    ) -> Result<Program, BackupError> {
        let missing = |program: String| BackupError::ProgramMissing { program, package: package.to_owned() };
        let path = match configured {
            Some(path) if path.components().count() > 1 => Some(path.to_path_buf()),
            Some(name) => search_path.iter().map(|folder| folder.join(name)).find(|path| path.is_file()),
            None => {
                let candidates = names.iter().flat_map(|name| search_path.iter().map(move |folder| folder.join(name)));
                candidates.into_iter().find(|path| path.is_file())
            }
        };
        let wanted = configured.map_or_else(|| names.join(" or "), |path| path.display().to_string());
        let Some(path) = path else { return Err(missing(wanted)) };
        let asked = command(&path).arg("--version").stdin(Stdio::null()).kill_on_drop(true).output();
        match tokio::time::timeout(VERSION_LIMIT, asked).await {
            Ok(Ok(output)) if output.status.success() => {
                let banner = String::from_utf8_lossy(&output.stdout).trim().to_owned();
                Ok(Program { path, banner })
            }
            _ => Err(missing(format!("{} does not tell its version: a usable {wanted}", path.display()))),
        }
    }

    /// Its file name.
    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// A run of it, which ends with this process.
    pub(super) fn command(&self) -> Command {
        let [program, arguments @ ..] = bound::words(&self.path);
        let mut command = command(Path::new(&program));
        command.args(arguments);
        command
    }
}

/// A search for a program that goes on while other things are done.
pub(super) struct Search(JoinHandle<Result<Program, BackupError>>);

impl Search {
    /// Begins what [`Program::find`] does.
    pub(super) fn begin(search: impl Future<Output = Result<Program, BackupError>> + Send + 'static) -> Search {
        Search(tokio::spawn(search))
    }

    /// Waits for the end of the one that was begun, or else does it now.
    ///
    /// # Errors
    /// As [`Program::find`].
    pub(super) async fn end(
        begun: Option<Search>,
        search: impl Future<Output = Result<Program, BackupError>>,
    ) -> Result<Program, BackupError> {
        let Some(Search(begun)) = begun else { return search.await };
        begun.await.unwrap_or_else(|panic| Err(BackupError::io("ask for their versions", "programs")(panic.into())))
    }
}

/// A run with an environment of its own: ours may hold a URL with a password in it.
fn command(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command
}

/// A running program. Dropped, it is told to stop, then killed.
pub(super) struct Running {
    name: String,
    pub(super) child: Child,
    said: Option<JoinHandle<Vec<String>>>,
}

impl Running {
    /// Starts `command`, which the error messages call `name`.
    ///
    /// # Errors
    /// [`BackupError::Io`].
    pub(super) fn start(name: &str, command: &mut Command) -> Result<Running, BackupError> {
        let program = PathBuf::from(OsString::from(command.as_std().get_program()));
        let mut child = command.stderr(Stdio::piped()).spawn().map_err(BackupError::io("run", program))?;
        let said = child.stderr.take().map(|stderr| tokio::spawn(last_lines(stderr)));
        Ok(Running { name: name.to_owned(), child, said })
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// [`BackupError::ProgramFailed`] with what it said.
    pub(super) async fn finish(mut self) -> Result<Vec<String>, BackupError> {
        let status = self.child.wait().await.map_err(BackupError::io("wait for", &self.name))?;
        let said = match self.said.take() {
            Some(said) => said.await.unwrap_or_default(),
            None => Vec::new(),
        };
        if status.success() { Ok(said) } else { Err(self.failed(status, said)) }
    }

    fn failed(&self, status: ExitStatus, said: Vec<String>) -> BackupError {
        BackupError::ProgramFailed { program: self.name.clone(), status: status.to_string(), said }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(pid) = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) else { return };
        // First politely: pg_dump then cancels its statements on the server.
        let _ = kill_process(pid, Signal::TERM);
        let started = std::time::Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && started.elapsed() < LAST_CHANCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.start_kill();
    }
}

async fn last_lines(stderr: ChildStderr) -> Vec<String> {
    let mut lines = BufReader::new(stderr).lines();
    let mut kept = std::collections::VecDeque::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if kept.len() == LINES_KEPT {
            kept.pop_front();
        }
        kept.push_back(line);
    }
    kept.into()
}

/// The first version number in a program's or a server's own words: `15.18` of `pg_dump (PostgreSQL) 15.18 (Debian …)`.
pub(super) fn version_in(text: &str) -> Option<&str> {
    let begins = |at: usize| {
        text.as_bytes()[at].is_ascii_digit() && (at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric())
    };
    let start = (0..text.len()).find(|&at| begins(at))?;
    let rest = &text[start..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    Some(rest[..end].trim_end_matches('.'))
}

/// The numbers of a version, for comparing: `[15, 18]`.
pub(super) fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        for (text, version) in [
            ("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some("15.18")),
            ("pg_dump (PostgreSQL) 17beta1", Some("17")),
            ("mysqldump  Ver 8.0.36 for Linux on x86_64", Some("8.0.36")),
            ("mysqldump from 11.4.2-MariaDB, client 10.19 for Linux", Some("11.4.2")),
            ("no number", None),
        ] {
            assert_eq!(version_in(text), version, "{text}");
        }
        assert!(numbers("15.18") < numbers("16"));
        assert!(numbers("9.6") < numbers("10"));
    }

    #[tokio::test]
    async fn a_failure_tells_what_the_program_said() {
        let mut command = command(Path::new("/bin/sh"));
        let running = Running::start("sh", command.args(["-c", "echo one >&2; echo two >&2; exit 3"])).unwrap();
        let Err(BackupError::ProgramFailed { program, status, said }) = running.finish().await else { panic!() };
        assert_eq!((program.as_str(), status.as_str()), ("sh", "exit status: 3"));
        assert_eq!(said, ["one", "two"]);
    }

    #[tokio::test]
    async fn a_dropped_program_is_gone() {
        let mut command = command(Path::new("/bin/sh"));
        let running = Running::start("sh", command.args(["-c", "exec sleep 600"])).unwrap();
        let pid = running.child.id().unwrap();
        drop(running);
        assert!(!Path::new(&format!("/proc/{pid}/cmdline")).exists() || is_zombie(pid));
    }

    fn is_zombie(pid: u32) -> bool {
        std::process::Command::new("ps")
            .args(["-o", "stat=", "-p", &pid.to_string()])
            .output()
            .is_ok_and(|output| output.stdout.is_empty() || output.stdout.starts_with(b"Z"))
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named_with_its_package() {
        let found =
            Program::find(None, &["no_such_program", "nor_this"], &[PathBuf::from("/bin")], "the-package").await;
        let Err(BackupError::ProgramMissing { program, package }) = found else { panic!() };
        assert_eq!((program.as_str(), package.as_str()), ("no_such_program or nor_this", "the-package"));
    }
}
