use super::Outcome;
use crate::config::{DatabaseDescription, Purpose, Settings};
use crate::output::report::{ConfigReport, DatabaseEntry, DatabaseListReport, DatabaseSettings, Report, SettingReport};

/// `config`: the effective settings, and where each comes from.
pub(super) fn config(settings: &Settings, all: bool) -> Outcome {
    let selected: Vec<&str> = settings.selected().iter().map(|target| target.name.as_str()).collect();
    let shown = |database: &DatabaseDescription| all || selected.contains(&database.name.as_str());
    let databases = settings.describe().into_iter().filter(shown).map(DatabaseSettings::from).collect();
    Report::Config(ConfigReport { databases }).into()
}

/// `database list`: the configured databases.
pub(super) fn list(settings: &Settings) -> Outcome {
    let entry = |(name, target): (&str, Result<&crate::config::Target, &crate::config::ConfigError>)| {
        let default = settings.default.as_deref() == Some(name);
        match target {
            Ok(target) => DatabaseEntry {
                database: name.to_string(),
                engine: target.flavour_declared.name().to_string(),
                location: target
                    .connect_options(Purpose::Inspect)
                    .map_or_else(|error| format!("({error})"), |options| options.location()),
                migrations_dir: target.migrations_dir_display.display().to_string(),
                default,
            },
            Err(problem) => DatabaseEntry {
                database: name.to_string(),
                engine: String::new(),
                location: format!("({problem})"),
                migrations_dir: String::new(),
                default,
            },
        }
    };
    Report::DatabaseList(DatabaseListReport { databases: settings.databases().map(entry).collect() }).into()
}

impl From<DatabaseDescription> for DatabaseSettings {
    fn from(description: DatabaseDescription) -> Self {
        let problem = description.problem.map(|problem| SettingReport {
            key: "problem".to_string(),
            value: problem,
            origin: String::new(),
        });
        let settings = description.settings.into_iter().map(|setting| SettingReport {
            key: setting.key,
            value: setting.value,
            origin: setting.origin,
        });
        DatabaseSettings { database: description.name, settings: problem.into_iter().chain(settings).collect() }
    }
}
