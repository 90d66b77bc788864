use std::fmt;

/// Why a run did not end well. Each kind has one exit code, so that a script, a CI job or a Kubernetes
/// `podFailurePolicy` can decide what to do next without reading text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A migration's SQL failed and was undone; what came before it stands.
    Sql,
    /// Wrong arguments, wrong configuration, files that cannot be used.
    Usage,
    /// Work is pending (`check`, `status --exit-code`), or `check` found something.
    Pending,
    /// Another run holds the migration lock, and went on holding it.
    LockHeld,
    /// Blocked in the database: lock timeout, retries exhausted. Nothing of the step is applied.
    Blocked,
    /// Files and history disagree: modified, missing, out of order, ahead where that is forbidden.
    Disagreement,
    /// Refused: irreversible, unsafe connection, read-only database.
    Refused,
    /// Partly applied, or the outcome is unknown: a person decides.
    Partial,
    /// No connection or no login, or the connection or the lock was lost; the state is known.
    Connection,
    /// A backup or a restore failed; nothing was migrated.
    Backup,
    /// A bug in dbwarden.
    Bug,
    /// Stopped cleanly by SIGINT.
    Interrupted,
    /// Stopped cleanly by SIGTERM.
    Terminated,
}

impl ErrorKind {
    /// Every kind, the gravest first: where several databases failed in different ways, the exit code is that of the
    /// kind that stands first here.
    ///
    /// First what needs a person at once (a bug, an unknown outcome), then a stop by signal (the databases after it
    /// were not reached, so no other code would be the whole truth), then what a repetition does not cure, then what
    /// it does, and last what is no failure at all.
    pub const GRAVEST_FIRST: [ErrorKind; 13] = [
        ErrorKind::Bug,
        ErrorKind::Partial,
        ErrorKind::Terminated,
        ErrorKind::Interrupted,
        ErrorKind::Disagreement,
        ErrorKind::Sql,
        ErrorKind::Refused,
        ErrorKind::Usage,
        ErrorKind::Backup,
        ErrorKind::Blocked,
        ErrorKind::LockHeld,
        ErrorKind::Connection,
        ErrorKind::Pending,
    ];

    /// The one table: exit code, name in JSON, whether running the same command again can help by itself.
    ///
    /// 70 is `EX_SOFTWARE` of sysexits.h; 130 and 143 are what shells report for the two signals.
    const fn facts(self) -> (u8, &'static str, bool) {
        match self {
            ErrorKind::Sql => (1, "sql", false),
            ErrorKind::Usage => (2, "usage", false),
            ErrorKind::Pending => (3, "pending", false),
            ErrorKind::LockHeld => (4, "lock_held", true),
            ErrorKind::Blocked => (5, "blocked", true),
            ErrorKind::Disagreement => (6, "disagreement", false),
            ErrorKind::Refused => (7, "refused", false),
            ErrorKind::Partial => (8, "partial", false),
            ErrorKind::Connection => (9, "connection", true),
            ErrorKind::Backup => (10, "backup", true),
            ErrorKind::Bug => (70, "bug", false),
            ErrorKind::Interrupted => (130, "interrupted", true),
            ErrorKind::Terminated => (143, "terminated", true),
        }
    }

    /// The exit code of the process.
    pub fn exit_code(self) -> u8 {
        self.facts().0
    }

    /// The name in JSON, in snake case.
    pub fn name(self) -> &'static str {
        self.facts().1
    }

    /// Whether running the same command again, unchanged, can succeed.
    pub fn retryable(self) -> bool {
        self.facts().2
    }

    /// The gravest of `kinds`, after [`ErrorKind::GRAVEST_FIRST`].
    pub fn gravest(kinds: impl IntoIterator<Item = ErrorKind>) -> Option<ErrorKind> {
        kinds.into_iter().min_by_key(|kind| ErrorKind::GRAVEST_FIRST.iter().position(|other| other == kind))
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for ErrorKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// How the process ends: well, or with the kind of its gravest failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit(pub Option<ErrorKind>);

impl Exit {
    /// Done, or nothing to do.
    pub const OK: Exit = Exit(None);

    /// The exit code of the process.
    pub fn code(self) -> u8 {
        self.0.map_or(0, ErrorKind::exit_code)
    }

    /// The name in JSON; `ok` for 0.
    pub fn name(self) -> &'static str {
        self.0.map_or("ok", ErrorKind::name)
    }

    /// Whether running the same command again, unchanged, can succeed where this run did not.
    pub fn retryable(self) -> bool {
        self.0.is_some_and(ErrorKind::retryable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the README promises to scripts. A change here breaks them.
    const DOCUMENTED: [(u8, &str, bool); 13] = [
        (1, "sql", false),
        (2, "usage", false),
        (3, "pending", false),
        (4, "lock_held", true),
        (5, "blocked", true),
        (6, "disagreement", false),
        (7, "refused", false),
        (8, "partial", false),
        (9, "connection", true),
        (10, "backup", true),
        (70, "bug", false),
        (130, "interrupted", true),
        (143, "terminated", true),
    ];

    #[test]
    fn codes_are_the_documented_ones() {
        let mut facts = ErrorKind::GRAVEST_FIRST.map(ErrorKind::facts);
        facts.sort_unstable();
        assert_eq!(facts, DOCUMENTED);
    }

    #[test]
    fn the_gravest_failure_decides() {
        use ErrorKind::*;
        for (kinds, gravest) in [
            (vec![], None),
            (vec![Connection], Some(Connection)),
            (vec![Sql, Partial, Connection], Some(Partial)),
            (vec![Partial, Bug], Some(Bug)),
            (vec![Pending, Connection], Some(Connection)),
            (vec![Sql, Interrupted], Some(Interrupted)),
            (vec![LockHeld, Disagreement], Some(Disagreement)),
        ] {
            assert_eq!(ErrorKind::gravest(kinds.clone()), gravest, "{kinds:?}");
        }
    }

    #[test]
    fn success_is_zero() {
        assert_eq!((Exit::OK.code(), Exit::OK.name(), Exit::OK.retryable()), (0, "ok", false));
    }
}
