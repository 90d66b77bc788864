use serde::Serialize;

/// What `check` found.
#[derive(Debug, Clone, Serialize)]
pub struct CheckReport {
    /// In the order of the configuration.
    pub databases: Vec<DatabaseCheck>,
}

/// One database's part of a check.
#[derive(Debug, Clone, Serialize)]
pub struct DatabaseCheck {
    /// Its name in the configuration.
    pub database: String,
    /// How many files were read.
    pub checked_files: usize,
    /// How many migrations `migrate` would run; None with `--offline`.
    pub pending: Option<usize>,
    /// Their files, as shown to people.
    pub pending_files: Vec<String>,
    /// What is wrong or odd, by file and line.
    pub findings: Vec<FindingReport>,
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
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: Option<String>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingSeverity {
    /// `migrate` refuses, or the database is not as the history says. `check` exits with 3.
    Error,
    /// `migrate` goes on.
    Warning,
    /// Nothing is wrong; worth to know.
    Note,
}

impl FindingSeverity {
    /// The word shown to people.
    pub fn label(self) -> &'static str {
        match self {
            FindingSeverity::Error => "error",
            FindingSeverity::Warning => "warning",
            FindingSeverity::Note => "note",
        }
    }
}
