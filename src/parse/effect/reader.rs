use super::super::{Lexer, TokenKind};
use crate::dialect::Engine;
use crate::model::ObjectName;

/// Reads a statement word by word.
#[derive(Clone, Copy)]
pub(super) struct Reader<'t> {
    pub(super) engine: Engine,
    lexer: Lexer<'t>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(engine: Engine, statement: &'t str) -> Self {
        Reader { engine, lexer: Lexer::new(engine.lex_rules(), statement) }
    }

    /// Byte offset of what comes next.
    pub(super) fn position(&self) -> usize {
        let mut ahead = self.lexer;
        ahead.find(|token| token.kind.is_code()).map_or(self.lexer.position(), |token| token.span.start)
    }

    pub(super) fn token(&mut self) -> Option<(TokenKind, &'t str)> {
        let token = self.lexer.by_ref().find(|token| token.kind.is_code())?;
        Some((token.kind, self.lexer.text_of(&token)))
    }

    /// The next token as a keyword, in lower case.
    pub(super) fn word(&mut self) -> Option<String> {
        self.token().filter(|(kind, _)| *kind == TokenKind::Word).map(|(_, text)| text.to_ascii_lowercase())
    }

    /// The next keyword, in lower case, without taking it.
    pub(super) fn peek(&self) -> Option<String> {
        self.clone().word()
    }

    /// Passes over the next token when it is this keyword.
    pub(super) fn take(&mut self, keyword: &str) -> bool {
        let found = self.peek().is_some_and(|word| word == keyword);
        if found {
            self.token();
        }
        found
    }

    /// Passes over the next token when it is one of these keywords, and gives it.
    pub(super) fn take_any(&mut self, keywords: &[&'static str]) -> Option<&'static str> {
        keywords.iter().copied().find(|keyword| self.take(keyword))
    }

    /// Whether one of these keywords comes next.
    pub(super) fn next_is(&self, keywords: &[&str]) -> bool {
        self.peek().is_some_and(|word| keywords.contains(&word.as_str()))
    }

    pub(super) fn take_symbol(&mut self, symbol: &str) -> bool {
        let mut ahead = *self;
        let found = ahead.token().is_some_and(|(kind, text)| kind == TokenKind::Symbol && text == symbol);
        if found {
            *self = ahead;
        }
        found
    }

    /// Passes over `IF NOT EXISTS`; whether it was there.
    pub(super) fn if_not_exists(&mut self) -> bool {
        self.take("if") && self.take("not") && self.take("exists")
    }

    /// Passes over `IF EXISTS`; whether it was there.
    pub(super) fn if_exists(&mut self) -> bool {
        self.take("if") && self.take("exists")
    }

    pub(super) fn plain_name(&mut self) -> Option<String> {
        let (kind, text) = self.token()?;
        match kind {
            TokenKind::Word if self.engine == Engine::Postgres => Some(text.to_lowercase()),
            TokenKind::Word => Some(text.to_string()),
            TokenKind::QuotedIdentifier => unquote(text),
            _ => None,
        }
    }

    /// The next token as a name, where it is one.
    pub(super) fn name_if_any(&mut self) -> Option<String> {
        let mut ahead = *self;
        let name = ahead.plain_name()?;
        *self = ahead;
        Some(name)
    }

    pub(super) fn name(&mut self) -> Option<ObjectName> {
        let first = self.plain_name()?;
        if !self.take_symbol(".") {
            return Some(ObjectName { schema: None, name: first });
        }
        Some(ObjectName { schema: Some(first), name: self.plain_name()? })
    }

    /// Names with commas between them.
    pub(super) fn names(&mut self) -> Option<Vec<ObjectName>> {
        let mut names = vec![self.name()?];
        while self.take_symbol(",") {
            names.push(self.name()?);
        }
        Some(names)
    }

    /// The text of a plain string literal.
    pub(super) fn string(&mut self) -> Option<String> {
        let (kind, text) = self.token()?;
        let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        inner.filter(|_| kind == TokenKind::String).map(|inner| inner.replace("''", "'"))
    }

    pub(super) fn ends(&self) -> bool {
        self.clone().token().is_none()
    }

    /// Passes over the rest of a clause and the comma behind it; false where the statement ends.
    pub(super) fn next_clause(&mut self) -> bool {
        let mut depth = 0_usize;
        while let Some((kind, text)) = self.token() {
            match (kind, text) {
                (TokenKind::Symbol, "(") => depth += 1,
                (TokenKind::Symbol, ")") => depth = depth.saturating_sub(1),
                (TokenKind::Symbol, ",") if depth == 0 => return true,
                _ => {}
            }
        }
        false
    }

    /// Whether one of the words stands in the rest.
    pub(super) fn mentions(&self, words: &[&str]) -> bool {
        let mut ahead = *self;
        std::iter::from_fn(|| ahead.token())
            .any(|(kind, text)| kind == TokenKind::Word && words.iter().any(|word| text.eq_ignore_ascii_case(word)))
    }

    /// Passes over everything up to the keyword and over itself.
    pub(super) fn skip_behind(&mut self, keyword: &str) -> bool {
        while let Some((kind, text)) = self.token() {
            if kind == TokenKind::Word && text.eq_ignore_ascii_case(keyword) {
                return true;
            }
        }
        false
    }
}

fn unquote(text: &str) -> Option<String> {
    let quote = text.chars().next()?;
    let closing = if quote == '[' { ']' } else { quote };
    let inner = text.strip_prefix(quote)?.strip_suffix(closing)?;
    Some(inner.replace(&format!("{closing}{closing}"), &closing.to_string()))
}
