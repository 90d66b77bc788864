//! What statements begin with, and how the form of one is found.

use std::cmp::Ordering;
use std::sync::OnceLock;

use crate::model::StatementKind;

/// A form, and the kind of the statements that have it.
type Form = (&'static str, StatementKind);

/// What may follow a statement's first word, and the kind of the statement where it does.
#[derive(Debug, PartialEq, Eq)]
pub struct Continuation {
    /// The form without its first word.
    pub rest: &'static str,
    /// The kind.
    pub kind: StatementKind,
    /// The words one of which must come next; empty where something else may.
    next: Vec<&'static str>,
}

impl Continuation {
    fn new(rest: &'static str, kind: StatementKind) -> Self {
        Continuation { rest, kind, next: next_words(rest).unwrap_or_default() }
    }

    /// Whether a statement with this second word (or None: something else in its place) may have the form. A look that
    /// saves following it; most statements are passed by all forms but the last.
    pub fn may_go_on_with<'t>(&self, word: impl FnOnce() -> Option<&'t str>) -> bool {
        let is_next = |word: &str| self.next.iter().any(|next| next.eq_ignore_ascii_case(word));
        self.next.is_empty() || word().is_some_and(is_next)
    }
}

/// The words a form may begin with; None where it may begin with anything.
fn next_words(form: &'static str) -> Option<Vec<&'static str>> {
    let form = form.trim_ascii_start();
    if let Some(optional) = form.strip_prefix('[') {
        let (inside, rest) = optional.split_once(']')?;
        let mut words = next_words(inside)?;
        words.extend(next_words(rest)?);
        return Some(words);
    }
    let step = form.split(' ').next()?;
    step.starts_with(|first: char| first.is_ascii_alphabetic()).then(|| step.split('|').collect())
}

/// Leading words of statements with what they mean; the first form that fits decides.
///
/// Words must follow each other, `A|B` is one of several words, `[A]` and `[A B]` may be missing, `..` skips to where
/// the rest fits, `$` is the end of the statement. Quoted names and literals are no words; symbols count for nothing.
/// Every form begins with a word: it is what the form is found by, because there are dozens of forms and thousands of
/// statements.
#[derive(Debug)]
pub struct Forms {
    all: &'static [Form],
    by_first_word: OnceLock<Vec<(&'static str, Vec<Continuation>)>>,
}

impl Forms {
    /// Takes forms in the order in which they are tried.
    pub(super) const fn new(all: &'static [Form]) -> Self {
        Forms { all, by_first_word: OnceLock::new() }
    }

    /// What the forms that begin with `word`, in upper or lower case, say of what follows it.
    pub fn behind(&self, word: &str) -> &[Continuation] {
        let index = self.by_first_word.get_or_init(|| index(self.all));
        match index.binary_search_by(|(known, _)| ignoring_case(known, word)) {
            Ok(found) => &index[found].1,
            Err(_) => &[],
        }
    }
}

fn index(all: &'static [Form]) -> Vec<(&'static str, Vec<Continuation>)> {
    let mut index: Vec<(&str, Vec<Continuation>)> = Vec::new();
    for &(form, kind) in all {
        let (words, rest) = form.split_once(' ').unwrap_or((form, ""));
        for word in words.split('|') {
            match index.binary_search_by(|(known, _)| ignoring_case(known, word)) {
                Ok(found) => index[found].1.push(Continuation::new(rest, kind)),
                Err(place) => index.insert(place, (word, vec![Continuation::new(rest, kind)])),
            }
        }
    }
    index
}

/// By their lengths first, which mostly decide.
fn ignoring_case(known: &str, word: &str) -> Ordering {
    let uppercase = || word.bytes().map(|byte| byte.to_ascii_uppercase());
    known.len().cmp(&word.len()).then_with(|| known.bytes().cmp(uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Engine;

    #[test]
    fn every_form_is_found_by_each_of_its_first_words() {
        for engine in Engine::ALL {
            let forms = &engine.lex_rules().forms;
            for (form, kind) in forms.all {
                let (words, rest) = form.split_once(' ').unwrap_or((form, ""));
                for word in words.split('|') {
                    assert!(
                        word.bytes().all(|byte| byte.is_ascii_uppercase()),
                        "{engine:?}: {form} begins with a word"
                    );
                    assert!(
                        forms.behind(&word.to_lowercase()).contains(&Continuation::new(rest, *kind)),
                        "{engine:?}: {word} of {form}"
                    );
                }
            }
            assert!(forms.behind("").is_empty() && forms.behind("NONE").is_empty());
        }
    }

    #[test]
    fn they_are_tried_in_their_order() {
        let forms = &Engine::Postgres.lex_rules().forms;
        let of_copy: Vec<&str> = forms.behind("COPY").iter().map(|form| form.rest).collect();
        assert_eq!(of_copy, [".. FROM STDIN", ""]);
    }

    #[test]
    fn a_form_is_passed_over_only_where_its_next_word_is_another() {
        for (form, word, may) in [
            ("[UNIQUE] INDEX CONCURRENTLY", Some("unique"), true),
            ("[UNIQUE] INDEX CONCURRENTLY", Some("index"), true),
            ("[UNIQUE] INDEX CONCURRENTLY", Some("table"), false),
            ("[UNIQUE] INDEX CONCURRENTLY", None, false),
            ("DATABASE|TABLESPACE", Some("tablespace"), true),
            ("DATABASE|TABLESPACE", Some("table"), false),
            (".. CONCURRENTLY", None, true),
            ("[VERBOSE] $", Some("t"), true),
            ("", Some("t"), true),
            ("", None, true),
        ] {
            assert_eq!(Continuation::new(form, StatementKind::Other).may_go_on_with(|| word), may, "{form} {word:?}");
        }
    }
}
