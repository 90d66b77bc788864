use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject};
use crate::parse::{Lexer, Token, TokenKind};

/// `"text"` where only a string can be meant.
pub(super) const RULE: Rule = Rule {
    id: "double-quoted-string",
    summary: "a string in double quotes: an identifier, which SQLite takes for a string out of courtesy",
    explanation: "Double quotes are for names. Where no such column exists SQLite takes \"text\" for a string, a mistake it \
        keeps for old applications; builds with SQLITE_DQS=0 (recommended by its manual, and the default of some \
        platforms) answer \"no such column\". A schema with such a default cannot be read there at all.",
    engines: &[Engine::Sqlite],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[
        Example {
            engine: Engine::Sqlite,
            bad: "INSERT INTO colours (name) VALUES (\"red\");",
            good: "INSERT INTO colours (name) VALUES ('red');",
        },
        Example {
            engine: Engine::Sqlite,
            bad: "CREATE TABLE users (id INTEGER PRIMARY KEY, role TEXT DEFAULT \"guest\");",
            good: "CREATE TABLE users (\"id\" INTEGER PRIMARY KEY, role TEXT DEFAULT 'guest');",
        },
    ],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let text = subject.text(statement);
        if !text.contains('"') {
            continue;
        }
        let found = match &change.action {
            Action::Insert { from_query: false, .. } => in_values(text),
            Action::CreateTable { .. } | Action::AddColumn { .. } => in_default(text),
            _ => None,
        };
        if let Some(token) = found {
            let quoted = &text[token.span.clone()];
            let inner = quoted.trim_matches('"').replace("\"\"", "\"").replace('\'', "''");
            let message = format!("{quoted} is a name, not a string: where SQLITE_DQS is 0 this fails");
            hits.at(statement, token.span, message, format!("'{inner}'"));
        }
    }
}

fn code(text: &str) -> impl Iterator<Item = Token> + '_ {
    Lexer::new(Engine::Sqlite.lex_rules(), text).filter(|token| token.kind.is_code())
}

fn is_double_quoted(text: &str, token: &Token) -> bool {
    token.kind == TokenKind::QuotedIdentifier && text[token.span.clone()].starts_with('"')
}

/// The first one among plain rows: a query in them has columns, and so has what follows them.
fn in_values(text: &str) -> Option<Token> {
    let is = |token: &Token, word: &str| text[token.span.clone()].eq_ignore_ascii_case(word);
    let rows = code(text).skip_while(|token| !is(token, "values")).skip(1);
    rows.take_while(|token| !["select", "on", "returning"].iter().any(|word| is(token, word)))
        .find(|token| is_double_quoted(text, token))
}

fn in_default(text: &str) -> Option<Token> {
    let mut after_default = false;
    code(text).find(|token| {
        let found = after_default && is_double_quoted(text, token);
        after_default = text[token.span.clone()].eq_ignore_ascii_case("default");
        found
    })
}
