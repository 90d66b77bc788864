//! Findings as they are reported.

use crate::dialect;
use crate::error::Excerpt;
use crate::lint::{self, Finding, INVALID_INDEX, NOT_VALID_CONSTRAINT, Rule, Severity};
use crate::model::{ObjectName, Unfinished};
use crate::output::report::FindingReport;
use crate::plan::Healing;

/// What the database has begun and not finished. An index that the history says was built is an error, because every
/// check of the history alone says that all is well. None where the configuration does not want to hear of it.
pub(super) fn unfinished(object: &Unfinished, healing: Healing, options: &lint::Options) -> Option<FindingReport> {
    let shown = |name: &ObjectName| match &name.schema {
        Some(schema) => format!("{schema}.{}", name.name),
        None => name.name.clone(),
    };
    let by_hand = format!("run by hand: {}", dialect::finish(object));
    let (name, table, partitioned) = match object {
        Unfinished::Constraint { name, table } => {
            let message = format!(
                "constraint {name} of {} is NOT VALID: rows that were there before it were never checked",
                shown(table)
            );
            return of_database(&NOT_VALID_CONSTRAINT, Severity::Note, None, message, by_hand, options);
        }
        Unfinished::Index { name, table, partitioned } => (name, table, *partitioned),
    };
    let what = format!("index {} on {} is invalid", shown(name), shown(table));
    let (severity, file, message, remedy) = match healing {
        _ if partitioned => {
            (Severity::Warning, None, format!("{what} until every partition has its own, attached to it"), by_hand)
        }
        Healing::NextRun { file } => (
            Severity::Note,
            Some(file),
            format!("{what}: an earlier attempt to build it did not come to its end"),
            "the next `dbwarden migrate` drops it and builds it again".to_string(),
        ),
        Healing::Person { file } => (
            Severity::Error,
            Some(file),
            format!("{what}, although the history says that it was built: no query uses it"),
            by_hand,
        ),
        Healing::Stranger => (
            Severity::Warning,
            None,
            format!("{what}: no query uses it, every write still pays for it, and no file here builds it"),
            by_hand,
        ),
    };
    of_database(&INVALID_INDEX, severity, file, message, remedy, options)
}

/// A finding about the database itself, as bad as this case of it, unless the configuration says otherwise.
fn of_database(
    rule: &Rule,
    severity: Severity,
    file: Option<String>,
    message: String,
    remedy: String,
    options: &lint::Options,
) -> Option<FindingReport> {
    let severity = options.severities.get(rule.id).copied().unwrap_or(Some(severity))?;
    Some(FindingReport {
        severity: severity.into(),
        rule: rule.id.to_string(),
        file,
        line: None,
        column: None,
        end_line: None,
        end_column: None,
        message,
        remedy: Some(remedy),
        excerpt: None,
    })
}

impl From<Finding> for FindingReport {
    fn from(finding: Finding) -> Self {
        FindingReport {
            severity: finding.severity.into(),
            rule: finding.rule.to_string(),
            file: Some(finding.file.display().to_string()),
            line: finding.line,
            column: finding.column,
            end_line: finding.end.map(|(line, _)| line),
            end_column: finding.end.map(|(_, column)| column),
            message: finding.message,
            remedy: Some(finding.remedy).filter(|remedy| !remedy.is_empty()),
            excerpt: finding.source.map(|(text, span)| Excerpt::around(&text, span)),
        }
    }
}
