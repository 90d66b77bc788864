//! Backups of PostgreSQL: pg_dump and pg_restore.
//!
//! The rows are counted in the very snapshot that is dumped, which a session of ours exports
//! (<https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION>). A restore goes into
//! a new database, which then takes the old one's name in one transaction.

mod client;
mod database;
mod swap;

use async_trait::async_trait;

use super::compare::count;
use super::error::BackupError;
use super::manifest::{Method, Product};
use super::pipe::{self, NoTap};
use super::program::{Program, Running, Search, numbers, version_in};
use super::settings::{DumpFormat, Settings};
use super::store::{Archive, Pending};
use super::technique::{Dumped, OnProgress, Progress, Scratch, Swapped, Technique};
use crate::db::{self, ConnectOptions, Server, ServerInfo, Session, SessionOptions};
use client::Client;

/// See the module.
pub(super) struct PostgresTechnique {
    server: Server,
    settings: Settings,
    search: Option<Search>,
    dump: Option<Program>,
    restore: Option<Program>,
}

impl PostgresTechnique {
    pub(super) fn new(server: &Server, settings: &Settings) -> Self {
        PostgresTechnique {
            server: server.clone(),
            settings: settings.clone(),
            search: None,
            dump: None,
            restore: None,
        }
    }

    fn pg_dump(&self) -> impl Future<Output = Result<Program, BackupError>> + Send + use<> {
        let (configured, path) = (self.settings.dump_program.clone(), client::search_path(&self.settings));
        async move { Program::find(configured.as_deref(), &["pg_dump"], &path, PACKAGE).await }
    }

    /// The session whose snapshot is dumped, and the snapshot's name.
    async fn snapshot(&self, options: &SessionOptions) -> Result<(Box<dyn Session>, String), BackupError> {
        let options = SessionOptions { lock_timeout: options.lock_timeout, ..SessionOptions::default() };
        let mut session = db::connect(&ConnectOptions::Postgres(self.server.clone()), &options).await?;
        // The rows are counted beside the dump, which is not to wait for it: with one processor, not with all.
        session.execute("SET max_parallel_workers_per_gather = 0").await?;
        session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
        let exported = session.query("SELECT pg_catalog.pg_export_snapshot()").await?;
        let name = exported.first().and_then(|row| row.text(0)).unwrap_or_default().to_owned();
        Ok((session, name))
    }

    /// pg_restore, found when first needed.
    async fn pg_restore(&mut self) -> Result<Program, BackupError> {
        if let Some(program) = &self.restore {
            return Ok(program.clone());
        }
        let configured = self.settings.restore_program.as_deref();
        let found = Program::find(configured, &["pg_restore"], &client::search_path(&self.settings), PACKAGE).await?;
        self.restore = Some(found.clone());
        Ok(found)
    }
}

/// What to install where the programs are missing.
const PACKAGE: &str = "PostgreSQL's client programs (Debian: postgresql-client, Alpine: postgresql-client)";

#[async_trait]
impl Technique for PostgresTechnique {
    fn method(&self) -> Method {
        match self.settings.format {
            DumpFormat::Custom => Method::PostgresCustom,
            DumpFormat::Directory => Method::PostgresDirectory,
        }
    }

    fn look(&mut self) {
        self.search = Some(Search::begin(self.pg_dump()));
    }

