//! What kind of statement a text is, by its leading words.
//!
//! The forms, and their notation, are data of each engine ([`crate::dialect::Forms`]).

use super::lexer::{Lexer, TokenKind};
use crate::dialect::{Engine, LexRules};
use crate::model::StatementKind;

/// The kind of one statement, which must stand alone in `statement` without its terminator.
pub(super) fn kind(rules: &'static LexRules, statement: &str) -> StatementKind {
    let mut atoms = Atoms { lexer: Lexer::new(rules, statement) };
    let Some(Some(first)) = atoms.next() else { return StatementKind::Other };
    let form = rules.forms.behind(first).iter().find(|(rest, _)| fits(rest, atoms));
    form.map_or(StatementKind::Other, |&(_, kind)| kind)
}

/// The words (unquoted names and keywords) of a text, as they are written.
pub fn statement_words(engine: Engine, text: &str) -> impl Iterator<Item = &str> {
    Atoms { lexer: Lexer::new(engine.lex_rules(), text) }.flatten()
}

/// Words, and None for names, numbers and literals between them.
#[derive(Debug, Clone, Copy)]
struct Atoms<'t> {
    lexer: Lexer<'t>,
}

impl<'t> Iterator for Atoms<'t> {
    type Item = Option<&'t str>;

    fn next(&mut self) -> Option<Option<&'t str>> {
        loop {
            let token = self.lexer.next()?;
            match token.kind {
                TokenKind::Word => return Some(Some(self.lexer.text_of(&token))),
                TokenKind::Number | TokenKind::String | TokenKind::QuotedIdentifier | TokenKind::Unterminated(_) => {
                    return Some(None);
                }
                _ => {}
            }
        }
    }
}

fn fits(form: &str, mut atoms: Atoms<'_>) -> bool {
    let form = form.trim_start();
    if form.is_empty() {
        return true;
    }
    if let Some(optional) = form.strip_prefix('[') {
        let Some((inside, rest)) = optional.split_once(']') else { return false };
        return behind(inside, atoms).is_some_and(|atoms| fits(rest, atoms)) || fits(rest, atoms);
    }
    let (step, rest) = form.split_once(' ').unwrap_or((form, ""));
    match step {
        "$" => atoms.next().is_none(),
        ".." => loop {
            if fits(rest, atoms) {
                return true;
            }
            if atoms.next().is_none() {
                return false;
            }
        },
        words => one_of(words, &mut atoms) && fits(rest, atoms),
    }
}

/// The atoms behind the plain words of `form`, if they are there.
fn behind<'t>(form: &str, mut atoms: Atoms<'t>) -> Option<Atoms<'t>> {
    form.split(' ').all(|words| one_of(words, &mut atoms)).then_some(atoms)
}

fn one_of(words: &str, atoms: &mut Atoms<'_>) -> bool {
    match atoms.next() {
        Some(Some(atom)) => words.split('|').any(|word| word.eq_ignore_ascii_case(atom)),
        _ => false,
    }
}
