//! A database to migrate, for dbwarden and for the engine's own client: the same server, the same transport.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::bare;
use crate::harness::client::client;
use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::{Engine, PASSWORD, Project, USER};

/// An empty database and a folder with migrations, both gone with this value.
pub struct Subject {
    project: Project,
    /// What the client runs to do the same as `migrate`, and as rolling everything back.
    up: String,
    down: String,
    count: usize,
    port: Option<u16>,
}

/// What the `mariadb` client keeps, so that a file's commits are as many on both sides: DDL commits by itself there, and
/// a history is a commit more.
const CLIENT_HISTORY: &str = "CREATE TABLE client_history (sequence bigint PRIMARY KEY, version varchar(255) UNIQUE, \
    description text, filename varchar(255) NOT NULL UNIQUE, migration_type varchar(50) NOT NULL, \
    applied_at datetime(6) NOT NULL, checksum varchar(128), checksum_algorithm varchar(50), token_digest varchar(128), \
    rollback_sql longtext, rollback_digest varchar(128), execution_ms bigint, applied_by varchar(500), \
    run_id varchar(64), format bigint);\n";

fn configure(project: &Project, url: &str) {
    project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{url}\"\n"));
}

impl Subject {
    pub fn new(engine: Engine) -> Subject {
        let project = Project::new(engine);
        // Over the socket, as the clients go.
        configure(&project, &project.socket_url());
        let up = if engine == Engine::MySql { CLIENT_HISTORY.to_owned() } else { String::new() };
        Subject { project, up, down: String::new(), count: 0, port: None }
    }

    /// The same, where both sides reach the server over this port of 127.0.0.1.
    pub fn over(mut self, port: u16) -> Subject {
        let parameters = if self.project.engine() == Engine::Postgres { "?sslmode=disable" } else { "" };
        configure(&self.project, &self.project.url_at(PASSWORD, port, parameters));
        self.port = Some(port);
        self
    }

    /// With `count` migrations of one table and one index each.
    pub fn with_tables(engine: Engine, count: usize) -> Subject {
        let mut subject = Subject::new(engine);
        for number in 1..=count {
            let up = format!(
                "CREATE TABLE t{number} (id bigint PRIMARY KEY, name varchar(100) NOT NULL, created_at timestamp NULL);\n\
                 CREATE INDEX t{number}_name ON t{number} (name);"
            );
            subject.add(&up, &format!("DROP TABLE t{number};"));
        }
        subject
    }

    /// Writes the next migration, and the same statements for the client: one transaction each where the engine's
    /// DDL takes part in transactions.
    pub fn add(&mut self, up: &str, down: &str) {
        self.count += 1;
        self.project.migration(&format!("{:05}_step.sql", self.count), up, down);
        let (own_up, own_down) = match self.project.engine() {
            Engine::MySql => self.client_history(down),
            Engine::Postgres | Engine::Sqlite => Default::default(),
        };
        // What only changes rows shares a transaction with the history's row.
        let (begin, commit) = match self.project.engine() {
            Engine::MySql if !up.starts_with("INSERT") => ("", ""),
            _ => ("BEGIN;\n", "COMMIT;\n"),
        };
        self.up.push_str(&format!("{begin}{up}\n{own_up}{commit}"));
        self.down.insert_str(0, &format!("{begin}{down}\n{own_down}{commit}"));
    }

    /// What the client writes into its history with the last file, and when that is undone.
    fn client_history(&self, down: &str) -> (String, String) {
        let (number, digest) = (self.count, "0123456789abcdef".repeat(4));
        let insert = format!(
            "INSERT INTO client_history VALUES ({number}, '{number:05}', 'step', '{number:05}_step.sql', 'versioned', \
             UTC_TIMESTAMP(6), '{digest}', 'sha256-v1', '{digest}', '{}', '{digest}', 1, 'app@host client/1.0', \
             '01234567-89ab-cdef-0123-456789abcdef', 1);\n",
            down.replace('\'', "''"),
        );
        (insert, format!("DELETE FROM client_history WHERE sequence = {number};\n"))
    }

