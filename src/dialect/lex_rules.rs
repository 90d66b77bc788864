use super::Engine;
use super::forms::Forms;
use super::{mysql, postgres, sqlite};

/// How an engine's SQL text falls into tokens and statements: everything the lexer, the splitter and the classifier
/// know about it.
#[derive(Debug)]
pub struct LexRules {
    /// A backslash escapes the next character in every string (MySQL, unless `NO_BACKSLASH_ESCAPES` is set).
    pub backslash_escapes: bool,
    /// `E'…'` is a string with backslash escapes, and `U&'…'` and `U&"…"` are one token.
    pub prefixed_strings: bool,
    /// `$tag$ … $tag$` is a string.
    pub dollar_quotes: bool,
    /// `/* /* */ */` is one comment.
    pub nested_comments: bool,
    /// `#` starts a comment.
    pub hash_comments: bool,
    /// `--` starts a comment only before a blank or the end of a line.
    pub dashes_need_blank: bool,
    /// A carriage return ends a line comment, not only a line feed.
    pub carriage_return_ends_comment: bool,
    /// `"…"` is an identifier; a string otherwise.
    pub double_quoted_identifiers: bool,
    /// `` `…` `` is an identifier.
    pub backquotes: bool,
    /// `[…]` is an identifier.
    pub brackets: bool,
    /// `/*! … */` and `/*M! … */` are code.
    pub executable_comments: bool,
    /// `DELIMITER x` on a line of its own changes what ends a statement.
    pub delimiter_command: bool,
    /// A `;` inside parentheses does not end a statement (`CREATE RULE … DO (a; b)`).
    pub parentheses_hold_statements: bool,
    /// `COPY … FROM STDIN` is followed by data lines.
    pub copy_data: bool,
    /// Which statements have bodies with `;` in them.
    pub bodies: BodyRules,
    /// What the engine's own command-line client understands and no server does.
    pub client_commands: ClientCommands,
    /// Leading words of statements with what they mean.
    pub forms: Forms,
}

/// Statements that contain statements.
#[derive(Debug)]
pub struct BodyRules {
    /// What `CREATE` makes with a body.
    pub objects: &'static [&'static str],
    /// Words that may stand between `CREATE` and the object.
    pub modifiers: &'static [&'static str],
    /// A body begins with `BEGIN ATOMIC`, not with `BEGIN`.
    pub begin_atomic: bool,
    /// `IF`, `LOOP`, `WHILE`, `REPEAT` and `FOR` have bodies, which end with `END IF` and so on.
    pub control_flow: bool,
}

/// Commands for a client program that turn up in SQL files.
#[derive(Debug)]
pub struct ClientCommands {
    /// The client's name, for messages.
    pub program: &'static str,
    /// What such a command starts with, where it is not a word.
    pub prefix: u8,
    /// What may follow `prefix` and is SQL all the same (MySQL's `\N` is a NULL).
    pub sql_after_prefix: &'static [u8],
    /// The prefix counts only where a statement could start.
    pub only_between_statements: bool,
    /// Commands, prefix included, that ask nothing of the server: their lines are passed over, the others refused.
    pub inert: &'static [&'static str],
    /// Commands that are words; they count only where a statement could start.
    pub words: &'static [&'static str],
}

impl Engine {
    /// The rules for this engine's SQL text.
    pub fn lex_rules(self) -> &'static LexRules {
        match self {
            Engine::Postgres => &postgres::LEX_RULES,
            Engine::MySql => &mysql::LEX_RULES,
            Engine::Sqlite => &sqlite::LEX_RULES,
        }
    }
}
