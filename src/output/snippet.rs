//! Errors for people: the message, the SQL with a caret, what the server said, what was kept, what to do next.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::style::{self, paint};
use super::{sanitize, sanitize_line};
use crate::error::{Error, Excerpt, Location};

/// The widest line of an excerpt, in columns; longer ones are cut around the caret.
const WIDTH: usize = 120;

/// One error as text, without a line break at the end.
pub(super) fn render(database: Option<&str>, error: &Error, verbose: bool) -> String {
    let mut text = rendered(database, error, verbose);
    for related in &error.related {
        text.push_str("\n\n");
        text.push_str(&rendered(None, related, verbose));
    }
    text
}

fn rendered(database: Option<&str>, error: &Error, verbose: bool) -> String {
    let mut text = format!("{}: ", paint(style::ERROR, "error"));
    if let Some(database) = database {
        text.push_str(&format!("{}: ", sanitize_line(database)));
    }
    text.push_str(&sanitize(&error.message));
    let location = error.location.as_ref().filter(|location| adds_to(location, error)).map(Location::to_string);
    let remarks = remarks(error, verbose);
    let difference = error.difference.as_deref();
    text + &framed(location.as_deref(), error.excerpt.as_ref(), &Level::ERROR, difference, &remarks)
}

/// What stands below the first line: the place, the text with a caret, a difference, remarks.
pub(super) fn framed(
    location: Option<&str>,
    excerpt: Option<&Excerpt>,
    level: &Level<'static>,
    difference: Option<&str>,
    remarks: &[(&str, String)],
) -> String {
    let mut text = String::new();
    // The excerpt's bar stands behind its line numbers: arrow and remarks align with it.
    let numbers = excerpt.map_or(1, |excerpt| last_line(excerpt).to_string().len());
    let margin = " ".repeat(numbers);
    if let Some(location) = location {
        let location = sanitize_line(location);
        text.push_str(&format!("\n{margin}{} {location}", paint(style::FRAME, "-->")));
    }
    if let Some(excerpt) = excerpt {
        text.push_str(&format!("\n{}", source(excerpt, level)));
        // The renderer closes the frame itself unless the marked line is the last one.
        let last = anstream::adapter::strip_str(text.lines().next_back().unwrap_or_default()).to_string();
        if last.trim() != "|" {
            text.push_str(&format!("\n{margin} {}", paint(style::FRAME, "|")));
        }
    }
    for line in difference.unwrap_or_default().lines() {
        let line = sanitize_line(line);
        let style = match line.chars().next() {
            Some('+') => style::GOOD,
            Some('-') => style::ERROR,
            Some('@') => style::FAINT,
            _ => anstyle::Style::new(),
        };
        text.push_str(&format!("\n{margin} {} {}", paint(style::FRAME, "|"), paint(style, line)));
    }
    for (name, remark) in remarks {
        let indent = format!("\n{margin}     ");
        let remark = sanitize(remark).replace('\n', &indent);
        text.push_str(&format!("\n{margin} {} {}: {remark}", paint(style::FRAME, "="), paint(style::STRONG, name)));
    }
    text
}

/// Many messages name their place themselves.
fn adds_to(location: &Location, error: &Error) -> bool {
    error.excerpt.is_some() || !error.message.contains(&location.to_string())
}

/// The lines with their numbers and the caret. Styled: the stream strips it where it is not wanted.
fn source(excerpt: &Excerpt, level: &Level<'static>) -> String {
    let (text, span) = sanitized(excerpt);
    let label = (!excerpt.label.is_empty()).then(|| sanitize_line(&excerpt.label));
    let snippet = Snippet::source(text)
        .line_start(excerpt.first_line)
        .fold(false)
        .annotation(AnnotationKind::Primary.span(span).label(label));
    Renderer::styled().term_width(WIDTH).render(&[Group::with_level(level.clone()).element(snippet)])
}

fn last_line(excerpt: &Excerpt) -> usize {
    excerpt.first_line + excerpt.text.matches('\n').count()
}

/// What stands below the excerpt, in the order people need it.
fn remarks(error: &Error, verbose: bool) -> Vec<(&'static str, String)> {
    let mut remarks = Vec::new();
    if let Some(server) = &error.server {
        let hint = server.hint.as_ref().map(|hint| format!("hint: {hint}"));
        let said: Vec<String> = server.code.iter().cloned().chain(hint).collect();
        if !said.is_empty() {
            remarks.push(("server", said.join("; ")));
        }
        remarks.extend(server.context.iter().map(|context| ("context", context.clone())));
        match &server.detail {
            Some(detail) if verbose => remarks.push(("detail", detail.clone())),
            Some(_) => remarks.push(("detail", "the server gave a detail, which can hold data: see it with -v".into())),
            None => {}
        }
    }
    remarks.extend(error.blockers.iter().map(|blocker| ("blocked by", blocker.to_string())));
    remarks.extend(error.notes.iter().map(|note| ("kept", note.clone())));
    remarks.extend(error.hints.iter().map(|hint| ("next", hint.clone())));
    remarks
}

