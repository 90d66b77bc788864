//! What a second connection sees of a session that is busy: above all, who keeps it waiting.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::{Row, SqlError};

/// How much of another session's statement is kept, in characters.
const LONGEST_QUERY: usize = 160;

/// Looks at a session from outside, while the session itself waits for an answer.
///
/// Made by [`super::Session::observer`] at no cost. The first look opens a connection, which serves the later ones.
#[async_trait]
pub trait Observer: Send {
    /// How the session stands at this moment.
    ///
    /// # Errors
    /// Those of connecting and asking. What the user has no right to see is no error: it is left out.
    async fn observe(&mut self) -> Result<Observation, SqlError>;

    /// For how long the server may be out of reach before the session counts as lost; see [`super::Liveness`].
    fn patience(&self) -> Duration;

    /// Closes the connection politely, if there is one.
    async fn close(self: Box<Self>);
}

/// How a session stands, seen from outside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observation {
    /// What the server does for the session.
    pub activity: Activity,
    /// Whom it waits for; empty where it waits for nobody, or where the server does not tell.
    pub blockers: Vec<Blocker>,
}

/// What a server does for a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Activity {
    /// The server does not tell, or there is no server.
    #[default]
    Unknown,
    /// A statement runs or waits.
    Busy,
    /// No statement runs: the server waits for the client.
    Idle,
    /// There is no such session.
    Gone,
}

/// Somebody who holds a lock that is waited for, as far as the server tells. All of it is untrusted text.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Blocker {
    /// PostgreSQL's backend pid, MySQL's connection id, a process id on SQLite; 0 where there is none (PostgreSQL's
    /// prepared transactions).
    pub id: i64,
    /// Whether the server named it. Otherwise it is one of those that may be it.
    pub certain: bool,
    /// Whether it is a process on this machine, and not a session of a server.
    pub process: bool,
    /// Its database user (SQLite: the user of the process).
    pub user: Option<String>,
    /// What it calls itself (SQLite: its program).
    pub application: Option<String>,
    /// The address it comes from.
    pub client: Option<String>,
    /// What it does: `active`, `idle in transaction`, `Sleep`.
    pub state: Option<String>,
    /// Since when it does that, UTC, RFC 3339.
    pub since: Option<String>,
    /// For how long, in milliseconds.
    pub state_ms: Option<u64>,
    /// How long its transaction has been open, in milliseconds.
    pub transaction_ms: Option<u64>,
    /// When the statement below began, UTC, RFC 3339.
    pub query_started: Option<String>,
    /// Its statement, or its last one: shortened, on one line, without the values in it.
    pub query: Option<String>,
    /// What ends it, to be run by whoever decides that.
    pub end_with: Option<String>,
}

impl Blocker {
    /// The same with every text passed through `change`.
    pub fn map_texts(self, change: &dyn Fn(String) -> String) -> Blocker {
        Blocker {
            user: self.user.map(change),
            application: self.application.map(change),
            client: self.client.map(change),
            state: self.state.map(change),
            query: self.query.map(change),
            ..self
        }
    }

    /// From the columns that the queries of [`crate::dialect::blocker_sql`] give, beginning with column `first`.
    pub(super) fn from_row(row: &Row, first: usize, end_with: impl Fn(i64) -> Option<String>) -> Blocker {
        let text = |column: usize| row.text(first + column).filter(|text| !text.is_empty()).map(str::to_owned);
        // A clock that was set in between can make a time negative.
        let millis = |column: usize| row.number(first + column).map(|millis| u64::try_from(millis).unwrap_or(0));
        let id = row.number(first).unwrap_or_default();
        Blocker {
            id,
            process: false,
            certain: row.number(first + 10) != Some(0),
            user: text(1),
            application: text(2),
            client: text(3),
            state: text(4),
            since: text(5),
            state_ms: millis(6),
            transaction_ms: millis(7),
            query_started: text(8),
            query: text(9).as_deref().and_then(shown),
            end_with: end_with(id),
        }
    }
}

