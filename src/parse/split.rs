//! Cuts the text of a file into statements and what stands between them.

use std::collections::VecDeque;
use std::ops::Range;

use super::body::BodyTracker;
use super::copy;
use super::directive;
use super::error::ParseErrorKind;
use super::lexer::{Enclosure, Lexer, Token, TokenKind};
use super::scan;
use crate::dialect::LexRules;

/// A part of the text. The pieces follow each other without gaps: joined, they give the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) kind: PieceKind,
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceKind {
    /// Blanks, block comments, and whatever stands behind a statement's last token.
    Gap,
    /// A line comment between statements.
    Comment,
    /// From a statement's first token to its last; the terminator follows in a piece of its own.
    Statement,
    /// `;`, or what `DELIMITER` set.
    Terminator,
    /// A `DELIMITER` command.
    Delimiter,
    /// The data of the `COPY … FROM STDIN` before it.
    CopyData,
    /// The `\.` line behind the data.
    CopyEnd,
    /// A line `-- upgrade` or `-- rollback`.
    Marker(Marker),
    /// A client's command; reported as a problem unless it is inert.
    ClientCommand,
}

/// What opens a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// `-- upgrade`
    Upgrade,
    /// `-- rollback`
    Rollback,
}

/// Something that makes the file unusable, at its place in the text.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) kind: ParseErrorKind,
    pub(super) span: Range<usize>,
}

/// An iterator over the pieces of a text.
pub(super) struct Splitter<'t> {
    rules: &'static LexRules,
    text: &'t str,
    lexer: Lexer<'t>,
    markers: bool,
    queue: VecDeque<Piece>,
    /// The `DELIMITER` command in force.
    delimiter_command: Option<Range<usize>>,
    problems: Vec<Problem>,
}

impl<'t> Splitter<'t> {
    /// Without `markers`, the lines `-- upgrade` and `-- rollback` are comments.
    pub(super) fn new(rules: &'static LexRules, text: &'t str, markers: bool) -> Self {
        Splitter {
            rules,
            text,
            lexer: Lexer::new(rules, text),
            markers,
            queue: VecDeque::new(),
            delimiter_command: None,
            problems: Vec::new(),
        }
    }

    /// Ends the section: a delimiter that is still in force is a problem, and `;` is in force again.
    pub(super) fn end_section(&mut self) {
        if let Some(span) = self.delimiter_command.take() {
            let delimiter = self.lexer.delimiter().to_string();
            self.problem(ParseErrorKind::DelimiterNotReset { delimiter }, span);
            self.lexer.set_delimiter(";");
        }
    }