/// Escapes what could mislead, and moves the span along.
fn sanitized(excerpt: &Excerpt) -> (String, std::ops::Range<usize>) {
    let mut text = sanitize(&excerpt.text[..excerpt.span.start]).into_owned();
    let start = text.len();
    text.push_str(&sanitize(&excerpt.text[excerpt.span.clone()]));
    let end = text.len();
    text.push_str(&sanitize(&excerpt.text[excerpt.span.end..]));
    (text, start..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ErrorKind, ServerMessage};

    fn plain(database: Option<&str>, error: &Error, verbose: bool) -> String {
        anstream::adapter::strip_str(&render(database, error, verbose)).to_string()
    }

    fn failure(source: &str, piece: &str) -> Error {
        let start = source.find(piece).expect("the piece");
        let mut error = Error::new(ErrorKind::Sql, "0002 add_orders failed: relation \"userz\" does not exist");
        let (line, column) = crate::error::line_and_column(source, start);
        error = error.at("migrations/0002_add_orders.sql", Some(line), Some(column));
        error.excerpt = Some(Excerpt::around(source, start..start + piece.len()));
        error
    }

    #[test]
    fn a_failing_statement() {
        let source = "-- upgrade\n\nCREATE TABLE orders (\n    id INT,\n    user_id INT REFERENCES userz (id)\n);\n";
        let mut error = failure(source, "userz")
            .note("0001 create_users (applied before); 0002 was undone completely")
            .hint("correct the file and run `dbwarden migrate` again");
        error.server = Some(ServerMessage {
            code: Some("42P01".into()),
            hint: Some("look for a typing error".into()),
            detail: Some("secret row".into()),
            context: None,
        });
        assert_eq!(
            plain(None, &error, false),
            "\
error: 0002 add_orders failed: relation \"userz\" does not exist
 --> migrations/0002_add_orders.sql:5:28
  |
3 | CREATE TABLE orders (
4 |     id INT,
5 |     user_id INT REFERENCES userz (id)
  |                            ^^^^^
6 | );
  |
  = server: 42P01; hint: look for a typing error
  = detail: the server gave a detail, which can hold data: see it with -v
  = kept: 0001 create_users (applied before); 0002 was undone completely
  = next: correct the file and run `dbwarden migrate` again"
        );
        assert!(plain(None, &error, true).contains("= detail: secret row"));
        assert!(plain(Some("billing"), &error, false).starts_with("error: billing: 0002 add_orders"));
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let source = format!("INSERT INTO t VALUES {} userz {}", "(1, 'ä'), ".repeat(500), ", (2, 'ö')".repeat(500));
        let text = plain(None, &failure(&source, "userz"), false);
        assert!(text.contains("sql:1:5023"), "the true column: {text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH + 10), "{text}");
        let lines: Vec<&str> = text.lines().collect();
        let caret = lines.iter().position(|line| line.contains("^^^^^")).expect("a caret");
        let column =
            |line: &str, piece: &str| line.find(piece).map(|start| line[..start].chars().count()).expect("in the line");
        assert_eq!(column(lines[caret], "^^^^^"), column(lines[caret - 1], "userz"), "{text}");
    }

    #[test]
    fn without_a_place_it_is_only_the_message_and_the_way_out() {
        let error = Error::new(ErrorKind::Connection, "no server answers at db:5432").hint("start it");
        assert_eq!(plain(None, &error, false), "error: no server answers at db:5432\n  = next: start it");
    }

    #[test]
    fn every_related_error_is_shown() {
        let wrong = |file: &str| Error::new(ErrorKind::Usage, "no -- upgrade line").in_file(file);
        let error = Error::summary("2 files cannot be used", vec![wrong("a.sql"), wrong("b.sql")]);
        assert_eq!(
            plain(None, &error, false),
            "error: 2 files cannot be used\n\nerror: no -- upgrade line\n --> a.sql\n\nerror: no -- upgrade line\n --> b.sql"
        );
    }

    #[test]
    fn hostile_text_cannot_move_the_cursor() {
        let mut error = failure("SELECT '\u{1b}[2J\u{202e}' userz", "userz");
        error.message = "bad \u{1b}]0;title\u{7}".into();
        error.notes.push("\u{1b}[1A".into());
        let text = plain(None, &error, false);
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
        assert!(text.contains("\\u{1b}[2J\\u{202e}"), "{text}");
    }
}
