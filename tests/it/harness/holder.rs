//! A session of the engine's own client that stays open, and holds what its statements have locked.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::{Engine, Project, wait_until};

/// The session. Dropping it ends the client, and with it the transaction.
pub struct Holder {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
    engine: Engine,
    marker: std::path::PathBuf,
}

impl Holder {
    /// Runs `sql` and leaves the session open.
    #[track_caller]
    pub fn new(project: &Project, sql: &str) -> Holder {
        Holder::with(project, &mut project.client(), sql)
    }

    /// The same through another client than the project's own.
    #[track_caller]
    pub fn with(project: &Project, client: &mut Command, sql: &str) -> Holder {
        if project.engine() == Engine::MySql {
            // Without it the client keeps its output until it ends.
            client.arg("--unbuffered");
        }
        client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = client.spawn().expect("starting a client");
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().map(BufReader::new));
        let marker = project.path("holder.ready");
        let mut holder = Holder { child, stdin, stdout, engine: project.engine(), marker };
        holder.run(sql);
        holder
    }

    /// Runs more statements and waits for their end.
    #[track_caller]
    pub fn run(&mut self, sql: &str) {
        let marker = self.marker.clone();
        match self.engine {
            // The shell keeps its output until it ends.
            Engine::Sqlite => {
                self.start(&format!("{sql};\n.shell touch '{}'", marker.display()));
                wait_until("the holder's statements have run", || marker.exists());
                std::fs::remove_file(&marker).expect("removing a file");
            }
            Engine::Postgres | Engine::MySql => drop(self.ask(&format!("{sql};\nSELECT 'ready'"), "ready")),
        }
    }

    /// The server's id of the session: a backend pid, a connection id.
    #[track_caller]
    pub fn session(&mut self) -> String {
        let function = if self.engine == Engine::Postgres { "pg_backend_pid()" } else { "connection_id()" };
        let answer = self.ask(&format!("SELECT concat('session ', {function})"), "session ");
        answer.trim_start_matches("session ").to_string()
    }

    /// Sends statements and waits for a line that begins with `answer`.
    #[track_caller]
    fn ask(&mut self, sql: &str, answer: &str) -> String {
        self.start(&format!("{sql};"));
        let stdout = self.stdout.as_mut().expect("a pipe");
        let mut line = String::new();
        while !line.starts_with(answer) {
            line.clear();
            assert!(stdout.read_line(&mut line).expect("reading") > 0, "the client ended on\n{sql}");
        }
        line.trim().to_string()
    }

    /// Sends statements and does not wait.
    #[track_caller]
    pub fn start(&mut self, sql: &str) {
        writeln!(self.stdin.as_mut().expect("a pipe"), "{sql}").expect("writing to the client");
    }

    /// The client's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the client, and waits until it is gone.
    pub fn release(mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
