//! Databases beside the real one: made, looked at, dropped.

use crate::backup::error::BackupError;
use crate::backup::name;
use crate::backup::technique::describe_session;
use crate::db::{self, ConnectOptions, Server, Session, SessionOptions, SqlError, SqlErrorKind};
use crate::dialect::{Engine, identifier, literal};

/// The longest name PostgreSQL keeps, in bytes.
const NAME_LIMIT: usize = 63;

/// Databases that every server has, to do from there what cannot be done from within a database.
const MAINTENANCE: [&str; 2] = ["postgres", "template1"];

/// What the tables' rows take, without indexes.
pub(super) const DATA_SIZE: &str = "SELECT COALESCE(pg_catalog.sum(pg_catalog.pg_table_size(c.oid)), 0)::pg_catalog.int8 \
     FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
     WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r'::\"char\", 'm'::\"char\"]) \
     AND n.nspname OPERATOR(pg_catalog.!~) '^pg_'";

const OTHERS: &str = "SELECT a.pid, a.usename, a.application_name, pg_catalog.host(a.client_addr), a.state \
     FROM pg_catalog.pg_stat_activity AS a WHERE a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() \
     AND a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid() \
     AND ";

/// Whether session `a` is a client's: of others' sessions a user without `pg_read_all_stats` is not told the type.
const IS_CLIENT: &str = "a.usesysid IS NOT NULL AND COALESCE(a.backend_type, '') OPERATOR(pg_catalog.=) \
     ANY (ARRAY['', 'client backend'])";

/// Whether the user may end session `a`
/// (<https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-SIGNAL>). To try it with one that may
/// not be ended fails the statement for all.
const MAY_BE_ENDED: &str = "EXISTS (SELECT 1 FROM pg_catalog.pg_roles AS theirs, pg_catalog.pg_roles AS ours \
     WHERE theirs.oid OPERATOR(pg_catalog.=) a.usesysid AND ours.rolname OPERATOR(pg_catalog.=) CURRENT_USER \
     AND (ours.rolsuper OR NOT theirs.rolsuper AND (pg_catalog.pg_has_role(theirs.oid, 'USAGE') \
     OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE'))))";

/// A row where the database holds anything that template0 does not: such objects have numbers from 16384
/// (<https://www.postgresql.org/docs/current/system-catalog-initial-data.html#SYSTEM-CATALOG-OID-ASSIGNMENT>).
const ANYTHING: &str = "SELECT o.oid FROM (SELECT oid FROM pg_catalog.pg_class UNION ALL SELECT oid FROM pg_catalog.pg_proc \
     UNION ALL SELECT oid FROM pg_catalog.pg_type UNION ALL SELECT oid FROM pg_catalog.pg_namespace \
     UNION ALL SELECT oid FROM pg_catalog.pg_extension UNION ALL SELECT oid FROM pg_catalog.pg_largeobject_metadata) AS o \
     WHERE o.oid OPERATOR(pg_catalog.>=) 16384 LIMIT 1";

/// How the real database was made, for another like it.
const MADE: &str = "SELECT pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, \
     pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.to_jsonb(d) OPERATOR(pg_catalog.->>) 'datlocprovider', \
     COALESCE(pg_catalog.to_jsonb(d) OPERATOR(pg_catalog.->>) 'datlocale', \
              pg_catalog.to_jsonb(d) OPERATOR(pg_catalog.->>) 'daticulocale'), \
     pg_catalog.to_jsonb(d) OPERATOR(pg_catalog.->>) 'daticurules', t.spcname \
     FROM pg_catalog.pg_database AS d JOIN pg_catalog.pg_tablespace AS t ON t.oid OPERATOR(pg_catalog.=) d.dattablespace \
     WHERE d.datname OPERATOR(pg_catalog.=) ";

/// A name for a database beside `database`.
pub(super) fn beside(database: &str, what: &str, run_id: &str) -> String {
    name::beside(database, what, run_id, NAME_LIMIT, str::len)
}

