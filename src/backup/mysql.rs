//! Backups of MySQL and MariaDB: mariadb-dump or mysqldump, one consistent snapshot of InnoDB's tables.
//!
//! The rows are counted in the dump itself, as it passes by: the program's snapshot cannot be shared with a session. A
//! restore goes into a new database, whose tables then change places with the old ones in one statement.

mod client;
mod database;
mod rows;
mod swap;

use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::compare::TableCount;
use super::error::BackupError;
use super::manifest::{Method, Product};
use super::pipe;
use super::program::{Program, Search, version_in};
use super::settings::Settings;
use super::store::{Archive, Pending};
use super::technique::{Dumped, OnProgress, Progress, Scratch, Swapped, Technique};
use crate::db::{self, ConnectOptions, Server, ServerInfo, Session, SessionOptions, SqlError, SqlErrorKind};
use crate::dialect::{Engine, identifier, list_tables};
use client::Client;
use rows::RowCounter;

/// How often to look whether the dump waits for somebody.
const LOOK: Duration = Duration::from_secs(1);

/// What to install where the programs are missing.
const PACKAGE: &str = "the client programs of MariaDB or MySQL (Debian: mariadb-client, Alpine: mariadb-client)";

/// See the module.
pub(super) struct MySqlTechnique {
    server: Server,
    settings: Settings,
    /// MySQL, as opposed to MariaDB; before the server has said so, not.
    is_mysql: bool,
    search: Option<Search>,
    dump: Option<Program>,
    client: Option<Program>,
}

impl MySqlTechnique {
    pub(super) fn new(server: &Server, settings: &Settings) -> Self {
        MySqlTechnique {
            server: server.clone(),
            settings: settings.clone(),
            is_mysql: false,
            search: None,
            dump: None,
            client: None,
        }
    }

    fn dump_program(&self) -> impl Future<Output = Result<Program, BackupError>> + Send + use<> {
        let (configured, path) = (self.settings.dump_program.clone(), self.settings.search_path.clone());
        async move { Program::find(configured.as_deref(), &["mariadb-dump", "mysqldump"], &path, PACKAGE).await }
    }

    /// The client that reads SQL, found when first needed.
    async fn sql_client(&mut self) -> Result<Program, BackupError> {
        if let Some(program) = &self.client {
            return Ok(program.clone());
        }
        let configured = self.settings.restore_program.as_deref();
        let found = Program::find(configured, &["mariadb", "mysql"], &self.settings.search_path, PACKAGE).await?;
        self.client = Some(found.clone());
        Ok(found)
    }
}

#[async_trait]
impl Technique for MySqlTechnique {
    fn method(&self) -> Method {
        Method::MysqlSql
    }

    fn look(&mut self) {
        self.search = Some(Search::begin(self.dump_program()));
    }

    /// A program of the other product, or a very old one, may leave out what it does not know.
    async fn tool(&mut self, server: &ServerInfo) -> Result<Product, BackupError> {
        self.is_mysql = server.product == "MySQL";
        let mut program = Search::end(self.search.take(), self.dump_program()).await?;
        if self.is_mysql && client::is_mariadb(&program.banner) && self.settings.dump_program.is_none() {
            // MySQL's own knows MySQL better, where that is what the name stands for.
            let own = Program::find(None, &["mysqldump"], &self.settings.search_path, PACKAGE).await;
            program = own.ok().filter(|own| !client::is_mariadb(&own.banner)).unwrap_or(program);
        }
        let version = client::version(&program.banner).unwrap_or_default().to_owned();
        if client::is_too_old(&program.banner, &server.product, &server.version) {
            return Err(BackupError::ProgramTooOld {
                program: program.path.display().to_string(),
                version,
                server: format!("{} {}", server.product, server.version),
                package: format!(
                    "the client programs of {} {} or newer",
                    server.product,
                    version_in(&server.version).unwrap_or_default()
                ),
            });
        }
        let product = Product { name: program.name(), version };
        self.dump = Some(program);
        Ok(product)
    }

    async fn estimate(&self, session: &mut dyn Session) -> Result<Option<u64>, BackupError> {
        let rows = session.query(database::DATA_SIZE).await?;
        let bytes = rows.first().and_then(|row| row.number(0)).and_then(|bytes| u64::try_from(bytes).ok());
        Ok(bytes.map(|bytes| if self.settings.compression.is_some() { bytes / 2 } else { bytes }))
    }

