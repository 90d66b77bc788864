use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use super::suggest::nearest;
use super::url::{is_host, parse_port};
use crate::db::{Tls, TlsMode};
use crate::dialect::Engine;

/// A connection parameter (behind a URL's `?`, or in `params`) that cannot be honoured. Never holds its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// No parameter of this engine.
    #[error(
        "the parameter `{name}` is not known for {engine} and cannot be ignored{}",
        .suggestion.map(|name| format!(": did you mean `{name}`?")).unwrap_or_default()
    )]
    Unknown {
        /// As written.
        name: String,
        /// Whose parameters were looked through.
        engine: Engine,
        /// What was probably meant.
        suggestion: Option<&'static str>,
    },
    /// A value that is none of the allowed ones.
    #[error("the parameter `{name}` must be {expected}")]
    Value {
        /// As written.
        name: String,
        /// What it takes.
        expected: &'static str,
    },
    /// The same thing said twice, in two parameters or in a parameter and another part of the URL.
    #[error("`{name}` is given twice")]
    Twice {
        /// The second one, as written.
        name: String,
    },
    /// A parameter that is nothing without another.
    #[error("the parameter `{name}` needs `{other}`")]
    Needs {
        /// The one that is there.
        name: &'static str,
        /// The one that is missing.
        other: &'static str,
    },
}

/// What the parameters say, understood. No `Debug`: it can hold the password.
#[derive(Default)]
pub(super) struct Parameters {
    pub(super) user: Option<String>,
    pub(super) password: Option<SecretString>,
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) database: Option<String>,
    pub(super) socket: Option<PathBuf>,
    pub(super) tls: Tls,
    pub(super) application_name: Option<String>,
    /// Zero: no limit.
    pub(super) connect_timeout: Option<Duration>,
    pub(super) settings: Vec<(String, String)>,
    pub(super) sqlite_mode: Option<SqliteMode>,
}

/// SQLite's `mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SqliteMode {
    /// `ro`.
    Read,
    /// `rw`.
    Write,
    /// `rwc`, the default.
    Create,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    User,
    Password,
    Host,
    Port,
    Database,
    Socket,
    TlsMode,
    RootCertificate,
    Certificate,
    CertificateKey,
    ApplicationName,
    ConnectTimeout,
    Options,
    SqliteMode,
    /// Asks for what is so anyway, with these values; any other value could not be honoured.
    Given(&'static [&'static str], &'static str),
}

/// libpq's keywords (<https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS>) and asyncpg's
/// `ssl`. The last four are ones that providers put into the URLs they hand out.
const POSTGRES: &[(&str, Meaning)] = &[
    ("sslmode", Meaning::TlsMode),
    ("ssl-mode", Meaning::TlsMode),
    ("ssl", Meaning::TlsMode),
    ("sslrootcert", Meaning::RootCertificate),
    ("ssl-ca", Meaning::RootCertificate),
    ("sslcert", Meaning::Certificate),
    ("sslkey", Meaning::CertificateKey),
    ("host", Meaning::Host),
    ("port", Meaning::Port),
    ("user", Meaning::User),
    ("password", Meaning::Password),
    ("dbname", Meaning::Database),
    ("application_name", Meaning::ApplicationName),
    ("connect_timeout", Meaning::ConnectTimeout),
    ("options", Meaning::Options),
    ("client_encoding", Meaning::Given(&["utf8", "utf-8", "auto"], "utf8")),
    ("channel_binding", Meaning::Given(&["prefer", "disable"], "prefer or disable: requiring it is not supported")),
    ("gssencmode", Meaning::Given(&["prefer", "disable"], "prefer or disable")),
    ("target_session_attrs", Meaning::Given(&["any"], "any: a URL names one server")),
];

/// Connector parameters of the MySQL clients (`ssl-mode`), PyMySQL (`ssl_ca`, `unix_socket`) and sqlx.
const MYSQL: &[(&str, Meaning)] = &[
    ("ssl-mode", Meaning::TlsMode),
    ("sslmode", Meaning::TlsMode),
    ("ssl-ca", Meaning::RootCertificate),
    ("sslrootcert", Meaning::RootCertificate),
    ("ssl-cert", Meaning::Certificate),
    ("sslcert", Meaning::Certificate),
    ("ssl-key", Meaning::CertificateKey),
    ("sslkey", Meaning::CertificateKey),
    ("socket", Meaning::Socket),
    ("unix_socket", Meaning::Socket),
    ("connect_timeout", Meaning::ConnectTimeout),
    ("charset", Meaning::Given(&["utf8mb4"], "utf8mb4: files are UTF-8")),
];

