use std::time::Duration;

use anstyle::Style;

use super::columns::{Cell, columns};
use super::{count, heading};
use crate::dialect::EventKind;
use crate::output::report::{EventReport, EventsReport};
use crate::output::style::{self, paint};
use crate::output::{elapsed, sanitize_line};

/// `history --events`: two lines per event where there is more to say of it, the latest last.
pub(super) fn render(report: &EventsReport) -> String {
    let mut text = String::new();
    for database in &report.databases {
        let heading = heading(&database.database, database.engine, &database.location);
        let number = database.events.len();
        let latest = if database.truncated { "the latest " } else { "" };
        text.push_str(&format!("{}: {latest}{}\n", paint(style::STRONG, heading), count(number, "event")));
        for (line, event) in columns(&database.events, cells).lines().zip(&database.events) {
            text.push_str(&format!("{line}\n"));
            if let Some(detail) = &event.detail {
                text.push_str(&format!("      {}\n", sanitize_line(detail)));
            }
        }
        if database.truncated {
            text.push_str("  there are earlier ones: --limit N shows more\n");
        }
    }
    text
}

fn cells(event: &EventReport) -> [Cell<'_>; 6] {
    let time = event.duration_ms.and_then(|millis| u64::try_from(millis).ok());
    let line = |text: &Option<String>| sanitize_line(text.as_deref().unwrap_or_default()).into_owned();
    [
        line(&Some(event.happened_at.clone())).into(),
        Cell::styled(style_of(&event.kind), sanitize_line(&event.kind).replace('_', " ")),
        if event.file.is_some() { line(&event.file) } else { line(&event.version) }.into(),
        time.map(|millis| elapsed(Duration::from_millis(millis))).unwrap_or_default().into(),
        line(&event.actor).into(),
        Cell::styled(style::FAINT, format!("run {}", sanitize_line(&event.run_id))),
    ]
}

fn style_of(kind: &str) -> Style {
    let is = |kinds: &[EventKind]| kinds.iter().any(|known| known.name() == kind);
    if is(&[EventKind::Applied]) {
        style::GOOD
    } else if is(&[EventKind::Failed, EventKind::Interrupted]) {
        style::ERROR
    } else {
        style::WARNING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Engine;
    use crate::output::report::DatabaseEvents;

    #[test]
    fn the_latest_comes_last_and_text_from_the_database_is_harmless() {
        let event = |kind: &str, file: Option<&str>, duration_ms, detail: Option<&str>| EventReport {
            id: 1,
            happened_at: "2026-11-22T07:16:00.000Z".into(),
            kind: kind.into(),
            version: None,
            file: file.map(str::to_string),
            actor: Some("app@web-1 dbwarden/0.1.0".into()),
            run_id: "018f".into(),
            duration_ms,
            detail: detail.map(str::to_string),
        };
        let events = vec![
            event("applied", Some("0001_a.sql"), Some(1_200), None),
            event("rollback_planned", None, None, Some("2,1")),
            event("failed", Some("0002_b.sql"), Some(12), Some("statement 1\u{1b}[2J")),
        ];
        let database = DatabaseEvents {
            database: "primary".into(),
            engine: Engine::Sqlite,
            location: "a.db".into(),
            truncated: true,
            events,
        };
        let text = render(&EventsReport { databases: vec![database] });
        assert_eq!(
            anstream::adapter::strip_str(&text).to_string(),
            "\
primary (SQLite, a.db): the latest 3 events
  2026-11-22T07:16:00.000Z  applied           0001_a.sql  1.2 s  app@web-1 dbwarden/0.1.0  run 018f
  2026-11-22T07:16:00.000Z  rollback planned                     app@web-1 dbwarden/0.1.0  run 018f
      2,1
  2026-11-22T07:16:00.000Z  failed            0002_b.sql  12 ms  app@web-1 dbwarden/0.1.0  run 018f
      statement 1\\u{1b}[2J
  there are earlier ones: --limit N shows more
"
        );
    }
}
