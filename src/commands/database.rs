use super::Context;
use crate::cli::LimitArgs;
use crate::config::{ConfigError, Purpose, Settings, Target};
use crate::error::Error;
use crate::output::report::{DatabaseEntry, DatabaseListReport, Report};

/// `database list`: every configured database and where it is. Connects to nothing.
pub(super) fn list(context: &Context<'_>) -> Result<Report, Error> {
    let settings = context.settings(&LimitArgs::default(), None)?;
    let databases = settings.databases().map(|(name, target)| entry(&settings, name, target)).collect();
    Ok(Report::DatabaseList(DatabaseListReport { databases }))
}

/// A database whose variables are not set here is listed all the same: the list is of what is configured.
fn entry(settings: &Settings, name: &str, target: Result<&Target, &ConfigError>) -> DatabaseEntry {
    let location = match target.map(|target| target.connect_options(Purpose::Inspect)) {
        Ok(Ok(options)) => options.location(),
        Ok(Err(error)) => format!("(unknown: {error})"),
        Err(error) => format!("(unknown: {error})"),
    };
    DatabaseEntry {
        database: name.to_string(),
        engine: target.map(|target| target.flavour_declared.name()).unwrap_or_default().to_string(),
        location,
        migrations_dir: target.map(|target| target.migrations_dir_display.display().to_string()).unwrap_or_default(),
        default: settings.default.as_deref() == Some(name),
    }
}
