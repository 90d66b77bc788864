use annotate_snippets::Level;

use super::count;
use crate::output::report::{
    CheckReport, DatabaseCheck, ExampleReport, FindingReport, FindingSeverity, RuleReport, RulesReport,
};
use crate::output::snippet::framed;
use crate::output::style::{self, paint};
use crate::output::{sanitize, sanitize_line};

/// `check`: findings with the SQL they mean, then what is pending, then one line per database.
pub(super) fn render(report: &CheckReport) -> String {
    let mut text = String::new();
    for database in &report.databases {
        text.extend(database.findings.iter().map(finding));
        text.extend(database.pending_files.iter().map(|file| format!("{}: pending\n", sanitize_line(file))));
        text.push_str(&partly_understood(database));
        text.push_str(&summary(database));
    }
    text
}

/// A finding with an empty line behind it.
pub(in crate::output) fn finding(finding: &FindingReport) -> String {
    let (style, level) = match finding.severity {
        FindingSeverity::Error => (style::ERROR, Level::ERROR),
        FindingSeverity::Warning => (style::WARNING, Level::WARNING),
        FindingSeverity::Note => (style::STRONG, Level::NOTE),
    };
    let severity = paint(style, format!("{}[{}]", finding.severity.label(), finding.rule));
    let location = finding.file.as_ref().map(|file| match (finding.line, finding.column) {
        (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
        (Some(line), None) => format!("{file}:{line}"),
        (None, _) => file.clone(),
    });
    let remarks: Vec<(&str, String)> = finding.remedy.iter().map(|remedy| ("fix", remedy.clone())).collect();
    let below = framed(location.as_deref(), finding.excerpt.as_ref(), &level, None, &remarks);
    format!("{severity}: {}{below}\n\n", sanitize(&finding.message))
}

/// The places a person would look at; more than these say no more.
const MOST_PLACES: usize = 5;

fn partly_understood(database: &DatabaseCheck) -> String {
    let places = &database.partly_understood;
    if places.is_empty() {
        return String::new();
    }
    let shown = places.iter().take(MOST_PLACES).map(|place| format!("{}:{}", sanitize_line(&place.file), place.line));
    let more = places.len().saturating_sub(MOST_PLACES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let statements = count(places.len(), "statement");
    let places = shown.collect::<Vec<_>>().join(", ");
    format!("partly understood: {statements} ({places}{more}); rules that need the rest did not look there\n")
}

fn summary(database: &DatabaseCheck) -> String {
    let pending = match database.pending {
        Some(0) => ", nothing pending".to_string(),
        Some(pending) => format!(", {pending} pending"),
        None => String::new(),
    };
    let files = count(database.checked_files, "file");
    format!("{}: {files} checked, {}{pending}\n", sanitize_line(&database.database), found(&database.findings))
}

/// `1 error, 2 warnings`.
pub(in crate::output) fn found<'a>(findings: impl IntoIterator<Item = &'a FindingReport>) -> String {
    let mut of = [0; 3];
    for finding in findings {
        of[finding.severity as usize] += 1;
    }
    let severities = [FindingSeverity::Error, FindingSeverity::Warning, FindingSeverity::Note];
    let counts = severities.into_iter().filter(|severity| of[*severity as usize] > 0);
    let counts: Vec<String> = counts.map(|severity| count(of[severity as usize], severity.label())).collect();
    if counts.is_empty() { "nothing found".to_string() } else { counts.join(", ") }
}

/// `check --rules`, one line each, and `check --explain`.
pub(super) fn rules(report: &RulesReport) -> String {
    if report.explained {
        return report.rules.iter().map(explained).collect();
    }
    let widest = report.rules.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    let line = |rule: &RuleReport| {
        let (severity, engines) = (rule.severity.label(), engines(rule));
        format!("{:<widest$}  {severity:<7}  {engines:<25}  {}\n", rule.id, rule.summary)
    };
    report.rules.iter().map(line).collect()
}

fn engines(rule: &RuleReport) -> String {
    let names: Vec<&str> = rule.engines.iter().map(|engine| engine.name()).collect();
    names.join(", ")
}

/// The widest line of an explanation, in characters.
const WIDTH: usize = 100;

fn wrapped(text: &str) -> String {
    let (mut lines, mut width) = (String::new(), 0);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        let separator = if width + 1 + length > WIDTH { "\n" } else { " " };
        if width > 0 {
            lines.push_str(separator);
        }
        width = if separator == "\n" || width == 0 { length } else { width + 1 + length };
        lines.push_str(word);
    }
    lines
}