    /// What was wrong so far; empties the list.
    pub(super) fn take_problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    #[cfg(test)]
    pub(super) fn delimiter(&self) -> &'t str {
        self.lexer.delimiter()
    }

    /// As if a `DELIMITER` command stood before the text.
    #[cfg(test)]
    pub(super) fn force_delimiter(&mut self, delimiter: &'t str) {
        self.lexer.set_delimiter(delimiter);
        self.delimiter_command = (delimiter != ";").then_some(0..0);
    }

    fn problem(&mut self, kind: ParseErrorKind, span: Range<usize>) {
        self.problems.push(Problem { kind, span });
    }

    fn piece(&mut self, kind: PieceKind, span: Range<usize>) {
        if !span.is_empty() {
            self.queue.push_back(Piece { kind, span });
        }
    }

    fn between_statements(&mut self, token: Token) {
        match token.kind {
            TokenKind::Blank | TokenKind::BlockComment => self.piece(PieceKind::Gap, token.span),
            TokenKind::LineComment => {
                let marker = self.marker(&token);
                self.piece(marker.map_or(PieceKind::Comment, PieceKind::Marker), token.span);
            }
            TokenKind::Terminator => self.piece(PieceKind::Terminator, token.span),
            TokenKind::Unterminated(Enclosure::BlockComment) => {
                self.unterminated(Enclosure::BlockComment, &token.span);
                self.piece(PieceKind::Gap, token.span);
            }
            TokenKind::Word if self.is_delimiter_command(&token) => self.delimiter_command(token),
            _ if self.is_client_command(&token, true) => {
                let span = self.client_command(&token);
                self.piece(PieceKind::ClientCommand, span);
            }
            _ => self.statement(token),
        }
    }

    fn statement(&mut self, first: Token) {
        let mut body = BodyTracker::new(self.rules);
        let (start, mut end) = (first.span.start, first.span.start);
        let mut parenthesis = None;
        let mut next = Some(first);
        while let Some(token) = next {
            match token.kind {
                TokenKind::Blank | TokenKind::BlockComment => {}
                TokenKind::LineComment => {
                    let outside = !body.inside() && self.lexer.executable_comment().is_none();
                    if outside && let Some(marker) = self.marker(&token) {
                        self.unclosed_parenthesis(parenthesis);
                        self.piece(PieceKind::Statement, start..end);
                        self.piece(PieceKind::Gap, end..token.span.start);
                        self.piece(PieceKind::Marker(marker), token.span);
                        return;
                    }
                    if directive::is_directive(&self.text[token.span.clone()]) && !body.inside() {
                        self.problem(ParseErrorKind::MisplacedDirective, token.span);
                    }
                }
                TokenKind::Terminator if self.ends_statement(&body) => {
                    if let Some(open) = self.lexer.close_executable_comment() {
                        self.unterminated(Enclosure::BlockComment, &(open..token.span.start));
                    }
                    self.piece(PieceKind::Statement, start..end);
                    self.piece(PieceKind::Gap, end..token.span.start);
                    self.piece(PieceKind::Terminator, token.span);
                    if self.rules.copy_data && copy::reads_stdin(self.rules, &self.text[start..end]) {
                        self.copy_data(start);
                    }
                    return;
                }
                TokenKind::Unterminated(enclosure) => {
                    self.unterminated(enclosure, &token.span);
                    // Where it ends nobody knows, and so neither what is open around it.
                    self.piece(PieceKind::Statement, start..token.span.end);
                    return;
                }
                _ if self.is_client_command(&token, false) => {
                    end = self.client_command(&token).end;
                }
                _ => {
                    body.observe(&token, &self.lexer);
                    // Under another delimiter, the `;` of `END; $$` is one too many.
                    if self.lexer.text_of(&token) != ";" {
                        end = token.span.end;
                    }
                    match body.parentheses() {
                        0 => parenthesis = None,
                        _ => _ = parenthesis.get_or_insert(token.span.start),
                    }
                }
            }
            next = self.lexer.next();
        }
        if let Some(open) = self.lexer.executable_comment() {
            self.unterminated(Enclosure::BlockComment, &(open..self.text.len()));
        } else if body.inside() {
            let opening = self.text[start..end].lines().next().map_or(0, str::len);
            self.problem(ParseErrorKind::UnterminatedBody, start..start + opening);
        } else {
            self.unclosed_parenthesis(parenthesis);
        }
        self.piece(PieceKind::Statement, start..end);
        self.piece(PieceKind::Gap, end..self.text.len());
    }

    fn ends_statement(&self, body: &BodyTracker) -> bool {
        if self.delimiter_command.is_some() {
            return true;
        }
        let held = self.rules.parentheses_hold_statements && body.parentheses() > 0;
        !held && !body.inside() && self.lexer.executable_comment().is_none()
    }

    fn unclosed_parenthesis(&mut self, open: Option<usize>) {
        if let Some(at) = open {
            self.problem(ParseErrorKind::UnclosedParenthesis, at..at + 1);
        }
    }

    fn unterminated(&mut self, enclosure: Enclosure, span: &Range<usize>) {
        let opening = self.text[span.clone()].lines().next().map_or(0, str::len);
        self.problem(ParseErrorKind::Unterminated(enclosure), span.start..span.start + opening);
    }

    /// Whether the comment is the only thing on its line and says `upgrade` or `rollback`.
    fn marker(&self, token: &Token) -> Option<Marker> {
        if !self.markers {
            return None;
        }
        let words = self.text[token.span.clone()].strip_prefix("--")?;
        let word = words.trim();
        let marker = if word.eq_ignore_ascii_case("upgrade") {
            Marker::Upgrade
        } else if word.eq_ignore_ascii_case("rollback") {
            Marker::Rollback
        } else {
            return None;
        };
        (words.starts_with([' ', '\t']) && self.begins_line(token.span.start)).then_some(marker)
    }

    fn begins_line(&self, at: usize) -> bool {
        let line = &self.text[..at];
        let line = &line[line.rfind(['\n', '\r']).map_or(0, |newline| newline + 1)..];
        line.trim_start_matches('\u{feff}').bytes().all(scan::is_blank)
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |found| at + found)
    }

    fn is_delimiter_command(&self, token: &Token) -> bool {
        let text = self.lexer.text_of(token);
        // Under `DELIMITER ;` the word ends at the delimiter: `delimiter;;` is one, too, for the client.
        self.rules.delimiter_command && text.eq_ignore_ascii_case("DELIMITER")
    }

    fn delimiter_command(&mut self, token: Token) {
        let line = token.span.start..self.line_end(token.span.end);
        let argument = self.text[token.span.end..line.end].split_whitespace().next().unwrap_or_default();
        let argument = ["'", "\"", "`"]
            .iter()
            .find_map(|quote| argument.strip_prefix(quote)?.strip_suffix(quote))
            .unwrap_or(argument);
        if argument.is_empty() || argument.contains('\\') {
            self.problem(ParseErrorKind::BadDelimiter, token.span);
        } else {
            self.lexer.set_delimiter(argument);
            self.delimiter_command = (argument != ";").then(|| line.clone());
        }
        self.lexer.skip_to(line.end);
        self.piece(PieceKind::Delimiter, line);
    }

    fn is_client_command(&self, token: &Token, between_statements: bool) -> bool {
        let commands = &self.rules.client_commands;
        let bytes = self.text.as_bytes();
        match token.kind {
            TokenKind::Symbol if bytes[token.span.start] == commands.prefix => {
                let next = bytes.get(token.span.end);
                let is_sql = next.is_some_and(|next| commands.sql_after_prefix.contains(next));
                !is_sql && (between_statements || !commands.only_between_statements)
            }
            TokenKind::Word if between_statements => {
                let word = self.lexer.text_of(token);
                commands.words.iter().any(|command| word.eq_ignore_ascii_case(command))
            }
            _ => false,
        }
    }

    /// Reports it, unless it is inert, and skips its line: what stands there is no SQL.
    fn client_command(&mut self, token: &Token) -> Range<usize> {
        let line = &self.text[token.span.start..self.line_end(token.span.end)];
        let span = token.span.start..token.span.start + line.trim_end().len().max(1);
        let command = line.split_whitespace().next().unwrap_or_default();
        let commands = &self.rules.client_commands;
        if !commands.inert.contains(&command) {
            let (program, command) = (commands.program, command.to_string());
            self.problem(ParseErrorKind::ClientCommand { program, command }, span.clone());
        }
        self.lexer.skip_to(span.end);
        span
    }

    fn copy_data(&mut self, statement: usize) {
        let at = self.lexer.position();
        let data_start = match self.text[at..].find('\n') {
            Some(newline) => at + newline + 1,
            None => self.text.len(),
        };
        let rest_of_line = self.text[at..data_start].trim();
        if !rest_of_line.is_empty() && !rest_of_line.starts_with("--") {
            let start = at + self.text[at..data_start].find(rest_of_line).unwrap_or_default();
            self.problem(ParseErrorKind::TextAfterCopy, start..start + rest_of_line.len());
        }
        self.piece(PieceKind::Gap, at..data_start);
        match copy::data_end(self.text, data_start) {
            Some(end) => {
                self.piece_or_empty(PieceKind::CopyData, data_start..end.start);
                self.piece(PieceKind::CopyEnd, end.clone());
                self.lexer.skip_to(end.end);
            }
            None => {
                self.problem(ParseErrorKind::CopyWithoutEnd, statement..at);
                self.piece(PieceKind::CopyData, data_start..self.text.len());
                self.lexer.skip_to(self.text.len());
            }
        }
    }

    /// A `COPY` without data lines has data all the same: none.
    fn piece_or_empty(&mut self, kind: PieceKind, span: Range<usize>) {
        self.queue.push_back(Piece { kind, span });
    }
}

impl Iterator for Splitter<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if self.queue.is_empty() {
            let token = self.lexer.next()?;
            self.between_statements(token);
        }
        self.queue.pop_front()
    }
}
