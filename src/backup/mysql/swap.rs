//! The tables of one database take the places of another's.

use std::process::Stdio;

use tokio::io::AsyncWriteExt;

use super::client::{Client, DEFINITION_FLAGS, LOAD_FLAGS, PROGRAM_FLAGS, flags_of};
use super::database::{self, Contents};
use crate::backup::error::BackupError;
use crate::backup::program::{Program, Running};
use crate::backup::technique::Swapped;
use crate::db::{Server, Session};
use crate::dialect::{Engine, identifier};
use crate::fail_point;

/// A swap, and what it needs.
pub(super) struct Swap<'a> {
    pub(super) server: &'a Server,
    pub(super) scratch: &'a str,
    pub(super) dump: &'a Program,
    pub(super) load: &'a Program,
}

impl Swap<'_> {
    /// Views, triggers, routines and events cannot change their database, and triggers keep their tables from doing
    /// so: they are written down, dropped, and made again behind the tables. The tables change places in one statement.
    ///
    /// # Errors
    /// [`BackupError::NotSwapped`], with the state: before the tables have changed places the old ones are in place.
    pub(super) async fn run(&self, session: &mut dyn Session, force: bool) -> Result<Swapped, BackupError> {
        let real = &self.server.database;
        let old = database::beside(real, "before", self.scratch.rsplit('_').next().unwrap_or_default());
        if force {
            database::end_others(session).await?;
        }
        let (from, to) = (Contents::of(session, real).await?, Contents::of(session, self.scratch).await?);
        let (old_programs, new_programs) = (self.programs(real, &from).await?, self.programs(self.scratch, &to).await?);
        // What holds nothing needs no place to be kept in: a database that was made only to be replaced.
        let is_kept = !from.is_empty();
        if is_kept {
            database::create(session, &old).await?;
        }

        let moved = self.move_tables(session, &old, &from, &to).await;
        if let Err(problem) = moved {
            let restored = self.load(real, &old_programs).await;
            if is_kept {
                let _ = session.execute(&format!("DROP DATABASE {}", quoted(&old))).await;
            }
            let state = match restored {
                Ok(()) => format!("the database {real} is as it was before"),
                Err(error) => format!(
                    "the tables of {real} are as they were; its views, triggers, routines and events are incomplete: {error}"
                ),
            };
            return Err(BackupError::NotSwapped { problem: problem.to_string(), state });
        }
        fail_point::pass("tables moved");
        let mut notes = Vec::new();
        if is_kept && let Err(error) = self.load(&old, &old_programs).await {
            notes.push(format!("views, triggers, routines and events of the old data were not kept: {error}"));
        }
        fail_point::pass("old programs loaded");
        self.load(real, &new_programs).await.map_err(|error| BackupError::NotSwapped {
            problem: error.to_string(),
            state: format!(
                "the tables of {real} are those of the backup, its views, triggers, routines and events are incomplete; \
                 restore again when the cause is gone{}",
                if is_kept { format!("; the data before is in the database {old}") } else { String::new() }
            ),
        })?;
        if !is_kept {
            return Ok(Swapped { old: None, notes });
        }
        notes.push(format!("`DROP DATABASE {}` removes it when it is not needed any more", quoted(&old)));
        Ok(Swapped { old: Some(format!("in the database {old}")), notes })
    }

    async fn move_tables(
        &self,
        session: &mut dyn Session,
        old: &str,
        from: &Contents,
        to: &Contents,
    ) -> Result<(), BackupError> {
        let real = &self.server.database;
        // DROP and RENAME wait for those who use a table: not for ever.
        session.execute("SET SESSION lock_wait_timeout = 10").await?;
        for (database, contents) in [(real.as_str(), from), (self.scratch, to)] {
            for sql in drops(database, contents) {
                session.execute(&sql).await?;
            }
        }
        let rename = |names: &[String], from: &str, to: &str| {
            let one = |name: &String| format!("{}.{} TO {}.{}", quoted(from), quoted(name), quoted(to), quoted(name));
            names.iter().map(one).collect::<Vec<_>>()
        };
        let mut renames = rename(&from.tables, real, old);
        renames.extend(rename(&to.tables, self.scratch, real));
        if !renames.is_empty() {
            session.execute(&format!("RENAME TABLE {}", renames.join(", "))).await?;
        }
        Ok(())
    }

    /// The statements that make views, triggers, routines and events of a database.
    async fn programs(&self, database: &str, contents: &Contents) -> Result<Vec<u8>, BackupError> {
        let client = Client::new(self.server, self.dump)?;
        let mut text = Vec::new();
        // Routines first: views may call them. Triggers stand on tables, which are there by then.
        let mut command = client.command(self.dump);
        command.args(PROGRAM_FLAGS).args(flags_of(&self.dump.banner)).arg(database);
        text.extend(self.output(command).await?);
        if !contents.views.is_empty() {
            let mut command = client.command(self.dump);
            command.args(DEFINITION_FLAGS).args(flags_of(&self.dump.banner)).arg(database).args(&contents.views);
            text.extend(self.output(command).await?);
        }
        Ok(text)
    }

    async fn output(&self, mut command: tokio::process::Command) -> Result<Vec<u8>, BackupError> {
        use tokio::io::AsyncReadExt;
        let mut running = Running::start(&self.dump.name(), command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
        let mut text = Vec::new();
        if let Some(mut stdout) = running.child.stdout.take() {
            stdout.read_to_end(&mut text).await.map_err(BackupError::io("read from", &self.dump.path))?;
        }
        running.finish().await?;
        Ok(text)
    }

    async fn load(&self, database: &str, text: &[u8]) -> Result<(), BackupError> {
        let client = Client::new(self.server, self.load)?;
        let mut command = client.command(self.load);
        command.args(LOAD_FLAGS).arg(format!("--database={database}"));
        let mut running = Running::start(&self.load.name(), command.stdin(Stdio::piped()).stdout(Stdio::null()))?;
        if let Some(mut stdin) = running.child.stdin.take() {
            // One that ended early says why itself.
            let _ = stdin.write_all(text).await;
        }
        running.finish().await.map(drop)
    }
}

fn drops(database: &str, contents: &Contents) -> Vec<String> {
    let within = |name: &String| format!("{}.{}", quoted(database), quoted(name));
    let mut statements: Vec<String> = Vec::new();
    statements.extend(contents.events.iter().map(|name| format!("DROP EVENT IF EXISTS {}", within(name))));
    statements.extend(contents.triggers.iter().map(|name| format!("DROP TRIGGER IF EXISTS {}", within(name))));
    statements.extend(contents.views.iter().map(|name| format!("DROP VIEW IF EXISTS {}", within(name))));
    statements.extend(contents.routines.iter().map(|(kind, name)| format!("DROP {kind} IF EXISTS {}", within(name))));
    statements
}

fn quoted(name: &str) -> String {
    identifier(Engine::MySql, name)
}
