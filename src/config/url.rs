use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};

use super::database_type::DatabaseType;
use super::suggest::nearest;

/// A URL that cannot be read. Holds nothing of it: a misplaced character can make any part of a URL the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Nothing there.
    #[error("the URL is empty")]
    Empty,
    /// No scheme in front.
    #[error("this is not a database URL; it should look like postgresql://user@host:5432/name")]
    NotAUrl,
    /// libpq's other form.
    #[error("this is a keyword/value string, not a URL; write postgresql://user@host:5432/name")]
    KeywordValue,
    /// A scheme of no engine dbwarden knows.
    #[error(
        "the URL's scheme is not one of postgresql, mysql, mariadb, sqlite{}",
        .0.map(|name| format!(": did you mean {name}?")).unwrap_or_default()
    )]
    UnknownScheme(Option<&'static str>),
    /// A line break or another control character inside.
    #[error("the URL has a line break or another control character in it")]
    ControlCharacter,
    /// A password with one of `/ ? #`, or the like.
    #[error(
        "the URL has an unescaped character: in user, password and names write / as %2F, ? as %3F, # as %23, @ as %40"
    )]
    Unescaped,
    /// Several hosts.
    #[error("the URL has several hosts; name the one that takes writes")]
    SeveralHosts,
    /// A host that is none.
    #[error("the URL's host is not valid; an IPv6 address stands in brackets, as in [::1]:5432")]
    BadHost,
    /// A port that is none.
    #[error("the URL's port is not a number from 1 to 65535; or a / in the password is not written as %2F")]
    BadPort,
    /// What stands behind `?` is not `key=value&key=value`.
    #[error("what stands behind the URL's ? is not key=value pairs; a ? in the password is written as %3F")]
    NotPairs,
    /// Percent-encoding that is not UTF-8.
    #[error("the URL's percent-encoding does not give UTF-8")]
    NotUtf8,
    /// A login where only a path belongs: most likely the URL of a server with the wrong scheme.
    #[error("a SQLite URL is only a path, and this one has a user or a password in it; check its scheme")]
    LoginInPath,
    /// SQLite's own URI file names.
    #[error("SQLite's file: URIs are not supported; write sqlite:///relative/path or sqlite:////absolute/path")]
    FileUri,
}

/// The parts of a database URL, decoded. No `Debug`: it holds the password.
#[derive(Clone)]
pub(super) struct DatabaseUrl {
    pub(super) database_type: DatabaseType,
    pub(super) user: Option<String>,
    pub(super) password: Option<SecretString>,
    /// The host name or address, without the brackets of IPv6; or, when it begins with `/`, a socket's path.
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    /// The database on the server; SQLite's file. None for SQLite: in memory.
    pub(super) database: Option<String>,
    /// What stands behind `?`, in its order.
    pub(super) params: Vec<(String, String)>,
}

/// The type of database a URL leads to, from its scheme alone. A driver (`+asyncpg`) is ignored.
pub(super) fn database_type(text: &str) -> Result<DatabaseType, UrlError> {
    split_scheme(text.trim()).map(|(database_type, _)| database_type)
}

/// Reads a URL in the forms of SQLAlchemy, libpq and sqlx.
pub(super) fn parse(text: &str) -> Result<DatabaseUrl, UrlError> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(UrlError::ControlCharacter);
    }
    let (database_type, rest) = split_scheme(text)?;
    if database_type == DatabaseType::Sqlite {
        return parse_sqlite(rest);
    }
    let rest = rest.strip_prefix("//").ok_or(UrlError::NotAUrl)?;
    // A raw `#`, or a raw `@` behind the first `/` or `?`, is a piece of a password that was not escaped. It must
    // stop here: read as anything else, the pieces would turn up in messages as database, host or parameter.
    if rest.contains('#') {
        return Err(UrlError::Unescaped);
    }
    let (main, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = main.split_once('/').unwrap_or((main, ""));
    if query.contains('@') || database.contains(['@', '/']) {
        return Err(UrlError::Unescaped);
    }
    let (login, place) = match authority.rsplit_once('@') {
        Some((login, place)) => (Some(login), place),
        None => (None, authority),
    };
    let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, ""))) {
        Some((user, password)) => (decode(user)?, decode(password)?),
        None => (None, None),
    };
    let (host, port) = parse_place(place)?;
    Ok(DatabaseUrl {
        database_type,
        user,
        password: password.map(SecretString::from),
        host,
        port,
        database: decode(database)?,
        params: parse_query(query)?,
    })
}

