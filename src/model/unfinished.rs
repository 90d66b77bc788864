use super::ObjectName;

/// Something the database has begun and not finished: it is there, and yet does not do what its name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfinished {
    /// An index that no query uses, which is nevertheless kept up to date or in the way of another of its name.
    Index {
        /// The index, with its schema.
        name: ObjectName,
        /// Its table, with its schema.
        table: ObjectName,
        /// Whether it is the index of a partitioned table, which is invalid until every partition has its own.
        partitioned: bool,
    },
    /// A constraint that was never checked against the rows that were there before it.
    Constraint {
        /// Its name.
        name: String,
        /// Its table, with its schema.
        table: ObjectName,
    },
}