    /// pg_dump refuses a server of a higher major version; an equal or higher one of its own is fine
    /// (<https://www.postgresql.org/docs/current/app-pgdump.html>).
    async fn tool(&mut self, server: &ServerInfo) -> Result<Product, BackupError> {
        let program = Search::end(self.search.take(), self.pg_dump()).await?;
        let version = version_in(&program.banner).unwrap_or_default().to_owned();
        let major = |version: &str| numbers(version).first().copied().unwrap_or_default();
        if major(&version) < major(&server.version) {
            return Err(BackupError::ProgramTooOld {
                program: program.path.display().to_string(),
                version,
                server: format!("{} {}", server.product, server.version),
                package: format!(
                    "PostgreSQL's client programs of version {0} or newer (Debian: postgresql-client-{0})",
                    major(&server.version)
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
        // Text is about as long as the heap; compressed, a half of that is rather too much.
        Ok(bytes.map(|bytes| bytes / 2))
    }

    async fn dump(
        &self,
        options: &SessionOptions,
        pending: &Pending,
        progress: OnProgress<'_>,
    ) -> Result<Dumped, BackupError> {
        let Some(program) = &self.dump else {
            return Err(BackupError::Unsupported("pg_dump was not looked for".into()));
        };
        let (mut reader, snapshot) = self.snapshot(options).await?;
        let client = Client::new(&self.server, &self.server.database)?;
        let mut command = client.command(program);
        command.arg(format!("--snapshot={snapshot}"));
        if let Some(timeout) = options.lock_timeout.filter(|timeout| !timeout.is_zero()) {
            command.arg(format!("--lock-wait-timeout={}", timeout.as_millis()));
        }
        let name = program.name();
        let dumping = async {
            match self.settings.format {
                DumpFormat::Custom => {
                    command.arg("--format=custom");
                    if self.settings.compression.is_some() {
                        command.arg("--compress=0");
                    }
                    let zstd = self.settings.compression;
                    let (written, NoTap) = pipe::collect(&name, &mut command, pending, zstd, NoTap, progress).await?;
                    Ok(Some(written))
                }
                DumpFormat::Directory => {
                    command.arg("--format=directory").arg(format!("--jobs={}", self.settings.jobs));
                    if let Some(level) = self.settings.compression {
                        command.arg(format!("--compress={}", level.min(9)));
                    }
                    command.arg("--file").arg(pending.path()).stdin(std::process::Stdio::null());
                    Running::start(&name, &mut command)?.finish().await.map(|_| None)
                }
            }
        };
        let counting = async { count(reader.as_mut()).await };
        let (written, tables) = tokio::try_join!(dumping, counting)?;
        reader.close().await;
        Ok(Dumped { written, tables })
    }

    async fn make_missing(&self) -> Result<(), BackupError> {
        database::create_like(&self.server, &self.server.database).await
    }

    fn scratch(&self, name: Option<&str>, run_id: &str) -> Scratch {
        let name = name.map_or_else(|| database::beside(&self.server.database, "restore", run_id), str::to_owned);
        let connect = ConnectOptions::Postgres(Server { database: name.clone(), ..self.server.clone() });
        Scratch { name, connect }
    }

    async fn load(
        &mut self,
        archive: &Archive,
        scratch: &Scratch,
        progress: OnProgress<'_>,
    ) -> Result<(), BackupError> {
        let program = self.pg_restore().await?;
        database::create_like(&self.server, &scratch.name).await?;
        let client = Client::new(&self.server, &scratch.name)?;
        let mut command = client.command(&program);
        command.args(["--exit-on-error", "--dbname"]).arg(client.dbname());
        let name = program.name();
        if archive.manifest.zstd.is_some() && archive.manifest.method == Method::PostgresCustom {
            return pipe::feed(&name, &mut command, archive, progress).await;
        }
        progress(Progress { bytes: archive.manifest.bytes, tables: Some(archive.manifest.tables.len()) });
        command.arg(format!("--jobs={}", self.settings.jobs)).arg(&archive.path);
        command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
        Running::start(&name, &mut command)?.finish().await.map(drop)
    }

    async fn discard(&self, scratch: &Scratch) -> Result<(), BackupError> {
        database::drop(&self.server, &scratch.name).await
    }

    async fn in_use(&self, session: &mut dyn Session, force: bool) -> Result<Vec<String>, BackupError> {
        database::others(session, force).await
    }

    async fn swap(&self, session: Box<dyn Session>, scratch: &Scratch, force: bool) -> Result<Swapped, BackupError> {
        swap::swap(&self.server, session, &scratch.name, force).await
    }
}
