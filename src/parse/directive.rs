//! What comments say to dbwarden.

use std::time::Duration;

use super::error::ParseErrorKind;
use crate::model::{Dependency, Directives, format_duration, parse_duration};

const NAMES: [&str; 8] =
    ["irreversible", "transaction", "split", "lock_timeout", "statement_timeout", "allow", "done-if", "autocommit"];

/// One `-- dbwarden: …` or `-- @dbwarden:…` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Directive {
    Irreversible,
    Transaction(bool),
    Split(bool),
    LockTimeout(Duration),
    StatementTimeout(Duration),
    Allow {
        rule: String,
        reason: String,
    },
    /// `-- @dbwarden:autocommit`: about the next statement.
    Autocommit,
    /// `-- dbwarden: done-if SELECT …`: about the next statement.
    DoneIf(String),
}

impl Directive {
    /// Enters what is about running a section.
    pub(super) fn apply(&self, directives: &mut Directives) {
        match *self {
            Directive::Transaction(on) => directives.transaction = on,
            Directive::Split(on) => directives.split = on,
            Directive::LockTimeout(limit) => directives.lock_timeout = Some(limit),
            Directive::StatementTimeout(limit) => directives.statement_timeout = Some(limit),
            Directive::Irreversible | Directive::Allow { .. } | Directive::Autocommit | Directive::DoneIf(_) => {}
        }
    }
}

/// Whether the line comment is addressed to dbwarden.
pub(super) fn is_directive(comment: &str) -> bool {
    body(comment).is_some()
}

/// The text behind `-- dbwarden:` or `-- @dbwarden:`, and which of the two it is.
fn body(comment: &str) -> Option<(bool, &str)> {
    let text = comment.strip_prefix("--")?.trim();
    let (marks_statement, text) = match text.strip_prefix('@') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let name = text.get(.."dbwarden".len()).filter(|name| name.eq_ignore_ascii_case("dbwarden"))?;
    Some((marks_statement, text[name.len()..].trim_start().strip_prefix(':')?.trim()))
}

/// Reads a directive; None where the comment is not one.
pub(super) fn parse(comment: &str) -> Option<Result<Directive, ParseErrorKind>> {
    let (marks_statement, text) = body(comment)?;
    if marks_statement {
        let known = text.eq_ignore_ascii_case("autocommit");
        return Some(if known { Ok(Directive::Autocommit) } else { Err(unknown(text)) });
    }
    Some(named(text))
}

fn named(text: &str) -> Result<Directive, ParseErrorKind> {
    let name_end = text.find(|character: char| character.is_whitespace() || character == '=').unwrap_or(text.len());
    let (name, rest) = (text[..name_end].to_ascii_lowercase(), text[name_end..].trim());
    let value = rest.strip_prefix('=').map(str::trim);
    let bad = |expected: &'static str| ParseErrorKind::BadDirectiveValue {
        directive: name.clone(),
        value: value.unwrap_or(rest).to_string(),
        expected: expected.to_string(),
    };
    let switch = || match value {
        Some(on) if on.eq_ignore_ascii_case("on") => Ok(true),
        Some(off) if off.eq_ignore_ascii_case("off") => Ok(false),
        _ => Err(bad("on or off")),
    };
    let limit = || {
        let Some(value) = value else { return Err(bad("a duration such as 5s")) };
        parse_duration(value).map_err(|source| ParseErrorKind::BadDirectiveValue {
            directive: name.clone(),
            value: value.to_string(),
            expected: source.to_string(),
        })
    };
    match name.as_str() {
        "irreversible" if rest.is_empty() => Ok(Directive::Irreversible),
        "irreversible" => Err(bad("no value")),
        "transaction" => switch().map(Directive::Transaction),
        "split" => switch().map(Directive::Split),
        "lock_timeout" => limit().map(Directive::LockTimeout),
        "statement_timeout" => limit().map(Directive::StatementTimeout),
        "allow" => allow(rest),
        // Which of the engines' words begin a query is not asked: what is no SELECT may write.
        "done-if" | "done_if" if is_select(rest) => {
            Ok(Directive::DoneIf(rest.trim_end_matches(';').trim_end().to_string()))
        }
        "done-if" | "done_if" => Err(bad("a query that begins with SELECT")),
        _ => Err(unknown(&name)),
    }
}

