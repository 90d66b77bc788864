//! Somebody else who uses the same database.

use std::io::Write;
use std::process::{Child, Stdio};

use super::{Engine, Project, wait_until};

/// A session of somebody else with an open transaction that uses a table; it ends with its standard input.
pub struct Neighbour(Child);

impl Neighbour {
    /// Uses `table` as an application does: others may read and write it, and nobody can change its structure.
    pub fn of(project: &Project, table: &str) -> Neighbour {
        Neighbour::with(
            project,
            &match project.engine() {
                Engine::Postgres => format!("LOCK TABLE {table} IN ROW EXCLUSIVE MODE"),
                _ => format!("SELECT count(*) FROM {table}"),
            },
        )
    }

    /// Has run `statement` in its transaction.
    pub fn with(project: &Project, statement: &str) -> Neighbour {
        // Clients keep what they print to themselves for a while: a lock of its own tells others how far it is.
        let (take, is_taken) = match project.engine() {
            Engine::Postgres => (
                "SELECT pg_advisory_lock(4711)".to_string(),
                "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database \
                 WHERE objid = 4711 AND datname = current_database()",
            ),
            _ => {
                (format!("SELECT GET_LOCK('{}', 0)", project.database()), "SELECT IS_USED_LOCK(database()) IS NOT NULL")
            }
        };
        let mut client = project.client().stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("a client");
        let script = format!("BEGIN;\n{statement};\n{take};\n");
        client.stdin.as_mut().expect("a pipe").write_all(script.as_bytes()).expect("a client that reads");
        wait_until("the neighbour uses the table", || project.sql(is_taken) == "1");
        Neighbour(client)
    }

    /// Ends the session; its transaction is undone.
    pub fn end(mut self) {
        drop(self.0.stdin.take());
        self.0.wait().expect("a client that ends");
    }
}
