use std::path::PathBuf;

use super::rule::{Hit, Rule};
use super::subject::Subject;
use crate::model::{Direction, Migration};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Can hurt.
    Warning,
    /// Will hurt on a database in use.
    Error,
}

impl Severity {
    /// Every severity, the mildest first.
    pub const ALL: [Severity; 3] = [Severity::Note, Severity::Warning, Severity::Error];

    /// The word in configuration and reports.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// Something a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id, as `-- dbwarden: allow` names it.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// The file, as shown to people.
    pub file: PathBuf,
    /// The section it is in; None when the whole file is meant.
    pub direction: Option<Direction>,
    /// 1-based line; None when the whole file is meant.
    pub line: Option<usize>,
    /// 1-based column in characters; None when the whole line is meant.
    pub column: Option<usize>,
    /// 1-based line and column behind the end of what is meant.
    pub end: Option<(usize, usize)>,
    /// The line's text, for an excerpt.
    pub excerpt: Option<String>,
    /// What is wrong and why it hurts, on this engine and version.
    pub message: String,
    /// What to write instead: the exact SQL where there is one.
    pub remedy: String,
}

impl Finding {
    pub(super) fn new(rule: &'static Rule, severity: Severity, subject: &Subject<'_>, hit: Hit) -> Self {
        let statement = hit.statement.and_then(|index| subject.script.statements.get(index));
        let source = subject.script.source.as_str();
        let span = statement.map(|statement| {
            let within = |offset: usize| (statement.span.start + offset).min(statement.span.end);
            match &hit.span {
                Some(span) => within(span.start)..within(span.end),
                None => statement.span.clone(),
            }
        });
        let place = |offset: usize| {
            let before = &source[..offset];
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
        };
        let start = span.as_ref().map(|span| place(span.start));
        let excerpt = span.as_ref().map(|span| {
            let line_start = source[..span.start].rfind('\n').map_or(0, |at| at + 1);
            source[line_start..].lines().next().unwrap_or_default().to_owned()
        });
        Finding {
            rule: rule.id,
            severity: hit.severity.unwrap_or(severity).min(severity),
            file: subject.migration.path.clone(),
            direction: Some(subject.direction),
            line: hit.line.or(start.map(|(line, _)| line)),
            column: start.map(|(_, column)| column),
            end: span.map(|span| place(span.end)),
            excerpt,
            message: hit.message,
            remedy: hit.remedy,
        }
    }
}

/// Takes out what the author allowed with a reason.
pub(super) fn apply_allowances(migration: &Migration, findings: &mut Vec<Finding>) {
    findings.retain(|finding| !migration.allowances.iter().any(|allowance| allowance.rule == finding.rule));
}
