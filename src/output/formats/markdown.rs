//! A comment on a pull request.

use crate::error::Error;
use crate::output::report::{CheckReport, DatabaseCheck, FindingReport};
use crate::output::{human, sanitize, sanitize_line};

/// GitHub refuses a comment of more than 65,536 characters.
const LONGEST: usize = 60_000;

/// A heading that sums up, then what is to be seen at once, with the details folded.
pub(super) fn render(report: &CheckReport, errors: &[&Error]) -> String {
    let findings = || report.databases.iter().flat_map(|database| &database.findings);
    let broken = match errors.len() {
        0 => String::new(),
        errors => format!("{}, ", human::count(errors, "problem")),
    };
    let mut text = format!("### dbwarden check: {broken}{}\n\n", human::found(findings()));
    for error in errors {
        let place =
            error.location.as_ref().map(|place| format!(" in {}", code(&place.to_string()))).unwrap_or_default();
        text.push_str(&format!("- **problem**{place}: {}\n", escaped(&error.message)));
        text.extend(error.hints.iter().map(|hint| format!("  - {}\n", escaped(hint))));
    }
    if !errors.is_empty() {
        text.push('\n');
    }
    let mut left_out = 0;
    for finding in findings().map(of_finding) {
        match text.len() + finding.len() > LONGEST {
            true => left_out += 1,
            false => text.push_str(&finding),
        }
    }
    if left_out > 0 {
        text.push_str(&format!("{} more: the comment would be too long\n\n", human::count(left_out, "finding")));
    }
    text.extend(report.databases.iter().map(of_database));
    text
}

fn of_finding(finding: &FindingReport) -> String {
    let place = finding.file.as_ref().map(|file| match finding.line {
        Some(line) => format!(" in {}", code(&format!("{file}:{line}"))),
        None => format!(" in {}", code(file)),
    });
    let (severity, rule) = (finding.severity.label(), code(&finding.rule));
    let head = format!("<b>{severity}</b> {rule}{}", place.unwrap_or_default());
    let mut text = format!("<details>\n<summary>{head}</summary>\n\n{}\n\n", escaped(&finding.message));
    if let Some(excerpt) = &finding.excerpt {
        text.push_str(&fenced("sql", &excerpt.text));
    }
    if let Some(remedy) = &finding.remedy {
        text.push_str(&format!("Fix:\n\n{}", fenced("", remedy)));
    }
    text + "</details>\n\n"
}

fn of_database(database: &DatabaseCheck) -> String {
    let pending = match database.pending {
        Some(pending) => format!(", {pending} pending"),
        None => String::new(),
    };
    let files = human::count(database.checked_files, "file");
    let mut text = format!("{}: {files} checked{pending}\n", escaped(&sanitize_line(&database.database)));
    if !database.partly_understood.is_empty() {
        let statements = human::count(database.partly_understood.len(), "statement");
        text.push_str(&format!("{statements} only partly understood\n"));
    }
    text + "\n"
}

/// A block that nothing in `text` can end.
fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n\n", sanitize(text).trim_end())
}

/// A word as it stands, in HTML: it may stand in a summary.
fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(&sanitize_line(text)))
}

/// Text in which nothing is markup, mentions nobody and names no issue.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in sanitize(text).chars() {
        match character {
            '\n' => escaped.push_str("<br>"),
            '\r' => {}
            '&' | '<' | '>' | '@' | '#' | '`' | '*' | '_' | '[' | ']' | '|' | '\\' | '~' | '!' => {
                escaped.push_str(&format!("&#{};", u32::from(character)));
            }
            other => escaped.push(other),
        }
    }
    // An address becomes a link by itself.
    escaped.replace("://", "&#58;//").replace("www.", "www&#46;")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{error, report};
    use super::*;

    #[test]
    fn a_comment_stays_short_enough_to_be_posted() {
        let mut many = report("bad");
        let finding = many.databases[0].findings[0].clone();
        many.databases[0].findings = vec![finding; 1000];
        let text = render(&many, &[]);
        assert!(text.len() < 65_536 && text.starts_with("### dbwarden check: 1000 warnings"));
        assert!(
            text.contains(" findings more: the comment would be too long") && text.contains("primary: 1 file checked")
        );
    }

    #[test]
    fn nothing_leaves_its_place() {
        let text = render(&report("</details> @everybody [x](https://x.example) #1"), &[&error()]);
        assert_eq!(text.matches("</details>").count(), 1, "{text}");
        assert!(!text.contains("@everybody") && !text.contains("https://") && !text.contains("](h"), "{text}");
        assert!(text.contains("\n````\nwrite ```it```\n````\n"), "{text}");
        assert!(
            text.starts_with("### dbwarden check: 1 problem, 1 warning\n\n- **problem** in <code>b.sql:1</code>"),
            "{text}"
        );
        assert!(text.contains("primary: 1 file checked, 1 pending\n"), "{text}");
    }
}
