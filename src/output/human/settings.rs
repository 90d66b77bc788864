use super::columns::{Cell, columns};
use crate::output::report::{ConfigReport, DatabaseListReport, InitReport, VersionReport};
use crate::output::style::{self, paint};
use crate::output::{sanitize, sanitize_line};

/// `config`: one block per database, each setting with its origin.
pub(super) fn config(report: &ConfigReport) -> String {
    let mut text = String::new();
    for database in &report.databases {
        text.push_str(&format!("{}\n", paint(style::STRONG, sanitize_line(&database.database))));
        if let Some(problem) = &database.problem {
            text.push_str(&format!("  {}: {}\n", paint(style::WARNING, "not usable here"), sanitize(problem)));
        }
        text.push_str(&columns(&database.settings, |setting| {
            [
                sanitize_line(&setting.key).into(),
                sanitize_line(&setting.value).into(),
                Cell::styled(style::FAINT, sanitize_line(&setting.origin)),
            ]
        }));
    }
    text
}

/// `database list`: one line per database.
pub(super) fn databases(report: &DatabaseListReport) -> String {
    columns(&report.databases, |database| {
        [
            Cell::styled(style::STRONG, sanitize_line(&database.database)),
            sanitize_line(&database.engine).into(),
            sanitize_line(&database.location).into(),
            sanitize_line(&database.migrations_dir).into(),
            if database.default { "default" } else { "" }.into(),
        ]
    })
}

/// `init`: what was written, and where to go from here.
pub(super) fn init(report: &InitReport) -> String {
    let created: String = report.created.iter().map(|path| format!("created {}\n", sanitize_line(path))).collect();
    format!("{created}next: look at database_url in it, then run `dbwarden new <name>`\n")
}

/// `version`, in one line.
pub(super) fn version(report: &VersionReport) -> String {
    format!("dbwarden {} ({}; {})\n", report.version, report.platform, report.engines.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::report::{DatabaseEntry, DatabaseSettings, SettingReport};

    fn plain(text: String) -> String {
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn settings_show_their_origin() {
        let setting = |key: &str, value: &str, origin: &str| SettingReport {
            key: key.into(),
            value: value.into(),
            origin: origin.into(),
        };
        let settings = vec![
            setting("lock_wait", "60s", "default"),
            setting("database_url", "postgresql://app:***@db/app", "dbwarden.toml:4"),
        ];
        let databases = vec![DatabaseSettings { database: "primary".into(), problem: None, settings }];
        assert_eq!(
            plain(config(&ConfigReport { databases })),
            "primary\n  lock_wait     60s                          default\n  \
             database_url  postgresql://app:***@db/app  dbwarden.toml:4\n"
        );
    }

    #[test]
    fn databases_are_listed() {
        let database = |name: &str, default| DatabaseEntry {
            database: name.into(),
            engine: "sqlite".into(),
            location: format!("{name}.db"),
            migrations_dir: "migrations".into(),
            default,
        };
        let databases = vec![database("primary", true), database("log", false)];
        assert_eq!(
            plain(super::databases(&DatabaseListReport { databases })),
            "  primary  sqlite  primary.db  migrations  default\n  log      sqlite  log.db      migrations\n"
        );
    }
}
