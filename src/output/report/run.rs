use std::time::Duration;

use serde::Serialize;

use crate::db::ServerInfo;
use crate::dialect::Engine;
use crate::model::{Direction, MigrationKind, Version};
use crate::plan::{RollbackSource, Segment, SegmentMode, Step, Work};

/// What `migrate`, `rollback` or `downgrade` did, or would do.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    /// In the order they were worked on. Databases that were not reached are missing.
    pub databases: Vec<DatabaseRun>,
}

/// One database's part of a run.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseRun {
    /// Its name in the configuration.
    pub database: String,
    /// Its engine.
    pub engine: Engine,
    /// Where it is, without user or password.
    pub location: String,
    /// None where the connection failed.
    pub server: Option<ServerInfo>,
    /// Which way.
    pub direction: Direction,
    /// Whether nothing was run: the steps are what would be done.
    pub dry_run: bool,
    /// In the order they run.
    pub steps: Vec<StepReport>,
    /// Whether there was nothing to do.
    pub up_to_date: bool,
    /// The highest applied version after the run; None when none is applied.
    pub current_version: Option<Version>,
    /// How many versioned migrations are applied after the run.
    pub applied: usize,
    /// Wall time of the run in this database, in milliseconds.
    pub elapsed_ms: u64,
    /// What is odd but did not stop the run.
    pub warnings: Vec<String>,
    /// The run's id in the history; None for dry runs and where nothing was written.
    pub run_id: Option<String>,
}

/// One migration of a run.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// None for repeatables.
    pub version: Option<Version>,
    /// The snake-case part of the file name.
    pub name: String,
    /// The file, as shown to people.
    pub file: String,
    /// When it runs.
    pub kind: StepKind,
    /// Which way.
    pub direction: Direction,
    /// How it ended.
    pub status: StepStatus,
    /// How long it took, in milliseconds; None where it did not run.
    pub execution_ms: Option<u64>,
    /// How many statements it has.
    pub statements: usize,
    /// Where the rollback text came from; None for upgrades.
    pub rollback_source: Option<RollbackSource>,
    /// The exact statements, of a dry run only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<Vec<SegmentReport>>,
}

/// When a migration runs; the words of the history table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Once, in the order of versions.
    Versioned,
    /// `RA__`: on every migrate.
    RunsAlways,
    /// `ROC__`: when its content changed.
    RunsOnChange,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// Its upgrade ran and is recorded.
    Applied,
    /// Its rollback ran and its history row is gone.
    Reverted,
    /// Recorded as applied without running (`--baseline`).
    Recorded,
    /// It failed; the errors say how far it came.
    Failed,
    /// It would run (dry run).
    Planned,
    /// It did not run because one before it failed, or the run was stopped.
    Skipped,
}

/// A run of statements of a step.
#[derive(Debug, Clone, Serialize)]
pub struct SegmentReport {
    /// Whether they share a transaction; false: each runs outside any.
    pub transaction: bool,
    /// In file order.
    pub statements: Vec<StatementReport>,
}

/// A statement as it is sent.
#[derive(Debug, Clone, Serialize)]
pub struct StatementReport {
    /// 1-based line in the file.
    pub line: usize,
    /// Its text, without terminator.
    pub sql: String,
}

impl StepReport {
    /// What is to be said of a step; with `statements`, also what it runs.
    pub fn new(step: &Step, status: StepStatus, elapsed: Option<Duration>, statements: bool) -> Self {
        let (name, kind) = match &step.work {
            Work::Apply(file) | Work::Record(file) | Work::Revert { file: Some(file), .. } => {
                (file.name.clone(), StepKind::from(&file.kind))
            }
            Work::Revert { row, file: None, .. } => (row.description.clone(), StepKind::Versioned),
        };
        StepReport {
            version: step.version().cloned(),
            name,
            file: step.file_name().to_string(),
            kind,
            direction: step.direction(),
            status,
            execution_ms: elapsed.map(|elapsed| u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)),
            statements: step.script().map_or(0, |script| script.statements.len()),
            rollback_source: match step.work {
                Work::Revert { source, .. } => Some(source),
                Work::Apply(_) | Work::Record(_) => None,
            },
            segments: statements.then(|| {
                let done = step.resume.as_ref().map_or(0, |resume| resume.done);
                let left = step.segments.iter().filter(|segment| segment.statements.end > done);
                left.map(|segment| SegmentReport::new(step, segment, done)).collect()
            }),
        }
    }
}

impl SegmentReport {
    fn new(step: &Step, segment: &Segment, done: usize) -> Self {
        let statements = match step.script() {
            None => Vec::new(),
            Some(script) => (segment.statements.start.max(done)..segment.statements.end)
                .map(|index| StatementReport {
                    line: script.statements[index].line,
                    sql: match step.resume.as_ref().and_then(|resume| resume.instead.as_ref()) {
                        Some(rest) if index == done => rest.clone(),
                        _ => script.statement_text(index).to_string(),
                    },
                })
                .collect(),
        };
        SegmentReport { transaction: segment.mode == SegmentMode::Transaction, statements }
    }
}

impl From<&MigrationKind> for StepKind {
    fn from(kind: &MigrationKind) -> Self {
        match kind {
            MigrationKind::Versioned(_) => StepKind::Versioned,
            MigrationKind::RunsAlways => StepKind::RunsAlways,
            MigrationKind::RunsOnChange => StepKind::RunsOnChange,
        }
    }
}
