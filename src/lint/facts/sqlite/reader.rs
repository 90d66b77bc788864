use std::ops::Range;

use super::unquoted;
use crate::dialect::Engine;
use crate::lint::change::Name;
use crate::parse::{Lexer, TokenKind};

/// Reads a statement token by token and no further than asked; copying it is how to look ahead.
#[derive(Clone, Copy)]
pub(super) struct Reader<'t> {
    lexer: Lexer<'t>,
    /// Where the last token read ends.
    end: usize,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Self {
        Reader { lexer: Lexer::new(Engine::Sqlite.lex_rules(), text), end: 0 }
    }

    pub fn token(&mut self) -> Option<(TokenKind, &'t str)> {
        let token = self.lexer.by_ref().find(|token| token.kind.is_code())?;
        self.end = token.span.end;
        Some((token.kind, self.lexer.text_of(&token)))
    }

    pub fn peek(mut self) -> Option<(TokenKind, &'t str)> {
        self.token()
    }

    /// Where the next token begins; the end of the last one where none follows.
    pub fn position(self) -> usize {
        self.lexer.peek_code().map_or(self.end, |token| token.span.start)
    }

    /// Where the last token read ends.
    pub fn end(self) -> usize {
        self.end
    }

    /// From the next token to the end of the last one.
    pub fn whole(mut self) -> Range<usize> {
        let start = self.position();
        while self.token().is_some() {}
        start..self.end.max(start)
    }

    /// The next token as a keyword, upper case.
    pub fn word(&mut self) -> Option<String> {
        let mut ahead = *self;
        let (kind, text) = ahead.token()?;
        (kind == TokenKind::Word).then(|| {
            *self = ahead;
            text.to_ascii_uppercase()
        })
    }

    /// Passes over these keywords, separated by blanks, when all of them follow.
    pub fn take(&mut self, words: &str) -> bool {
        let mut ahead = *self;
        let found = words.split(' ').all(|word| {
            ahead.token().is_some_and(|(kind, text)| kind == TokenKind::Word && text.eq_ignore_ascii_case(word))
        });
        if found {
            *self = ahead;
        }
        found
    }

    pub fn take_any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|words| self.take(words))
    }

    pub fn take_symbol(&mut self, symbol: &str) -> bool {
        let mut ahead = *self;
        let found = ahead.token().is_some_and(|(kind, text)| kind == TokenKind::Symbol && text == symbol);
        if found {
            *self = ahead;
        }
        found
    }

    /// Passes over `(…)` when it follows; one that is not closed reaches to the end.
    pub fn take_group(&mut self) -> bool {
        if !self.take_symbol("(") {
            return false;
        }
        let mut depth = 1usize;
        while let Some((kind, text)) = self.token() {
            match text {
                "(" if kind == TokenKind::Symbol => depth += 1,
                ")" if kind == TokenKind::Symbol => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        true
    }

    /// Passes over the rest of an element of a list, its comma not included.
    pub fn skip_element(&mut self) {
        while self.peek().is_some_and(|(_, text)| text != ",") {
            if !self.take_group() {
                self.token();
            }
        }
    }

    /// A name without a schema.
    pub fn plain_name(&mut self) -> Option<String> {
        let mut ahead = *self;
        let (kind, text) = ahead.token()?;
        let named = matches!(kind, TokenKind::Word | TokenKind::QuotedIdentifier | TokenKind::String);
        named.then(|| {
            *self = ahead;
            unquoted(text)
        })
    }

    pub fn name(&mut self) -> Option<Name> {
        let first = self.plain_name()?;
        let mut ahead = *self;
        if ahead.take_symbol(".")
            && let Some(name) = ahead.plain_name()
        {
            *self = ahead;
            return Some(Name { schema: Some(first), name });
        }
        Some(Name::new(first))
    }
}
