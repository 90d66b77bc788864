//! A database to migrate, for dbwarden and for the engine's own client: the same server, the same transport.

use std::fs::File;
use std::process::{Command, Stdio};

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
}

impl Subject {
    pub fn new(engine: Engine) -> Subject {
        let project = Project::new(engine);
        // Over the socket, as the clients go.
        project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{}\"\n", project.socket_url()));
        Subject { project, up: String::new(), down: String::new(), count: 0 }
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
        let (begin, commit) = match self.project.engine() {
            Engine::MySql if !up.starts_with("INSERT") => ("", ""),
            _ => ("BEGIN;\n", "COMMIT;\n"),
        };
        self.up.push_str(&format!("{begin}{up}\n{commit}"));
        self.down.insert_str(0, &format!("{begin}{down}\n{commit}"));
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

    /// The client with nothing but one query to run; of a table, because `sqlite3` opens no file for less.
    pub fn client_asks(&self) -> Command {
        self.client_runs("SELECT count(*) FROM t1;\n")
    }

    /// The client with all upgrades.
    pub fn client_migrates(&self) -> Command {
        self.client_runs(&self.up)
    }

    /// The client with all rollbacks, the last first.
    pub fn client_rolls_back(&self) -> Command {
        self.client_runs(&self.down)
    }

    /// The engine's own program that copies the database into a file; for SQLite the file system's.
    pub fn client_backs_up(&self) -> Command {
        let (target, database) = (self.project.path("client.dump"), self.project.database());
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
                let mut copy = client("cp");
                copy.arg(self.project.path("app.db")).arg(&target);
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
        command.stdin(File::open(self.project.path("client.sql")).expect("the script just written"));
        command
    }
}