/// In words, for messages: `session 4711 (app@10.0.0.3, psql), idle in transaction since 14:02:11 UTC (3 min): UPDATE …`.
impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.certain {
            f.write_str("probably ")?;
        }
        match self.id {
            0 => f.write_str("a transaction without a session (PostgreSQL: see pg_prepared_xacts)")?,
            id if self.process => write!(f, "process {id}")?,
            id => write!(f, "session {id}")?,
        }
        let who = match (&self.user, &self.client) {
            (Some(user), Some(client)) => Some(format!("{user}@{client}")),
            (user, client) => user.clone().or_else(|| client.clone()),
        };
        let facts: Vec<&str> = who.as_deref().into_iter().chain(self.application.as_deref()).collect();
        if !facts.is_empty() {
            write!(f, " ({})", facts.join(", "))?;
        }
        if let Some(state) = &self.state {
            write!(f, ", {state}")?;
        }
        // `2026-11-22T14:02:11Z`
        if let Some(time) = self.since.as_deref().and_then(|since| since.get(11..19)) {
            write!(f, " since {time} UTC")?;
        }
        if let Some(millis) = self.state_ms {
            write!(f, " ({})", rough(millis))?;
        }
        match self.transaction_ms {
            // The state's time says it already.
            Some(open) if self.state_ms.is_none_or(|state| open / 1000 > state / 1000) => {
                write!(f, ", its transaction open for {}", rough(open))?;
            }
            _ => {}
        }
        match &self.query {
            Some(query) => write!(f, ": {query}"),
            None => Ok(()),
        }
    }
}

/// A time for people, in its largest unit: `850 ms`, `12 s`, `3 min`, `2 h`, `4 days`.
fn rough(millis: u64) -> String {
    match millis / 1000 {
        0 => format!("{millis} ms"),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// A statement of somebody else, fit to be shown: enough to recognise it, and no value of a row or password of it.
pub(super) fn shown(statement: &str) -> Option<String> {
    // What PostgreSQL says in place of another user's statement.
    if statement.starts_with("<insufficient privilege>") {
        return None;
    }
    let line = without_values(statement).split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(LONGEST_QUERY).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    (!short.is_empty()).then_some(short)
}

/// Replaces what stands between single quotes. A rough reading will do: where it errs it hides too much.
fn without_values(statement: &str) -> String {
    let mut kept = String::with_capacity(statement.len());
    for (index, piece) in statement.split('\'').enumerate() {
        match index % 2 {
            0 => kept.push_str(piece),
            _ => kept.push_str("'…'"),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocker_reads_as_a_sentence() {
        let blocker = Blocker {
            id: 4711,
            certain: true,
            user: Some("app".into()),
            application: Some("psql".into()),
            client: Some("10.0.0.3".into()),
            state: Some("idle in transaction".into()),
            since: Some("2026-11-22T14:02:11Z".into()),
            state_ms: Some(185_000),
            transaction_ms: Some(3_700_000),
            query: Some("UPDATE t SET a = 1".into()),
            ..Blocker::default()
        };
        assert_eq!(
            blocker.to_string(),
            "session 4711 (app@10.0.0.3, psql), idle in transaction since 14:02:11 UTC (3 min), \
             its transaction open for 61 min: UPDATE t SET a = 1"
        );
        let unknown = Blocker { id: 7, ..Blocker::default() };
        assert_eq!(unknown.to_string(), "probably session 7");
        let prepared = Blocker { certain: true, ..Blocker::default() };
        assert!(prepared.to_string().starts_with("a transaction without a session"));
    }

    #[test]
    fn another_sessions_statement_is_shown_without_its_values() {
        for (statement, expected) in [
            ("UPDATE t\n  SET a = 1", Some("UPDATE t SET a = 1")),
            ("ALTER ROLE x PASSWORD 'secret'", Some("ALTER ROLE x PASSWORD '…'")),
            ("SELECT 'it''s', b", Some("SELECT '…''…', b")),
            ("SELECT 'cut in the mid", Some("SELECT '…'")),
            ("<insufficient privilege>", None),
            ("  ", None),
        ] {
            assert_eq!(shown(statement).as_deref(), expected, "{statement}");
        }
        let long = shown(&"ä".repeat(1000)).unwrap();
        assert_eq!(long.chars().count(), LONGEST_QUERY + 1);
    }
}
