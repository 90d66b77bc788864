use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

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

    /// The inverse of [`Severity::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Severity::ALL.into_iter().find(|severity| severity.name() == name)
    }

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
    /// The statement of the section; None when none is meant.
    pub statement: Option<usize>,
    /// 1-based line; None when the whole file is meant.
    pub line: Option<usize>,
    /// 1-based column in characters; None when the whole line is meant.
    pub column: Option<usize>,
    /// 1-based line and column behind the end of what is meant.
    pub end: Option<(usize, usize)>,
    /// The text of the file, and the bytes of it that are meant.
    pub source: Option<(Arc<String>, Range<usize>)>,
    /// What is wrong and why it hurts, on this engine and version.
    pub message: String,
    /// What to write instead: the exact SQL where there is one.
    pub remedy: String,
}

impl Finding {
    pub(super) fn new(rule: &'static Rule, severity: Severity, subject: &Subject<'_>, hit: Hit) -> Self {
        let statement = hit.statement.and_then(|index| subject.script.statements.get(index));
        let severity = hit.severity.unwrap_or(severity).min(severity);
        let mut finding = Finding::in_file(rule.id, severity, subject.migration.path.clone(), hit.message, hit.remedy);
        finding.direction = Some(subject.direction);
        finding.statement = hit.statement;
        let text = &subject.script.source;
        let span = match statement {
            None => hit.line.and_then(|line| line_span(text, line)),
            Some(statement) => Some(match &hit.span {
                None => statement.span.clone(),
                Some(span) => {
                    let within =
                        |offset: usize| boundary(text, (statement.span.start + offset).min(statement.span.end));
                    let start = within(span.start);
                    start..within(span.end).max(start)
                }
            }),
        };
        finding.line = hit.line;
        finding.pointing(text, span)
    }

    /// About a whole file.
    pub(super) fn in_file(
        rule: &'static str,
        severity: Severity,
        file: PathBuf,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Finding {
            rule,
            severity,
            file,
            direction: None,
            statement: None,
            line: None,
            column: None,
            end: None,
            source: None,
            message: message.into(),
            remedy: remedy.into(),
        }
    }

    /// About a line of a file.
    pub(super) fn at_line(
        rule: &'static str,
        severity: Severity,
        migration: &Migration,
        line: usize,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let mut finding = Finding::in_file(rule, severity, migration.path.clone(), message, remedy);
        finding.line = Some(line);
        let text = &migration.upgrade.source;
        finding.pointing(text, line_span(text, line))
    }

    fn pointing(mut self, text: &Arc<String>, span: Option<Range<usize>>) -> Self {
        if let Some(span) = span {
            let (line, column) = place(text, span.start);
            self.line = self.line.or(Some(line));
            self.column = Some(column);
            self.end = Some(place(text, span.end));
            self.source = Some((Arc::clone(text), span));
        }
        self
    }
}

/// 1-based line and column of a byte; a byte order mark is no column.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let characters = before[line_start..].chars().filter(|&character| character != '\u{feff}').count();
    (before.matches('\n').count() + 1, characters + 1)
}

/// The part of a 1-based line that is not blank.
fn line_span(text: &str, line: usize) -> Option<Range<usize>> {
    let start = match line {
        0 => return None,
        1 => 0,
        _ => text.match_indices('\n').nth(line - 2)?.0 + 1,
    };
    let shown = text[start..].lines().next()?;
    let indent = shown.len() - shown.trim_start().len();
    let length = shown.trim().len();
    (length > 0).then(|| start + indent..start + indent + length)
}

/// The nearest character boundary at or before a byte: a rule's span is not trusted to cut characters.
fn boundary(text: &str, offset: usize) -> usize {
    text.floor_char_boundary(offset)
}
