//! What statements begin with, and how the form of one is found.

use std::cmp::Ordering;
use std::sync::OnceLock;

use crate::model::StatementKind;

/// What may follow a statement's first word, and the kind of the statement where it does.
pub type Form = (&'static str, StatementKind);

/// Leading words of statements with what they mean; the first form that fits decides.
///
/// Words must follow each other, `A|B` is one of several words, `[A]` and `[A B]` may be missing, `..` skips to where
/// the rest fits, `$` is the end of the statement. Quoted names and literals are no words; symbols count for nothing.
/// Every form begins with a word: it is what the form is found by, because there are dozens of forms and thousands of
/// statements.
#[derive(Debug)]
pub struct Forms {
    all: &'static [Form],
    by_first_word: OnceLock<Vec<(&'static str, Vec<Form>)>>,
}

impl Forms {
    /// Takes forms in the order in which they are tried.
    pub(super) const fn new(all: &'static [Form]) -> Self {
        Forms { all, by_first_word: OnceLock::new() }
    }

    /// What the forms that begin with `word`, in upper or lower case, say of what follows it.
    pub fn behind(&self, word: &str) -> &[Form] {
        let index = self.by_first_word.get_or_init(|| index(self.all));
        match index.binary_search_by(|(known, _)| ignoring_case(known, word)) {
            Ok(found) => &index[found].1,
            Err(_) => &[],
        }
    }
}

fn index(all: &'static [Form]) -> Vec<(&'static str, Vec<Form>)> {
    let mut index: Vec<(&str, Vec<Form>)> = Vec::new();
    for &(form, kind) in all {
        let (words, rest) = form.split_once(' ').unwrap_or((form, ""));
        for word in words.split('|') {
            match index.binary_search_by(|(known, _)| ignoring_case(known, word)) {
                Ok(found) => index[found].1.push((rest, kind)),
                Err(place) => index.insert(place, (word, vec![(rest, kind)])),
            }
        }
    }
    index
}

fn ignoring_case(known: &str, word: &str) -> Ordering {
    let word = word.bytes().map(|byte| byte.to_ascii_uppercase());
    known.bytes().cmp(word)
}

#[cfg(test)]
mod tests {
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
                        forms.behind(&word.to_lowercase()).contains(&(rest, *kind)),
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
        let of_copy: Vec<&str> = forms.behind("COPY").iter().map(|(rest, _)| *rest).collect();
        assert_eq!(of_copy, [".. FROM STDIN", ""]);
    }
}
