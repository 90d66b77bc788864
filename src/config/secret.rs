#![allow(clippy::disallowed_methods)] // The room where files with secrets are read.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

/// How long a command may take to print a secret.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

/// No URL or password is longer: a wrong path (`/dev/zero`, a log) must not fill the memory.
const SECRET_LIMIT: u64 = 64 * 1024;

/// How a command that should print a secret failed. Never holds what it printed on stdout.
#[derive(Debug)]
pub enum CommandFailure {
    /// It could not be started.
    Start(io::Error),
    /// It ended with an error; its stderr.
    Exit(ExitStatus, String),
    /// It did not end in time; its stderr.
    Timeout(Duration, String),
    /// What it printed is not UTF-8.
    NotUtf8,
}

impl fmt::Display for CommandFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stderr = match self {
            CommandFailure::Start(error) => return write!(f, "could not be started: {error}"),
            CommandFailure::NotUtf8 => return f.write_str("printed something that is not UTF-8"),
            CommandFailure::Exit(status, stderr) => {
                write!(f, "failed ({status})")?;
                stderr
            }
            CommandFailure::Timeout(limit, stderr) => {
                write!(f, "did not end within {} s", limit.as_secs())?;
                stderr
            }
        };
        if stderr.is_empty() { Ok(()) } else { write!(f, ": {stderr}") }
    }
}

/// Reads a secret from a file, without the line break at its end. The flag says whether everybody may read the file.
pub(super) fn read_file(path: &Path) -> io::Result<(SecretString, bool)> {
    let mut file = std::fs::File::open(path)?;
    let world_readable = is_world_readable(&file.metadata()?) && !is_mounted(path);
    let mut text = String::new();
    (&mut file).take(SECRET_LIMIT + 1).read_to_string(&mut text)?;
    if text.len() as u64 > SECRET_LIMIT {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too large for a secret"));
    }
    Ok((SecretString::from(text.trim_end_matches(['\r', '\n'])), world_readable))
}

/// Where Docker and Kubernetes mount secrets: readable for all by default, inside a container of one user.
fn is_mounted(path: &Path) -> bool {
    ["/run/secrets", "/var/run/secrets"].iter().any(|folder| path.starts_with(folder))
}

#[cfg(unix)]
fn is_world_readable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o004 != 0
}

#[cfg(not(unix))]
fn is_world_readable(_: &std::fs::Metadata) -> bool {
    false
}

/// Whether group or others may do anything with `path`: libpq ignores such a `.pgpass`.
#[cfg(unix)]
pub(super) fn is_shared(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// Whether group or others may do anything with `path`: known on Unix only.
#[cfg(not(unix))]
pub(super) fn is_shared(_: &Path) -> bool {
    false
}

/// Runs `program` with `arguments` in `folder`, without a shell, and returns what it prints, trimmed.
pub(super) fn run_command(program: &str, arguments: &[String], folder: &Path) -> Result<SecretString, CommandFailure> {
    run_within(program, arguments, folder, COMMAND_TIMEOUT)
}

fn run_within(
    program: &str,
    arguments: &[String],
    folder: &Path,
    limit: Duration,
) -> Result<SecretString, CommandFailure> {
    // A program given with a path starts from the configuration's folder; a bare name is looked for in PATH.
    let program =
        if Path::new(program).components().count() > 1 { folder.join(program) } else { PathBuf::from(program) };
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(CommandFailure::Start)?;
    let deadline = Instant::now() + limit;
    // Both pipes are read while it runs, or a talkative command would block; and on threads, because a grandchild
    // that keeps a pipe open must not hold us beyond the deadline.
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let complaint = |stderr: &mpsc::Receiver<Vec<u8>>| {
        let text = stderr.recv_timeout(Duration::from_millis(100)).unwrap_or_default();
        last_lines(&String::from_utf8_lossy(&text))
    };

    let printed = stdout.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline && printed.is_ok() => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                // Nothing more can be done when it cannot be killed: the error is the timeout.
                let _ = child.kill();
                let _ = child.wait();
                return Err(CommandFailure::Timeout(limit, complaint(&stderr)));
            }
            Err(error) => return Err(CommandFailure::Start(error)),
        }
    };
    if !status.success() {
        // A tool that fails after it printed the secret may repeat it in what it complains about.
        let said: Vec<SecretString> = printed
            .iter()
            .flat_map(|bytes| String::from_utf8_lossy(bytes).lines().map(SecretString::from).collect::<Vec<_>>())
            .collect();
        return Err(CommandFailure::Exit(status, redact(&complaint(&stderr), &said)));
    }
    let printed = printed.map_err(|_| CommandFailure::Timeout(limit, complaint(&stderr)))?;
    let text = String::from_utf8(printed).map_err(|_| CommandFailure::NotUtf8)?;
    Ok(SecretString::from(text.trim()))
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is still worth showing. The rest of an endless output is dropped.
            let _ = (&mut pipe).take(SECRET_LIMIT).read_to_end(&mut bytes);
            let _ = io::copy(&mut pipe, &mut io::sink());
        }
        // Nobody listens any more once the deadline has passed.
        let _ = sender.send(bytes);
    });
    receiver
}

