use super::{Error, ErrorKind};
use crate::db::history_table::BookkeepingError;
use crate::db::{SqlError, SqlErrorKind};
use crate::dialect::{Engine, Tables};

impl From<BookkeepingError> for Error {
    fn from(error: BookkeepingError) -> Self {
        match error {
            BookkeepingError::Sql(error) => {
                let mut failed = Error::from(&error);
                failed.message = format!("the history could not be read: {}", error.message);
                failed
            }
            BookkeepingError::Newer { .. } => Error::new(ErrorKind::Refused, error.to_string())
                .hint("use the dbwarden version that wrote it, or a later one"),
            BookkeepingError::Unreadable { .. } => Error::new(ErrorKind::Disagreement, error.to_string())
                .hint("look at the row, and correct or remove it by hand"),
        }
    }
}

impl Error {
    /// The tool's tables could not be created; names the grant that is missing.
    pub fn from_table_creation(error: &SqlError, tables: &Tables, user: &str) -> Self {
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
