//! One test's own world: a folder with `dbwarden.toml` and `migrations/`, and a database nobody else uses.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use dbwarden::dialect::Engine;
use tempfile::TempDir;

use super::client::{client, pipe, try_pipe};
use super::dialect::Snippets;
use super::mariadb::MariaDb;
use super::postgres::Postgres;
use super::process::{Finished, Invocation, Running};
use super::{PASSWORD, USER, percent_encode};

/// Where a project's database is.
#[derive(Clone, Copy)]
pub enum Home {
    /// On a PostgreSQL.
    Postgres(&'static Postgres),
    /// On a MariaDB.
    MySql(&'static MariaDb),
    /// In the project's folder.
    Sqlite,
}

impl Home {
    /// What all tests share.
    fn shared(engine: Engine) -> Home {
        match engine {
            Engine::Postgres => Home::Postgres(Postgres::get()),
            Engine::MySql => Home::MySql(MariaDb::get()),
            Engine::Sqlite => Home::Sqlite,
        }
    }

    fn engine(self) -> Engine {
        match self {
            Home::Postgres(_) => Engine::Postgres,
            Home::MySql(_) => Engine::MySql,
            Home::Sqlite => Engine::Sqlite,
        }
    }
}

/// A folder and a fresh database, both gone after the test.
pub struct Project {
    home: Home,
    folder: TempDir,
    database: String,
}

impl Project {
    /// A project whose configuration names its database `primary`, with an empty `migrations/`.
    pub fn new(engine: Engine) -> Project {
        Project::on(Home::shared(engine))
    }

    /// The same on a server of one's own.
    pub fn on(home: Home) -> Project {
        let project = Project::create(home);
        project.file("dbwarden.toml", format!("[database.primary]\ndatabase_url = \"{}\"\n", project.url()));
        std::fs::create_dir(project.path("migrations")).expect("creating migrations/");
        project
    }

    /// An empty folder and an empty database.
    pub fn bare(engine: Engine) -> Project {
        Project::create(Home::shared(engine))
    }

    fn create(home: Home) -> Project {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let database = format!("t_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        match home {
            Home::Postgres(server) => {
                server.admin("postgres", &format!("CREATE DATABASE {database} OWNER {USER}"));
            }
            Home::MySql(server) => {
                server.admin(&format!("CREATE DATABASE {database} CHARACTER SET utf8mb4"));
            }
            Home::Sqlite => {}
        }
        Project { home, folder: tempfile::tempdir().expect("a temporary directory"), database }
    }

    /// The engine of its database.
    pub fn engine(&self) -> Engine {
        self.home.engine()
    }

    /// The port of its server on 127.0.0.1; 0 on SQLite.
    pub fn port(&self) -> u16 {
        match self.home {
            Home::Postgres(server) => server.port(),
            Home::MySql(server) => server.port(),
            Home::Sqlite => 0,
        }
    }

    /// SQL for things every engine can do but spells its own way.
    pub fn snippets(&self) -> &'static Snippets {
        Snippets::of(self.engine())
    }

    /// The name of its database on the server.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// A path in its folder.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// The URL of its database, with the password, over TCP.
    pub fn url(&self) -> String {
        self.url_with_password(PASSWORD)
    }

    /// The URL over the server's socket: on PostgreSQL without a login that takes time.
    pub fn socket_url(&self) -> String {
        let database = &self.database;
        match self.home {
            Home::Postgres(server) => {
                let folder = percent_encode(&server.socket_dir().display().to_string());
                format!("postgresql://{USER}@{folder}:{}/{database}", server.port())
            }
            Home::MySql(server) => {
                let socket = percent_encode(&server.socket().display().to_string());
                format!("mysql://{USER}:{}@localhost/{database}?socket={socket}", percent_encode(PASSWORD))
            }
            Home::Sqlite => self.url(),
        }
    }

    /// The URL with another password.
    pub fn url_with_password(&self, password: &str) -> String {
        // TLS has tests of its own; without it the others connect faster.
        match self.home {
            Home::Postgres(server) => self.url_at(password, server.port(), "?sslmode=disable"),
            Home::MySql(server) => self.url_at(password, server.port(), ""),
            Home::Sqlite => format!("sqlite:///{}", self.path("app.db").display()),
        }
    }

    /// The URL on another port of 127.0.0.1.
    pub fn url_at(&self, password: &str, port: u16, parameters: &str) -> String {
        let (scheme, password) = (self.engine().name(), percent_encode(password));
        format!("{scheme}://{USER}:{password}@127.0.0.1:{port}/{}{parameters}", self.database)
    }

    /// Writes a file into the folder, with the folders above it.
    pub fn file(&self, relative: &str, content: impl AsRef<[u8]>) -> &Project {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("creating a folder");
        std::fs::write(path, content).expect("writing a file");
        self
    }

    /// Reads a file of the folder.
    pub fn read(&self, relative: &str) -> String {
        std::fs::read_to_string(self.path(relative)).expect("reading a file")
    }

    /// Removes a file of the folder.
    pub fn remove(&self, relative: &str) -> &Project {
        std::fs::remove_file(self.path(relative)).expect("removing a file");
        self
    }

    /// Writes a migration with its two sections.
    pub fn migration(&self, name: &str, upgrade: &str, rollback: &str) -> &Project {
        self.file(&format!("migrations/{name}"), format!("-- upgrade\n\n{upgrade}\n\n-- rollback\n\n{rollback}\n"))
    }

    /// Writes the migrations `0001_create_t1.sql` up to `count`: each creates the table `t<N>` and drops it.
    pub fn tables(&self, count: usize) -> &Project {
        for number in 1..=count {
            let (up, down) = (format!("CREATE TABLE t{number} (id int);"), format!("DROP TABLE t{number};"));
            self.migration(&format!("{number:04}_create_t{number}.sql"), &up, &down);
        }
        self
    }

    /// Adds lines to `[database.primary]`.
    pub fn toml_extra(&self, lines: &str) -> &Project {
        let text = self.read("dbwarden.toml");
        self.file("dbwarden.toml", format!("{text}{lines}\n"))
    }

    /// A run in the folder, to be given an environment or input first.
    pub fn command<A: Into<OsString>>(&self, arguments: impl IntoIterator<Item = A>) -> Invocation {
        Invocation::new(self.folder.path(), arguments)
    }

    /// A run of a shell script in the folder; `dbwarden` in it is the built binary.
    pub fn shell(&self, script: &str) -> Invocation {
        Invocation::shell(self.folder.path(), script)
    }

    /// Copies what is in a folder of the repository, or one of its files, into the folder `into`.
    pub fn copy_of(&self, relative: &str, into: &str) -> &Project {
        std::fs::create_dir_all(self.path(into)).expect("creating a folder");
        copy(&repository().join(relative), &self.path(into));
        self
    }

    /// Runs `dbwarden` in the folder to its end.
    #[must_use = "how it ended is what the test is about"]
    #[track_caller]
    pub fn run<A: Into<OsString>>(&self, arguments: impl IntoIterator<Item = A>) -> Finished {
        self.command(arguments).run()
    }

    /// Starts `dbwarden` in the folder.
    #[track_caller]
    pub fn spawn<A: Into<OsString>>(&self, arguments: impl IntoIterator<Item = A>) -> Running {
        self.command(arguments).spawn()
    }

    /// Runs `migrate`, which must succeed.
    #[track_caller]
    pub fn migrate(&self) -> Finished {
        self.run(["migrate"]).exits(0)
    }

    /// Runs with `--json` and parses the document.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        self.run(arguments.iter().chain(&["--json"])).json()
    }

