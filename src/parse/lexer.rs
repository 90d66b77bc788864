//! Cuts SQL text into tokens, by the rules of one engine. Everything that reads SQL here reads these tokens.

use std::ops::Range;

use super::scan;
use crate::dialect::LexRules;

/// A part of the text. Tokens follow each other without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Byte offsets into the text.
    pub span: Range<usize>,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Blanks and line ends; a byte order mark counts as one.
    Blank,
    /// `-- …` or `# …`, without the line end.
    LineComment,
    /// `/* … */`.
    BlockComment,
    /// An unquoted name or keyword.
    Word,
    /// A number, with its fraction.
    Number,
    /// A string, its prefix and quotes included; dollar quotes are strings.
    String,
    /// A quoted name with its quotes.
    QuotedIdentifier,
    /// One other character.
    Symbol,
    /// What ends a statement: `;`, or what `DELIMITER` set.
    Terminator,
    /// `/*!50100` or `/*M!100100`: what follows is code.
    ExecutableOpen,
    /// The `*/` that closes an executable comment.
    ExecutableClose,
    /// Something that is opened and never closed; it reaches to the end of the text.
    Unterminated(Enclosure),
}

impl TokenKind {
    /// Whether the server would see it.
    pub fn is_code(self) -> bool {
        !matches!(self, TokenKind::Blank | TokenKind::LineComment | TokenKind::BlockComment)
    }
}

/// What has an opening and a closing part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enclosure {
    /// `'…'`, or MySQL's `"…"`.
    String,
    /// `"…"`, `` `…` ``, `[…]`.
    QuotedIdentifier,
    /// `$tag$ … $tag$`.
    DollarQuote,
    /// `/* … */`.
    BlockComment,
}

/// An iterator over the tokens of a text. Copying it is cheap and gives a look ahead.
#[derive(Debug, Clone, Copy)]
pub struct Lexer<'t> {
    rules: &'static LexRules,
    text: &'t str,
    position: usize,
    delimiter: &'t str,
    executable_comment: Option<usize>,
}

impl<'t> Lexer<'t> {
    /// Starts at the beginning of `text`, with `;` as terminator.
    pub fn new(rules: &'static LexRules, text: &'t str) -> Self {
        Lexer { rules, text, position: 0, delimiter: ";", executable_comment: None }
    }

