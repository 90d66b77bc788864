use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::check::{self, Severities};
use super::error::ConfigError;
use super::keys::{self, Key, KeyKind, TOP_KEYS};
use super::origin::{Origin, Sourced};
use super::suggest::nearest;

/// A `dbwarden.toml` whose keys and types are right; `${…}` in its values still stand.
///
/// No `Debug`: the values may be secrets.
pub(super) struct ConfigFile {
    pub(super) default: Option<Sourced<String>>,
    /// `[check]`
    pub(super) check: Severities,
    /// In the order of the file.
    pub(super) databases: Vec<Section>,
}

/// One `[database.NAME]` table.
pub(super) struct Section {
    pub(super) name: String,
    pub(super) origin: Origin,
    /// By the key's canonical name.
    pub(super) entries: BTreeMap<&'static str, Entry>,
    /// `[database.NAME.check]`
    pub(super) check: Severities,
}

/// A value of a section.
pub(super) struct Entry {
    /// The key as written: an alias is called by its name in messages.
    pub(super) written: &'static str,
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// A value; numbers and booleans are kept as the text they are written as.
pub(super) enum Value {
    Text(String),
    List(Vec<String>),
    Table(Vec<(String, String)>),
}

/// Reads the text of a configuration file; `path` is what messages call it.
pub(super) fn parse(text: &str, path: &Path) -> Result<ConfigFile, ConfigError> {
    let reader = Reader { text, path };
    let document = DeTable::parse(text).map_err(|error| reader.syntax(error.message(), error.span()))?;
    let mut file = ConfigFile { default: None, check: Severities::new(), databases: Vec::new() };
    for (key, value) in document.get_ref() {
        let origin = reader.origin(&key.span());
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("default", DeValue::String(name)) => file.default = Some(Sourced { value: name.to_string(), origin }),
            ("default", other) => return Err(wrong_type(origin, "default", "a string", other)),
            ("check", rules) => file.check = reader.severities("check", rules, origin)?,
            ("database", DeValue::Table(databases)) => {
                for (name, table) in databases {
                    file.databases.push(reader.section(name.get_ref(), name.span(), table)?);
                }
            }
            ("database", other) => return Err(wrong_type(origin, "database", "a table per database", other)),
            (unknown, _) => {
                let suggestion = nearest(unknown, TOP_KEYS.iter().copied().chain(keys::names()));
                return Err(ConfigError::UnknownKey { origin, key: shown_key(unknown), suggestion });
            }
        }
    }
    file.databases.sort_by_key(|section| match section.origin {
        Origin::File { line, .. } => line,
        _ => 0,
    });
    Ok(file)
}

struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
}