fn explained(rule: &RuleReport) -> String {
    let head = format!("{} ({}; {})", paint(style::STRONG, rule.id), rule.severity.label(), engines(rule));
    let mut text = format!("{head}\n{}\n\n{}\n", rule.summary, wrapped(rule.explanation));
    let indented = |sql: &str| sql.trim_end().lines().map(|line| format!("  {line}\n")).collect::<String>();
    for (index, example) in rule.examples.iter().enumerate() {
        let same = |other: &&ExampleReport| (other.bad, other.good) == (example.bad, example.good);
        // One example often serves several engines.
        if rule.examples[..index].iter().any(|other| same(&other)) {
            continue;
        }
        let engines: Vec<String> = rule.examples.iter().filter(same).map(|other| other.engine.to_string()).collect();
        let engines = engines.join(", ");
        let (bad, good) = (paint(style::WARNING, "found"), paint(style::GOOD, "not found"));
        text.push_str(&format!("\n{engines}, {bad}:\n\n{}", indented(example.bad)));
        text.push_str(&format!("\n{engines}, {good}:\n\n{}", indented(example.good)));
    }
    let name = rule.id;
    text + &format!("\nTo accept one place: -- dbwarden: allow {name} because <reason>\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Excerpt;
    use crate::output::report::{PlaceReport, ReportFormat};

    #[test]
    fn findings_come_first_and_a_line_sums_up() {
        let source = "-- upgrade\nDROP TABLE a;\n";
        let finding = |severity, line, remedy: Option<&str>| FindingReport {
            severity,
            rule: "drop-table".into(),
            file: Some("m/0001_a.sql".into()),
            line,
            column: line.map(|_| 6),
            end_line: line,
            end_column: line,
            message: "it is gone".into(),
            remedy: remedy.map(str::to_string),
            excerpt: line.map(|_| Excerpt::around(source, 16..21)),
        };
        let databases = vec![
            DatabaseCheck {
                database: "primary".into(),
                checked_files: 1,
                pending: Some(2),
                pending_files: vec!["m/0002_b.sql".into()],
                findings: vec![
                    finding(FindingSeverity::Error, Some(2), Some("rename it")),
                    finding(FindingSeverity::Note, None, None),
                ],
                partly_understood: vec![PlaceReport { file: "m/0001_a.sql".into(), line: 9 }],
            },
            DatabaseCheck {
                database: "other".into(),
                checked_files: 2,
                pending: None,
                pending_files: vec![],
                findings: vec![],
                partly_understood: vec![],
            },
        ];
        let report = CheckReport { databases, format: ReportFormat::Text };
        assert_eq!(
            anstream::adapter::strip_str(&render(&report)).to_string(),
            "\
error[drop-table]: it is gone
 --> m/0001_a.sql:2:6
  |
1 | -- upgrade
2 | DROP TABLE a;
  |      ^^^^^
  |
  = fix: rename it

note[drop-table]: it is gone
 --> m/0001_a.sql

m/0002_b.sql: pending
partly understood: 1 statement (m/0001_a.sql:9); rules that need the rest did not look there
primary: 1 file checked, 1 error, 1 note, 2 pending
other: 2 files checked, nothing found
"
        );
    }
}
