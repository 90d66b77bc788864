//! How pg_dump and pg_restore are told where the database is: what is no secret in their environment, the password in
//! a file that exists only in memory.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use tokio::process::Command;

use crate::backup::error::BackupError;
use crate::backup::program::Program;
use crate::backup::secret_file::SecretFile;
use crate::backup::settings::Settings;
use crate::db::{Network, Server, TlsMode};

/// Where systems keep the certificates they trust: libpq before version 16 needs a file named.
const TRUSTED: &[&str] =
    &["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// A way to one database of a server, for child processes.
pub(super) struct Client {
    environment: Vec<(&'static str, String)>,
    database: String,
    /// Read by the child while this lives.
    _password: Option<SecretFile>,
}

impl Client {
    pub(super) fn new(server: &Server, database: &str) -> Result<Client, BackupError> {
        let mut environment = vec![
            ("PGUSER", server.user.clone()),
            ("PGDATABASE", database.to_owned()),
            ("PGAPPNAME", server.application_name.clone()),
            ("PGCONNECT_TIMEOUT", server.connect_timeout.as_secs().max(2).to_string()),
        ];
        match &server.network {
            Network::Tcp { host, port } => {
                environment.push(("PGHOST", host.clone()));
                environment.push(("PGPORT", port.to_string()));
                environment.extend(tls(server));
            }
            Network::Socket { path, port } => {
                environment.push(("PGHOST", path.display().to_string()));
                environment.push(("PGPORT", port.to_string()));
            }
        }
        let options: Vec<String> =
            server.settings.iter().map(|(name, value)| format!("-c {name}={}", option_value(value))).collect();
        if !options.is_empty() {
            environment.push(("PGOPTIONS", options.join(" ")));
        }
        let password = server.password.as_ref().map(|password| {
            let line = format!("*:*:*:*:{}\n", passfile_field(password.expose_secret()));
            SecretFile::new(&line).map_err(BackupError::io("make", "the password file in memory"))
        });
        let password = password.transpose()?;
        // One that is not there keeps libpq from reading a file of the user's.
        let path = password.as_ref().map_or(Path::new("/nonexistent"), SecretFile::path);
        environment.push(("PGPASSFILE", path.display().to_string()));
        Ok(Client { environment, database: database.to_owned(), _password: password })
    }

    /// A run of `program` that knows the way and never asks.
    pub(super) fn command(&self, program: &Program) -> Command {
        let mut command = program.command();
        command.envs(self.environment.iter().map(|(name, value)| (*name, value.as_str()))).arg("--no-password");
        command
    }

    /// The database as an argument: a mere name with an equals sign in it would be taken for more than a name.
    pub(super) fn dbname(&self) -> String {
        format!("dbname='{}'", self.database.replace('\\', "\\\\").replace('\'', "\\'"))
    }
}

fn tls(server: &Server) -> Vec<(&'static str, String)> {
    let shown = |path: &PathBuf| path.display().to_string();
    let mode = match server.tls.in_effect() {
        TlsMode::Disable => "disable",
        TlsMode::Prefer => "prefer",
        TlsMode::Require => "require",
        TlsMode::VerifyCa => "verify-ca",
        TlsMode::VerifyFull => "verify-full",
    };
    let mut environment = vec![("PGSSLMODE", mode.to_owned())];
    let verifies = matches!(server.tls.in_effect(), TlsMode::VerifyCa | TlsMode::VerifyFull);
    let root = server.tls.root_certificate.as_ref().map(shown).or_else(|| {
        let trusted = TRUSTED.iter().find(|path| verifies && Path::new(path).is_file());
        trusted.map(|path| (*path).to_owned())
    });
    environment.extend(root.map(|root| ("PGSSLROOTCERT", root)));
    environment.extend(server.tls.certificate.as_ref().map(|path| ("PGSSLCERT", shown(path))));
    environment.extend(server.tls.key.as_ref().map(|path| ("PGSSLKEY", shown(path))));
    environment
}

/// `\` and `:` mean something in a password file
/// (<https://www.postgresql.org/docs/current/libpq-pgpass.html>).
fn passfile_field(text: &str) -> String {
    text.replace('\\', "\\\\").replace(':', "\\:")
}

/// Blanks and backslashes are escaped in PGOPTIONS.
fn option_value(text: &str) -> String {
    text.replace('\\', "\\\\").replace(' ', "\\ ")
}

/// Whether the programs in `folder` are Debian's, which only look for the right version's.
fn is_wrapper(folder: &Path) -> bool {
    folder.join("pg_dump").canonicalize().is_ok_and(|program| program.ends_with("pg_wrapper"))
}

/// The PATH, and where Debian keeps each version's own programs, the newest first.
pub(super) fn search_path(settings: &Settings) -> Vec<PathBuf> {
    #[allow(clippy::disallowed_methods, reason = "lists programs, no migration files")]
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut folders: Vec<PathBuf> = versions.map(|entry| entry.path()).filter(|path| number(path).is_some()).collect();
    folders.sort_by_key(|path| std::cmp::Reverse(number(path)));
    let own = folders.into_iter().map(|path| path.join("bin"));
    let (wrapped, direct): (Vec<_>, Vec<_>) = settings.search_path.iter().cloned().partition(|path| is_wrapper(path));
    direct.into_iter().chain(own).chain(wrapped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_is_escaped() {
        assert_eq!(passfile_field(r"a:b\c"), r"a\:b\\c");
        assert_eq!(option_value(r"a b\c"), r"a\ b\\c");
    }
}
