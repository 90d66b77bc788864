//! Backups of mysql.

use async_trait::async_trait;

use super::error::BackupError;
use super::manifest::{Method, Product};
use super::settings::Settings;
use super::store::{Archive, Pending};
use super::technique::{Dumped, OnProgress, Scratch, Swapped, Technique};
use crate::db::{Server, ServerInfo, Session, SessionOptions};

/// See the module.
pub(super) struct MySqlTechnique {
    _server: Server,
    _settings: Settings,
}

impl MySqlTechnique {
    pub(super) fn new(server: &Server, settings: &Settings) -> Self {
        MySqlTechnique { _server: server.clone(), _settings: settings.clone() }
    }
}

#[async_trait]
impl Technique for MySqlTechnique {
    fn method(&self) -> Method {
        Method::MysqlSql
    }

    async fn tool(&mut self, _server: &ServerInfo) -> Result<Product, BackupError> {
        Err(BackupError::Unsupported("not yet".to_owned()))
    }

    async fn estimate(&self, _session: &mut dyn Session) -> Result<Option<u64>, BackupError> {
        Ok(None)
    }

    async fn dump(
        &self,
        _session: &mut dyn Session,
        _options: &SessionOptions,
        _pending: &Pending,
        _progress: OnProgress<'_>,
    ) -> Result<Dumped, BackupError> {
        Err(BackupError::Unsupported("not yet".to_owned()))
    }

    fn scratch(&self, _name: Option<&str>, _run_id: &str) -> Scratch {
        Scratch { name: String::new(), connect: crate::db::ConnectOptions::Sqlite(crate::db::SqliteFile::in_memory()) }
    }

    async fn load(
        &mut self,
        _archive: &Archive,
        _scratch: &Scratch,
        _progress: OnProgress<'_>,
    ) -> Result<(), BackupError> {
        Err(BackupError::Unsupported("not yet".to_owned()))
    }

    async fn discard(&self, _scratch: &Scratch) -> Result<(), BackupError> {
        Ok(())
    }

    async fn in_use(&self, _session: &mut dyn Session) -> Result<Vec<String>, BackupError> {
        Ok(Vec::new())
    }

    async fn swap(
        &self,
        _session: Box<dyn Session>,
        _scratch: &Scratch,
        _force: bool,
    ) -> Result<Swapped, BackupError> {
        Err(BackupError::Unsupported("not yet".to_owned()))
    }
}
