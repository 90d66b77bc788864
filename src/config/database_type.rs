use crate::dialect::Engine;

/// What `database_type` or a URL's scheme says: an engine, and for MySQL the flavour as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DatabaseType {
    /// `postgresql`.
    PostgreSql,
    /// `mysql`.
    MySql,
    /// `mariadb`: the same engine as MySQL; what the server really is shows on connecting.
    MariaDb,
    /// `sqlite`.
    Sqlite,
}

impl DatabaseType {
    /// Every type.
    pub const ALL: [DatabaseType; 4] =
        [DatabaseType::PostgreSql, DatabaseType::MySql, DatabaseType::MariaDb, DatabaseType::Sqlite];

    /// The word used in the file and in URLs.
    pub fn name(self) -> &'static str {
        match self {
            DatabaseType::PostgreSql => "postgresql",
            DatabaseType::MySql => "mysql",
            DatabaseType::MariaDb => "mariadb",
            DatabaseType::Sqlite => "sqlite",
        }
    }

    /// The engine behind it.
    pub fn engine(self) -> Engine {
        match self {
            DatabaseType::PostgreSql => Engine::Postgres,
            DatabaseType::MySql | DatabaseType::MariaDb => Engine::MySql,
            DatabaseType::Sqlite => Engine::Sqlite,
        }
    }

    /// Reads `database_type` or a scheme without its driver. `postgres` and `pg` are in common use.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "postgres" | "pg" => Some(DatabaseType::PostgreSql),
            "sqlite3" => Some(DatabaseType::Sqlite),
            name => DatabaseType::ALL.into_iter().find(|kind| kind.name() == name),
        }
    }
}
