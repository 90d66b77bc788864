//! Finds out whether a `;` stands inside the body of a routine, trigger or event.

use super::lexer::{Lexer, Token, TokenKind};
use crate::dialect::LexRules;

/// Follows the tokens of one statement and knows how deep in a body they are.
///
/// Every construct that `END` closes is on a stack with the parenthesis depth it was opened at, so that columns
/// called `begin` or `end` in a list of columns are not taken for keywords.
#[derive(Debug)]
pub(super) struct BodyTracker {
    rules: &'static LexRules,
    stage: Stage,
    parentheses: usize,
    open: Vec<Construct>,
    previous: Previous,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No token seen.
    Start,
    /// Behind `CREATE` or `ALTER`: the object decides.
    Header,
    /// The statement may have a body.
    Routine,
    /// It has none.
    Plain,
}

#[derive(Debug, Clone, Copy)]
struct Construct {
    is_case: bool,
    parentheses: usize,
}

/// The token before the current one, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Previous {
    Semicolon,
    /// `.` and `@`: what follows is a name, whatever it spells.
    Qualifier,
    /// `=` of `DEFINER = name`, and other operators.
    Operator,
    /// `BEGIN` or `BEGIN ATOMIC`.
    Begin,
    /// An `END` that closed something; `IF`, `LOOP` and so on behind it belong to it.
    End,
    /// `SELECT`, `BY`, `SET` and others that a name or an expression follows.
    Expression,
    Other,
}

const CONTROL_FLOW: [&str; 5] = ["IF", "LOOP", "WHILE", "REPEAT", "FOR"];
const BEFORE_EXPRESSIONS: [&str; 9] = ["SELECT", "AS", "BY", "WHERE", "AND", "OR", "SET", "ON", "RETURN"];

impl BodyTracker {
    pub(super) fn new(rules: &'static LexRules) -> Self {
        BodyTracker { rules, stage: Stage::Start, parentheses: 0, open: Vec::new(), previous: Previous::Other }
    }

    /// Whether a terminator here ends a statement of the body, not the body.
    pub(super) fn inside(&self) -> bool {
        !self.open.is_empty()
    }

    /// How many parentheses are open.
    pub(super) fn parentheses(&self) -> usize {
        self.parentheses
    }

    /// Takes the next code token of the statement; `lexer` stands behind it.
    pub(super) fn observe(&mut self, token: &Token, lexer: &Lexer<'_>) {
        let previous = match token.kind {
            TokenKind::Word => self.word(lexer.text_of(token), lexer),
            TokenKind::Terminator => Previous::Semicolon,
            TokenKind::Symbol => self.symbol(lexer.text_of(token)),
            TokenKind::ExecutableOpen | TokenKind::ExecutableClose => return,
            _ => Previous::Other,
        };
        self.previous = previous;
    }

    fn symbol(&mut self, symbol: &str) -> Previous {
        match symbol {
            "(" => self.parentheses += 1,
            ")" => self.parentheses = self.parentheses.saturating_sub(1),
            ";" => return Previous::Semicolon,
            "." | "@" => return Previous::Qualifier,
            ":" => return Previous::Other,
            _ => return Previous::Operator,
        }
        if symbol == "(" { Previous::Operator } else { Previous::Other }
    }

