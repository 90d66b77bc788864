use crate::dialect::Engine;
use crate::lint::change::Name;
use crate::parse::{Lexer, Token, TokenKind};

/// Reads a statement token by token; copying it is how to look ahead.
#[derive(Clone)]
pub(super) struct Reader<'t> {
    text: &'t str,
    /// Code only; the marks of executable comments are left out, what is in them is code.
    tokens: std::rc::Rc<[Token]>,
    at: usize,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Self {
        let marks = [TokenKind::ExecutableOpen, TokenKind::ExecutableClose];
        let tokens = Lexer::new(Engine::MySql.lex_rules(), text)
            .filter(|token| token.kind.is_code() && !marks.contains(&token.kind))
            .collect();
        Reader { text, tokens, at: 0 }
    }

    /// The kind and text of the token `ahead` places from here.
    fn nth(&self, ahead: usize) -> Option<(TokenKind, &'t str)> {
        let token = self.tokens.get(self.at + ahead)?;
        Some((token.kind, &self.text[token.span.clone()]))
    }

    pub fn peek(&self) -> Option<(TokenKind, &'t str)> {
        self.nth(0)
    }

    pub fn next(&mut self) -> Option<(TokenKind, &'t str)> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    /// Where the next token begins; where the last one ends behind it.
    pub fn position(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end_of_last(), |token| token.span.start)
    }

    /// Where the last token that was read ends.
    pub fn end_of_last(&self) -> usize {
        self.at.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |token| token.span.end)
    }

    /// The text from `start` up to the last token read, with single blanks.
    pub fn text_since(&self, start: usize) -> String {
        let text = self.text.get(start..self.end_of_last()).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    pub fn skip_to_end(&mut self) {
        self.at = self.tokens.len();
    }

    /// The next token as a keyword, upper case, without taking it.
    pub fn peek_word(&self) -> Option<String> {
        self.nth_word(0)
    }

    pub fn nth_word(&self, ahead: usize) -> Option<String> {
        let (kind, text) = self.nth(ahead)?;
        (kind == TokenKind::Word).then(|| text.to_ascii_uppercase())
    }

    pub fn word(&mut self) -> Option<String> {
        let word = self.peek_word()?;
        self.at += 1;
        Some(word)
    }

    /// Whether these keywords follow, separated by blanks in `words`.
    pub fn is(&self, words: &str) -> bool {
        words.split(' ').enumerate().all(|(ahead, word)| {
            self.nth(ahead).is_some_and(|(kind, text)| kind == TokenKind::Word && text.eq_ignore_ascii_case(word))
        })
    }

    /// Passes over these keywords when they follow.
    pub fn take(&mut self, words: &str) -> bool {
        let found = self.is(words);
        if found {
            self.at += words.split(' ').count();
        }
        found
    }

    /// Passes over one of these when it follows.
    pub fn take_any(&mut self, forms: &[&str]) -> bool {
        forms.iter().any(|words| self.take(words))
    }

    pub fn nth_is_symbol(&self, ahead: usize, symbol: &str) -> bool {
        self.nth(ahead).is_some_and(|(kind, text)| kind == TokenKind::Symbol && text == symbol)
    }

    pub fn is_symbol(&self, symbol: &str) -> bool {
        self.nth_is_symbol(0, symbol)
    }

    pub fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        self.at += usize::from(found);
        found
    }

    /// Passes over `(…)`; false where none follows. One that is not closed reaches to the end.
    pub fn take_group(&mut self) -> bool {
        if !self.is_symbol("(") {
            return false;
        }
        let mut depth = 0usize;
        while let Some((kind, text)) = self.next() {
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

    /// Passes over one token, or over a whole group.
    pub fn skip_one(&mut self) {
        if !self.take_group() {
            self.next();
        }
    }

    /// Whether an element of a list ends here.
    pub fn ends_element(&self) -> bool {
        self.is_at_end() || self.is_symbol(",") || self.is_symbol(")")
    }

    /// Passes over the rest of an element of a list; whether there was any.
    pub fn skip_element(&mut self) -> bool {
        let before = self.at;
        while !self.ends_element() {
            self.skip_one();
        }
        self.at > before
    }

    /// Goes on until one of these keywords follows outside parentheses; false at the end.
    pub fn seek(&mut self, words: &[&str]) -> bool {
        while !self.is_at_end() {
            if words.iter().any(|word| self.is(word)) {
                return true;
            }
            self.skip_one();
        }
        false
    }

    pub fn take_if_exists(&mut self) -> bool {
        self.take("IF EXISTS")
    }

    pub fn take_if_not_exists(&mut self) -> bool {
        self.take("IF NOT EXISTS")
    }

    /// A name without a schema.
    pub fn plain_name(&mut self) -> Option<String> {
        let (kind, text) = self.peek()?;
        let name = match kind {
            TokenKind::Word => text.to_owned(),
            TokenKind::QuotedIdentifier => unquoted(text),
            _ => return None,
        };
        self.at += 1;
        Some(name)
    }

    pub fn name(&mut self) -> Option<Name> {
        let first = self.plain_name()?;
        if !self.is_symbol(".") {
            return Some(Name::new(first));
        }
        let before = self.at;
        self.at += 1;
        match self.plain_name() {
            Some(name) => Some(Name { schema: Some(first), name }),
            None => {
                self.at = before;
                Some(Name::new(first))
            }
        }
    }

    /// `(a, b(10) DESC, (lower(c)))`: the names in it; false where no group follows.
    pub fn column_list(&mut self) -> Option<Vec<String>> {
        if !self.take_symbol("(") {
            return None;
        }
        let mut columns = Vec::new();
        loop {
            columns.extend(self.plain_name());
            self.skip_element();
            if !self.take_symbol(",") {
                break;
            }
        }
        self.take_symbol(")");
        Some(columns)
    }

    /// One value: a literal with its sign and character set, a name, a call, or a group.
    pub fn value(&mut self) -> String {
        let start = self.position();
        while self.take_any(&["BINARY"]) || ["+", "-", "@"].iter().any(|sign| self.take_symbol(sign)) {}
        match self.peek() {
            Some((TokenKind::Word, text)) => {
                self.at += 1;
                let introduces = text.starts_with('_') || ["b", "x", "n"].iter().any(|p| p.eq_ignore_ascii_case(text));
                if introduces && self.peek().is_some_and(|(kind, _)| kind == TokenKind::String) {
                    self.at += 1;
                }
                while self.take_symbol(".") {
                    self.plain_name();
                }
                self.take_group();
            }
            Some((TokenKind::String, _)) => {
                // Strings side by side are one.
                while self.peek().is_some_and(|(kind, _)| kind == TokenKind::String) {
                    self.at += 1;
                }
            }
            Some((TokenKind::Symbol, "." | "(")) => {
                if self.take_symbol(".") {
                    self.at += 1;
                }
                self.take_group();
            }
            Some((TokenKind::Symbol, _)) | None => {}
            Some(_) => self.at += 1,
        }
        self.text_since(start)
    }
}

/// A quoted name without its quotes.
fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('`').and_then(|text| text.strip_suffix('`')).unwrap_or(text);
    inner.replace("``", "`")
}