const SQLITE: &[(&str, Meaning)] = &[("mode", Meaning::SqliteMode)];

/// The modes of libpq's `sslmode` and of MySQL's `--ssl-mode`. `allow` is libpq's "plain first": TLS first is as
/// permissive and never worse.
const TLS_MODES: &[(&str, TlsMode)] = &[
    ("disable", TlsMode::Disable),
    ("allow", TlsMode::Prefer),
    ("prefer", TlsMode::Prefer),
    ("require", TlsMode::Require),
    ("verify-ca", TlsMode::VerifyCa),
    ("verify-full", TlsMode::VerifyFull),
    ("disabled", TlsMode::Disable),
    ("preferred", TlsMode::Prefer),
    ("required", TlsMode::Require),
    ("verify-identity", TlsMode::VerifyFull),
];

/// Understands every parameter or fails; relative paths start from `base`.
pub(super) fn read(engine: Engine, params: &[(String, String)], base: &Path) -> Result<Parameters, ParameterError> {
    let known = match engine {
        Engine::Postgres => POSTGRES,
        Engine::MySql => MYSQL,
        Engine::Sqlite => SQLITE,
    };
    let mut out = Parameters::default();
    let mut seen: Vec<Meaning> = Vec::new();
    let mut system_roots = false;
    for (name, value) in params {
        let same = |candidate: &str| normalised(candidate) == normalised(name);
        let Some((_, meaning)) = known.iter().find(|(candidate, _)| same(candidate)) else {
            let suggestion = nearest(name, known.iter().map(|(candidate, _)| *candidate));
            return Err(ParameterError::Unknown { name: name.clone(), engine, suggestion });
        };
        if seen.contains(meaning) {
            return Err(ParameterError::Twice { name: name.clone() });
        }
        seen.push(*meaning);
        let wrong = |expected| ParameterError::Value { name: name.clone(), expected };
        if value.is_empty() {
            return Err(wrong("given a value"));
        }
        match meaning {
            Meaning::User => out.user = Some(value.clone()),
            Meaning::Password => out.password = Some(SecretString::from(value.as_str())),
            Meaning::Host if is_host(value) || value.parse::<std::net::Ipv6Addr>().is_ok() => {
                out.host = Some(value.clone())
            }
            Meaning::Host => return Err(wrong("one host name, address or socket folder")),
            Meaning::Port => out.port = Some(parse_port(value).ok_or_else(|| wrong("a port number"))?),
            Meaning::Database => out.database = Some(value.clone()),
            Meaning::Socket => out.socket = Some(base.join(value)),
            Meaning::TlsMode => {
                out.tls.mode = tls_mode(value).ok_or_else(|| wrong(TLS_WORDS))?;
                out.tls.explicit = true;
            }
            // libpq 16: the roots the operating system trusts.
            Meaning::RootCertificate if value == "system" && engine == Engine::Postgres => system_roots = true,
            Meaning::RootCertificate => out.tls.root_certificate = Some(base.join(value)),
            Meaning::Certificate => out.tls.certificate = Some(base.join(value)),
            Meaning::CertificateKey => out.tls.key = Some(base.join(value)),
            Meaning::ApplicationName => out.application_name = Some(value.clone()),
            Meaning::ConnectTimeout => {
                let seconds: u32 = value.parse().map_err(|_| wrong("a number of seconds"))?;
                out.connect_timeout = Some(Duration::from_secs(seconds.into()));
            }
            Meaning::Options => out.settings = read_options(value).ok_or_else(|| wrong("made of `-c name=value`"))?,
            Meaning::SqliteMode => {
                out.sqlite_mode = Some(match value.as_str() {
                    "ro" => SqliteMode::Read,
                    "rw" => SqliteMode::Write,
                    "rwc" => SqliteMode::Create,
                    _ => return Err(wrong("ro, rw, rwc or memory")),
                });
            }
            Meaning::Given(values, _) if values.iter().any(|given| given.eq_ignore_ascii_case(value)) => {}
            Meaning::Given(_, expected) => return Err(wrong(expected)),
        }
    }
    settle_tls(engine, &mut out.tls, system_roots)?;
    Ok(out)
}