fn is_select(text: &str) -> bool {
    let word = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_').next();
    word.is_some_and(|word| word.eq_ignore_ascii_case("select"))
}

fn allow(text: &str) -> Result<Directive, ParseErrorKind> {
    let (rule, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim_start();
    let reason = match rest.get(.."because".len()) {
        Some(because) if because.eq_ignore_ascii_case("because") => rest["because".len()..].trim(),
        _ => "",
    };
    if rule.is_empty() || reason.is_empty() {
        return Err(ParseErrorKind::AllowWithoutReason { rule: rule.to_string() });
    }
    Ok(Directive::Allow { rule: rule.to_string(), reason: reason.to_string() })
}

fn unknown(name: &str) -> ParseErrorKind {
    let closest = NAMES
        .iter()
        .map(|known| (strsim::jaro_winkler(name, known), *known))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|left, right| left.0.total_cmp(&right.0));
    ParseErrorKind::UnknownDirective { name: name.to_string(), suggestion: closest.map(|(_, known)| spelled(known)) }
}

/// A directive as it is to be written.
fn spelled(name: &str) -> &'static str {
    match name {
        "irreversible" => "-- dbwarden: irreversible",
        "transaction" => "-- dbwarden: transaction = off",
        "split" => "-- dbwarden: split = off",
        "lock_timeout" => "-- dbwarden: lock_timeout = 5s",
        "statement_timeout" => "-- dbwarden: statement_timeout = 10min",
        "allow" => "-- dbwarden: allow <rule> because <reason>",
        "done-if" => "-- dbwarden: done-if SELECT …",
        _ => "-- @dbwarden:autocommit",
    }
}

/// The lines that say `wanted` where nothing or `present` is said.
pub(super) fn lines_for(wanted: &Directives, present: &Directives) -> String {
    let on_off = |on| if on { "on" } else { "off" };
    let mut lines = String::new();
    let mut line = |name: &str, value: &str| lines.push_str(&format!("-- dbwarden: {name} = {value}\n"));
    if wanted.transaction != present.transaction {
        line("transaction", on_off(wanted.transaction));
    }
    if wanted.split != present.split {
        line("split", on_off(wanted.split));
    }
    for (name, wanted, present) in [
        ("lock_timeout", wanted.lock_timeout, present.lock_timeout),
        ("statement_timeout", wanted.statement_timeout, present.statement_timeout),
    ] {
        if let Some(limit) = wanted
            && wanted != present
        {
            line(name, &format_duration(limit));
        }
    }
    lines
}

/// A line of the header that describes the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HeaderLine {
    Description(String),
    DependsOn(Vec<Dependency>),
    Seed,
}

/// Reads a header line; None where the comment is only a comment.
pub(super) fn header_line(comment: &str) -> Option<Result<HeaderLine, ParseErrorKind>> {
    let text = comment.strip_prefix("--")?.trim();
    if text.eq_ignore_ascii_case("seed") {
        return Some(Ok(HeaderLine::Seed));
    }
    let (name, value) = text.split_once(':')?;
    let value = value.trim();
    match name.trim().to_ascii_lowercase().as_str() {
        "description" => Some(Ok(HeaderLine::Description(value.to_string()))),
        "depends_on" => {
            let bad = || ParseErrorKind::BadDependsOn { value: value.to_string() };
            Some(dependencies(value).map(HeaderLine::DependsOn).ok_or_else(bad))
        }
        _ => None,
    }
}

fn dependencies(value: &str) -> Option<Vec<Dependency>> {
    let names: Vec<String> = serde_json::from_str(value).ok()?;
    names
        .into_iter()
        .map(|name| match name.parse() {
            Ok(version) => Some(Dependency::Version(version)),
            Err(_) => ["RA__", "ROC__"]
                .iter()
                .any(|prefix| name.len() > prefix.len() && name.starts_with(prefix))
                .then_some(Dependency::Repeatable(name)),
        })
        .collect()
}
