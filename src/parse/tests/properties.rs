use proptest::prelude::*;

use super::parse;
use crate::dialect::Engine;
use crate::parse::digest::token_digest_of_text;
use crate::parse::lexer::Lexer;
use crate::parse::portable;
use crate::parse::split::{Piece, PieceKind, Splitter};

/// What SQL files are made of, and what could confuse a lexer.
const FRAGMENTS: [&str; 71] = [
    "'",
    "''",
    "\"",
    "`",
    "[",
    "]",
    "\\",
    "\\'",
    "$$",
    "$a$",
    "$1",
    "$",
    "--",
    "-- ",
    "#",
    "/*",
    "*/",
    "/*!50100 ",
    "/*M!",
    "!",
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    ";",
    ";;",
    "(",
    ")",
    ",",
    ".",
    "@",
    ":",
    "=",
    "\u{feff}",
    "é",
    "日本",
    "\n-- upgrade\n",
    "\n-- rollback\n",
    "\nDELIMITER $$\n",
    "\nDELIMITER ;\n",
    "\ndelimiter //\n",
    "//",
    "\n\\.\n",
    "\n.read x\n",
    "source ",
    "COPY t FROM STDIN;\n",
    "-- dbwarden: split = off\n",
    "-- @dbwarden:autocommit\n",
    "SELECT ",
    "CREATE ",
    "TRIGGER ",
    "FUNCTION ",
    "PROCEDURE ",
    "EVENT ",
    "BEGIN ",
    "ATOMIC ",
    "NOT ",
    "END ",
    "CASE ",
    "IF ",
    "EXISTS ",
    "LOOP ",
    "REPEAT ",
    "FOR i IN ",
    "E'",
    "U&'",
    "U&\"",
    "x",
    "1.5",
    "COMMIT;",
];

fn texts() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![8 => prop::sample::select(&FRAGMENTS[..]).prop_map(str::to_string), 1 => "\\PC{0,4}"];
    prop::collection::vec(fragment, 0..40).prop_map(|fragments| fragments.concat())
}

const FIXTURES: [(Engine, &str); 8] = [
    (Engine::Postgres, include_str!("../fixtures/postgres/dump.sql")),
    (Engine::MySql, include_str!("../fixtures/mysql/dump.sql")),
    (Engine::Postgres, include_str!("../fixtures/postgres/bodies.sql")),
    (Engine::Postgres, include_str!("../fixtures/postgres/copy.sql")),
    (Engine::MySql, include_str!("../fixtures/mysql/bodies.sql")),
    (Engine::MySql, include_str!("../fixtures/mysql/literals.sql")),
    (Engine::Sqlite, include_str!("../fixtures/sqlite/bodies.sql")),
    (Engine::Postgres, include_str!("../fixtures/postgres/literals.sql")),
];

/// A real file with a few parts cut out, doubled or replaced.
fn mutations() -> impl Strategy<Value = (Engine, String)> {
    let edit = (any::<prop::sample::Index>(), 0_usize..12, prop::sample::select(&FRAGMENTS[..]));
    (prop::sample::select(&FIXTURES[..]), prop::collection::vec(edit, 0..4)).prop_map(|((engine, text), edits)| {
        let mut characters: Vec<char> = text.chars().collect();
        for (place, removed, inserted) in edits {
            let at = place.index(characters.len() + 1);
            let end = (at + removed).min(characters.len());
            characters.splice(at..end, inserted.chars());
        }
        (engine, characters.into_iter().collect())
    })
}

fn tokens_cover(engine: Engine, text: &str) {
    let mut end = 0;
    for token in Lexer::new(engine.lex_rules(), text) {
        assert_eq!(token.span.start, end);
        assert!(token.span.end > end, "no progress at {end}");
        end = token.span.end;
    }
    assert_eq!(end, text.len());
}

/// Pieces cover the text; each statement of a text without problems is one statement by itself.
fn pieces_cover_and_stay_whole(engine: Engine, text: &str) {
    let rules = engine.lex_rules();
    let mut splitter = Splitter::new(rules, text, true);
    let (mut end, mut statements) = (0, Vec::new());
    while let Some(Piece { kind, span }) = splitter.next() {
        assert_eq!(span.start, end);
        end = span.end;
        if let PieceKind::Marker(_) = kind {
            splitter.end_section();
        }
        if kind == PieceKind::Statement {
            statements.push((splitter.delimiter(), span));
        }
    }
    assert_eq!(end, text.len());
    if !splitter.take_problems().is_empty() {
        return;
    }
    for (delimiter, span) in statements {
        let statement = &text[span];
        // To MySQL, dashes before a `;` are operators and dashes at the end are a comment.
        if statement.ends_with("--") {
            continue;
        }
        let mut again = Splitter::new(rules, statement, true);
        again.force_delimiter(delimiter);
        let pieces: Vec<Piece> = again.collect();
        let whole = Piece { kind: PieceKind::Statement, span: 0..statement.len() };
        assert_eq!(pieces, [whole], "{statement:?} under {delimiter:?} in {text:?}");
    }
}

/// Whatever it is: no panic, spans on character boundaries, statements in order.
fn parses_or_says_why(engine: Engine, text: &str) {
    token_digest_of_text(engine, text);
    match parse(engine, text) {
        Ok(migration) => {
            let mut end = 0;
            let script = &migration.upgrade;
            for (index, statement) in script.statements.iter().enumerate() {
                assert!(statement.span.start >= end && !script.statement_text(index).is_empty());
                assert_eq!(statement.line, text[..statement.span.start].matches('\n').count() + 1);
                end = statement.span.end;
            }
            assert_eq!(migration.token_digest(), token_digest_of_text(engine, script.text()), "{text:?}");
            if let Some(rollback) = migration.rollback.script() {
                portable(rollback);
            }
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            for span in errors.iter().filter_map(|error| error.span.clone()) {
                assert!(text.get(span).is_some());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_on_any_engine(text in texts()) {
        for engine in Engine::ALL {
            tokens_cover(engine, &text);
            pieces_cover_and_stay_whole(engine, &text);
            parses_or_says_why(engine, &format!("-- upgrade\n{text}\n-- rollback\n"));
        }
    }

    #[test]
    fn any_characters(text in any::<String>()) {
        for engine in Engine::ALL {
            tokens_cover(engine, &text);
            pieces_cover_and_stay_whole(engine, &text);
            parses_or_says_why(engine, &text);
        }
    }

    #[test]
    fn files_with_a_few_edits((engine, text) in mutations()) {
        pieces_cover_and_stay_whole(engine, &text);
        parses_or_says_why(engine, &text);
    }
}