const TLS_WORDS: &str = "disable, allow, prefer, require, verify-ca or verify-full \
                         (MySQL: DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY)";

fn tls_mode(word: &str) -> Option<TlsMode> {
    let word = word.to_ascii_lowercase().replace('_', "-");
    TLS_MODES.iter().find(|(name, _)| *name == word).map(|(_, mode)| *mode)
}

/// What the combinations mean.
fn settle_tls(engine: Engine, tls: &mut Tls, system_roots: bool) -> Result<(), ParameterError> {
    match (&tls.certificate, &tls.key) {
        (Some(_), None) => return Err(ParameterError::Needs { name: "sslcert", other: "sslkey" }),
        (None, Some(_)) => return Err(ParameterError::Needs { name: "sslkey", other: "sslcert" }),
        _ => {}
    }
    if system_roots {
        // libpq makes verify-full of it and refuses anything weaker: anybody can have a certificate of a public CA.
        if tls.explicit && tls.mode != TlsMode::VerifyFull {
            return Err(ParameterError::Needs { name: "sslrootcert=system", other: "sslmode=verify-full" });
        }
        tls.mode = TlsMode::VerifyFull;
        tls.explicit = true;
    }
    if tls.root_certificate.is_some() {
        match (tls.mode, tls.explicit, engine) {
            // https://www.postgresql.org/docs/current/libpq-ssl.html: with a root certificate, require verifies.
            (TlsMode::Require, ..) => tls.mode = TlsMode::VerifyCa,
            // https://dev.mysql.com/doc/refman/8.0/en/connection-options.html: --ssl-ca alone implies VERIFY_CA.
            (_, false, Engine::MySql) => {
                tls.mode = TlsMode::VerifyCa;
                tls.explicit = true;
            }
            _ => {}
        }
    }
    Ok(())
}

/// `-c a=b -cc=d --e=f`; a backslash keeps a blank (libpq's `options`).
fn read_options(text: &str) -> Option<Vec<(String, String)>> {
    let mut words: Vec<String> = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let word = words.last_mut()?;
        match character {
            '\\' => word.push(characters.next()?),
            c if c.is_whitespace() => words.push(String::new()),
            c => word.push(c),
        }
    }
    let mut words = words.into_iter().filter(|word| !word.is_empty());
    let mut settings = Vec::new();
    while let Some(word) = words.next() {
        let setting = match (word.strip_prefix("--"), word.strip_prefix("-c")) {
            (Some(setting), _) => setting.to_string(),
            (None, Some("")) => words.next()?,
            (None, Some(setting)) => setting.to_string(),
            (None, None) => return None,
        };
        let (name, value) = setting.split_once('=')?;
        let name = name.replace('-', "_");
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        settings.push(is_name.then(|| (name, value.to_string()))?);
    }
    Some(settings)
}

