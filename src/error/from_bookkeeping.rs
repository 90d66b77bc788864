use super::{Error, ErrorKind};
use crate::db::history_table::BookkeepingError;
use crate::db::readiness::NotReady;
use crate::db::{SqlError, SqlErrorKind};
use crate::dialect::{Engine, Tables, grant_for};
use crate::executor::{Cause, RunReport};

impl Error {
    /// The tool's tables could not be read; names the grant that is missing.
    pub fn from_bookkeeping(error: BookkeepingError, tables: &Tables, user: &str) -> Self {
        let message = error.to_string();
        match error {
            BookkeepingError::Sql(error) => {
                let mut failed = Error::from(&error);
                failed.message = format!("the history could not be read: {}", error.message);
                failed.naming_grants(error.kind, tables.grants(user, false))
            }
            BookkeepingError::Newer { .. } => {
                Error::new(ErrorKind::Refused, message).hint("use the dbwarden version that wrote it, or a later one")
            }
            BookkeepingError::Altered { table, .. } => Error::new(ErrorKind::Disagreement, message)
                .note("nobody could say what is applied; nothing was run")
                .hint(format!("someone altered it: restore {} from a backup", tables.qualified(&table)))
                .hint(format!("or, if that table is not dbwarden's: name another one as migration_table, not {table}")),
            BookkeepingError::Unreadable { .. } => {
                Error::new(ErrorKind::Disagreement, message).hint("look at the row, and correct or remove it by hand")
            }
        }
    }

    /// The history table is gone, and the events still tell of so many migrations.
    pub fn from_lost_history(count: usize, tables: &Tables) -> Self {
        let (history, events) = (tables.qualified(&tables.history), tables.qualified(&tables.events));
        let message = format!("the history table {history} is gone, but {events} tells of {count} applied migrations");
        Error::new(ErrorKind::Disagreement, message)
            .note("applying them again could do their work twice; nothing was run")
            .hint(format!("restore {history} from a backup; `dbwarden history --events` shows what was done"))
            .hint("or record what the database already has: `dbwarden migrate --baseline -t VERSION`")
            .hint(format!("or, if the database was emptied on purpose: DROP TABLE {events};"))
    }

    /// The tool's tables could not be created, or cannot be written; names the grant that is missing.
    pub fn from_not_ready(error: &NotReady, tables: &Tables, user: &str) -> Self {
        let failed = match error {
            NotReady::Creating(error) => Error::from_table_creation(error, tables, user),
            NotReady::Altered(columns) => {
                let altered = BookkeepingError::Altered { table: tables.history.clone(), columns: columns.clone() };
                Error::from_bookkeeping(altered, tables, user)
            }
            NotReady::Writing(error) => {
                let mut failed = Error::from(error);
                failed.message = format!("the history cannot be written: {}", failed.message);
                failed.naming_grants(error.kind, tables.grants(user, true)).note("nothing was run")
            }
        };
        match failed.kind {
            // Not our own SQL is wrong, but what it is about.
            ErrorKind::Bug => failed.with_kind(ErrorKind::Disagreement).hint(format!(
                "someone altered dbwarden's tables: look at {} and its neighbours, and restore them from a backup",
                tables.qualified(&tables.history)
            )),
            _ => failed,
        }
    }

    /// Names the grant that a failed run misses, as far as it can be told.
    pub fn naming_missing_grants(self, run: &RunReport, tables: &Tables, user: &str) -> Self {
        let Some(failure) = &run.failure else { return self };
        match &failure.cause {
            Cause::Bookkeeping(error) => self.naming_grants(error.kind, tables.grants(user, true)),
            Cause::Statement { error, .. } => {
                self.naming_grants(error.kind, grant_for(tables.engine, &error.message, &tables.schema, user))
            }
            Cause::Commit(_) | Cause::Role(_) | Cause::ForeignKeys { .. } | Cause::LockLost | Cause::Interrupted(_) => {
                self
            }
        }
    }

    /// Puts the grant in place of the general advice about rights.
    fn naming_grants(mut self, kind: SqlErrorKind, grants: Option<String>) -> Self {
        if let (SqlErrorKind::PermissionDenied, Some(grants)) = (kind, grants) {
            match self.hints.first_mut() {
                Some(first) => *first = grants,
                None => self.hints.push(grants),
            }
        }
        self
    }

    /// The tool's tables could not be created; names the grant that is missing.
    fn from_table_creation(error: &SqlError, tables: &Tables, user: &str) -> Self {
        let mut failed = Error::from(error);
        failed.message = format!("the history table could not be created: {}", failed.message);
        if matches!(error.kind, SqlErrorKind::PermissionDenied | SqlErrorKind::NoFileAccess) {
            let schema = crate::dialect::identifier(tables.engine, &tables.schema);
            failed.hints = vec![match tables.engine {
                Engine::Postgres => {
                    // Every database has this one; any other may be what is missing.
                    let create = match tables.schema.as_str() {
                        "public" => String::new(),
                        _ => format!("CREATE SCHEMA IF NOT EXISTS {schema}; "),
                    };
                    format!("{create}GRANT USAGE, CREATE ON SCHEMA {schema} TO \"{user}\";")
                }
                Engine::MySql => format!("GRANT ALL ON {schema}.* TO '{user}'@'%';"),
                Engine::Sqlite => "give the process the right to write the database file and its folder".to_string(),
            }];
        }
        failed.note("nothing was run")
    }
}