    /// The text under a token.
    pub fn text_of(&self, token: &Token) -> &'t str {
        &self.text[token.span.clone()]
    }

    /// Where the next token begins.
    pub fn position(&self) -> usize {
        self.position
    }

    /// The next token that is neither blank nor comment, without taking it.
    pub fn peek_code(&self) -> Option<Token> {
        let mut ahead = *self;
        ahead.find(|token| token.kind.is_code())
    }

    /// What ends a statement.
    pub(super) fn delimiter(&self) -> &'t str {
        self.delimiter
    }

    /// Changes what ends a statement from here on. `delimiter` must not be empty.
    pub(super) fn set_delimiter(&mut self, delimiter: &'t str) {
        self.delimiter = delimiter;
    }

    /// Where the executable comment around the current position begins.
    pub(super) fn executable_comment(&self) -> Option<usize> {
        self.executable_comment
    }

    /// Forgets the executable comment around the current position and returns where it begins.
    pub(super) fn close_executable_comment(&mut self) -> Option<usize> {
        self.executable_comment.take()
    }

    /// Goes on at `position`, which must be a character boundary.
    pub(super) fn skip_to(&mut self, position: usize) {
        self.position = position;
    }

    fn token(&mut self, kind: TokenKind, end: usize) -> Token {
        let span = self.position..end;
        self.position = end;
        Token { kind, span }
    }

    /// A token that ends where `end` says, or an unterminated one.
    fn enclosed(&mut self, kind: TokenKind, enclosure: Enclosure, end: Option<usize>) -> Token {
        match end {
            Some(end) => self.token(kind, end),
            None => self.token(TokenKind::Unterminated(enclosure), self.text.len()),
        }
    }

    fn comment(&mut self) -> Option<Token> {
        let (bytes, at) = (self.text.as_bytes(), self.position);
        match bytes[at..] {
            [b'-', b'-', ref rest @ ..] => {
                let blank_follows = rest.first().is_none_or(|&byte| byte <= b' ');
                if self.rules.dashes_need_blank && !blank_follows {
                    return None;
                }
                Some(self.token(TokenKind::LineComment, scan::line_end(bytes, at, self.rules)))
            }
            [b'#', ..] if self.rules.hash_comments => {
                Some(self.token(TokenKind::LineComment, scan::line_end(bytes, at, self.rules)))
            }
            [b'*', b'/', ..] if self.executable_comment.is_some() => {
                self.executable_comment = None;
                Some(self.token(TokenKind::ExecutableClose, at + 2))
            }
            [b'/', b'*', b'!', ..] | [b'/', b'*', b'M', b'!', ..]
                if self.rules.executable_comments
                    && self.executable_comment.is_none()
                    && !scan::client_switch(bytes, at) =>
            {
                self.executable_comment = Some(at);
                Some(self.token(TokenKind::ExecutableOpen, scan::executable_open(bytes, at)))
            }
            [b'/', b'*', ..] => {
                let end = scan::block_comment(bytes, at, self.rules.nested_comments);
                Some(self.enclosed(TokenKind::BlockComment, Enclosure::BlockComment, end))
            }
            _ => None,
        }
    }

    fn quoted(&mut self) -> Option<Token> {
        let (bytes, at, rules) = (self.text.as_bytes(), self.position, self.rules);
        let identifier =
            |lexer: &mut Self, end| Some(lexer.enclosed(TokenKind::QuotedIdentifier, Enclosure::QuotedIdentifier, end));
        match bytes[at] {
            b'\'' => {
                let end = scan::quoted(bytes, at, rules.backslash_escapes);
                Some(self.enclosed(TokenKind::String, Enclosure::String, end))
            }
            b'"' if rules.double_quoted_identifiers => identifier(self, scan::quoted(bytes, at, false)),
            b'"' => {
                let end = scan::quoted(bytes, at, rules.backslash_escapes);
                Some(self.enclosed(TokenKind::String, Enclosure::String, end))
            }
            b'`' if rules.backquotes => identifier(self, scan::quoted(bytes, at, false)),
            b'[' if rules.brackets => identifier(self, scan::byte(bytes, at, b']')),
            b'$' if rules.dollar_quotes => {
                let tag = scan::dollar_tag(self.text, at)?;
                let end = self.text[at + tag.len()..].find(tag).map(|found| at + found + 2 * tag.len());
                Some(self.enclosed(TokenKind::String, Enclosure::DollarQuote, end))
            }
            b'e' | b'E' if rules.prefixed_strings && bytes.get(at + 1) == Some(&b'\'') => {
                let end = scan::quoted(bytes, at + 1, true);
                Some(self.enclosed(TokenKind::String, Enclosure::String, end))
            }
            b'u' | b'U' if rules.prefixed_strings && bytes.get(at + 1) == Some(&b'&') => match bytes.get(at + 2) {
                Some(b'\'') => {
                    let end = scan::quoted(bytes, at + 2, false);
                    Some(self.enclosed(TokenKind::String, Enclosure::String, end))
                }
                Some(b'"') => identifier(self, scan::quoted(bytes, at + 2, false)),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let (bytes, at) = (self.text.as_bytes(), self.position);
        let &byte = bytes.get(at)?;
        if byte == self.delimiter.as_bytes()[0] && bytes[at..].starts_with(self.delimiter.as_bytes()) {
            return Some(self.token(TokenKind::Terminator, at + self.delimiter.len()));
        }
        // Most tokens are words, and most of these are known by their first letter.
        if scan::starts_nothing_else(byte) {
            let end = scan::word(bytes, at);
            return Some(self.token(TokenKind::Word, scan::until_delimiter(bytes, at, end, self.delimiter)));
        }
        if let Some(end) = scan::blanks(bytes, at) {
            return Some(self.token(TokenKind::Blank, end));
        }
        if let Some(token) = self.comment() {
            return Some(token);
        }
        if let Some(token) = self.quoted() {
            return Some(token);
        }
        if byte.is_ascii_digit() {
            let end = scan::number(bytes, at);
            return Some(self.token(TokenKind::Number, scan::until_delimiter(bytes, at, end, self.delimiter)));
        }
        if scan::starts_word(byte) {
            let end = scan::word(bytes, at);
            return Some(self.token(TokenKind::Word, scan::until_delimiter(bytes, at, end, self.delimiter)));
        }
        Some(self.token(TokenKind::Symbol, at + 1))
    }
}