    /// dbwarden on this database.
    pub fn dbwarden(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dbwarden"));
        command.args(arguments).current_dir(self.project.path("")).env_clear().env("NO_COLOR", "1");
        // Where the programs that make dumps are.
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// A process that connects and reads the history, with dbwarden's own libraries.
    pub fn bare(&self) -> Command {
        bare::command(&self.project.socket_url())
    }

    /// The client with nothing but one query to run; of a table, because `sqlite3` opens no file for less.
    pub fn client_asks(&self) -> Command {
        self.client_runs("SELECT count(*) FROM t1;\n")
    }

    /// The client with all upgrades.
    pub fn client_migrates(&self) -> Command {
        self.client_runs(&self.up)
    }

    /// `psql` with all upgrades, each as one message and without a history: what the server's own work takes.
    pub fn client_sends_one_message_each(&self) -> Command {
        // `\;` ends a statement and not the message: https://www.postgresql.org/docs/current/app-psql.html
        self.client_runs(&self.up.replace(';', "\\;").replace("COMMIT\\;", "COMMIT;"))
    }

    /// The client with all rollbacks, the last first.
    pub fn client_rolls_back(&self) -> Command {
        self.client_runs(&self.down)
    }

    /// Removes the backups of either side. A new file takes the place on the disk that the last one had: where a disk
    /// grows with what is written, a place never written before takes several times as long.
    pub fn remove_backups(&self) {
        let _ = std::fs::remove_dir_all(self.project.path("backups"));
        let _ = std::fs::remove_file(self.clients_backup());
    }

    fn clients_backup(&self) -> PathBuf {
        self.project.path("client.dump")
    }

    /// The engine's own program that copies the database into a file; for SQLite the file system's.
    pub fn client_backs_up(&self) -> Command {
        let (target, database) = (self.clients_backup(), self.project.database());
        let mut command = match self.project.engine() {
            Engine::Postgres => {
                let server = Postgres::get();
                let mut dump = client("pg_dump");
                dump.args(["--format=custom", "-U", USER, "-d", database, "-p"]).arg(server.port().to_string());
                dump.arg("-h").arg(server.socket_dir()).arg("--file").arg(&target);
                dump
            }
            Engine::MySql => {
                let mut dump = client("mariadb-dump");
                dump.args(["--no-defaults", "--single-transaction", "--quick", "--routines", "--triggers", "--events"]);
                dump.args(["--hex-blob", "-u", USER]).env("MYSQL_PWD", PASSWORD).arg("-S").arg(MariaDb::get().socket());
                dump.arg("--result-file").arg(&target).arg(database);
                dump
            }
            Engine::Sqlite => {
                // A copy that is not on the disk is no backup.
                let mut copy = client("sh");
                copy.args(["-euc", r#"cp "$1" "$2"; sync "$2""#, "sh"]).arg(self.project.path("app.db")).arg(&target);
                copy
            }
        };
        command.stdin(Stdio::null());
        command
    }

    /// The size of the largest file.
    pub fn bytes(&self) -> u64 {
        let files = std::fs::read_dir(self.project.path("migrations")).expect("the folder");
        files.flatten().filter_map(|file| file.metadata().ok()).map(|file| file.len()).max().unwrap_or_default()
    }

    /// From a file, so that no pipe has to be fed meanwhile.
    fn client_runs(&self, sql: &str) -> Command {
        self.project.file("client.sql", sql);
        let mut command = self.project.client();
        match (self.project.engine(), self.port.map(|port| port.to_string())) {
            (Engine::Postgres, Some(port)) => {
                command.args(["-h", "127.0.0.1", "-p", &port]).env("PGPASSWORD", PASSWORD).env("PGSSLMODE", "disable");
            }
            (Engine::MySql, Some(port)) => {
                command.args(["--protocol=TCP", "--skip-ssl", "-h", "127.0.0.1", "-P", &port]);
            }
            _ => {}
        }
        command.stdin(File::open(self.project.path("client.sql")).expect("the script just written"));
        command
    }
}
