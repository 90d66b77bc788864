use serde::Serialize;

use crate::dialect::Engine;
use crate::error::Excerpt;
use crate::lint::Severity;

/// What `check` found.
#[derive(Debug, Clone, Serialize)]
pub struct CheckReport {
    /// In the order of the configuration.
    pub databases: Vec<DatabaseCheck>,
    /// How it is written where it is not the JSON document.
    #[serde(skip)]
    pub format: ReportFormat,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReportFormat {
    /// For people.
    #[default]
    Text,
    /// SARIF 2.1.0.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// For a comment on a pull request.
    Markdown,
}

/// One database's part of a check.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseCheck {
    /// Its name in the configuration.
    pub database: String,
    /// How many files were read.
    pub checked_files: usize,
    /// How many migrations `migrate` would run; None where no database was asked.
    pub pending: Option<usize>,
    /// Their files, as shown to people.
    pub pending_files: Vec<String>,
    /// What would hurt, by file and line.
    pub findings: Vec<FindingReport>,
    /// Statements of which only parts were understood: only rules on their words looked at the rest.
    pub partly_understood: Vec<PlaceReport>,
}

/// A statement's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaceReport {
    /// The file, as shown to people.
    pub file: String,
    /// 1-based.
    pub line: usize,
}

/// One finding.
#[derive(Debug, Clone, Serialize)]
pub struct FindingReport {
    /// How bad.
    pub severity: FindingSeverity,
    /// The rule's id, as `-- dbwarden: allow` names it.
    pub rule: String,
    /// The file, as shown to people; None when it is about the whole database.
    pub file: Option<String>,
    /// 1-based; None when the whole file is meant.
    pub line: Option<usize>,
    /// 1-based, in characters; None when the whole line is meant.
    pub column: Option<usize>,
    /// The line on which what is meant ends.
    pub end_line: Option<usize>,
    /// The column behind its end.
    pub end_column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: Option<String>,
    /// The text at that place.
    #[serde(skip)]
    pub excerpt: Option<Excerpt>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingSeverity {
    /// Worth knowing; nothing needs to be wrong.
    Note,
    /// Can hurt; `migrate` goes on.
    Warning,
    /// Will hurt on a database in use, or the database is not as the history says: `check` exits with 3.
    Error,
}

impl FindingSeverity {
    /// The word shown to people.
    pub fn label(self) -> &'static str {
        Severity::from(self).name()
    }
}

impl From<Severity> for FindingSeverity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Note => FindingSeverity::Note,
            Severity::Warning => FindingSeverity::Warning,
            Severity::Error => FindingSeverity::Error,
        }
    }
}

impl From<FindingSeverity> for Severity {
    fn from(severity: FindingSeverity) -> Self {
        match severity {
            FindingSeverity::Note => Severity::Note,
            FindingSeverity::Warning => Severity::Warning,
            FindingSeverity::Error => Severity::Error,
        }
    }
}

/// `check --rules`, `check --explain`
#[derive(Debug, Clone, Serialize)]
pub struct RulesReport {
    /// By id.
    pub rules: Vec<RuleReport>,
    /// Whether everything about them is to be shown to people.
    #[serde(skip)]
    pub explained: bool,
}

/// One rule.
#[derive(Debug, Clone, Serialize)]
pub struct RuleReport {
    /// As `-- dbwarden: allow` and `[check]` name it.
    pub id: &'static str,
    /// Without a configuration.
    pub severity: FindingSeverity,
    /// The engines it knows.
    pub engines: Vec<Engine>,
    /// What it finds.
    pub summary: &'static str,
    /// Why it hurts, and what to do.
    pub explanation: &'static str,
    /// What it finds, and how the same is done without.
    pub examples: Vec<ExampleReport>,
}

/// A bad and a good way.
#[derive(Debug, Clone, Serialize)]
pub struct ExampleReport {
    /// On which engine.
    pub engine: Engine,
    /// Found.
    pub bad: &'static str,
    /// Not found.
    pub good: &'static str,
}
