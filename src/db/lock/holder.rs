use std::fmt;

use crate::db::Row;
use crate::db::observe::shown;

/// Who holds the migration lock, as far as the server tells. All of it is untrusted text.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct LockHolder {
    /// PostgreSQL's backend pid, MySQL's connection id, or the process id on SQLite; 0 where not known.
    pub id: i64,
    /// Its database user.
    pub user: Option<String>,
    /// `dbwarden/<version> <run id>`, or what else it calls itself.
    pub application: Option<String>,
    /// The address (SQLite: the host) it comes from.
    pub client: Option<String>,
    /// Since when its session exists (SQLite: since when it holds the lock), UTC, RFC 3339.
    pub since: Option<String>,
    /// What its session does: `active`, `idle in transaction`, `Query: altering table`.
    pub state: Option<String>,
    /// The statement it runs, or ran last: shortened, on one line, without the values in it.
    pub query: Option<String>,
}

impl LockHolder {
    pub(super) fn from_row(row: &Row) -> Self {
        let text = |index| row.text(index).map(str::to_owned);
        LockHolder {
            id: row.number(0).unwrap_or_default(),
            user: text(1),
            application: text(2),
            client: text(3),
            since: text(4),
            state: text(5),
            query: row.text(6).and_then(shown),
        }
    }
}

/// In words, for messages: what is known, and nothing of what is not.
impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            0 => f.write_str("an unknown session")?,
            id => write!(f, "session {id}")?,
        }
        let mut facts = Vec::new();
        let mut add = |what: &str, value: &Option<String>| {
            facts.extend(value.as_ref().filter(|value| !value.is_empty()).map(|value| format!("{what}{value}")));
        };
        add("user ", &self.user);
        add("", &self.application);
        add("from ", &self.client);
        add("since ", &self.since);
        add("", &self.state);
        if !facts.is_empty() {
            write!(f, " ({})", facts.join(", "))?;
        }
        match &self.query {
            Some(query) => write!(f, ": {query}"),
            None => Ok(()),
        }
    }
}
