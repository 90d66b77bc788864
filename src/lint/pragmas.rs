//! SQLite's pragmas as settings: which value holds where.

use super::change::Action;
use super::subject::Subject;

/// The value a section has given a pragma before statement `statement`.
pub(super) fn value_before<'a>(subject: &Subject<'a>, pragma: &str, statement: usize) -> Option<&'a str> {
    let before = subject.changes().take_while(|(index, _)| *index < statement);
    let values = before.filter_map(|(_, change)| match &change.action {
        Action::Set { name, value, .. } if name == pragma => Some(plain(value)),
        _ => None,
    });
    values.last()
}

/// Whether a section has switched a pragma on before statement `statement`.
pub(super) fn is_on_at(subject: &Subject<'_>, pragma: &str, statement: usize) -> bool {
    value_before(subject, pragma, statement).is_some_and(is_on)
}

/// <https://sqlite.org/pragma.html>: "1, yes, true, on".
pub(super) fn is_on(value: &str) -> bool {
    ["1", "yes", "true", "on"].iter().any(|on| plain(value).eq_ignore_ascii_case(on))
}

/// A value without its quotes.
pub(super) fn plain(value: &str) -> &str {
    value.trim_matches(['\'', '"'])
}
