use std::fmt;

/// What `migrate` does with a pending file whose version is lower than one already applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OutOfOrder {
    /// Stops before anything runs, and names the files.
    #[default]
    Refuse,
    /// Applies them, in version order, before the newer ones.
    Allow,
}

impl OutOfOrder {
    /// Every policy.
    pub const ALL: [OutOfOrder; 2] = [OutOfOrder::Refuse, OutOfOrder::Allow];

    /// The value of `out_of_order`.
    pub fn name(self) -> &'static str {
        match self {
            OutOfOrder::Refuse => "refuse",
            OutOfOrder::Allow => "allow",
        }
    }
}

impl fmt::Display for OutOfOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What `migrate` and `check` do when the history holds versions that no file has: an older image runs against a
/// newer database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DatabaseAhead {
    /// Warns and succeeds: a rolled-back deployment must be able to start.
    #[default]
    Warn,
    /// Fails.
    Fail,
}

impl DatabaseAhead {
    /// Every policy.
    pub const ALL: [DatabaseAhead; 2] = [DatabaseAhead::Warn, DatabaseAhead::Fail];

    /// The value of `on_database_ahead`.
    pub fn name(self) -> &'static str {
        match self {
            DatabaseAhead::Warn => "warn",
            DatabaseAhead::Fail => "fail",
        }
    }
}

impl fmt::Display for DatabaseAhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Which commits of a run wait for the disk, where several travel in one message (PostgreSQL).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DurableCommits {
    /// The last of the message: the log is written in order, so that its flush covers those before it. Nothing is told
    /// as done before.
    #[default]
    Last,
    /// Each.
    Each,
}

impl DurableCommits {
    /// Every policy.
    pub const ALL: [DurableCommits; 2] = [DurableCommits::Last, DurableCommits::Each];

    /// The value of `durable_commits`.
    pub fn name(self) -> &'static str {
        match self {
            DurableCommits::Last => "last",
            DurableCommits::Each => "each",
        }
    }
}

impl fmt::Display for DurableCommits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The policies of one target that planning asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MigratePolicy {
    /// For files below an applied version.
    pub out_of_order: OutOfOrder,
    /// For rows above every file.
    pub database_ahead: DatabaseAhead,
}
