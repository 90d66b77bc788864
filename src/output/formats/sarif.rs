//! SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>), for code scanning.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::error::{Error, Location};
use crate::lint;
use crate::model::sha256_hex;
use crate::output::report::{CheckReport, FindingReport, FindingSeverity};
use crate::output::sanitize::escape_json;

/// What stays as it is in the path of a URI.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The log: one run with all rules, so that the indexes into them are the same for every run of this version.
pub(super) fn render(report: &CheckReport, errors: &[&Error]) -> String {
    let ids: Vec<&str> = lint::rules().map(|rule| rule.id).collect();
    let rules: Vec<Value> = lint::rules().map(rule).collect();
    let findings = report.databases.iter().flat_map(|database| &database.findings);
    let results: Vec<Value> = findings.map(|finding| result(finding, &ids)).collect();
    let notifications: Vec<Value> = errors.iter().map(|error| notification(error)).collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "dbwarden",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "invocations": [{
                "executionSuccessful": errors.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{}\n", escape_json(&log.to_string()))
}

fn rule(rule: &'static lint::Rule) -> Value {
    let engines: Vec<&str> = rule.engines.iter().map(|engine| engine.name()).collect();
    json!({
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.explanation},
        "help": {"text": format!("{}\n\n`dbwarden check --explain {}` shows examples.", rule.explanation, rule.id)},
        "defaultConfiguration": {"level": rule.severity.name()},
        "properties": {"tags": engines},
    })
}

fn level(severity: FindingSeverity) -> &'static str {
    severity.label()
}

fn result(finding: &FindingReport, ids: &[&str]) -> Value {
    let remedy = finding.remedy.as_ref().map(|remedy| format!("\n\nFix: {remedy}")).unwrap_or_default();
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": {"text": format!("{}{remedy}", finding.message)},
    });
    if let Some(index) = ids.iter().position(|id| *id == finding.rule) {
        result["ruleIndex"] = index.into();
    }
    let Some(file) = &finding.file else { return result };
    let region = finding.line.map(|line| {
        let mut region = json!({"startLine": line});
        for (name, value) in
            [("startColumn", finding.column), ("endLine", finding.end_line), ("endColumn", finding.end_column)]
        {
            if let Some(value) = value {
                region[name] = value.into();
            }
        }
        region
    });
    result["locations"] = json!([location(file, region)]);
    // It stays the same when the file is moved within: rule, file, and the text that is meant.
    let text = finding.excerpt.as_ref().map(|excerpt| &excerpt.text[excerpt.span.clone()]).unwrap_or_default();
    let fingerprint = sha256_hex(format!("{}\0{file}\0{text}", finding.rule).as_bytes());
    result["partialFingerprints"] = json!({"dbwardenFinding/v1": fingerprint});
    result
}

fn notification(error: &Error) -> Value {
    let hints = error.hints.iter().map(|hint| format!("\n\nNext: {hint}")).collect::<String>();
    let mut notification = json!({
        "level": "error",
        "message": {"text": format!("{}{hints}", error.message)},
    });
    if let Some(Location { file, line, column }) = &error.location {
        let region = line.map(|line| match column {
            Some(column) => json!({"startLine": line, "startColumn": column}),
            None => json!({"startLine": line}),
        });
        notification["locations"] = json!([location(file, region)]);
    }
    notification
}

fn location(file: &str, region: Option<Value>) -> Value {
    let mut place = json!({"artifactLocation": {"uri": uri(file)}});
    if let Some(region) = region {
        place["region"] = region;
    }
    json!({"physicalLocation": place})
}

/// A path as a reference: relative ones stay so, and a consumer takes them from the root of the repository.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let encoded = utf8_percent_encode(path, PATH).to_string();
    if path.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{error, report};
    use super::*;

    #[test]
    fn a_place_is_a_reference() {
        assert_eq!(uri("my migrations/ä#1.sql"), "my%20migrations/%C3%A4%231.sql");
        assert_eq!(uri("./a.sql"), "a.sql");
        assert_eq!(uri("/srv/a.sql"), "file:///srv/a.sql");
    }

    #[test]
    fn findings_are_results_and_errors_are_notifications() {
        let log: Value = serde_json::from_str(&render(&report("bad"), &[&error()])).expect("JSON");
        let run = &log["runs"][0];
        let result = &run["results"][0];
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        assert_eq!(result["locations"][0]["physicalLocation"]["region"]["endColumn"], 11);
        assert_eq!(run["invocations"][0]["executionSuccessful"], false);
        let place = &run["invocations"][0]["toolExecutionNotifications"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "b.sql");
    }
}
