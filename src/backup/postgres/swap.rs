//! One database takes the name of another.

use std::time::{Duration, Instant};

use super::database::{self, beside, end_sessions, maintenance};
use crate::backup::error::BackupError;
use crate::backup::technique::Swapped;
use crate::db::{Server, Session, SessionOptions, SqlError};
use crate::dialect::{Engine, identifier, literal};
use crate::fail_point;

/// When it is no use to try again: the server itself waits five seconds for others to leave, and nobody new gets in.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a renaming may wait for others who alter the database, or make a copy of it.
const LOCK_LIMIT: Duration = Duration::from_secs(10);

/// Settings that hold a list of names: their value is stored as it is written
/// (<https://www.postgresql.org/docs/current/sql-alterdatabase.html>).
const LISTS: [&str; 5] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// Gives `scratch` the name of the real database, which keeps another one. One transaction: both names change, or none.
///
/// # Errors
/// [`BackupError::InUse`] without `force`, and [`BackupError::NotSwapped`].
pub(super) async fn swap(
    server: &Server,
    session: Box<dyn Session>,
    scratch: &str,
    force: bool,
) -> Result<Swapped, BackupError> {
    let real = &server.database;
    let old = beside(real, "before", scratch.rsplit('_').next().unwrap_or_default());
    let bounded = SessionOptions { lock_timeout: Some(LOCK_LIMIT), ..SessionOptions::default() };
    let mut renaming = maintenance(server, &bounded).await?;
    let mut ending = maintenance(server, &bounded).await?;
    let notes = carry_over(renaming.as_mut(), real, scratch).await;

    // Renaming locks the database against new sessions, and then waits a few seconds for those there are to leave: ours
    // among them, which gives the migration lock back.
    session.close().await;
    let result = rename(renaming.as_mut(), ending.as_mut(), real, scratch, &old, force).await;
    renaming.close().await;
    ending.close().await;
    match result {
        Ok(()) => {
            fail_point::pass("database renamed");
            if database::drop_if_empty(server, &old).await {
                return Ok(Swapped { old: None, notes });
            }
            let drop = format!("`DROP DATABASE {}` removes it when it is not needed any more", quoted(&old));
            let old = Some(format!("in the database {old}"));
            Ok(Swapped { old, notes: notes.into_iter().chain([drop]).collect() })
        }
        // object_in_use
        Err(error) if error.code.as_deref() == Some("55006") && !force => {
            Err(BackupError::InUse { sessions: vec![error.message], may_be_ended: true })
        }
        Err(error) => Err(BackupError::NotSwapped {
            problem: error.message,
            state: format!("the database {real} is as it was before"),
        }),
    }
}

async fn rename(
    renaming: &mut dyn Session,
    ending: &mut dyn Session,
    real: &str,
    scratch: &str,
    old: &str,
    force: bool,
) -> Result<(), SqlError> {
    let started = Instant::now();
    let texts = [
        "BEGIN".to_owned(),
        format!("ALTER DATABASE {} RENAME TO {}", quoted(real), quoted(old)),
        format!("ALTER DATABASE {} RENAME TO {}", quoted(scratch), quoted(real)),
        "COMMIT".to_owned(),
    ];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let end_others = end_sessions(real);
    loop {
        let mut ignore = |_, _| {};
        let attempt = renaming.run(&texts, &mut ignore);
        let ending_others = async {
            // While the renaming waits for them, nobody new gets in.
            while force && ending.query(&end_others).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            std::future::pending::<()>().await;
        };
        let result = tokio::select! {
            result = attempt => result,
            () = ending_others => return Ok(()),
        };
        let Err(failed) = result else { return Ok(()) };
        let _ = renaming.execute("ROLLBACK").await;
        if !force || failed.error.code.as_deref() != Some("55006") || started.elapsed() > PATIENCE {
            return Err(failed.error);
        }
    }
}

/// What belongs to a database and is not in a dump of it: settings, rights, the limit of connections, the comment. What
/// cannot be carried over is told.
async fn carry_over(session: &mut dyn Session, real: &str, scratch: &str) -> Vec<String> {
    let statements = match properties(session, real, scratch).await {
        Ok(statements) => statements,
        Err(error) => return vec![format!("settings and rights of the database were not carried over: {error}")],
    };
    let mut notes = Vec::new();
    for sql in statements {
        if let Err(error) = session.execute(&sql).await {
            notes.push(format!("not carried over: {} ({error})", sql.replace(&quoted(scratch), &quoted(real))));
        }
    }
    notes
}

async fn properties(session: &mut dyn Session, real: &str, scratch: &str) -> Result<Vec<String>, SqlError> {
    let (to, is_real) = (quoted(scratch), format!("d.datname OPERATOR(pg_catalog.=) {}", text(real)));
    let mut statements = Vec::new();
    let settings = format!(
        "SELECT r.rolname, pg_catalog.unnest(s.setconfig) FROM pg_catalog.pg_db_role_setting AS s \
         JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) s.setdatabase \
         LEFT JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) s.setrole WHERE {is_real}"
    );
    for row in session.query(&settings).await? {
        let Some((name, value)) = row.text(1).and_then(|setting| setting.split_once('=')) else { continue };
        let whose = match row.text(0) {
            Some(role) => format!("ROLE {} IN DATABASE {to}", quoted(role)),
            None => format!("DATABASE {to}"),
        };
        let value = if LISTS.contains(&name) { value.to_owned() } else { text(value) };
        statements.push(format!("ALTER {whose} SET {} TO {value}", setting_name(name)));
    }
    let facts = format!(
        "SELECT d.datconnlimit, pg_catalog.shobj_description(d.oid, 'pg_database'), d.datacl IS NULL \
         FROM pg_catalog.pg_database AS d WHERE {is_real}"
    );
    for row in session.query(&facts).await? {
        if let Some(limit) = row.number(0).filter(|limit| *limit != -1) {
            statements.push(format!("ALTER DATABASE {to} CONNECTION LIMIT {limit}"));
        }
        statements.extend(row.text(1).map(|comment| format!("COMMENT ON DATABASE {to} IS {}", text(comment))));
        if row.text(2) == Some("f") {
            statements.push(format!("REVOKE ALL ON DATABASE {to} FROM PUBLIC"));
        }
    }
    let rights = format!(
        "SELECT a.privilege_type, CASE WHEN a.grantee OPERATOR(pg_catalog.=) 0 THEN NULL \
         ELSE pg_catalog.pg_get_userbyid(a.grantee) END, a.is_grantable \
         FROM pg_catalog.pg_database AS d, pg_catalog.aclexplode(d.datacl) AS a WHERE {is_real}"
    );
    for row in session.query(&rights).await? {
        let whom = row.text(1).map_or_else(|| "PUBLIC".to_owned(), quoted);
        let option = if row.text(2) == Some("t") { " WITH GRANT OPTION" } else { "" };
        let right = row.text(0).unwrap_or_default();
        statements.push(format!("GRANT {right} ON DATABASE {to} TO {whom}{option}"));
    }
    Ok(statements)
}

/// `work_mem`, `app.name`: each part quoted by itself.
fn setting_name(name: &str) -> String {
    name.split('.').map(quoted).collect::<Vec<_>>().join(".")
}

fn quoted(name: &str) -> String {
    identifier(Engine::Postgres, name)
}

fn text(text: &str) -> String {
    literal(Engine::Postgres, text)
}