impl Reader<'_> {
    fn section(&self, name: &str, span: Range<usize>, table: &Spanned<DeValue<'_>>) -> Result<Section, ConfigError> {
        let origin = self.origin(&span);
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        let DeValue::Table(table) = table.get_ref() else {
            // `[database] database_url = …`: the name is missing.
            if let Some(key) = keys::find(name) {
                let key = format!("database.{}", key.name);
                return Err(ConfigError::WrongType {
                    origin,
                    key,
                    expected: "in the table of a named database, such as [database.primary]",
                    found: "in [database]",
                });
            }
            return Err(wrong_type(origin, &format!("database.{}", shown_key(name)), "a table", table.get_ref()));
        };
        if name.is_empty() || !name.chars().all(allowed) {
            return Err(ConfigError::DatabaseName { origin, name: shown_key(name) });
        }
        let mut entries: BTreeMap<&'static str, Entry> = BTreeMap::new();
        let mut check = Severities::new();
        for (key, value) in table {
            let origin = self.origin(&key.span());
            let written = key.get_ref().as_ref();
            let Some(known) = keys::find(written) else {
                let suggestion = nearest(written, keys::names());
                return Err(ConfigError::UnknownKey { origin, key: shown_key(written), suggestion });
            };
            let written = std::iter::once(known.name)
                .chain(known.aliases.iter().copied())
                .find(|name| *name == written)
                .unwrap_or(known.name);
            if known.name == "check" {
                check = self.severities(&format!("database.{name}.check"), value.get_ref(), origin)?;
                continue;
            }
            let value = self.value(known, written, value.get_ref(), &origin)?;
            if let Some(other) = entries.get(known.name) {
                let (first, second) = (other.written.to_string(), written.to_string());
                return Err(ConfigError::Conflict { origin, first, second });
            }
            entries.insert(known.name, Entry { written, value, origin });
        }
        Ok(Section { name: name.to_string(), origin, entries, check })
    }

    /// A `[check]` table.
    fn severities(&self, key: &str, value: &DeValue<'_>, origin: Origin) -> Result<Severities, ConfigError> {
        let DeValue::Table(rules) = value else {
            return Err(wrong_type(origin, key, "a table of rules and severities", value));
        };
        let mut severities = Severities::new();
        for (rule, value) in rules {
            let (name, origin) = (rule.get_ref().as_ref(), self.origin(&rule.span()));
            let DeValue::String(severity) = value.get_ref() else {
                let key = format!("{key}.{}", shown_key(name));
                return Err(wrong_type(origin, &key, "error, warning, note or off, as a string", value.get_ref()));
            };
            check::enter(&mut severities, name, severity, origin)?;
        }
        Ok(severities)
    }

    fn value(&self, key: &Key, written: &str, value: &DeValue<'_>, origin: &Origin) -> Result<Value, ConfigError> {
        let wrong = |expected| Err(wrong_type(origin.clone(), written, expected, value));
        match (key.kind, value) {
            (_, DeValue::String(text)) if !matches!(key.kind, KeyKind::Command | KeyKind::Table) => {
                Ok(Value::Text(text.to_string()))
            }
            (KeyKind::Port | KeyKind::Number | KeyKind::Duration, DeValue::Integer(number)) => {
                Ok(Value::Text(number.to_string()))
            }
            (KeyKind::Boolean, DeValue::Boolean(flag)) => Ok(Value::Text(flag.to_string())),
            (KeyKind::Command, DeValue::Array(items)) if !items.is_empty() => {
                let texts = items.iter().map(|item| match item.get_ref() {
                    DeValue::String(text) => Ok(text.to_string()),
                    other => Err(wrong_type(self.origin(&item.span()), written, "an array of strings", other)),
                });
                Ok(Value::List(texts.collect::<Result<_, _>>()?))
            }
            (KeyKind::Table, DeValue::Table(table)) => {
                let pairs = table.iter().map(|(name, item)| match scalar(item.get_ref()) {
                    Some(text) => Ok((name.get_ref().to_string(), text)),
                    None => {
                        let key = format!("{written}.{}", shown_key(name.get_ref()));
                        Err(wrong_type(
                            self.origin(&name.span()),
                            &key,
                            "a string, a number or a boolean",
                            item.get_ref(),
                        ))
                    }
                });
                Ok(Value::Table(pairs.collect::<Result<_, _>>()?))
            }
            (KeyKind::Text | KeyKind::Path | KeyKind::Choice(_), _) => wrong("a string"),
            (KeyKind::Duration, _) => wrong("a duration such as \"5s\""),
            (KeyKind::Port, _) => wrong("a port number"),
            (KeyKind::Number, _) => wrong("a whole number"),
            (KeyKind::Boolean, _) => wrong("true or false"),
            (KeyKind::Command, _) => wrong("an array: the program and its arguments"),
            (KeyKind::Table, _) => wrong("a table of names and values"),
        }
    }

    fn origin(&self, span: &Range<usize>) -> Origin {
        Origin::File { path: self.path.to_path_buf(), line: self.position(span.start).0 }
    }

    /// Line and column, both from 1, the column in characters.
    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// toml's own `Display` quotes the line it stumbled over, which may hold a password: only its message, which is
    /// made of fixed texts, is used.
    fn syntax(&self, message: &str, span: Option<Range<usize>>) -> ConfigError {
        let (line, column) = self.position(span.map_or(self.text.len(), |span| span.start));
        let excerpt =
            self.text.lines().nth(line - 1).filter(|line| is_harmless(line)).map(|line| line.trim_end().to_string());
        ConfigError::Syntax { path: PathBuf::from(self.path), line, column, message: message.to_string(), excerpt }
    }
}

