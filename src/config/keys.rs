/// What a key's value looks like in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// A string.
    Text,
    /// A path; relative ones start from the file's folder.
    Path,
    /// `5s`, `10min`, `0`.
    Duration,
    /// A port.
    Port,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A command: program and arguments, run without a shell.
    Command,
    /// A table of names and values.
    Table,
}

/// One key of a `[database.NAME]` table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// Other spellings, accepted for the same thing.
    pub aliases: &'static [&'static str],
    /// The form of its value.
    pub kind: KeyKind,
    /// Whether a value may hold a secret: such a line is never quoted in a message.
    pub sensitive: bool,
    /// An example or the default, as TOML.
    pub sample: &'static str,
    /// What it means, in one line.
    pub help: &'static str,
}

const fn key(name: &'static str, kind: KeyKind, sample: &'static str, help: &'static str) -> Key {
    Key { name, aliases: &[], kind, sensitive: false, sample, help }
}

const fn secret(name: &'static str, kind: KeyKind, sample: &'static str, help: &'static str) -> Key {
    Key { name, aliases: &[], kind, sensitive: true, sample, help }
}

use KeyKind::{Boolean, Choice, Command, Duration, Number, Path, Port, Table, Text};

/// Every key of a `[database.NAME]` table, in the order the sample shows them.
pub const DATABASE_KEYS: &[Key] = &[
    key(
        "database_type",
        Choice(&["postgresql", "mysql", "mariadb", "sqlite"]),
        r#""postgresql""#,
        "postgresql, mysql, mariadb or sqlite; optional where the URL tells",
    ),
    Key {
        aliases: &["sqlalchemy_url", "database_url_sync"],
        ..secret("database_url", Text, r#""${DATABASE_URL}""#, "where the database is; SQLAlchemy's forms work too")
    },
    secret("database_url_file", Path, r#""/run/secrets/database-url""#, "or: a file that holds the URL"),
    secret("database_url_command", Command, r#"["pass", "app/url"]"#, "or: a command that prints the URL"),
    key("host", Text, r#""db.example""#, "or the parts one by one; nothing needs escaping here"),
    key("port", Port, "5432", "default: 5432 or 3306"),
    key("socket", Path, r#""/run/postgresql""#, "instead of host: PostgreSQL's socket folder, MySQL's socket"),
    key("user", Text, r#""app""#, "the login name"),
    secret("password", Text, r#""${APP_PASSWORD}""#, "also completes a URL that has none"),
    secret("password_file", Path, r#""/run/secrets/password""#, "or: a file that holds the password"),
    secret("password_command", Command, r#"["pass", "app/password"]"#, "or: a command that prints the password"),
    key("dbname", Text, r#""app""#, "the database on the server"),
    secret("params", Table, r#"{ sslmode = "verify-full" }"#, "what would stand behind the ? of a URL"),
    secret(
        "migration_url",
        Text,
        r#""${DIRECT_URL}""#,
        "a direct connection, where database_url goes through a pooler",
    ),
    key("require_tls", Boolean, "false", "true: refuse a network connection that is not encrypted"),
    key("connect_timeout", Duration, r#""30s""#, "how long one attempt to connect may take"),
    key("network_timeout", Duration, r#""75s""#, "how long the server may be out of reach in mid-statement"),
    key("migrations_dir", Path, r#""migrations/NAME""#, "default: migrations/<database name>, else migrations"),
    key("migration_table", Text, r#""_dbwarden_migrations""#, "the history table"),
    key("migration_schema", Text, r#""public""#, "PostgreSQL: the schema of the history table"),
    key("lock_wait", Duration, r#""60s""#, "how long to wait for the migration lock"),
    key("lock_timeout", Duration, r#""5s""#, "how long a statement waits for a lock"),
    key("lock_retry", Duration, r#""2min""#, "how long lock timeouts are retried"),
    key("statement_timeout", Duration, r#""0""#, "how long a statement may run; 0 = no limit"),
    key(
        "out_of_order",
        Choice(&["refuse", "allow"]),
        r#""refuse""#,
        "a pending file older than an applied one: refuse or allow",
    ),
    key("on_database_ahead", Choice(&["warn", "fail"]), r#""warn""#, "applied versions without a file: warn or fail"),
    key(
        "durable_commits",
        Choice(&["last", "each"]),
        r#""last""#,
        "PostgreSQL: of migrations sent together, which commit waits for the disk: the last (it covers all) or each",
    ),
    key("role", Text, r#""app_owner""#, "SET ROLE for the migrations"),
    key("backup_dir", Path, r#""backups""#, "the folder of backups; each database has a folder of its own in it"),
    key("backup_keep", Number, "10", "how many backups are kept; default: all"),
    key("backup_keep_days", Number, "30", "how many days backups are kept; default: for ever"),
    key("backup_compression", Number, "3", "zstd level of backups, 1 to 19; default: what the engine's program does"),
    key(
        "backup_format",
        Choice(&["custom", "directory"]),
        r#""custom""#,
        "PostgreSQL: custom (one file) or directory (in parallel)",
    ),
    key("backup_jobs", Number, "4", "PostgreSQL: processes that dump a directory, and that restore"),
    key("dump_program", Path, r#""/usr/bin/pg_dump""#, "the program that makes backups; default: found on the PATH"),
    key("restore_program", Path, r#""/usr/bin/pg_restore""#, "the program that reads them back"),
    key("server_version", Text, r#""15""#, "the server's version for check --offline: \"15\", \"mariadb 10.11\""),
    key("check", Table, "{ empty-rollback = \"note\" }", "severity of rules: error, warning, note or off"),
    secret("dev_database_url", Text, r#""sqlite://dev.db""#, "used in place of database_url with --dev"),
    secret("session", Table, r#"{ timezone = "UTC" }"#, "settings made before each migration"),
];

/// The keys outside any table.
pub const TOP_KEYS: &[&str] = &["default", "check", "database"];

/// The key with this name or alias.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    DATABASE_KEYS.iter().find(|key| key.name == name || key.aliases.contains(&name))
}

/// Names and aliases of every database key.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    DATABASE_KEYS.iter().flat_map(|key| std::iter::once(key.name).chain(key.aliases.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut all: Vec<_> = names().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn what_can_hold_a_password_is_sensitive() {
        for key in DATABASE_KEYS {
            if ["url", "password", "params", "session"].iter().any(|word| key.name.contains(word)) {
                assert!(key.sensitive, "{}", key.name);
            }
        }
    }
}