/// A session of the same user in another database of the server: one of the maintenance databases that lets it in.
pub(super) async fn maintenance(server: &Server, settings: &SessionOptions) -> Result<Box<dyn Session>, SqlError> {
    let mut refused = None;
    for database in MAINTENANCE.into_iter().filter(|database| *database != server.database) {
        let options = ConnectOptions::Postgres(Server { database: database.to_owned(), ..server.clone() });
        match db::connect(&options, settings).await {
            Ok(session) => return Ok(session),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or_else(|| SqlError::new(SqlErrorKind::DatabaseMissing, "there is no maintenance database")))
}

/// Makes an empty database called `name`, with encoding, locale, tablespace and owner of the real one.
///
/// # Errors
/// [`BackupError::Exists`]; and the server's, where the user may not make databases.
pub(super) async fn create_like(server: &Server, name: &str) -> Result<(), BackupError> {
    let mut session = maintenance(server, &SessionOptions::default()).await?;
    let result = create(session.as_mut(), &server.database, name).await;
    session.close().await;
    result
}

async fn create(session: &mut dyn Session, like: &str, name: &str) -> Result<(), BackupError> {
    let (quoted, text) =
        (|name: &str| identifier(Engine::Postgres, name), |text: &str| literal(Engine::Postgres, text));
    let rows = session.query(&format!("{MADE}{}", text(like))).await?;
    let mut sql = format!("CREATE DATABASE {} TEMPLATE template0", quoted(name));
    if let Some(row) = rows.first() {
        let of = |index: usize| row.text(index).map(text).unwrap_or_else(|| "DEFAULT".to_owned());
        sql.push_str(&format!(" ENCODING {} LC_COLLATE {} LC_CTYPE {}", of(0), of(1), of(2)));
        if row.text(4) == Some("i") {
            sql.push_str(&format!(" LOCALE_PROVIDER icu ICU_LOCALE {}", of(5)));
            sql.push_str(&row.text(6).map(|rules| format!(" ICU_RULES {}", text(rules))).unwrap_or_default());
        } else if row.text(4) == Some("b") {
            sql.push_str(&format!(" LOCALE_PROVIDER builtin BUILTIN_LOCALE {}", of(5)));
        }
        sql.push_str(
            &row.text(7)
                .filter(|space| *space != "pg_default")
                .map(|space| format!(" TABLESPACE {}", quoted(space)))
                .unwrap_or_default(),
        );
        sql.push_str(&row.text(3).map(|owner| format!(" OWNER {}", quoted(owner))).unwrap_or_default());
    }
    match session.execute(&sql).await {
        Ok(_) => Ok(()),
        // duplicate_database
        Err(error) if error.code.as_deref() == Some("42P04") => {
            Err(BackupError::Exists(format!("the database {name}")))
        }
        Err(error) if error.kind == SqlErrorKind::PermissionDenied => Err(BackupError::MayNotCreate {
            database: name.to_owned(),
            remedy: format!("let the user make databases: `ALTER ROLE {} CREATEDB`", quoted(&session.server().user)),
            error,
        }),
        Err(error) => Err(error.into()),
    }
}

/// Drops the database `name`, whoever uses it, if it is there.
pub(super) async fn drop(server: &Server, name: &str) -> Result<(), BackupError> {
    let mut session = maintenance(server, &SessionOptions::default()).await?;
    let quoted = identifier(Engine::Postgres, name);
    let result = session.execute(&format!("DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")).await;
    let result = match result {
        // Before version 13 there is no FORCE; and it ends no session that this user may not end, such as that of an
        // autovacuum worker. Without it the server sends the worker away, and waits some seconds for others to leave.
        Err(error) if matches!(error.code.as_deref(), Some("42601" | "42501")) => {
            session.execute(&format!("DROP DATABASE IF EXISTS {quoted}")).await
        }
        other => other,
    };
    session.close().await;
    result.map(|_| ()).map_err(BackupError::from)
}

/// Drops the database `name` where it holds nothing: one that was made only to be replaced. Best effort; says whether it
/// is gone.
pub(super) async fn drop_if_empty(server: &Server, name: &str) -> bool {
    let options = ConnectOptions::Postgres(Server { database: name.to_owned(), ..server.clone() });
    let Ok(mut session) = db::connect(&options, &SessionOptions::default()).await else { return false };
    let found = session.query(ANYTHING).await;
    session.close().await;
    matches!(found, Ok(rows) if rows.is_empty()) && drop(server, name).await.is_ok()
}

/// Ends the sessions in `database`, of those that the user may end.
pub(super) fn end_sessions(database: &str) -> String {
    format!(
        "SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity AS a \
         WHERE a.datname OPERATOR(pg_catalog.=) {} AND {IS_CLIENT} AND {MAY_BE_ENDED}",
        literal(Engine::Postgres, database)
    )
}

/// Who else is connected to the session's database; with `force` only those whom the user may not end.
pub(super) async fn others(session: &mut dyn Session, force: bool) -> Result<Vec<String>, BackupError> {
    let who =
        if force { format!("{OTHERS}{IS_CLIENT} AND NOT {MAY_BE_ENDED}") } else { format!("{OTHERS}{IS_CLIENT}") };
    Ok(session.query(&format!("{who} ORDER BY a.pid")).await?.iter().map(describe_session).collect())
}