fn split_scheme(text: &str) -> Result<(DatabaseType, &str), UrlError> {
    if text.is_empty() {
        return Err(UrlError::Empty);
    }
    let is_scheme = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "+-._".contains(c));
    let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| !scheme.is_empty() && is_scheme(scheme))
    else {
        let keyword = ["host", "dbname", "user", "port", "hostaddr", "service"];
        let is_keyword_value = keyword.iter().any(|word| text.starts_with(&format!("{word}=")));
        return Err(if is_keyword_value { UrlError::KeywordValue } else { UrlError::NotAUrl });
    };
    let name = scheme.split('+').next().unwrap_or(scheme);
    match DatabaseType::from_name(name) {
        Some(database_type) => Ok((database_type, rest)),
        None if rest.starts_with("//") => {
            Err(UrlError::UnknownScheme(nearest(name, DatabaseType::ALL.map(DatabaseType::name))))
        }
        None => Err(UrlError::NotAUrl),
    }
}

/// SQLite's URLs are read as text: a URL parser would turn `/./x.db` into `/x.db`. As in SQLAlchemy, three slashes
/// begin a relative path and four an absolute one
/// (<https://docs.sqlalchemy.org/en/20/core/engines.html#sqlite>); sqlx's `sqlite:x.db` and `sqlite://x.db` work too.
fn parse_sqlite(rest: &str) -> Result<DatabaseUrl, UrlError> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = match path.strip_prefix("//") {
        Some(path) => path.strip_prefix('/').unwrap_or(path),
        None => path,
    };
    if path.starts_with("file:") {
        return Err(UrlError::FileUri);
    }
    // `user:password@host`: never a path that anybody meant, and always one that must not be shown.
    if path.split_once('@').is_some_and(|(login, _)| login.contains(':')) {
        return Err(UrlError::LoginInPath);
    }
    let mut params = parse_query(query)?;
    let in_memory = params.iter().any(|(name, value)| name == "mode" && value == "memory");
    params.retain(|(name, value)| !(name == "mode" && value == "memory"));
    Ok(DatabaseUrl {
        database_type: DatabaseType::Sqlite,
        user: None,
        password: None,
        host: None,
        port: None,
        database: decode(path)?.filter(|path| path != ":memory:" && !in_memory),
        params,
    })
}

fn parse_place(place: &str) -> Result<(Option<String>, Option<u16>), UrlError> {
    if place.contains(',') {
        return Err(UrlError::SeveralHosts);
    }
    let (host, port) = match place.strip_prefix('[') {
        Some(bracketed) => {
            let (address, rest) = bracketed.split_once(']').ok_or(UrlError::BadHost)?;
            let address: std::net::Ipv6Addr = address.parse().map_err(|_| UrlError::BadHost)?;
            let port = if rest.is_empty() { "" } else { rest.strip_prefix(':').ok_or(UrlError::BadHost)? };
            (Some(address.to_string()), port)
        }
        None => {
            let (host, port) = place.rsplit_once(':').unwrap_or((place, ""));
            (decode(host)?, port)
        }
    };
    if host.as_ref().is_some_and(|host| !is_host(host)) && !place.starts_with('[') {
        return Err(UrlError::BadHost);
    }
    let port = match port {
        "" => None,
        digits => Some(parse_port(digits).ok_or(UrlError::BadPort)?),
    };
    Ok((host, port))
}

