//! Child processes that never outlive the tests.
//!
//! Statics are not dropped when a test binary ends, and a killed one runs no code at all. So each server has a small
//! shell beside it that reads from a pipe of which this process holds the other end. However this process ends, the
//! kernel closes the pipe; the shell then stops the server and removes its directory.

use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// How long a server may take until it answers. Generous: many compilers may run beside it.
const START_LIMIT: Duration = Duration::from_secs(90);

/// The shell: its arguments are the directory, the signal that ends the server, and the server's command.
///
/// The server gets a session of its own, so that the signal reaches its children too and a Ctrl-C in the terminal
/// reaches none of them.
const SUPERVISE: &str = r#"
dir=$1 signal=$2
shift 2
{
    setsid sh -c 'echo $$ >"$0/pid"; exec "$@"' "$dir" "$@" </dev/null >"$dir/log" 2>&1
    touch "$dir/exited"
} &
read -r _
until [ -s "$dir/pid" ]; do sleep 0.05; done
touch "$dir/over"
kill -s "$signal" -- "-$(cat "$dir/pid")"
wait
rm -rf "$dir"
"#;

/// The end of a server's script, which has defined `serve`: serves until it is told to end.
pub const ONCE: &str = r#"serve "$@""#;

/// The same for a server that crashes: it is served again when the file `go` is there. The signal that ends it does
/// not end this shell (one that is started in the background ignores SIGQUIT): the file `over` does.
pub const AGAIN_AND_AGAIN: &str = r#"
while :; do
    serve "$@" &
    echo $! >served
    wait $! || :
    until [ -e go ]; do
        if [ -e over ] || [ ! -e served ]; then exit; fi
        sleep 0.05
    done
    rm go
done
"#;

/// A server that crashes on demand and is started again; its script ended with [`AGAIN_AND_AGAIN`].
pub trait Restartable {
    /// What makes it crash.
    const CRASH: Signal;

    /// Its directory.
    fn dir(&self) -> &Path;

    /// Whether it answers.
    fn answers(&self) -> bool;

    /// Ends it at once, without a clean shutdown, and waits until it is gone.
    fn crash(&self) {
        let id = std::fs::read_to_string(self.dir().join("served")).expect("the server's process id");
        let id = id.trim().parse().ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(id, Self::CRASH).expect("a server that runs");
        super::wait_until("the server is gone", || test_kill_process(id).is_err());
    }

    /// Starts it again, and waits until it answers.
    fn start_again(&self) {
        std::fs::write(self.dir().join("go"), "").expect("writing a file");
        super::wait_until("the server is back", || self.answers());
    }
}

/// A user whom servers run as. Database servers refuse to run as root.
#[derive(Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

/// A new directory for one server, owned by the account the server runs as.
pub struct ServerDir {
    path: PathBuf,
    account: Option<Account>,
}

impl ServerDir {
    /// A directory that `account` (or `nobody`) owns when the tests run as root, else oneself.
    pub fn new(account: &str) -> ServerDir {
        let account = rustix::process::getuid().is_root().then(|| {
            [account, "nobody"].into_iter().find_map(find_account).expect("a user to run servers as in /etc/passwd")
        });
        let path = tempfile::Builder::new().prefix("dbwarden-it-").tempdir().expect("a temporary directory").keep();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("chmod");
        let dir = ServerDir { path, account };
        dir.hand_over(dir.path());
        dir
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file that only the server's account can read.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path.join(name);
        std::fs::write(&path, text).expect("writing a server's file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("chmod");
        self.hand_over(&path);
        path
    }

    /// Starts a server that `ready` then says is answering, or gives its log.
    ///
    /// `signal` ends it at once, without a clean shutdown: nothing of it is kept.
    pub fn start(
        &self,
        signal: &str,
        script: &str,
        arguments: &[String],
        ready: impl Fn() -> bool,
    ) -> io::Result<Child> {
        let mut command = Command::new("sh");
        command.args(["-c", SUPERVISE, "sh"]).arg(&self.path).arg(signal);
        command.args(["sh", "-euc", script, "sh"]).args(arguments).current_dir(&self.path).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(Account { user, group }) = self.account {
            command.uid(user).gid(group);
        }
        let supervisor = command.spawn()?;
        let started = Instant::now();
        while !ready() {
            let exited = self.path.join("exited").exists();
            if exited || started.elapsed() > START_LIMIT {
                let log = std::fs::read_to_string(self.path.join("log")).unwrap_or_default();
                let what = if exited { "ended" } else { "does not answer" };
                return Err(io::Error::other(format!("the server {what}: {log}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(supervisor)
    }

    fn hand_over(&self, path: &Path) {
        if let Some(Account { user, group }) = self.account {
            chown(path, Some(user), Some(group)).expect("chown");
        }
    }
}

fn find_account(name: &str) -> Option<Account> {
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    accounts.lines().find_map(|line| match line.split(':').collect::<Vec<_>>()[..] {
        [user_name, _, user, group, ..] if user_name == name => {
            Some(Account { user: user.parse().ok()?, group: group.parse().ok()? })
        }
        _ => None,
    })
}

/// A TCP port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Starts a server; should another process take its port first, again with another port.
pub fn start_on_free_port<T>(start: impl Fn(u16) -> io::Result<T>) -> T {
    let mut failures = Vec::new();
    for _ in 0..3 {
        match start(free_port()) {
            Ok(server) => return server,
            Err(failure) => failures.push(failure.to_string()),
        }
    }
    panic!("cannot start a server; tests/run installs what is missing. {}", failures.join("\n"));
}

/// The full name of a server program: in PATH, or where Debian hides it.
pub fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    places.extend(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from));
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    places.extend(versions.into_iter().rev());
    places
        .into_iter()
        .map(|place| place.join(name))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| panic!("{name} is not installed; tests/run installs what the tests need"))
}
