use std::borrow::Cow;
use std::time::Duration;

use anstyle::Style;

use super::columns::{Cell, columns};
use super::{count, heading};
use crate::model::{Direction, RowKind, Version};
use crate::output::report::{
    DatabaseResolution, EntryState, HistoryReport, Interruption, LockReport, RepairReport, ResolveReport, StatusEntry,
    StatusReport,
};
use crate::output::style::{self, paint};
use crate::output::{elapsed, sanitize, sanitize_line};

/// `status`: one line per migration, what matters first.
pub(super) fn status(report: &StatusReport) -> String {
    let mut text = String::new();
    for database in &report.databases {
        let at = match &database.current_version {
            Some(version) => format!("at {version}"),
            None => "nothing applied".to_string(),
        };
        let pending = if database.pending == 0 {
            "nothing pending".to_string()
        } else {
            paint(style::WARNING, format!("{} pending", database.pending))
        };
        let heading = heading(&database.database, database.engine, &database.location);
        text.push_str(&format!("{}: {at}, {pending}\n", paint(style::STRONG, heading)));
        if let Some(backup) = &database.newest_backup {
            let (at, path) = (sanitize_line(&backup.started_at), sanitize_line(&backup.path));
            text.push_str(&paint(style::FAINT, format!("  newest backup: {at}, {path}\n")));
        }
        text.push_str(&columns(&database.entries, |entry| {
            [
                Cell::styled(state_style(entry.state), entry.state.label()),
                version(entry.version.as_ref()),
                sanitize_line(if entry.version.is_some() && !entry.name.is_empty() {
                    &entry.name
                } else {
                    &entry.file
                })
                .into(),
                Cell::styled(style::FAINT, remark(entry)),
            ]
        }));
    }
    text
}

fn version(version: Option<&Version>) -> Cell<'_> {
    version.map(Version::as_str).unwrap_or_default().into()
}

fn remark(entry: &StatusEntry) -> Cow<'_, str> {
    if let Some(Interruption { direction, done, total, unknown }) = &entry.interrupted {
        let open = if *unknown { format!(", {} unknown", done + 1) } else { String::new() };
        return format!("{}: {done} of {total} statements done{open}", direction.name()).into();
    }
    match &entry.applied_at {
        Some(applied_at) => sanitize_line(applied_at),
        None if entry.depends_on.is_empty() => "".into(),
        None => format!("depends on {}", sanitize_line(&entry.depends_on.join(", "))).into(),
    }
}

fn state_style(state: EntryState) -> Style {
    match state {
        EntryState::Applied | EntryState::Cosmetic | EntryState::Baseline => style::GOOD,
        EntryState::Pending | EntryState::RepeatableDue | EntryState::Ahead => style::WARNING,
        EntryState::OutOfOrder | EntryState::Modified | EntryState::Missing | EntryState::Interrupted => style::ERROR,
    }
}

/// `history`: one line per row, the oldest application first.
pub(super) fn history(report: &HistoryReport) -> String {
    let mut text = String::new();
    for database in &report.databases {
        let heading = heading(&database.database, database.engine, &database.location);
        text.push_str(&format!("{}: {} applied\n", paint(style::STRONG, heading), database.rows.len()));
        text.push_str(&columns(&database.rows, |row| {
            let time = row.execution_ms.and_then(|millis| u64::try_from(millis).ok());
            let how = match row.kind {
                RowKind::Versioned => String::new(),
                kind => kind.name().replace('_', " "),
            };
            [
                row.sequence.to_string().into(),
                sanitize_line(&row.applied_at).into(),
                version(row.version.as_ref()),
                sanitize_line(&row.description).into(),
                how.into(),
                time.map(|millis| elapsed(Duration::from_millis(millis))).unwrap_or_default().into(),
                Cell::styled(style::FAINT, sanitize_line(row.applied_by.as_deref().unwrap_or_default())),
            ]
        }));
    }
    text
}

/// `repair`: each difference in full, because accepting it is a decision.
pub(super) fn repair(report: &RepairReport) -> String {
    let mut text = String::new();
    for database in &report.databases {
        let name = sanitize_line(&database.database);
        if database.entries.is_empty() {
            text.push_str(&format!("{name}: files and history agree\n"));
            continue;
        }
        let repaired = database.entries.iter().filter(|entry| entry.repaired).count();
        let differ = count(database.entries.len(), "difference");
        text.push_str(&format!("{name}: {differ} between files and history, {repaired} accepted\n"));
        for entry in &database.entries {
            let done = if entry.repaired { ", accepted" } else { "" };
            let state = paint(state_style(entry.state), entry.state.label());
            text.push_str(&format!("  {}: {state}{done}\n", sanitize_line(&entry.file)));
            for line in entry.difference.as_deref().map(sanitize).iter().flat_map(|difference| difference.lines()) {
                text.push_str(&format!("    {line}\n"));
            }
        }
    }
    text
}