fn normalised(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(engine: Engine, text: &str) -> Result<Parameters, ParameterError> {
        let pairs: Vec<_> = text
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect();
        read(engine, &pairs, Path::new("/base"))
    }

    #[test]
    fn tls_means_what_the_clients_make_of_it() {
        use Engine::{MySql, Postgres};
        use TlsMode::{Disable, Prefer, Require, VerifyCa, VerifyFull};
        for (engine, text, mode, explicit, root) in [
            (Postgres, "", Prefer, false, None),
            (Postgres, "sslmode=disable", Disable, true, None),
            (Postgres, "sslmode=allow", Prefer, true, None),
            (Postgres, "ssl=require", Require, true, None),
            (Postgres, "sslmode=require&sslrootcert=ca.pem", VerifyCa, true, Some("/base/ca.pem")),
            (Postgres, "sslmode=prefer&sslrootcert=/ca.pem", Prefer, true, Some("/ca.pem")),
            (Postgres, "sslmode=verify-full&sslrootcert=/ca.pem", VerifyFull, true, Some("/ca.pem")),
            (Postgres, "sslrootcert=system", VerifyFull, true, None),
            (MySql, "ssl-mode=REQUIRED", Require, true, None),
            (MySql, "ssl_mode=VERIFY_IDENTITY&ssl_ca=/ca.pem", VerifyFull, true, Some("/ca.pem")),
            (MySql, "ssl-ca=/ca.pem", VerifyCa, true, Some("/ca.pem")),
        ] {
            let tls = read_text(engine, text)
                .map(|parameters| parameters.tls)
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((tls.mode, tls.explicit), (mode, explicit), "{text}");
            assert_eq!(tls.root_certificate.as_deref(), root.map(Path::new), "{text}");
        }
    }

    #[test]
    fn the_other_parameters_are_understood() {
        let read = read_text(
            Engine::Postgres,
            "host=/run/pg&port=5433&user=u&dbname=d&application_name=a&connect_timeout=5&channel_binding=prefer\
             &client_encoding=UTF8&options=-c a=1 -cb.x=2 --c-d=x\\ y",
        );
        let Ok(read) = read else { panic!() };
        assert_eq!((read.host.as_deref(), read.port, read.user.as_deref()), (Some("/run/pg"), Some(5433), Some("u")));
        assert_eq!((read.database.as_deref(), read.application_name.as_deref()), (Some("d"), Some("a")));
        assert_eq!(read.connect_timeout, Some(Duration::from_secs(5)));
        let settings: Vec<_> = read.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(settings, ["a=1", "b.x=2", "c_d=x y"]);
        let Ok(read) = read_text(Engine::MySql, "unix_socket=run/my.sock&charset=utf8mb4") else { panic!() };
        assert_eq!(read.socket.as_deref(), Some(Path::new("/base/run/my.sock")));
        assert_eq!(read_text(Engine::Sqlite, "mode=ro").ok().and_then(|read| read.sqlite_mode), Some(SqliteMode::Read));
    }

    #[test]
    fn nothing_is_ignored_and_no_value_is_shown() {
        use Engine::{MySql, Postgres, Sqlite};
        for (engine, text, expected) in [
            (
                Postgres,
                "sslmod=hunter2",
                "the parameter `sslmod` is not known for PostgreSQL and cannot be ignored: did you mean `sslmode`?",
            ),
            (
                Postgres,
                "pgbouncer=hunter2",
                "the parameter `pgbouncer` is not known for PostgreSQL and cannot be ignored",
            ),
            (
                MySql,
                "sslmodus=hunter2",
                "the parameter `sslmodus` is not known for MySQL/MariaDB and cannot be ignored: did you mean `sslmode`?",
            ),
            (Sqlite, "cache=hunter2", "the parameter `cache` is not known for SQLite and cannot be ignored"),
            (
                Postgres,
                "sslmode=hunter2",
                "the parameter `sslmode` must be disable, allow, prefer, require, verify-ca or verify-full (MySQL: DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY)",
            ),
            (Postgres, "sslmode=require&ssl=prefer", "`ssl` is given twice"),
            (Postgres, "sslcert=hunter2", "the parameter `sslcert` needs `sslkey`"),
            (
                Postgres,
                "sslmode=require&sslrootcert=system",
                "the parameter `sslrootcert=system` needs `sslmode=verify-full`",
            ),
            (
                Postgres,
                "channel_binding=require",
                "the parameter `channel_binding` must be prefer or disable: requiring it is not supported",
            ),
            (Postgres, "host=a,b", "the parameter `host` must be one host name, address or socket folder"),
            (Postgres, "options=hunter2", "the parameter `options` must be made of `-c name=value`"),
            (Postgres, "options=-c hunter2", "the parameter `options` must be made of `-c name=value`"),
            (Postgres, "connect_timeout=2s", "the parameter `connect_timeout` must be a number of seconds"),
            (Postgres, "sslmode=", "the parameter `sslmode` must be given a value"),
            (MySql, "charset=latin1", "the parameter `charset` must be utf8mb4: files are UTF-8"),
            (Sqlite, "mode=x", "the parameter `mode` must be ro, rw, rwc or memory"),
        ] {
            let error = read_text(engine, text).err().unwrap_or_else(|| panic!("accepted {text}"));
            assert_eq!(error.to_string(), expected);
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }
}