    fn word(&mut self, word: &str, lexer: &Lexer<'_>) -> Previous {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        match self.stage {
            Stage::Plain => return Previous::Other,
            Stage::Start => {
                let anonymous = self.rules.bodies.control_flow
                    && (is("CASE")
                        || CONTROL_FLOW.iter().any(|word| is(word))
                        || (is("BEGIN") && followed_by(lexer, "NOT")));
                self.stage = if is("CREATE") || is("ALTER") {
                    Stage::Header
                } else if anonymous {
                    Stage::Routine
                } else {
                    Stage::Plain
                };
                if !anonymous {
                    return Previous::Other;
                }
            }
            Stage::Header => {
                let a_name = matches!(self.previous, Previous::Qualifier | Previous::Operator);
                if !a_name && !self.rules.bodies.modifiers.iter().any(|modifier| is(modifier)) {
                    let has_body = self.rules.bodies.objects.iter().any(|object| is(object));
                    self.stage = if has_body { Stage::Routine } else { Stage::Plain };
                }
                return Previous::Other;
            }
            Stage::Routine => {}
        }
        self.keyword(word, lexer)
    }

    fn keyword(&mut self, word: &str, lexer: &Lexer<'_>) -> Previous {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        let level = self.open.last().map_or(0, |construct| construct.parentheses);
        let at_level = self.parentheses == level;
        match self.previous {
            Previous::Qualifier => return Previous::Other,
            Previous::End if is("CASE") || CONTROL_FLOW.iter().any(|suffix| is(suffix)) => return Previous::Other,
            _ => {}
        }
        if is("END") {
            return if self.closes(at_level, lexer) { Previous::End } else { Previous::Other };
        }
        if is("CASE") {
            if self.inside() || self.rules.bodies.control_flow {
                self.open.push(Construct { is_case: true, parentheses: self.parentheses });
            }
            return Previous::Expression;
        }
        let opens = at_level
            && ((is("BEGIN") && self.opens_block(lexer))
                || (self.rules.bodies.control_flow && self.opens_control_flow(word, lexer)));
        if opens {
            self.open.push(Construct { is_case: false, parentheses: self.parentheses });
        }
        if is("BEGIN") && opens || is("ATOMIC") {
            Previous::Begin
        } else if BEFORE_EXPRESSIONS.iter().any(|before| is(before)) {
            Previous::Expression
        } else {
            Previous::Other
        }
    }

    fn closes(&mut self, at_level: bool, lexer: &Lexer<'_>) -> bool {
        let Some(top) = self.open.last() else { return false };
        // A block ends behind a statement; elsewhere `end` is somebody's column.
        let ends_block = matches!(self.previous, Previous::Semicolon | Previous::Begin) || followed_by(lexer, "REPEAT");
        let closes = at_level && (top.is_case || ends_block);
        if closes {
            self.open.pop();
        }
        closes
    }

    fn opens_block(&self, lexer: &Lexer<'_>) -> bool {
        if self.rules.bodies.begin_atomic {
            return followed_by(lexer, "ATOMIC");
        }
        let a_name = matches!(self.previous, Previous::Operator | Previous::Expression)
            || lexer.peek_code().is_some_and(|next| match next.kind {
                TokenKind::Symbol => lexer.text_of(&next) != "(",
                kind => kind == TokenKind::Terminator,
            })
            || followed_by(lexer, "FROM")
            || followed_by(lexer, "AS");
        !a_name
    }

    fn opens_control_flow(&self, word: &str, lexer: &Lexer<'_>) -> bool {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        if is("LOOP") || is("WHILE") {
            return true;
        }
        if matches!(self.previous, Previous::Operator | Previous::Expression) {
            return false;
        }
        if is("REPEAT") {
            // REPEAT('x', 3) is a function.
            return lexer.peek_code().is_none_or(|next| lexer.text_of(&next) != "(");
        }
        if is("FOR") {
            // MariaDB's FOR i IN …; not FOR EACH ROW, FOR UPDATE, CURSOR FOR.
            let mut ahead = lexer.filter(|token| token.kind.is_code());
            return ahead.nth(1).is_some_and(|token| lexer.text_of(&token).eq_ignore_ascii_case("IN"));
        }
        is("IF") && opens_if(lexer)
    }
}

fn followed_by(lexer: &Lexer<'_>, word: &str) -> bool {
    lexer.peek_code().is_some_and(|next| lexer.text_of(&next).eq_ignore_ascii_case(word))
}

/// Whether the `IF` before `lexer` is a statement: not the function `IF(a, b, c)`, and not the `IF [NOT] EXISTS` of
/// DDL, which a name follows where the statement has a parenthesis.
fn opens_if(lexer: &Lexer<'_>) -> bool {
    let mut ahead = lexer.filter(|token| token.kind.is_code());
    let mut next = || ahead.next().map(|token| lexer.text_of(&token)).unwrap_or_default();
    let mut first = next();
    if first.eq_ignore_ascii_case("NOT") {
        first = next();
    }
    if first.eq_ignore_ascii_case("EXISTS") {
        return next() == "(";
    }
    if first != "(" {
        return !matches!(first, "," | ")" | "." | "=" | "");
    }
    let (mut depth, mut commas) = (1, 0);
    while depth > 0 {
        match next() {
            "(" => depth += 1,
            ")" => depth -= 1,
            "," if depth == 1 => commas += 1,
            "" => break,
            _ => {}
        }
    }
    commas != 2
}
