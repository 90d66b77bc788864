//! The digest that tells a cosmetic edit from a change.

use sha2::{Digest, Sha256};

use super::lexer::{Lexer, TokenKind};
use super::split::{PieceKind, Splitter};
use crate::dialect::{Engine, LexRules};
use crate::model::{Script, hexadecimal};

/// SHA-256 in hexadecimal over the tokens of a section: texts that differ only in comments, blanks, line ends, the last
/// terminator and `DELIMITER` commands have the same one. Upper and lower case are told apart.
pub(super) fn token_digest(engine: Engine, script: &Script) -> String {
    if !script.directives.split {
        return token_digest_of_text(engine, script.text());
    }
    let mut hasher = TokenHasher::new(engine.lex_rules());
    for index in 0..script.statements.len() {
        hasher.statement(script.statement_text(index));
        if let Some(data) = script.copy_data(index) {
            hasher.copy_data(data);
        }
    }
    hasher.finish()
}

/// The same over the section's text, which is cut into statements for it.
pub(super) fn token_digest_of_text(engine: Engine, text: &str) -> String {
    let rules = engine.lex_rules();
    let mut hasher = TokenHasher::new(rules);
    for piece in Splitter::new(rules, text, false) {
        match piece.kind {
            PieceKind::Statement => hasher.statement(&text[piece.span]),
            PieceKind::CopyData => hasher.copy_data(&text[piece.span]),
            _ => {}
        }
    }
    hasher.finish()
}

/// Takes pieces one after the other, so that no text is held twice.
#[derive(Debug)]
struct TokenHasher {
    rules: &'static LexRules,
    hasher: Sha256,
    /// Tokens are short: hashed one by one they would cost more than their bytes.
    buffer: Vec<u8>,
}

const BUFFER: usize = 16 * 1024;

/// Most sections need no more, and the allocator has room of this size at hand.
const FIRST_BUFFER: usize = 1000;

impl TokenHasher {
    fn new(rules: &'static LexRules) -> Self {
        TokenHasher { rules, hasher: Sha256::new(), buffer: Vec::with_capacity(FIRST_BUFFER) }
    }

    fn copy_data(&mut self, text: &str) {
        self.text(text);
        self.separate();
        self.separate();
    }

    // No file holds a NUL byte: one separates tokens, two separate statements.
    fn statement(&mut self, text: &str) {
        let mut lexer = Lexer::new(self.rules, text);
        let mut operator_end = None;
        while let Some(token) = lexer.next() {
            if !token.kind.is_code() {
                continue;
            }
            // `<-` and `< -` are different operators, `(` and `)` stand for themselves.
            let operator = token.kind == TokenKind::Symbol && !b"(),.;[]".contains(&text.as_bytes()[token.span.start]);
            if !(operator && operator_end == Some(token.span.start)) {
                self.separate();
            }
            self.text(lexer.text_of(&token));
            operator_end = operator.then_some(token.span.end);
        }
        self.separate();
        self.separate();
    }

    fn separate(&mut self) {
        self.buffer.push(0);
    }

    fn text(&mut self, text: &str) {
        if self.buffer.len() + text.len() > BUFFER {
            self.hasher.update(&self.buffer);
            self.buffer.clear();
        }
        // Nearly no token has a line end in it.
        if text.len() <= BUFFER && !text.as_bytes().contains(&b'\r') {
            self.buffer.extend_from_slice(text.as_bytes());
            return;
        }
        // Line ends inside literals depend on the checkout.
        for (index, part) in text.split("\r\n").enumerate() {
            let newline: &[u8] = if index > 0 { b"\n" } else { b"" };
            if part.len() > BUFFER {
                self.hasher.update(&self.buffer);
                self.buffer.clear();
                self.hasher.update(newline);
                self.hasher.update(part);
            } else {
                self.buffer.extend_from_slice(newline);
                self.buffer.extend_from_slice(part.as_bytes());
            }
        }
    }

    fn finish(mut self) -> String {
        self.hasher.update(&self.buffer);
        hexadecimal(self.hasher.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosmetic_edits_keep_it() {
        for (engine, left, right) in [
            (Engine::Postgres, "create table a (b int);", "-- new\ncreate table a(\r\n  b int /* c */ )"),
            (Engine::Postgres, "select 'a\r\nb';", "select 'a\nb';\n\n;"),
            (Engine::MySql, "select 1; # one", "select 1"),
            (Engine::MySql, "delimiter $$\nselect 1$$\ndelimiter ;", "select 1;"),
            (Engine::Sqlite, "select [a]  from b;", "select [a] from b -- c"),
        ] {
            assert_eq!(token_digest_of_text(engine, left), token_digest_of_text(engine, right), "{left:?} {right:?}");
        }
    }

    #[test]
    fn changes_do_not() {
        for (engine, left, right) in [
            (Engine::Postgres, "select 'a  b'", "select 'a b'"),
            (Engine::Postgres, "select 1 <- 2", "select 1 < - 2"),
            (Engine::Postgres, "select a b", "select ab"),
            (Engine::Postgres, "select a; select b", "select a select b"),
            (Engine::Postgres, "select A", "select a"),
            (Engine::Postgres, "copy a from stdin;\n1\t2\n\\.\n", "copy a from stdin;\n1 2\n\\.\n"),
            (Engine::Postgres, "copy a from stdin;\n1 -- x\n\\.\n", "copy a from stdin;\n1 -- y\n\\.\n"),
            (Engine::MySql, "create table a (b int) /*!50100 engine=x */", "create table a (b int)"),
        ] {
            assert_ne!(token_digest_of_text(engine, left), token_digest_of_text(engine, right), "{left:?} {right:?}");
        }
    }
}
