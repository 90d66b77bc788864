//! What kind of statement a text is, by its leading words.
//!
//! The forms, and their notation, are data of each engine ([`crate::dialect::Forms`]).

use std::cell::{Cell, OnceCell, RefCell};

use super::lexer::{Lexer, TokenKind};
use crate::dialect::{Engine, LexRules};
use crate::model::StatementKind;

/// The kind of one statement, which must stand alone in `statement` without its terminator.
pub(super) fn kind(rules: &'static LexRules, statement: &str) -> StatementKind {
    let text = Text { atoms: RefCell::default(), rest: Cell::new(Atoms { lexer: Lexer::new(rules, statement) }) };
    let Some(Some(first)) = text.atom(0) else { return StatementKind::Other };
    let second = OnceCell::new();
    let second = || *second.get_or_init(|| text.atom(1).flatten());
    let mut forms = rules.forms.behind(first).iter().filter(|form| form.may_go_on_with(second));
    let form = forms.find(|form| fits(form.rest, Place { text: &text, next: 1 }));
    form.map_or(StatementKind::Other, |form| form.kind)
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

/// A statement's atoms. Forms look at the same ones again and again: they are lexed once, and only as far as needed.
struct Text<'t> {
    atoms: RefCell<Vec<Option<&'t str>>>,
    rest: Cell<Atoms<'t>>,
}

impl<'t> Text<'t> {
    fn atom(&self, index: usize) -> Option<Option<&'t str>> {
        let mut atoms = self.atoms.borrow_mut();
        while atoms.len() <= index {
            let mut rest = self.rest.get();
            atoms.push(rest.next()?);
            self.rest.set(rest);
        }
        atoms.get(index).copied()
    }
}

/// How far a form has been followed.
#[derive(Clone, Copy)]
struct Place<'a, 't> {
    text: &'a Text<'t>,
    next: usize,
}

impl<'t> Place<'_, 't> {
    fn next(&mut self) -> Option<Option<&'t str>> {
        let atom = self.text.atom(self.next)?;
        self.next += 1;
        Some(atom)
    }
}

fn fits(form: &str, mut place: Place<'_, '_>) -> bool {
    let form = form.trim_ascii_start();
    if form.is_empty() {
        return true;
    }
    if let Some(optional) = form.strip_prefix('[') {
        let Some((inside, rest)) = optional.split_once(']') else { return false };
        return behind(inside, place).is_some_and(|place| fits(rest, place)) || fits(rest, place);
    }
    let (step, rest) = form.split_once(' ').unwrap_or((form, ""));
    match step {
        "$" => place.next().is_none(),
        ".." => loop {
            if fits(rest, place) {
                return true;
            }
            if place.next().is_none() {
                return false;
            }
        },
        words => one_of(words, &mut place) && fits(rest, place),
    }
}

/// The place behind the plain words of `form`, if they are there.
fn behind<'a, 't>(form: &str, mut place: Place<'a, 't>) -> Option<Place<'a, 't>> {
    form.split(' ').all(|words| one_of(words, &mut place)).then_some(place)
}

fn one_of(words: &str, place: &mut Place<'_, '_>) -> bool {
    match place.next() {
        Some(Some(atom)) => {
            let mut words = words.as_bytes().split(|&byte| byte == b'|');
            words.any(|word| word.eq_ignore_ascii_case(atom.as_bytes()))
        }
        _ => false,
    }
}