    /// Runs SQL through the engine's own client: one row a line, columns separated by `|`.
    #[track_caller]
    pub fn sql(&self, sql: &str) -> String {
        pipe(&mut self.client(), &format!("{sql};\n")).replace('\t', "|")
    }

    /// A command of the client itself.
    #[track_caller]
    pub fn sql_as_it_is(&self, command: &str) -> String {
        pipe(&mut self.client(), &format!("{command}\n"))
    }

    /// Whether the engine's own client accepts `sql`.
    pub fn sql_works(&self, sql: &str) -> bool {
        try_pipe(&mut self.client(), &format!("{sql};\n")).is_ok()
    }

    /// Whether there is such a table.
    pub fn has_table(&self, name: &str) -> bool {
        self.sql_works(&format!("SELECT count(*) FROM {name}"))
    }

    /// The engine's own client on this database.
    pub fn client(&self) -> std::process::Command {
        match self.home {
            Home::Postgres(server) => server.psql(USER, &self.database),
            Home::MySql(server) => server.client(&self.database),
            Home::Sqlite => {
                let mut sqlite = client("sqlite3");
                sqlite
                    .args(["-bail", "-batch", "-init", "/dev/null", "-cmd", ".timeout 10000"])
                    .arg(self.path("app.db"));
                sqlite
            }
        }
    }

