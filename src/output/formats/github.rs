//! Workflow commands of GitHub Actions
//! (<https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>).

use crate::error::Error;
use crate::output::report::{CheckReport, FindingReport, FindingSeverity};
use crate::output::{human, sanitize};

/// One line for each finding and each error, then one that sums up.
pub(super) fn render(report: &CheckReport, errors: &[&Error]) -> String {
    let mut text = String::new();
    text.extend(errors.iter().map(|error| of_error(error)));
    let findings = || report.databases.iter().flat_map(|database| &database.findings);
    text.extend(findings().map(of_finding));
    text + &format!("dbwarden check: {}\n", sum(report, errors, human::found(findings())))
}

/// Why the step fails where no annotation says so, and no all-clear where not all was looked at.
fn sum(report: &CheckReport, errors: &[&Error], found: String) -> String {
    let pending: usize = report.databases.iter().filter_map(|database| database.pending).sum();
    let pending = (pending > 0).then(|| format!("{pending} pending"));
    let problems = (!errors.is_empty()).then(|| human::count(errors.len(), "problem"));
    [problems, Some(found), pending].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn of_finding(finding: &FindingReport) -> String {
    let command = match finding.severity {
        FindingSeverity::Error => "error",
        FindingSeverity::Warning => "warning",
        FindingSeverity::Note => "notice",
    };
    let mut properties = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        properties.extend(value.map(|value| format!("{name}={}", property(&value))));
    };
    add("file", finding.file.clone());
    add("line", finding.line.map(|line| line.to_string()));
    add("endLine", finding.end_line.map(|line| line.to_string()));
    // Columns are looked at only where all is on one line.
    if finding.line == finding.end_line {
        add("col", finding.column.map(|column| column.to_string()));
        add("endColumn", finding.end_column.map(|column| column.to_string()));
    }
    add("title", Some(format!("dbwarden {}", finding.rule)));
    let remedy = finding.remedy.as_ref().map(|remedy| format!("\nFix: {remedy}")).unwrap_or_default();
    line(command, &properties, &format!("{}{remedy}", finding.message))
}

fn of_error(error: &Error) -> String {
    let mut properties = Vec::new();
    if let Some(location) = &error.location {
        properties.push(format!("file={}", property(&location.file)));
        properties.extend(location.line.map(|line| format!("line={line}")));
        properties.extend(location.column.map(|column| format!("col={column}")));
    }
    properties.push(format!("title={}", property(&format!("dbwarden {}", error.kind))));
    let hints = error.hints.iter().map(|hint| format!("\nNext: {hint}")).collect::<String>();
    line("error", &properties, &format!("{}{hints}", error.message))
}

fn line(command: &str, properties: &[String], message: &str) -> String {
    format!("::{command} {}::{}\n", properties.join(","), data(message))
}

/// The text of a message: on one line.
fn data(text: &str) -> String {
    sanitize(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{error, report};
    use super::*;

    #[test]
    fn one_line_each_that_no_text_can_leave() {
        let text = render(&report("100% wrong:\r\n::error::a, b"), &[&error()]);
        assert_eq!(
            text,
            "::error file=b.sql,line=1,title=dbwarden usage::no -- upgrade line%0ANext: add it\n\
             ::warning file=my migrations/0001_a.sql,line=2,endLine=2,col=6,endColumn=11,\
             title=dbwarden empty-rollback::100%25 wrong:%0A::error::a, b%0AFix: write ```it```\n\
             dbwarden check: 1 problem, 1 warning, 1 pending\n"
        );
    }
}