    async fn dump(
        &self,
        options: &SessionOptions,
        pending: &Pending,
        progress: OnProgress<'_>,
    ) -> Result<Dumped, BackupError> {
        let Some(program) = &self.dump else {
            return Err(BackupError::Unsupported("mariadb-dump was not looked for".into()));
        };
        let client = Client::new(&self.server, program)?;
        let mut command = client.command(program);
        command.args(client::DUMP_FLAGS).args(client::flags_of(&program.banner)).arg(&self.server.database);
        // As far as it came, for whoever watches whether it still moves.
        let moved = std::sync::Mutex::new((0, Instant::now()));
        let telling = |told: Progress| {
            let mut moved = moved.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if moved.0 != told.bytes {
                *moved = (told.bytes, Instant::now());
            }
            progress(told);
        };
        let name = program.name();
        let counter = RowCounter::default();
        let ended = Notify::new();
        let dumping = async {
            let zstd = self.settings.compression;
            let dumped = pipe::collect(&name, &mut command, pending, zstd, counter, &telling).await;
            ended.notify_one();
            dumped
        };
        let stands = || moved.lock().unwrap_or_else(std::sync::PoisonError::into_inner).1.elapsed();
        // Connects while the program does.
        let watching = async {
            let options = SessionOptions { lock_timeout: options.lock_timeout, ..SessionOptions::default() };
            let mut session = db::connect(&ConnectOptions::MySql(self.server.clone()), &options).await?;
            if self.is_mysql && client::is_mariadb(&program.banner) {
                database::refuse_generated(session.as_mut(), &name).await?;
            }
            let listed = session.query(&list_tables(Engine::MySql)).await?;
            tokio::select! {
                () = ended.notified() => {}
                error = blocked(session.as_mut(), options.lock_timeout, &stands) => return Err(error.into()),
            }
            session.close().await;
            Ok(listed)
        };
        let ((written, counted), listed) = tokio::try_join!(dumping, watching)?;
        let counted = counted.rows();
        let rows = |name: &str| counted.get(name).copied().unwrap_or_default();
        let mut tables: Vec<TableCount> = listed
            .iter()
            .filter_map(|row| row.text(1))
            .map(|name| TableCount { schema: None, name: name.to_owned(), rows: rows(name) })
            .collect();
        tables.sort();
        Ok(Dumped { written: Some(written), tables })
    }

    async fn make_missing(&self) -> Result<(), BackupError> {
        // Any other database will do to say it from; this one everybody may use.
        let elsewhere = Server { database: "information_schema".to_owned(), ..self.server.clone() };
        let mut session = db::connect(&ConnectOptions::MySql(elsewhere), &SessionOptions::default()).await?;
        let sql = format!("CREATE DATABASE {}", identifier(Engine::MySql, &self.server.database));
        let made = session.execute(&sql).await;
        session.close().await;
        Ok(made.map(drop)?)
    }

    fn scratch(&self, name: Option<&str>, run_id: &str) -> Scratch {
        let name = name.map_or_else(|| database::beside(&self.server.database, "restore", run_id), str::to_owned);
        let connect = ConnectOptions::MySql(Server { database: name.clone(), ..self.server.clone() });
        Scratch { name, connect }
    }

    async fn load(
        &mut self,
        archive: &Archive,
        scratch: &Scratch,
        progress: OnProgress<'_>,
    ) -> Result<(), BackupError> {
        let program = self.sql_client().await?;
        database::create_like(&self.server, &scratch.name).await?;
        let client = Client::new(&self.server, &program)?;
        let mut command = client.command(&program);
        command.args(client::LOAD_FLAGS).arg(format!("--database={}", scratch.name));
        pipe::feed(&program.name(), &mut command, archive, progress).await
    }

    async fn discard(&self, scratch: &Scratch) -> Result<(), BackupError> {
        database::drop(&self.server, &scratch.name).await
    }

    /// With `force` whoever may not be ended may stay: only those who hold a table's lock are in the way.
    async fn in_use(&self, session: &mut dyn Session, force: bool) -> Result<Vec<String>, BackupError> {
        if force { Ok(Vec::new()) } else { database::others(session).await }
    }

    async fn swap(&self, session: Box<dyn Session>, scratch: &Scratch, force: bool) -> Result<Swapped, BackupError> {
        let dump = self.dump_program().await?;
        let configured = self.settings.restore_program.as_deref();
        let load = Program::find(configured, &["mariadb", "mysql"], &self.settings.search_path, PACKAGE).await?;
        let mut session = session;
        let swap = swap::Swap { server: &self.server, scratch: &scratch.name, dump: &dump, load: &load };
        let result = swap.run(session.as_mut(), force).await;
        session.close().await;
        result
    }
}

/// Ends when the dump has waited for a lock of a table longer than the limit: the program has no limit of its own, and
/// the server's is a day.
async fn blocked(
    session: &mut dyn Session,
    limit: Option<Duration>,
    stands: &(dyn Fn() -> Duration + Sync),
) -> SqlError {
    let Some(limit) = limit.filter(|limit| !limit.is_zero()) else { return std::future::pending().await };
    loop {
        tokio::time::sleep(LOOK.min(limit)).await;
        if stands() < limit {
            // The server is not to end a session that says nothing.
            let _ = session.ping().await;
            continue;
        }
        let Ok(rows) = session.query(&database::waiting_for_a_lock(limit)).await else { continue };
        if let Some(row) = rows.first() {
            let message = format!(
                "the dump waited longer than {} s for a lock: {}",
                limit.as_secs_f64(),
                row.text(0).unwrap_or_default()
            );
            return SqlError::new(SqlErrorKind::LockTimeout, message);
        }
    }
}