/// A host name, an IPv4 address, or a socket's path. Underscores are common in container networks.
pub(super) fn is_host(host: &str) -> bool {
    host.starts_with('/') || host.chars().all(|c| c.is_alphanumeric() || "-._".contains(c))
}

/// A port number.
pub(super) fn parse_port(digits: &str) -> Option<u16> {
    digits.parse().ok().filter(|port| *port > 0 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn parse_query(query: &str) -> Result<Vec<(String, String)>, UrlError> {
    let is_name = |name: &str| {
        !name.is_empty() && name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').filter(|(name, _)| is_name(name)).ok_or(UrlError::NotPairs)?;
            Ok((name.to_string(), decode(value)?.unwrap_or_default()))
        })
        .collect()
}

/// None for nothing. A `%` without two digits is itself, as in every other client.
fn decode(text: &str) -> Result<Option<String>, UrlError> {
    match percent_decode_str(text).decode_utf8() {
        Ok(Cow::Borrowed("")) => Ok(None),
        Ok(decoded) => Ok(Some(decoded.into_owned())),
        Err(_) => Err(UrlError::NotUtf8),
    }
}

/// Left as they are when a URL is shown.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Parameters whose values are shown: all others are taken for secrets.
const SHOWN_PARAMS: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "ssl_mode",
    "ssl",
    "sslrootcert",
    "ssl-ca",
    "ssl_ca",
    "host",
    "port",
    "socket",
    "unix_socket",
    "dbname",
    "user",
    "connect_timeout",
    "charset",
    "mode",
    "application_name",
];

/// Whether the value of this parameter may be shown.
pub(super) fn is_shown(param: &str) -> bool {
    SHOWN_PARAMS.contains(&param)
}

impl DatabaseUrl {
    /// The URL without its secrets, to show to people.
    pub(super) fn redacted(&self) -> String {
        let encode = |text: &str| utf8_percent_encode(text, PLAIN).to_string();
        let mut out = format!("{}://", self.database_type.name());
        if self.database_type == DatabaseType::Sqlite {
            // The paths of SQLite keep their characters: nothing in them is secret, and they are read by people.
            let path = self.database.as_deref().map(|path| format!("/{}", path.replace(char::is_control, "?")));
            out.push_str(&path.unwrap_or_else(|| "/:memory:".to_string()));
        } else {
            if let Some(user) = &self.user {
                out.push_str(&encode(user));
            }
            if self.password.is_some() {
                out.push_str(":***");
            }
            if self.user.is_some() || self.password.is_some() {
                out.push('@');
            }
            match &self.host {
                Some(address) if address.contains(':') => out.push_str(&format!("[{address}]")),
                Some(path) if path.starts_with('/') => out.push_str(&path.replace('/', "%2F")),
                Some(host) => out.push_str(host),
                None => {}
            }
            if let Some(port) = self.port {
                out.push_str(&format!(":{port}"));
            }
            if let Some(database) = &self.database {
                out.push_str(&format!("/{}", encode(database)));
            }
        }
        for (index, (name, value)) in self.params.iter().enumerate() {
            out.push(if index == 0 { '?' } else { '&' });
            let value = if is_shown(name) { encode(value) } else { "***".to_string() };
            out.push_str(&format!("{name}={value}"));
        }
        out
    }
}

/// The forms in which `password` can turn up in messages: itself, and as a URL holds it.
pub(super) fn forms_of(password: &SecretString) -> Vec<SecretString> {
    let plain = password.expose_secret();
    let encoded = utf8_percent_encode(plain, NON_ALPHANUMERIC).to_string();
    let lightly = utf8_percent_encode(plain, PLAIN).to_string();
    let mut forms = vec![plain.to_string()];
    for form in [encoded, lightly] {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms.into_iter().map(SecretString::from).collect()
}

#[cfg(test)]
#[path = "url_tests.rs"]
mod tests;