/// `resolve`: what the next run will do.
pub(super) fn resolve(report: &ResolveReport) -> String {
    let line = |entry: &DatabaseResolution| {
        let command = match entry.direction {
            Direction::Upgrade => "dbwarden migrate",
            Direction::Rollback => "dbwarden rollback",
        };
        let (database, file) = (sanitize_line(&entry.database), sanitize_line(&entry.file));
        let Some(statement) = entry.statement else {
            let section = entry.direction.name();
            return format!("{database}: the {section} of {file} counts as never begun\n");
        };
        let next = if entry.done { "counts as done" } else { "will be executed again" };
        let mut text = format!("{database}: statement {statement} of {file} {next}; go on with `{command}`\n");
        for line in entry.sql.as_deref().map(sanitize).iter().flat_map(|sql| sql.lines()).take(10) {
            text.push_str(&format!("    {line}\n"));
        }
        text
    };
    report.databases.iter().map(line).collect()
}

/// `lock-status`, and what `unlock` did.
pub(super) fn lock(report: &LockReport) -> String {
    let mut text = String::new();
    for database in &report.databases {
        let holder = sanitize_line(database.holder.as_deref().unwrap_or("an unknown session"));
        let state = match (database.held, database.released) {
            (_, true) => format!("released; it was held by {holder}"),
            (true, false) => format!("held by {holder}"),
            (false, false) => "free".to_string(),
        };
        text.push_str(&format!("{}: {state}\n", sanitize_line(&database.database)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Engine;
    use crate::output::report::{
        DatabaseHistory, DatabaseLock, DatabaseRepair, DatabaseStatus, HistoryRow, RepairEntry,
    };

    fn plain(text: String) -> String {
        anstream::adapter::strip_str(&text).to_string()
    }

    fn entry(state: EntryState, version: Option<&str>, name: &str, applied_at: Option<&str>) -> StatusEntry {
        StatusEntry {
            state,
            version: version.map(|text| text.parse().expect("a version")),
            name: name.into(),
            file: format!("{name}.sql"),
            applied_at: applied_at.map(str::to_string),
            interrupted: None,
            depends_on: if state == EntryState::Pending { vec!["0001".into()] } else { vec![] },
        }
    }

    #[test]
    fn a_status_lists_states() {
        let database = DatabaseStatus {
            database: "primary".into(),
            engine: Engine::Sqlite,
            location: "app.db".into(),
            current_version: Some("0002".parse().expect("a version")),
            pending: 2,
            newest_backup: None,
            entries: vec![
                entry(EntryState::Applied, Some("0001"), "create_users", Some("2026-11-22T07:16:00Z")),
                entry(EntryState::Modified, Some("0002"), "add_\u{1b}[2J", Some("2026-11-22T07:16:01Z")),
                entry(EntryState::Pending, Some("0003"), "add_orders", None),
                entry(EntryState::RepeatableDue, None, "views", None),
            ],
        };
        assert_eq!(
            plain(status(&StatusReport { databases: vec![database] })),
            "\
primary (SQLite, app.db): at 0002, 2 pending
  applied   0001  create_users   2026-11-22T07:16:00Z
  modified  0002  add_\\u{1b}[2J  2026-11-22T07:16:01Z
  pending   0003  add_orders     depends on 0001
  due             views.sql
"
        );
    }

    #[test]
    fn a_history_lists_rows() {
        let row = |sequence, version: &str, kind, execution_ms| HistoryRow {
            sequence,
            version: Some(version.parse().expect("a version")),
            description: "create users".into(),
            file: "x.sql".into(),
            kind,
            applied_at: "2026-11-22T07:16:00Z".into(),
            execution_ms,
            applied_by: Some("app@host".into()),
            run_id: None,
        };
        let database = DatabaseHistory {
            database: "primary".into(),
            engine: Engine::MySql,
            location: "db:3306/app".into(),
            rows: vec![row(1, "0001", RowKind::Baseline, None), row(2, "0002", RowKind::Versioned, Some(1_200))],
        };
        assert_eq!(
            plain(history(&HistoryReport { databases: vec![database] })),
            "\
primary (MySQL/MariaDB, db:3306/app): 2 applied
  1  2026-11-22T07:16:00Z  0001  create users  baseline         app@host
  2  2026-11-22T07:16:00Z  0002  create users            1.2 s  app@host
"
        );
    }

    #[test]
    fn a_repair_shows_the_difference() {
        let entry = RepairEntry {
            version: None,
            file: "0042_a.sql".into(),
            state: EntryState::Modified,
            recorded_checksum: None,
            file_checksum: None,
            difference: Some("-a int\n+a bigint".into()),
            repaired: true,
        };
        let databases = vec![
            DatabaseRepair { database: "primary".into(), entries: vec![entry] },
            DatabaseRepair { database: "other".into(), entries: vec![] },
        ];
        assert_eq!(
            plain(repair(&RepairReport { databases })),
            "\
primary: 1 difference between files and history, 1 accepted
  0042_a.sql: modified, accepted
    -a int
    +a bigint
other: files and history agree
"
        );
    }

    #[test]
    fn a_lock_is_free_held_or_released() {
        let lock_of = |held, released| DatabaseLock {
            database: "primary".into(),
            held,
            holder: (held || released).then(|| "pid 7, app".to_string()),
            released,
        };
        for (held, released, text) in [
            (false, false, "primary: free\n"),
            (true, false, "primary: held by pid 7, app\n"),
            (false, true, "primary: released; it was held by pid 7, app\n"),
        ] {
            assert_eq!(lock(&LockReport { databases: vec![lock_of(held, released)] }), text);
        }
    }
}
