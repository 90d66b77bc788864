//! Findings for other programs: code scanning, annotations of a CI system, a comment on a pull request.
//!
//! What kept files from being checked is told there too: whoever reads only the annotations must not take a file that
//! cannot be parsed for a clean one.

mod github;
mod markdown;
mod sarif;

use super::report::{CheckReport, ReportFormat};
use crate::error::Error;

/// The report in its format; None for the one for people.
pub(super) fn render(report: &CheckReport, errors: &[(Option<String>, Error)]) -> Option<String> {
    let errors: Vec<&Error> = errors.iter().flat_map(|(_, error)| each(error)).collect();
    match report.format {
        ReportFormat::Text => None,
        ReportFormat::Sarif => Some(sarif::render(report, &errors)),
        ReportFormat::Github => Some(github::render(report, &errors)),
        ReportFormat::Markdown => Some(markdown::render(report, &errors)),
    }
}

/// The single errors behind one.
fn each(error: &Error) -> Vec<&Error> {
    if error.related.is_empty() { vec![error] } else { error.related.iter().flat_map(each).collect() }
}

#[cfg(test)]
mod tests {
    use crate::error::{Error, ErrorKind, Excerpt};
    use crate::output::report::{CheckReport, DatabaseCheck, FindingReport, FindingSeverity, ReportFormat};

    pub(super) fn report(message: &str) -> CheckReport {
        let finding = FindingReport {
            severity: FindingSeverity::Warning,
            rule: "empty-rollback".into(),
            file: Some("my migrations/0001_a.sql".into()),
            line: Some(2),
            column: Some(6),
            end_line: Some(2),
            end_column: Some(11),
            message: message.into(),
            remedy: Some("write ```it```".into()),
            excerpt: Some(Excerpt::around("-- upgrade\nDROP TABLE a;\n", 16..21)),
        };
        let database = DatabaseCheck {
            database: "primary".into(),
            checked_files: 1,
            pending: Some(1),
            pending_files: vec!["my migrations/0001_a.sql".into()],
            findings: vec![finding],
            partly_understood: Vec::new(),
        };
        CheckReport { databases: vec![database], format: ReportFormat::Text }
    }

    pub(super) fn error() -> Error {
        Error::new(ErrorKind::Usage, "no -- upgrade line").at("b.sql", Some(1), None).hint("add it")
    }
}
