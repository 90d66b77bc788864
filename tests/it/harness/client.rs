//! The engines' own clients, for looking into databases without going through the code under test.

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Stdio};

use super::supervisor::program;

/// A client called `name` with nothing of the user's environment but PATH.
pub fn client(name: &str) -> Command {
    let mut command = Command::new(program(name));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LC_ALL", "C.UTF-8");
    command
}

/// Feeds `input` to a client and returns what it wrote, or its complaint.
pub fn try_pipe(command: &mut Command, input: &str) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{:?}: {error}", command.get_program()))?;
    let mut stdin = child.stdin.take().expect("a pipe");
    let output = std::thread::scope(|scope| {
        // A client that stops at an error reads no further: the broken pipe is not the failure to report.
        scope.spawn(move || stdin.write_all(input.as_bytes()));
        child.wait_with_output()
    });
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_string())
    } else {
        Err(format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
    }
}

/// As [`try_pipe`], for statements of a test that must work.
#[track_caller]
pub fn pipe(command: &mut Command, input: &str) -> String {
    match try_pipe(command, input) {
        Ok(output) => output,
        Err(complaint) => panic!("{:?} failed on\n{input}\n{complaint}", command.get_program()),
    }
}

/// Runs a tool such as `openssl` that must work.
#[track_caller]
pub fn tool<S: AsRef<OsStr>>(name: &str, arguments: impl IntoIterator<Item = S>) -> String {
    pipe(client(name).args(arguments), "")
}
