use super::Context;
use crate::cli::LimitArgs;
use crate::config::DatabaseDescription;
use crate::error::Error;
use crate::output::report::{ConfigReport, DatabaseSettings, Report, SettingReport};

/// `config`: the effective settings of every configured database, or of those that `-d` names. Connects to nothing
/// and reads no secret.
pub(super) fn run(context: &Context<'_>) -> Result<Report, Error> {
    let settings = context.settings(&LimitArgs::default(), None)?;
    let named = &context.global.database;
    let databases =
        settings.describe().into_iter().filter(|database| named.is_empty() || named.contains(&database.name));
    Ok(Report::Config(ConfigReport { databases: databases.map(report).collect() }))
}

fn report(database: DatabaseDescription) -> DatabaseSettings {
    let settings = database.settings.into_iter().map(|setting| SettingReport {
        key: setting.key,
        value: setting.value,
        origin: setting.origin,
    });
    DatabaseSettings { database: database.name, problem: database.problem, settings: settings.collect() }
}