/// Whether a line can be quoted: a table header, or a key that is known to hold no secret, and nothing in it looks
/// like one. When in doubt it is not shown; line and column find it.
fn is_harmless(line: &str) -> bool {
    let lower = line.to_lowercase();
    if ["password", "passwd", "url", "secret", "token", "://", "@"].iter().any(|word| lower.contains(word)) {
        return false;
    }
    let line = line.trim();
    if let Some(header) = line.strip_prefix('[') {
        return header.chars().all(|c| c.is_ascii_alphanumeric() || "_-.]".contains(c));
    }
    let key = line.split('=').next().unwrap_or_default().trim();
    key == "default" || keys::find(key).is_some_and(|key| !key.sensitive)
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// A key as messages show it: on one line, not endless, and no URL that slipped to the left of the `=`.
fn shown_key(key: &str) -> String {
    if key.contains("://") {
        return "<URL>".to_string();
    }
    key.chars().take(60).flat_map(char::escape_debug).collect()
}

fn wrong_type(origin: Origin, key: &str, expected: &'static str, value: &DeValue<'_>) -> ConfigError {
    let found = match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(items) if items.is_empty() => "an empty array",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    };
    ConfigError::WrongType { origin, key: key.to_string(), expected, found }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        match parse(text, Path::new("dbwarden.toml")) {
            Ok(_) => panic!("accepted: {text}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn databases_come_in_the_order_of_the_file() {
        let file = parse(
            "default = \"z\"\n[database.z]\nport = 1\n[database.a]\nsqlalchemy_url = \"x\"\n[database.m]",
            Path::new("f"),
        );
        let Ok(file) = file else { panic!() };
        assert_eq!(file.databases.iter().map(|section| section.name.as_str()).collect::<Vec<_>>(), ["z", "a", "m"]);
        assert_eq!(file.databases[1].entries["database_url"].written, "sqlalchemy_url");
        assert_eq!(file.databases[1].entries["database_url"].origin.to_string(), "f:5");
    }

    #[test]
    fn bad_files_say_what_and_where() {
        for (text, expected) in [
            (
                "[database.primary]\nport = 1\n\ndatabse_url = \"hunter2\"",
                "dbwarden.toml:4: unknown key `databse_url`: did you mean `database_url`?",
            ),
            ("[databases.primary]", "dbwarden.toml:1: unknown key `databases`: did you mean `database`?"),
            ("wibble = 1", "dbwarden.toml:1: unknown key `wibble`"),
            ("default = 1", "dbwarden.toml:1: `default` must be a string, not a number"),
            ("database = \"x\"", "dbwarden.toml:1: `database` must be a table per database, not a string"),
            (
                "[database]\ndatabase_url = \"hunter2\"",
                "dbwarden.toml:2: `database.database_url` must be in the table of a named database, such as \
                 [database.primary], not in [database]",
            ),
            ("[database.Primary]", "dbwarden.toml:1: `Primary` cannot be a database's name: use a-z, 0-9, `_` and `-`"),
            ("[database.\"\"]", "dbwarden.toml:1: `` cannot be a database's name: use a-z, 0-9, `_` and `-`"),
            (
                "[database.p]\nlock_wait = true",
                "dbwarden.toml:2: `lock_wait` must be a duration such as \"5s\", not a boolean",
            ),
            ("[database.p]\nport = [1]", "dbwarden.toml:2: `port` must be a port number, not an array"),
            (
                "[database.p]\npassword_command = \"pass app\"",
                "dbwarden.toml:2: `password_command` must be an array: the program and its arguments, not a string",
            ),
            (
                "[database.p]\npassword_command = []",
                "dbwarden.toml:2: `password_command` must be an array: the program and its arguments, not an empty array",
            ),
            (
                "[database.p]\npassword_command = [\"a\",\n 1]",
                "dbwarden.toml:3: `password_command` must be an array of strings, not a number",
            ),
            (
                "[database.p.session]\nx = []",
                "dbwarden.toml:2: `session.x` must be a string, a number or a boolean, not an empty array",
            ),
            (
                "[database.p]\ndatabase_url = \"a\"\nsqlalchemy_url = \"b\"",
                "dbwarden.toml:3: `database_url` and `sqlalchemy_url` exclude each other: keep one of them",
            ),
            (
                "[check]\n\nempty-rolback = \"off\"",
                "dbwarden.toml:3: there is no rule `empty-rolback`: did you mean `empty-rollback`?; \
                 `dbwarden check --rules` lists them",
            ),
            (
                "[database.p.check]\nempty-rollback = \"of\"",
                "dbwarden.toml:2: `check.empty-rollback` must be error, warning, note or off",
            ),
            (
                "[check]\nempty-rollback = false",
                "dbwarden.toml:2: `check.empty-rollback` must be error, warning, note or off, as a string, not a boolean",
            ),
            (
                "[database.p]\nlock_wait = 60s\n",
                "dbwarden.toml:2:13: string values must be quoted, expected literal string\n    lock_wait = 60s",
            ),
            ("[database.p\n", "dbwarden.toml:1:12: unclosed table, expected `]`\n    [database.p"),
            ("[database.p]\nport = 1\nport = 2", "dbwarden.toml:3:1: duplicate key\n    port = 2"),
        ] {
            assert_eq!(message(text), expected);
        }
    }

    #[test]
    fn broken_toml_never_shows_what_may_be_a_secret() {
        let good = "default = \"p\"\n[database.p]\ndatabase_url = \"postgres://u:hunter2@h/d\"\npassword = 'hunter2'\n\
                    password_command = [\"vault\", \"hunter2\"]\nsession = { a = \"hunter2\" }\nrole = \"\"\"\nhunter2\n\"\"\"\n";
        assert!(parse(good, Path::new("f")).is_ok());
        // Every way to damage the file at one place: cut it there, or put something in.
        for at in (0..good.len()).filter(|at| good.is_char_boundary(*at)) {
            for insert in ["\"", "'", "=", "\n", "[", "]", "{", "}", "\\", "\"\"\"", "\0"] {
                let damaged = format!("{}{insert}{}", &good[..at], &good[at..]);
                for text in [damaged.as_str(), &good[..at]] {
                    if let Err(error @ ConfigError::Syntax { .. }) = parse(text, Path::new("f")) {
                        let shown = format!("{error} {error:?}");
                        assert!(!shown.contains("hunter"), "{shown}\n---\n{text}");
                    }
                }
            }
        }
    }
}
