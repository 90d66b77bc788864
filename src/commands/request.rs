//! What `migrate`, `rollback` and `downgrade` are asked to do.

use crate::db::history_table::Extent;
use crate::model::Direction;
use crate::plan::Goal;

/// What was asked for.
#[derive(Debug, Clone)]
pub(super) enum Request {
    /// Apply up to the goal.
    Migrate(Goal),
    /// Record up to the goal, run nothing.
    Baseline(Goal),
    /// Undo down to the goal.
    Rollback(Goal),
}

impl Request {
    pub(super) fn direction(&self) -> Direction {
        match self {
            Request::Migrate(_) | Request::Baseline(_) => Direction::Upgrade,
            Request::Rollback(_) => Direction::Rollback,
        }
    }

    /// How much is read of the history that is worked on.
    pub(super) fn extent(&self) -> Extent {
        match self {
            Request::Migrate(_) | Request::Baseline(_) => Extent::Applied,
            Request::Rollback(_) => Extent::AlsoOpenRollback,
        }
    }

    /// How much tells whether there is anything to do.
    pub(super) fn extent_of_first_look(&self) -> Extent {
        match self {
            Request::Migrate(_) | Request::Baseline(_) => Extent::Standing,
            Request::Rollback(_) => Extent::AlsoOpenRollback,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_undoes_a_migration_is_read_before_it_is_thought_of() {
        let rollback = Request::Rollback(Goal::Steps(1));
        assert_eq!(
            (rollback.extent_of_first_look(), rollback.extent()),
            (Extent::AlsoOpenRollback, Extent::AlsoOpenRollback)
        );
        let migrate = Request::Migrate(Goal::Latest);
        assert_eq!((migrate.extent_of_first_look(), migrate.extent()), (Extent::Standing, Extent::Applied));
    }
}