    /// The database's structure without the tool's own tables, as text that two equal databases share.
    #[track_caller]
    pub fn schema(&self) -> String {
        match self.home {
            Home::Postgres(server) => server.schema(&self.database),
            Home::MySql(server) => server.schema(&self.database),
            Home::Sqlite => self.sql(
                "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT LIKE '\\_dbwarden\\_%' ESCAPE '\\' \
                 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name",
            ),
        }
    }

    /// The file names in the history, in order of application.
    #[track_caller]
    pub fn history(&self) -> Vec<String> {
        let rows = self.sql("SELECT filename FROM _dbwarden_migrations ORDER BY sequence");
        rows.lines().map(str::to_string).collect()
    }

    /// The versions in the history, in order of application; repeatables are left out.
    #[track_caller]
    pub fn versions(&self) -> Vec<String> {
        let rows = self.sql("SELECT version FROM _dbwarden_migrations WHERE version IS NOT NULL ORDER BY sequence");
        rows.lines().map(str::to_string).collect()
    }

    /// Everything that writing would change: structure, history, the names and contents of all files.
    #[track_caller]
    pub fn fingerprint(&self) -> String {
        let history = match self.has_table("_dbwarden_migrations") {
            true => self.sql("SELECT filename, checksum, applied_at FROM _dbwarden_migrations ORDER BY sequence"),
            false => "no history".to_string(),
        };
        let mut files = String::new();
        list_files(self.folder.path(), &mut files);
        format!("{}\n{history}\n{files}", self.schema())
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        // A leftover does no harm, as the whole server goes; a panic here while a test fails would hide the failure.
        let drop = format!("DROP DATABASE {}", self.database);
        let _ = match self.home {
            Home::Postgres(server) => {
                try_pipe(&mut server.psql("postgres", "postgres"), &format!("{drop} WITH (FORCE)"))
            }
            Home::MySql(_) => try_pipe(&mut self.client(), &drop),
            Home::Sqlite => Ok(String::new()),
        };
    }
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file goes into the folder `to`, of a folder what is in it. Databases that a run by hand left there stay there.
fn copy(from: &Path, to: &Path) {
    if from.extension().is_some_and(|extension| extension == "db") {
        return;
    }
    if from.is_file() {
        std::fs::copy(from, to.join(from.file_name().expect("a name"))).expect("copying a file");
        return;
    }
    for entry in std::fs::read_dir(from).expect("a folder of the repository").flatten() {
        let target = if entry.path().is_dir() { to.join(entry.file_name()) } else { to.to_path_buf() };
        std::fs::create_dir_all(&target).expect("creating a folder");
        copy(&entry.path(), &target);
    }
}

/// Names and contents of the files below `folder`; of databases, which reading may touch, nothing.
fn list_files(folder: &Path, files: &mut String) {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !path.is_symlink() {
            list_files(&path, files);
        } else if !name.starts_with("app.db") {
            let content = std::fs::read(&path).unwrap_or_default();
            files.push_str(&format!("{}\n{}\n", path.display(), content.escape_ascii()));
        }
    }
}
