use super::count;
use crate::output::report::{CheckReport, DatabaseCheck, FindingReport, FindingSeverity};
use crate::output::style::{self, paint};
use crate::output::{sanitize, sanitize_line};

/// `check`: findings as `file:line: severity[rule]: message`, which editors and CI systems understand, then one line
/// per database.
pub(super) fn render(report: &CheckReport) -> String {
    let mut text = String::new();
    for database in &report.databases {
        text.extend(database.findings.iter().map(finding));
        text.extend(database.pending_files.iter().map(|file| format!("{}: pending\n", sanitize_line(file))));
        text.push_str(&summary(database));
    }
    text
}

fn finding(finding: &FindingReport) -> String {
    let style = match finding.severity {
        FindingSeverity::Error => style::ERROR,
        FindingSeverity::Warning => style::WARNING,
        FindingSeverity::Note => style::FAINT,
    };
    let place = match (&finding.file, finding.line) {
        (Some(file), Some(line)) => format!("{}:{line}: ", sanitize_line(file)),
        (Some(file), None) => format!("{}: ", sanitize_line(file)),
        (None, _) => String::new(),
    };
    let severity = paint(style, format!("{}[{}]", finding.severity.label(), finding.rule));
    let mut text = format!("{place}{severity}: {}\n", sanitize(&finding.message));
    if let Some(remedy) = &finding.remedy {
        text.push_str(&format!("  next: {}\n", sanitize(remedy)));
    }
    text
}

fn summary(database: &DatabaseCheck) -> String {
    let of = |severity: FindingSeverity| {
        let number = database.findings.iter().filter(|finding| finding.severity == severity).count();
        (number > 0).then(|| count(number, severity.label()))
    };
    let severities = [FindingSeverity::Error, FindingSeverity::Warning, FindingSeverity::Note];
    let found: Vec<String> = severities.into_iter().filter_map(of).collect();
    let found = if found.is_empty() { "nothing found".to_string() } else { found.join(", ") };
    let pending = match database.pending {
        Some(0) => ", nothing pending".to_string(),
        Some(pending) => format!(", {pending} pending"),
        None => String::new(),
    };
    let files = count(database.checked_files, "file");
    format!("{}: {files} checked, {found}{pending}\n", sanitize_line(&database.database))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_come_first_and_a_line_sums_up() {
        let finding = |severity, line, remedy: Option<&str>| FindingReport {
            severity,
            rule: "no-rollback".into(),
            file: Some("m/0001_a.sql".into()),
            line,
            message: "the rollback section is empty".into(),
            remedy: remedy.map(str::to_string),
        };
        let databases = vec![
            DatabaseCheck {
                database: "primary".into(),
                checked_files: 1,
                pending: Some(2),
                pending_files: vec!["m/0002_b.sql".into()],
                findings: vec![
                    finding(FindingSeverity::Error, Some(7), None),
                    finding(FindingSeverity::Warning, None, Some("write it")),
                ],
            },
            DatabaseCheck {
                database: "other".into(),
                checked_files: 2,
                pending: None,
                pending_files: vec![],
                findings: vec![],
            },
        ];
        assert_eq!(
            anstream::adapter::strip_str(&render(&CheckReport { databases })).to_string(),
            "\
m/0001_a.sql:7: error[no-rollback]: the rollback section is empty
m/0001_a.sql: warning[no-rollback]: the rollback section is empty
  next: write it
m/0002_b.sql: pending
primary: 1 file checked, 1 error, 1 warning, 2 pending
other: 2 files checked, nothing found
"
        );
    }
}
