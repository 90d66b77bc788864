use std::time::Duration;

use super::columns::{Cell, columns};
use super::count;
use crate::output::report::{BackupAction, BackupEntry, BackupReport, DatabaseBackups};
use crate::output::style::{self, paint};
use crate::output::{elapsed, sanitize_line};

/// `backup`, `backup list`, `backup verify`, `restore`.
pub(super) fn render(report: &BackupReport, quiet: bool) -> String {
    let mut text = String::new();
    for database in &report.databases {
        match database.action {
            BackupAction::Listed => list(database, &mut text),
            _ if quiet => {}
            action => one(database, action, &mut text),
        }
    }
    text
}

fn list(database: &DatabaseBackups, text: &mut String) {
    let heading = format!("{} ({})", sanitize_line(&database.database), sanitize_line(&database.folder));
    text.push_str(&format!("{}: {}\n", paint(style::STRONG, heading), count(database.backups.len(), "backup")));
    text.push_str(&columns(&database.backups, |backup| {
        [
            sanitize_line(&backup.started_at).into(),
            Cell::from(version(backup)),
            size(backup.bytes).into(),
            sanitize_line(&backup.path).into(),
        ]
    }));
}

fn one(database: &DatabaseBackups, action: BackupAction, text: &mut String) {
    let name = sanitize_line(&database.database);
    for backup in &database.backups {
        let path = sanitize_line(&backup.path);
        let holds =
            format!("{}, {} with {}", version(backup), count(backup.tables, "table"), count(backup.rows, "row"));
        let line = match action {
            BackupAction::Taken | BackupAction::Listed => format!(
                "{name}: backed up to {path} ({}, {}; {holds})",
                size(backup.bytes),
                elapsed(Duration::from_millis(backup.duration_ms))
            ),
            BackupAction::Verified => format!("{name}: {path} is good ({holds})"),
            BackupAction::Restored => format!("{name}: restored from {path} ({holds})"),
            BackupAction::Copied => format!("{name}: {path} was restored into a new database ({holds})"),
        };
        text.push_str(&line);
        text.push_str(if backup.verified && action == BackupAction::Taken { ", verified\n" } else { "\n" });
    }
    for removed in &database.removed {
        text.push_str(&format!("  removed {}\n", sanitize_line(removed)));
    }
}

fn version(backup: &BackupEntry) -> String {
    match &backup.version {
        Some(version) => format!("at {}", sanitize_line(version)),
        None => "at no version".to_owned(),
    }
}

/// `812 B`, `4.2 MB`: powers of ten, as disks are sold.
pub(in crate::output) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (4_200_000_000, "4.2 GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
