//! What each command found or did, as plain data: rendered for people by `human`, and as it stands in JSON.
//!
//! Field names are the keys of the JSON document and part of its `"format": 1`: adding one is fine, renaming or
//! removing one is a new format.

mod backup;
mod check;
mod events;
mod run;
mod settings;
mod status;

pub use backup::{BackupAction, BackupEntry, BackupReport, DatabaseBackups};
pub use check::{
    CheckReport, DatabaseCheck, ExampleReport, FindingReport, FindingSeverity, PlaceReport, ReportFormat, RuleReport,
    RulesReport,
};
pub use events::{DatabaseEvents, EventReport, EventsReport};
pub use run::{DatabaseRun, RunReport, SegmentReport, StatementReport, StepKind, StepReport, StepStatus};
pub use settings::{
    ConfigReport, DatabaseEntry, DatabaseListReport, DatabaseSettings, InitReport, NewReport, SettingReport,
    VersionReport,
};
pub use status::{
    DatabaseHistory, DatabaseLock, DatabaseRepair, DatabaseResolution, DatabaseStatus, EntryState, HistoryReport,
    HistoryRow, Interruption, LockReport, RepairEntry, RepairReport, ResolveReport, ResolvedAs, StatusEntry,
    StatusReport,
};

use serde::Serialize;

/// The result of a command.
#[derive(Debug, Clone)]
pub enum Report {
    /// `migrate`, `rollback`, `downgrade`, and their dry runs.
    Run(RunReport),
    /// `status`
    Status(StatusReport),
    /// `history`
    History(HistoryReport),
    /// `backup`, `backup list`, `backup verify`, `restore`
    Backup(BackupReport),
    /// `history --events`
    Events(EventsReport),
    /// `check`
    Check(CheckReport),
    /// `check --rules`, `check --explain`
    Rules(RulesReport),
    /// `repair`
    Repair(RepairReport),
    /// `resolve`
    Resolve(ResolveReport),
    /// `lock-status`, and `unlock` after it did its work.
    Lock(LockReport),
    /// `config`
    Config(ConfigReport),
    /// `database list`
    DatabaseList(DatabaseListReport),
    /// `init`
    Init(InitReport),
    /// `new`
    New(NewReport),
    /// `version`
    Version(VersionReport),
    /// Text that is the result itself: a completion script, a help text. Printed as it is.
    Text(String),
}

impl Report {
    /// The key and the value that stand in the JSON document: `databases` with one element per database, or
    /// `result`.
    pub(super) fn json(&self) -> Result<(&'static str, serde_json::Value), serde_json::Error> {
        fn value(data: impl Serialize) -> Result<serde_json::Value, serde_json::Error> {
            serde_json::to_value(data)
        }
        Ok(match self {
            Report::Run(report) => ("databases", value(&report.databases)?),
            Report::Status(report) => ("databases", value(&report.databases)?),
            Report::History(report) => ("databases", value(&report.databases)?),
            Report::Backup(report) => ("databases", value(&report.databases)?),
            Report::Events(report) => ("databases", value(&report.databases)?),
            Report::Check(report) => ("databases", value(&report.databases)?),
            Report::Repair(report) => ("databases", value(&report.databases)?),
            Report::Resolve(report) => ("databases", value(&report.databases)?),
            Report::Lock(report) => ("databases", value(&report.databases)?),
            Report::Config(report) => ("databases", value(&report.databases)?),
            Report::DatabaseList(report) => ("databases", value(&report.databases)?),
            Report::Rules(report) => ("rules", value(&report.rules)?),
            Report::Init(report) => ("result", value(report)?),
            Report::New(report) => ("result", value(report)?),
            Report::Version(report) => ("result", value(report)?),
            Report::Text(text) => ("result", value(text)?),
        })
    }
}
