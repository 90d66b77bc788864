//! The one document of `--json`. Its keys are a promise: see [`super::report`].

use serde_json::{Map, Value, json};

use super::Ending;
use super::sanitize::escape_json;
use crate::error::Error;

/// The version of the document's layout. Keys may be added under the same number.
const FORMAT: u32 = 1;

/// The document, on one line: `jq` and `python -m json.tool` make it readable, and a log keeps it together. `warned`
/// is what the command warned of before it ended.
pub(super) fn document(ending: &Ending<'_>, warned: &[String], verbose: bool) -> String {
    let mut document = Map::new();
    document.insert("format".into(), FORMAT.into());
    document.insert("command".into(), ending.command.into());
    let exit = ending.exit;
    document.insert("exit".into(), json!({"code": exit.code(), "name": exit.name(), "retryable": exit.retryable()}));
    match ending.report.map(super::report::Report::json) {
        Some(Ok((key, value))) => {
            document.insert(key.into(), value);
        }
        // Plain data with text keys always becomes JSON; if it does not, the rest of the document still stands.
        Some(Err(error)) => {
            document.insert("result".into(), json!({"unprintable": error.to_string()}));
        }
        None => {}
    }
    document.insert("warnings".into(), warned.iter().chain(ending.warnings).cloned().collect());
    let errors = ending.errors.iter().map(|(database, failure)| error(database.as_deref(), failure, verbose));
    document.insert("errors".into(), errors.collect());
    format!("{}\n", escape_json(&Value::Object(document).to_string()))
}

/// One error, with every key in every case: what is not known is null. `detail` can hold values of rows and appears
/// only with `-v`.
pub(super) fn error(database: Option<&str>, error: &Error, verbose: bool) -> Value {
    let location = error.location.as_ref();
    let server = error.server.as_ref();
    let mut value = json!({
        "database": database,
        "kind": error.kind,
        "message": error.message,
        "file": location.map(|location| &location.file),
        "line": location.and_then(|location| location.line),
        "column": location.and_then(|location| location.column),
        "statement": error.statement,
        "difference": error.difference,
        "code": server.and_then(|server| server.code.as_ref()),
        "hint": server.and_then(|server| server.hint.as_ref()),
        "context": server.and_then(|server| server.context.as_ref()),
        "hints": error.hints,
        "notes": error.notes,
        "blockers": error.blockers,
    });
    if verbose {
        value["detail"] = json!(server.and_then(|server| server.detail.as_ref()));
    }
    if !error.related.is_empty() {
        let related = error.related.iter().map(|related| self::error(database, related, verbose));
        value["related"] = related.collect();
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ErrorKind, Exit, ServerMessage};
    use crate::output::report::{NewReport, Report};

    fn parsed(ending: &Ending<'_>, verbose: bool) -> Value {
        let text = document(ending, &[], verbose);
        assert_eq!(text.lines().count(), 1);
        serde_json::from_str(&text).expect("JSON")
    }

    #[test]
    fn success() {
        let report = Report::New(NewReport { path: "migrations/0001_a.sql".into() });
        let warnings = ["odd".to_string()];
        let ending =
            Ending { command: Some("new"), exit: Exit::OK, report: Some(&report), errors: &[], warnings: &warnings };
        assert_eq!(
            parsed(&ending, false),
            json!({
                "format": 1,
                "command": "new",
                "exit": {"code": 0, "name": "ok", "retryable": false},
                "result": {"path": "migrations/0001_a.sql"},
                "warnings": ["odd"],
                "errors": [],
            })
        );
    }

    #[test]
    fn failure() {
        let mut failure = Error::new(ErrorKind::Sql, "0002 failed: duplicate key").at("2.sql", Some(7), Some(1));
        failure.server = Some(ServerMessage {
            code: Some("23505".into()),
            detail: Some("Key (email)=(a@b.example) already exists.".into()),
            ..ServerMessage::default()
        });
        let failure = failure.note("0001 stays applied").hint("correct the file");
        let errors = [(Some("primary".to_string()), failure)];
        let exit = Exit(Some(ErrorKind::Sql));
        let ending = Ending { command: Some("migrate"), exit, report: None, errors: &errors, warnings: &[] };
        assert_eq!(
            parsed(&ending, false),
            json!({
                "format": 1,
                "command": "migrate",
                "exit": {"code": 1, "name": "sql", "retryable": false},
                "warnings": [],
                "errors": [{
                    "database": "primary",
                    "kind": "sql",
                    "message": "0002 failed: duplicate key",
                    "file": "2.sql",
                    "line": 7,
                    "column": 1,
                    "statement": null,
                    "difference": null,
                    "code": "23505",
                    "hint": null,
                    "context": null,
                    "hints": ["correct the file"],
                    "notes": ["0001 stays applied"],
                    "blockers": [],
                }],
            })
        );
        let detail = &parsed(&ending, true)["errors"][0]["detail"];
        assert_eq!(detail, "Key (email)=(a@b.example) already exists.", "only with -v");
    }

    #[test]
    fn every_wrong_file_is_listed() {
        let wrong = |file: &str| Error::new(ErrorKind::Usage, "no -- upgrade line").in_file(file);
        let errors = [(None, Error::summary("2 files cannot be used", vec![wrong("a.sql"), wrong("b.sql")]))];
        let exit = Exit(Some(ErrorKind::Usage));
        let ending = Ending { command: None, exit, report: None, errors: &errors, warnings: &[] };
        let document = parsed(&ending, false);
        assert_eq!(document["command"], Value::Null);
        assert_eq!(document["errors"][0]["related"][1]["file"], "b.sql");
    }
}
