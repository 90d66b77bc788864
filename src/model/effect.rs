/// What a statement leaves in the database's catalog, so that looking there tells whether it was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// What to look for.
    pub object: Object,
    /// Whether it is there after the statement (`CREATE`, `ADD`) or gone (`DROP`).
    pub present: bool,
}

/// Something the catalog lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// A table.
    Table(ObjectName),
    /// A column of a table.
    Column {
        /// The table.
        table: ObjectName,
        /// The column.
        column: String,
    },
    /// An index; on MySQL names belong to a table, elsewhere to a schema.
    Index {
        /// The index.
        name: ObjectName,
        /// The table, where the statement names it.
        table: Option<ObjectName>,
        /// `CONCURRENTLY`: it may be there and yet not be valid.
        concurrently: bool,
    },
    /// A named constraint of a table.
    Constraint {
        /// The table.
        table: ObjectName,
        /// The constraint.
        name: String,
    },
    /// A view.
    View(ObjectName),
    /// A function or a procedure, by name alone.
    Routine(ObjectName),
    /// A trigger.
    Trigger(ObjectName),
    /// An event of MySQL's scheduler.
    Event(ObjectName),
}

/// A name as the catalog has it: quotes removed, case folded where the engine folds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectName {
    /// The schema (MySQL: the database), where the statement names it.
    pub schema: Option<String>,
    /// The name itself.
    pub name: String,
}

/// How an [`Object`] was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Seen {
    /// There.
    Present,
    /// An index that was begun and never finished: it takes its place and serves no query.
    Invalid,
    /// Not there.
    Absent,
}

impl Effect {
    /// Whether the statement was carried out, when its object was found as `seen`.
    pub fn is_done(&self, seen: Seen) -> bool {
        match seen {
            Seen::Present => self.present,
            Seen::Invalid => false,
            Seen::Absent => !self.present,
        }
    }
}