/// The last few lines: where tools say what went wrong.
fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    let start = lines.len().saturating_sub(5);
    lines[start..].iter().map(|line| line.chars().take(200).collect::<String>()).collect::<Vec<_>>().join("\n")
}

/// Replaces every occurrence of every secret in `text` by `***`.
///
/// For text that comes from elsewhere, such as a driver's message. A secret of up to three characters is replaced
/// only where it stands alone: anything else would make the message unreadable and give the secret away by its gaps.
pub fn redact(text: &str, secrets: &[SecretString]) -> String {
    let mut secrets: Vec<&str> =
        secrets.iter().map(SecretString::expose_secret).filter(|secret| !secret.is_empty()).collect();
    // A URL before the password in it.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let mut text = text.to_string();
    for secret in secrets {
        if secret.chars().count() > 3 {
            text = text.replace(secret, "***");
        } else {
            text = replace_alone(&text, secret);
        }
    }
    text
}

fn replace_alone(text: &str, secret: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in text.match_indices(secret) {
        let joined = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
        if joined(text[..at].chars().next_back()) || joined(text[at + secret.len()..].chars().next()) {
            continue;
        }
        out.push_str(&text[done..at]);
        out.push_str("***");
        done = at + secret.len();
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<SecretString, CommandFailure> {
        run_within("sh", &["-c".into(), script.into()], Path::new("/"), Duration::from_millis(700))
    }

    #[test]
    fn a_file_loses_its_last_line_break_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (content, expected) in [("abc\n", "abc"), ("abc\r\n", "abc"), (" a c ", " a c "), ("", "")] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(read_file(&path).unwrap().0.expose_secret(), expected);
        }
        std::fs::write(&path, vec![b'x'; 70_000]).unwrap();
        assert_eq!(read_file(&path).unwrap_err().to_string(), "it is too large for a secret");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_everybody_may_read_is_noticed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "x").unwrap();
        for (mode, readable, shared) in [(0o600, false, false), (0o640, false, true), (0o644, true, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!((read_file(&path).unwrap().1, is_shared(&path)), (readable, shared), "{mode:o}");
        }
    }

    #[test]
    fn a_command_gives_what_it_prints() {
        assert_eq!(shell("echo '  pa ss '").unwrap().expose_secret(), "pa ss");
    }

    #[test]
    fn a_failing_command_shows_its_stderr_and_never_its_stdout() {
        let message = shell("echo hunter2; echo vault is sealed >&2; exit 3").unwrap_err().to_string();
        assert_eq!(message, "failed (exit status: 3): vault is sealed");
        let message = run_within("no-such-program", &[], Path::new("/"), COMMAND_TIMEOUT).unwrap_err().to_string();
        assert!(message.starts_with("could not be started: "), "{message}");
        assert!(matches!(shell("printf '\\377'"), Err(CommandFailure::NotUtf8)));
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        let message = shell("echo waiting for a token >&2; exec sleep 30").unwrap_err().to_string();
        assert_eq!(message, "did not end within 0 s: waiting for a token");
        let message = shell("sleep 30 & echo hunter2").unwrap_err().to_string();
        assert_eq!(message, "did not end within 0 s", "a grandchild keeps the pipe");
    }

    #[test]
    fn redaction_takes_the_longest_first_and_spares_words() {
        let secrets: Vec<SecretString> =
            ["hunter2", "postgres://u:hunter2@h/d", "a", ""].map(SecretString::from).into();
        assert_eq!(
            redact("cannot open postgres://u:hunter2@h/d with hunter2hunter2: a bad 'a'", &secrets),
            "cannot open *** with ******: *** bad '***'"
        );
    }
}
