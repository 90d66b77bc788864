//! How the client programs are told where the database is: in an option file that exists only in memory.

use secrecy::ExposeSecret;
use tokio::process::Command;

use crate::backup::error::BackupError;
use crate::backup::program::{Program, numbers, version_in};
use crate::backup::secret_file::SecretFile;
use crate::db::{Network, Server, TlsMode};

/// One snapshot, nothing locked, everything that belongs to the database, bytes as digits.
pub(super) const DUMP_FLAGS: &[&str] = &[
    "--single-transaction",
    "--quick",
    "--skip-lock-tables",
    "--routines",
    "--triggers",
    "--events",
    "--hex-blob",
    "--no-tablespaces",
    "--default-character-set=utf8mb4",
    "--max-allowed-packet=1G",
];

/// Triggers, routines and events without the tables they stand on.
pub(super) const PROGRAM_FLAGS: &[&str] = &[
    "--skip-lock-tables",
    "--no-data",
    "--no-create-info",
    "--routines",
    "--triggers",
    "--events",
    "--no-tablespaces",
    "--default-character-set=utf8mb4",
];

/// Definitions alone.
pub(super) const DEFINITION_FLAGS: &[&str] =
    &["--skip-lock-tables", "--no-data", "--skip-triggers", "--no-tablespaces", "--default-character-set=utf8mb4"];

/// Reads SQL as it is: stops at the first error, changes no bytes.
pub(super) const LOAD_FLAGS: &[&str] =
    &["--batch", "--binary-mode", "--default-character-set=utf8mb4", "--max-allowed-packet=1G"];

/// A way to the server, for child processes.
pub(super) struct Client {
    options: SecretFile,
}

impl Client {
    pub(super) fn new(server: &Server, program: &Program) -> Result<Client, BackupError> {
        let text = option_file(server, is_mariadb(&program.banner));
        let options = SecretFile::new(&text).map_err(BackupError::io("make", "the option file in memory"))?;
        Ok(Client { options })
    }

    /// A run of `program` that reads this option file and no other.
    pub(super) fn command(&self, program: &Program) -> Command {
        let mut command = program.command();
        command.arg(format!("--defaults-file={}", self.options.path().display()));
        command
    }
}

fn option_file(server: &Server, mariadb: bool) -> String {
    let mut lines = vec!["[client]".to_owned(), format!("user={}", quoted(&server.user))];
    lines.extend(server.password.as_ref().map(|password| format!("password={}", quoted(password.expose_secret()))));
    match &server.network {
        Network::Tcp { host, port } => {
            lines.push("protocol=tcp".to_owned());
            lines.push(format!("host={}", quoted(host)));
            lines.push(format!("port={port}"));
            lines.extend(tls(server, mariadb));
        }
        Network::Socket { path, .. } => {
            lines.push("protocol=socket".to_owned());
            lines.push(format!("socket={}", quoted(&path.display().to_string())));
        }
    }
    lines.join("\n") + "\n"
}

/// The two products spell it differently
/// (<https://mariadb.com/kb/en/mariadb-dump/>, <https://dev.mysql.com/doc/refman/8.4/en/connection-options.html>).
fn tls(server: &Server, mariadb: bool) -> Vec<String> {
    let mode = server.tls.in_effect();
    let mut lines: Vec<String> = match (mode, mariadb) {
        (TlsMode::Disable, true) => vec!["skip-ssl".to_owned()],
        (TlsMode::Disable, false) => vec!["ssl-mode=DISABLED".to_owned()],
        (TlsMode::Prefer, true) => vec!["skip-ssl-verify-server-cert".to_owned()],
        (TlsMode::Prefer, false) => vec!["ssl-mode=PREFERRED".to_owned()],
        (TlsMode::Require, true) => vec!["ssl".to_owned(), "skip-ssl-verify-server-cert".to_owned()],
        (TlsMode::Require, false) => vec!["ssl-mode=REQUIRED".to_owned()],
        // MariaDB's programs verify name and authority together.
        (TlsMode::VerifyCa | TlsMode::VerifyFull, true) => vec!["ssl".to_owned(), "ssl-verify-server-cert".to_owned()],
        (TlsMode::VerifyCa, false) => vec!["ssl-mode=VERIFY_CA".to_owned()],
        (TlsMode::VerifyFull, false) => vec!["ssl-mode=VERIFY_IDENTITY".to_owned()],
    };
    if mode != TlsMode::Disable {
        let files = [
            ("ssl-ca", &server.tls.root_certificate),
            ("ssl-cert", &server.tls.certificate),
            ("ssl-key", &server.tls.key),
        ];
        let line = |(name, path): (&str, &Option<std::path::PathBuf>)| {
            path.as_ref().map(|path| format!("{name}={}", quoted(&path.display().to_string())))
        };
        lines.extend(files.into_iter().filter_map(line));
    }
    lines
}

/// A value in quotes, with what an option file gives a meaning escaped
/// (<https://dev.mysql.com/doc/refman/8.4/en/option-files.html>).
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

/// Whether a program is MariaDB's, by what it says of itself.
pub(super) fn is_mariadb(banner: &str) -> bool {
    banner.contains("MariaDB")
}

/// The version of the product, not that of the program: `mysqldump  Ver 10.19 Distrib 10.11.19-MariaDB, for …`.
pub(super) fn version(banner: &str) -> Option<&str> {
    let from = ["Distrib ", "from "].iter().find_map(|word| banner.split_once(word).map(|(_, rest)| rest));
    version_in(from.unwrap_or(banner))
}

/// Whether a program leaves out what a server may hold: one of an older series of the same product. Of the other
/// product nothing can be said.
pub(super) fn is_too_old(banner: &str, product: &str, server: &str) -> bool {
    let series = |version: &str| numbers(version).into_iter().take(2).collect::<Vec<_>>();
    let same_product = is_mariadb(banner) == (product == "MariaDB");
    same_product && series(version(banner).unwrap_or_default()) < series(version_in(server).unwrap_or_default())
}

/// MySQL's own program asks for what MariaDB does not have, and writes what a restore must not run.
pub(super) fn flags_of(banner: &str) -> &'static [&'static str] {
    if is_mariadb(banner) { &[] } else { &["--set-gtid-purged=OFF", "--column-statistics=0"] }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARIADB: &str = "mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)";
    const MARIADB_11: &str = "mariadb-dump from 11.4.2-MariaDB, client 10.19 for Linux (x86_64)";
    const MYSQL: &str = "mysqldump  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)";

    #[test]
    fn the_product_s_version_counts() {
        assert_eq!(version(MARIADB), Some("10.11.19"));
        assert_eq!(version(MARIADB_11), Some("11.4.2"));
        assert_eq!(version(MYSQL), Some("8.0.36"));
    }

    #[test]
    fn an_older_series_is_too_old() {
        assert!(is_too_old(MARIADB, "MariaDB", "11.4.2-MariaDB"));
        assert!(!is_too_old(MARIADB, "MariaDB", "10.11.25-MariaDB"));
        assert!(!is_too_old(MARIADB_11, "MariaDB", "10.11.19-MariaDB"));
        assert!(is_too_old(MYSQL, "MySQL", "8.4.0"));
        assert!(!is_too_old(MARIADB, "MySQL", "8.4.0"));
    }

    #[test]
    fn a_password_of_any_characters_is_one_value() {
        assert_eq!(quoted(r#"a"b\c#d e"#), r#""a\"b\\c#d e""#);
    }
}
