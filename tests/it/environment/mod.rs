//! Hostile environments: what a run meets when the server, the disk, the rights or the tool's own tables are not as
//! they were. Each time: nothing half-done, a message that says what to do, and a clean run once that was done.

mod rights;
mod room;
mod server;
mod tables;

use crate::harness::mariadb::MariaDb;
use crate::harness::postgres::Postgres;
use crate::harness::{Engine, Finished, Project};

/// Runs statements as the server's administrator.
fn admin(project: &Project, sql: &str) -> String {
    match project.engine() {
        Engine::Postgres => Postgres::get().admin(project.database(), sql),
        Engine::MySql => MariaDb::get().admin(sql),
        Engine::Sqlite => panic!("SQLite has no administrator"),
    }
}

/// A login of this project alone, of which rights, password and limits can be changed.
struct Login<'a> {
    project: &'a Project,
    name: String,
}

impl<'a> Login<'a> {
    const PASSWORD: &'static str = "first-Pw1";

    fn new(project: &'a Project) -> Login<'a> {
        let (database, name) = (project.database(), format!("u_{}", project.database()));
        match project.engine() {
            // The tests look into the database as `app`.
            Engine::Postgres => admin(
                project,
                &format!(
                    "CREATE ROLE {name} LOGIN PASSWORD '{}'; ALTER DATABASE {database} OWNER TO {name};
                     ALTER SCHEMA public OWNER TO {name}; GRANT {name} TO app",
                    Login::PASSWORD
                ),
            ),
            _ => admin(
                project,
                &format!("CREATE USER {name} IDENTIFIED BY '{}'; GRANT ALL ON {database}.* TO {name}", Login::PASSWORD),
            ),
        };
        let login = Login { project, name };
        login.configure(Login::PASSWORD);
        login
    }

    fn configure(&self, password: &str) {
        let (project, name) = (self.project, &self.name);
        let (scheme, parameters) = match project.engine() {
            Engine::Postgres => ("postgresql", "?sslmode=disable"),
            _ => ("mysql", ""),
        };
        let place = format!("127.0.0.1:{}/{}{parameters}", project.port(), project.database());
        project.file(
            "dbwarden.toml",
            format!("[database.primary]\ndatabase_url = \"{scheme}://{name}:{password}@{place}\"\n"),
        );
    }

    /// Takes a right away, or gives it back: the user's name stands in place of `{}`.
    fn change(&self, sql: &str) {
        admin(self.project, &sql.replace("{}", &self.name));
    }
}

/// The SQL that the first line of advice consists of.
#[track_caller]
fn advised(run: &Finished) -> String {
    let next = run.stderr.lines().find_map(|line| line.trim().strip_prefix("= next: "));
    next.unwrap_or_else(|| panic!("no advice: {run:?}")).to_string()
}

/// What a run must not change, as text. The tool's own tables are looked at, too.
fn state(project: &Project) -> String {
    let tables = ["_dbwarden_migrations", "_dbwarden_journal", "_dbwarden_events"];
    let counts = tables.map(|table| project.sql(&format!("SELECT count(*) FROM {table}")));
    format!("{}\n{}", counts.join(" "), project.schema())
}
