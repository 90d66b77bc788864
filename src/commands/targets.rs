use super::Outcome;
use crate::config::{Settings, Target};
use crate::error::Error;

/// What a command found or did in one database, as far as it came.
pub(super) struct PerTarget<T> {
    pub(super) report: Option<T>,
    pub(super) error: Option<Error>,
}

impl<T> From<Result<T, Error>> for PerTarget<T> {
    fn from(result: Result<T, Error>) -> Self {
        match result {
            Ok(report) => PerTarget { report: Some(report), error: None },
            Err(error) => PerTarget { report: None, error: Some(error) },
        }
    }
}

/// Reports and errors of several databases.
pub(super) struct Collected<T> {
    pub(super) reports: Vec<T>,
    pub(super) outcome: Outcome,
}

/// Does `work` for each selected database, in order. The first failure stops, unless `keep_going`.
pub(super) async fn for_each<T>(
    settings: &Settings,
    keep_going: bool,
    mut work: impl AsyncFnMut(&Target) -> PerTarget<T>,
) -> Collected<T> {
    let mut collected = Collected { reports: Vec::new(), outcome: Outcome::default() };
    for target in settings.selected() {
        let PerTarget { report, error } = work(target).await;
        collected.reports.extend(report);
        if let Some(error) = error {
            collected.outcome.errors.push((Some(target.name.clone()), error));
            if !keep_going {
                break;
            }
        }
    }
    collected
}
