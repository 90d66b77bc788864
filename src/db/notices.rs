//! What servers say beside results: PostgreSQL's notices, MySQL's warnings.
//!
//! sqlx has no callback for PostgreSQL's notices; it emits each as a `tracing` event. [`NoticeLayer`] keeps them
//! until [`take`] is called.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use super::Row;

/// Where sqlx reports notices.
const TARGET: &str = "sqlx::postgres::notice";

/// How many notices are kept between two calls of [`take`]: a loop that raises one for each row must not fill the
/// memory.
const KEPT: usize = 10_000;

/// How serious the server finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// PostgreSQL's WARNING, MySQL's Warning and Error.
    Warning,
    /// PostgreSQL's NOTICE, MySQL's Note.
    Notice,
    /// PostgreSQL's INFO and LOG.
    Info,
    /// PostgreSQL's DEBUG.
    Debug,
}

impl Severity {
    /// The word shown to people.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Notice => "notice",
            Severity::Info => "info",
            Severity::Debug => "debug",
        }
    }
}

/// One thing the server said.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Notice {
    /// How serious.
    pub severity: Severity,
    /// What; untrusted text.
    pub message: String,
}

impl Notice {
    /// A row of MySQL's `SHOW WARNINGS`: level, code, message.
    pub(super) fn from_warning(row: &Row) -> Self {
        let severity = if row.text(0) == Some("Note") { Severity::Notice } else { Severity::Warning };
        Notice { severity, message: row.text(2).unwrap_or_default().to_owned() }
    }
}

static BUFFER: Mutex<Vec<Notice>> = Mutex::new(Vec::new());

/// The notices since the last call, oldest first; at most 10,000.
pub fn take() -> Vec<Notice> {
    std::mem::take(&mut *BUFFER.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Makes [`NoticeLayer`] the process's subscriber: notices are kept, nothing is printed. Does nothing where the
/// process has a subscriber already.
pub fn install() {
    let notices_only = Targets::new().with_target(TARGET, Level::TRACE);
    let subscriber = tracing_subscriber::registry().with(NoticeLayer.with_filter(notices_only));
    // Only fails when there is one, which then is the caller's own.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Keeps PostgreSQL's notices for [`take`]. Needs its target let through at TRACE: sqlx reports INFO there.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoticeLayer;

impl<S: Subscriber> Layer<S> for NoticeLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        if event.metadata().target() != TARGET {
            return;
        }
        let severity = match *event.metadata().level() {
            Level::ERROR | Level::WARN => Severity::Warning,
            Level::INFO => Severity::Notice,
            Level::DEBUG => Severity::Debug,
            Level::TRACE => Severity::Info,
        };
        let mut message = Message(String::new());
        event.record(&mut message);
        let mut buffer = BUFFER.lock().unwrap_or_else(PoisonError::into_inner);
        if buffer.len() < KEPT {
            buffer.push(Notice { severity, message: message.0 });
        }
    }
}

/// Reads an event's message.
struct Message(String);

impl Visit for Message {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_kept_with_their_severity_and_other_events_are_not() {
        let subscriber = tracing_subscriber::registry().with(NoticeLayer);
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(target: TARGET, "careful");
            tracing::trace!(target: TARGET, message = "for your information");
            tracing::warn!("something else");
        });
        let notice = |severity, message: &str| Notice { severity, message: message.to_owned() };
        assert_eq!(take(), [notice(Severity::Warning, "careful"), notice(Severity::Info, "for your information")]);
    }
}
