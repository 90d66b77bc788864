//! What the configuration allows a plan to do. Named choices, not booleans.

/// What to do with a pending file whose version is below an applied one (`out_of_order`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutOfOrder {
    /// Stop: what it does may depend on what came after it in another environment.
    #[default]
    Refuse,
    /// Apply it now, in the order of versions among the pending ones.
    Allow,
}

/// What to do when the history holds versions newer than every file (`on_database_ahead`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatabaseAhead {
    /// Say so and go on: an older image that starts again beside a newer one must not fail.
    #[default]
    Warn,
    /// Stop.
    Fail,
}

/// The policies of one target that planning asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MigratePolicy {
    /// For files below an applied version.
    pub out_of_order: OutOfOrder,
    /// For rows above every file.
    pub database_ahead: DatabaseAhead,
}
