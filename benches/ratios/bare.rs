//! The least that reading the history can take: a connection and one query, in the libraries that dbwarden uses.

use std::process::{Command, Stdio};

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection};

use crate::harness::Engine;

/// The first argument of this program when it is started to do that.
const ARGUMENT: &str = "bare";

/// The columns that tell what is applied.
const HISTORY: &str = "SELECT version, filename, migration_type, checksum, token_digest FROM _dbwarden_migrations";

/// This program as a process that connects, reads the history and ends.
pub fn command(url: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args([ARGUMENT, url]).env_clear().stdin(Stdio::null());
    command
}

/// Does so where the arguments ask for it.
pub fn was_asked_for() -> bool {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(ARGUMENT) {
        return false;
    }
    let url = arguments.next().expect("a URL");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let engine = Engine::ALL.into_iter().find(|engine| url.starts_with(engine.name())).expect("an engine's URL");
    let rows = runtime.block_on(async {
        match engine {
            Engine::Postgres => read::<PgConnection>(&url).await,
            Engine::MySql => read::<MySqlConnection>(&url).await,
            Engine::Sqlite => read_file(&url),
        }
    });
    assert!(rows > 0, "nothing was read");
    true
}

async fn read<C>(url: &str) -> usize
where
    C: Connection,
    for<'c> &'c mut C: sqlx::Executor<'c, Database = C::Database>,
{
    let mut connection = C::connect(url).await.expect("a connection");
    let mut rows = 0;
    {
        let mut history = sqlx::raw_sql(AssertSqlSafe(HISTORY)).fetch(&mut connection);
        while history.try_next().await.expect("the history").is_some() {
            rows += 1;
        }
    }
    let _ = connection.close().await;
    rows
}

/// Nothing is made of the URL: the benches' own names need no escaping.
fn read_file(url: &str) -> usize {
    let path = url.trim_start_matches("sqlite:").replacen("//", "", 1);
    let connection = rusqlite::Connection::open(path).expect("a connection");
    let mut query = connection.prepare(HISTORY).expect("the history");
    let mut history = query.query([]).expect("the history");
    let mut rows = 0;
    while let Some(row) = history.next().expect("the history") {
        let version: Option<String> = row.get(0).expect("a version");
        rows += usize::from(version.is_some());
    }
    rows
}
