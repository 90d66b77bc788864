//! Databases beside the real one: made, looked at, dropped.

use std::time::Duration;

use crate::backup::error::BackupError;
use crate::backup::name;
use crate::backup::technique::describe_session;
use crate::db::{self, ConnectOptions, Server, Session, SessionOptions, SqlErrorKind};
use crate::dialect::{Engine, identifier, literal};

/// The longest name of a database, in characters.
const NAME_LIMIT: usize = 64;

/// What the tables' rows take, without indexes.
pub(super) const DATA_SIZE: &str = "SELECT CAST(COALESCE(SUM(DATA_LENGTH), 0) AS SIGNED) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()";

/// A generated column, if there is one.
const GENERATED: &str = "SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME) FROM information_schema.COLUMNS \
     WHERE TABLE_SCHEMA = DATABASE() AND EXTRA LIKE '% GENERATED' ORDER BY TABLE_NAME, ORDINAL_POSITION LIMIT 1";

const OTHERS: &str = "SELECT ID, USER, HOST, COMMAND FROM information_schema.PROCESSLIST \
     WHERE DB = DATABASE() AND ID <> CONNECTION_ID() ORDER BY ID";

/// Sessions of this user that wait for a table's lock longer than `limit`: one row with the statement.
pub(super) fn waiting_for_a_lock(limit: Duration) -> String {
    format!(
        "SELECT LEFT(INFO, 200) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID() \
         AND STATE LIKE 'Waiting for %lock%' AND TIME >= {} AND USER = SUBSTRING_INDEX(USER(), '@', 1)",
        limit.as_secs()
    )
}

/// Refuses a dump by MariaDB's `program` where MySQL would not take it back.
///
/// # Errors
/// [`BackupError::OtherProduct`], and the server's.
pub(super) async fn refuse_generated(session: &mut dyn Session, program: &str) -> Result<(), BackupError> {
    let found = session.query(GENERATED).await?;
    match found.first().and_then(|row| row.text(0)) {
        Some(column) => Err(BackupError::OtherProduct { program: program.to_owned(), column: column.to_owned() }),
        None => Ok(()),
    }
}

/// A name for a database beside `database`.
pub(super) fn beside(database: &str, what: &str, run_id: &str) -> String {
    name::beside(database, what, run_id, NAME_LIMIT, |name| name.chars().count())
}

/// Makes an empty database called `name`, with character set and collation of the real one.
///
/// # Errors
/// [`BackupError::Exists`] and [`BackupError::MayNotCreate`].
pub(super) async fn create_like(server: &Server, name: &str) -> Result<(), BackupError> {
    let mut session = connect(server).await?;
    let result = create(session.as_mut(), name).await;
    session.close().await;
    result
}

/// The same through a session that is connected to the real one.
pub(super) async fn create(session: &mut dyn Session, name: &str) -> Result<(), BackupError> {
    let made = session.query("SELECT @@character_set_database, @@collation_database").await?;
    let word = |index: usize| made.first().and_then(|row| row.text(index)).unwrap_or_default().to_owned();
    let quoted = identifier(Engine::MySql, name);
    let sql = format!("CREATE DATABASE {quoted} CHARACTER SET {} COLLATE {}", word(0), word(1));
    match session.execute(&sql).await {
        Ok(_) => Ok(()),
        // ER_DB_CREATE_EXISTS
        Err(error) if error.code.as_deref() == Some("1007") => Err(BackupError::Exists(format!("the database {name}"))),
        Err(error) if error.kind == SqlErrorKind::PermissionDenied => Err(BackupError::MayNotCreate {
            database: name.to_owned(),
            remedy: format!("let the user make it: `GRANT ALL ON {quoted}.* TO …`"),
            error,
        }),
        Err(error) => Err(error.into()),
    }
}

/// Drops the database `name`, if it is there.
pub(super) async fn drop(server: &Server, name: &str) -> Result<(), BackupError> {
    let mut session = connect(server).await?;
    let result = session.execute(&format!("DROP DATABASE IF EXISTS {}", identifier(Engine::MySql, name))).await;
    session.close().await;
    result.map(|_| ()).map_err(BackupError::from)
}

async fn connect(server: &Server) -> Result<Box<dyn Session>, BackupError> {
    Ok(db::connect(&ConnectOptions::MySql(server.clone()), &SessionOptions::default()).await?)
}

/// Who else uses the session's database, as far as the user may see.
pub(super) async fn others(session: &mut dyn Session) -> Result<Vec<String>, BackupError> {
    Ok(session.query(OTHERS).await?.iter().map(describe_session).collect())
}

/// Ends the sessions of others. One that has ended by itself, or that the user may not end, is passed over.
pub(super) async fn end_others(session: &mut dyn Session) -> Result<(), BackupError> {
    for row in session.query(OTHERS).await? {
        if let Some(id) = row.number(0) {
            let _ = session.execute(&format!("KILL CONNECTION {id}")).await;
        }
    }
    Ok(())
}

/// The names of what is in database `name`, by kind.
pub(super) struct Contents {
    /// Tables and sequences: what can be renamed into another database.
    pub(super) tables: Vec<String>,
    pub(super) views: Vec<String>,
    pub(super) triggers: Vec<String>,
    /// `PROCEDURE` or `FUNCTION`, and the name.
    pub(super) routines: Vec<(String, String)>,
    pub(super) events: Vec<String>,
}

impl Contents {
    /// Whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        let Contents { tables, views, triggers, routines, events } = self;
        [tables, views, triggers, events].into_iter().all(Vec::is_empty) && routines.is_empty()
    }

    pub(super) async fn of(session: &mut dyn Session, name: &str) -> Result<Contents, BackupError> {
        let schema = literal(Engine::MySql, name);
        let tables =
            format!("SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = {schema}");
        let (mut of_tables, mut views) = (Vec::new(), Vec::new());
        for row in session.query(&tables).await? {
            let (Some(name), Some(kind)) = (row.text(0), row.text(1)) else { continue };
            let list = if kind.ends_with("VIEW") { &mut views } else { &mut of_tables };
            list.push(name.to_owned());
        }
        let mut names = async |sql: String| -> Result<Vec<String>, BackupError> {
            let rows = session.query(&sql).await?;
            Ok(rows.iter().filter_map(|row| row.text(0)).map(str::to_owned).collect())
        };
        let triggers =
            names(format!("SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {schema}"))
                .await?;
        let events =
            names(format!("SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {schema}")).await?;
        let routines = names(format!(
            "SELECT CONCAT(ROUTINE_TYPE, ' ', ROUTINE_NAME) FROM information_schema.ROUTINES \
             WHERE ROUTINE_SCHEMA = {schema} AND ROUTINE_TYPE IN ('PROCEDURE', 'FUNCTION')"
        ))
        .await?;
        let routines = routines.iter().filter_map(|routine| routine.split_once(' '));
        let routines = routines.map(|(kind, name)| (kind.to_owned(), name.to_owned())).collect();
        Ok(Contents { tables: of_tables, views, triggers, routines, events })
    }
}
