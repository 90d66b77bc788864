//! From the bytes of a migration file to a [`Migration`]: names, sections, directives, statements and their kinds.
//!
//! One lexer and one splitter serve every engine; what differs is data ([`crate::dialect::LexRules`]).
//! [`lexer`] gives tokens, `body` follows routines over them, `split` gives pieces, `section` puts pieces into
//! sections and asks `directive` about comments and `classify` about statements.

mod body;
pub mod classify;
mod copy;
mod digest;
mod directive;
mod effect;
mod error;
mod file_name;
pub mod lexer;
mod scan;
mod section;
mod split;
mod transaction;

#[cfg(test)]
mod tests;

pub use classify::statement_words;
use digest::token_digest;
pub use effect::{effect, is_repeatable, leftover, mentions, only_adds, remainder, temporary_table};
pub use error::{ParseError, ParseErrorKind};
pub use file_name::{FileName, FileNameError, FileNameProblem, file_name};
pub use lexer::{Enclosure, Lexer, Token, TokenKind};
pub use split::Marker;

use std::path::Path;
use std::sync::Arc;

use crate::dialect::Engine;
use crate::model::{Directives, Migration, Rollback, Script, TokenDigest, normalised_digest};
use section::{Section, Sections};
use split::Problem;

/// Reads a file: its name is the last part of `path`, which is otherwise only shown to people.
///
/// Takes the content by value and keeps it without a copy.
///
/// # Errors
/// All problems of the file, in the order of their places.
pub fn migration(engine: Engine, path: &Path, bytes: Vec<u8>) -> Result<Migration, Vec<ParseError>> {
    let own_name = path.file_name().unwrap_or_default();
    let file_name_text = own_name.to_str().map_or_else(|| own_name.to_string_lossy().into_owned(), str::to_owned);
    let name = file_name(&file_name_text);
    let text = text(path, bytes);
    let (name, text) = match (name, text) {
        (Ok(name), Ok(text)) => (name, text),
        (name, text) => {
            let name_error = name.err().map(|error| ParseError::of_file(path, None, error.into()));
            return Err(name_error.into_iter().chain(text.err()).collect());
        }
    };
    let sections = section::read_file(engine, &text);
    let errors = errors(path, &text, &sections);
    let (true, Some(upgrade)) = (errors.is_empty(), sections.upgrade) else { return Err(errors) };
    let rollback = match sections.rollback {
        Some(rollback) if sections.irreversible.is_none() => Rollback::Script(script_of(&text, rollback)),
        _ => Rollback::Irreversible,
    };
    Ok(Migration {
        description: sections.header.description.unwrap_or_else(|| name.name.replace('_', " ")),
        kind: name.kind,
        name: name.name,
        file_name: file_name_text,
        path: path.to_path_buf(),
        depends_on: sections.header.depends_on,
        seed: sections.header.seed,
        digest: normalised_digest(&text[upgrade.span.clone()]),
        tokens: tokens(engine),
        upgrade: script_of(&text, upgrade),
        rollback,
        allowances: sections.allowances,
    })
}

/// Reads a text that is one section: the rollback text of a history row, as [`portable`] wrote it. Markers in it are
/// comments; directives at its top count.
///
/// # Errors
/// The first problem; `label` stands for the path in it.
pub fn script(engine: Engine, label: &str, text: Arc<String>) -> Result<Script, ParseError> {
    let path = Path::new(label);
    if let Some(offset) = text.find('\0') {
        return Err(ParseError::at(path, &text, nul_byte(offset)));
    }
    let (section, problems) = section::read_single(engine, &text);
    match problems.into_iter().next() {
        Some(problem) => Err(ParseError::at(path, &text, problem)),
        None => Ok(script_of(&text, section)),
    }
}

/// The text to store for a script: [`script`] reads it into the same statements and directives. Directives of the
/// file's header are written above the section.
pub fn portable(script: &Script) -> String {
    let text = script.text();
    let mut own = Directives::default();
    // Block comments may hide a directive from this; it is then said twice.
    for line in text.lines().map(str::trim).take_while(|line| line.is_empty() || line.starts_with("--")) {
        if let Some(Ok(directive)) = directive::parse(line) {
            directive.apply(&mut own);
        }
    }
    directive::lines_for(&script.directives, &own) + text
}

/// [`token_digest`] as the engine reads scripts.
fn tokens(engine: Engine) -> TokenDigest {
    match engine {
        Engine::Postgres => |script| token_digest(Engine::Postgres, script),
        Engine::MySql => |script| token_digest(Engine::MySql, script),
        Engine::Sqlite => |script| token_digest(Engine::Sqlite, script),
    }
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<Arc<String>, ParseError> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let valid = String::from_utf8_lossy(&error.as_bytes()[..offset]);
        let (line, column) = error::position(&valid, offset);
        ParseError {
            line: Some(line),
            column: Some(column),
            ..ParseError::of_file(path, None, ParseErrorKind::InvalidUtf8 { offset })
        }
    })?;
    let text = Arc::new(text);
    match text.find('\0') {
        Some(offset) => Err(ParseError::at(path, &text, nul_byte(offset))),
        None => Ok(text),
    }
}

fn nul_byte(offset: usize) -> Problem {
    Problem { kind: ParseErrorKind::NulByte { offset }, span: offset..offset + 1 }
}

fn script_of(text: &Arc<String>, section: Section) -> Script {
    Script {
        source: Arc::clone(text),
        span: section.span,
        statements: section.statements,
        directives: section.directives,
    }
}

/// Finding the line of an error costs a walk through the file, and nobody reads more than these.
const MOST_ERRORS: usize = 100;

/// All problems, and what is missing from the file.
fn errors(path: &Path, text: &Arc<String>, sections: &Sections) -> Vec<ParseError> {
    let mut errors: Vec<ParseError> = Vec::new();
    let at = |kind, span| ParseError::at(path, text, Problem { kind, span });
    let structural = |problem: &Problem| {
        use ParseErrorKind::{CopyWithoutEnd, DuplicateMarker, RollbackFirst, Unterminated, UnterminatedBody};
        matches!(problem.kind, Unterminated(_) | UnterminatedBody | CopyWithoutEnd | RollbackFirst | DuplicateMarker(_))
    };
    // What never ends swallows the markers behind it: only the cause is worth a message.
    let complete = !sections.problems.iter().any(structural);
    if let Some(span) = &sections.sql_in_header
        && sections.upgrade.is_some()
    {
        errors.push(at(ParseErrorKind::SqlBeforeUpgrade, span.clone()));
    }
    for problem in sections.problems.iter().take(MOST_ERRORS) {
        errors.push(at(problem.kind.clone(), problem.span.clone()));
    }
    let rollback_statements = sections.rollback.as_ref().map_or(0, |section| section.statements.len());
    match &sections.irreversible {
        Some(span) if rollback_statements > 0 => {
            errors.push(at(ParseErrorKind::IrreversibleWithRollback, span.clone()));
        }
        Some(_) => {}
        None if sections.rollback.is_none() && complete => {
            errors.push(ParseError::of_file(path, Some(text), ParseErrorKind::MissingRollback));
        }
        None => {}
    }
    if sections.upgrade.is_none() && complete {
        errors.insert(0, ParseError::of_file(path, Some(text), ParseErrorKind::MissingUpgrade));
    }
    errors
}
