use serde::Serialize;

/// What `config` found.
#[derive(Debug, Clone, Serialize)]
pub struct ConfigReport {
    /// In the order of the configuration.
    pub databases: Vec<DatabaseSettings>,
}

/// The effective settings of one database.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseSettings {
    /// Its name in the configuration.
    pub database: String,
    /// Why its settings cannot be resolved, where they cannot.
    pub problem: Option<String>,
    /// In the order of the reference.
    pub settings: Vec<SettingReport>,
}

/// One effective setting.
#[derive(Debug, Clone, Serialize)]
pub struct SettingReport {
    /// Its key in the configuration.
    pub key: String,
    /// Its value; secrets are already redacted.
    pub value: String,
    /// Where it comes from: `default`, `DBWARDEN_LOCK_WAIT`, `dbwarden.toml:7`, `--lock-wait`.
    pub origin: String,
}

/// What `database list` found.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseListReport {
    /// In the order of the configuration.
    pub databases: Vec<DatabaseEntry>,
}

/// One configured database.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseEntry {
    /// Its name in the configuration.
    pub database: String,
    /// `postgresql`, `mysql`, `mariadb`, `sqlite`.
    pub engine: String,
    /// Where it is, without user or password.
    pub location: String,
    /// Where its migrations are.
    pub migrations_dir: String,
    /// Whether commands work on it when none is named.
    pub default: bool,
}

/// What `init` wrote.
#[derive(Debug, Clone, Serialize)]
pub struct InitReport {
    /// Files and folders, as shown to people.
    pub created: Vec<String>,
}

/// What `new` wrote.
#[derive(Debug, Clone, Serialize)]
pub struct NewReport {
    /// The file, as shown to people.
    pub path: String,
}

/// What `version` says.
#[derive(Debug, Clone, Serialize)]
pub struct VersionReport {
    /// dbwarden's version.
    pub version: String,
    /// The machine it was built for: `x86_64-linux`.
    pub platform: String,
    /// The engines it knows.
    pub engines: Vec<String>,
}
