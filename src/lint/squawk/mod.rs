//! Rules of squawk (<https://squawkhq.com>), made ours: it says where, we say what and why.
//!
//! Taken are those that neither ask for what dbwarden does anyway (timeouts, transactions) nor repeat a rule of ours.
//! A section is looked at once for all of them.

pub(super) mod rules;
mod tree;

pub(super) use tree::Tree;

use std::cell::OnceCell;
use std::ops::Range;

use squawk_linter::Linter;

pub(super) use squawk_linter::Rule as Code;

use super::guard;
use super::subject::{Server, Subject};
use crate::model::Script;

/// What is looked for.
const CODES: [Code; 10] = [
    Code::BanAlterDomainWithAddConstraint,
    Code::BanCharField,
    Code::BanCreateDomainWithConstraint,
    Code::BanDuplicateColumnAssignments,
    Code::BanTruncateCascade,
    Code::IdentifierTooLong,
    Code::PreferIdentity,
    Code::PreferTextField,
    Code::PreferTimestampTz,
    Code::RequireEnumValueOrdering,
];

/// What is found in one section, once somebody asks.
#[derive(Default)]
pub struct Found<'a> {
    tree: Option<&'a Tree>,
    places: OnceCell<Vec<Place>>,
}

impl<'a> Found<'a> {
    /// In a section with this tree; nothing without one.
    pub(super) fn of(tree: Option<&'a Tree>) -> Self {
        Found { tree, places: OnceCell::new() }
    }
}

/// A place in a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    code: Code,
    /// Index of the statement.
    pub(super) statement: usize,
    /// Bytes of the statement's text.
    pub(super) span: Range<usize>,
}

/// Where one of them finds something.
pub(super) fn places<'a>(subject: &'a Subject<'_>, code: Code) -> impl Iterator<Item = &'a Place> {
    let look = || match subject.squawk.tree {
        Some(tree) => look(tree, subject.script, subject.surroundings.server.as_ref()),
        None => Vec::new(),
    };
    subject.squawk.places.get_or_init(look).iter().filter(move |place| place.code == code)
}

fn look(tree: &Tree, script: &Script, server: Option<&Server>) -> Vec<Place> {
    let run = |codes: &[Code]| guard::guarded(|| run(tree, codes, server));
    // Where one of them does not stand this text, the others still have their say.
    let mut places = run(&CODES).unwrap_or_else(|| CODES.iter().filter_map(|code| run(&[*code])).flatten().collect());
    places.sort_by_key(|(_, span)| span.start);
    let of_statement = |(code, span): (Code, Range<usize>)| {
        let statement = script.statements.iter().position(|statement| statement.span.contains(&span.start))?;
        let start = script.statements[statement].span.start;
        Some(Place { code, statement, span: span.start - start..span.end - start })
    };
    places.into_iter().filter_map(of_statement).collect()
}

fn run(tree: &Tree, codes: &[Code], server: Option<&Server>) -> Vec<(Code, Range<usize>)> {
    let mut linter = Linter::from(codes.iter().copied());
    linter.settings.assume_in_transaction = true;
    let version = server.and_then(|server| server.version.first()?.to_string().parse().ok());
    linter.settings.pg_version = version.unwrap_or_default();
    let violations = linter.lint(&tree.parse, &tree.text);
    let place = |violation: squawk_linter::Violation| {
        let range = violation.text_range;
        (violation.code, range.start().into()..range.end().into())
    };
    violations.into_iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::tree::only_statements;
    use super::{Code, Place, Tree, guard, look, run};
    use crate::dialect::Engine;
    use crate::model::Script;
    use crate::parse;

    fn script(upgrade: &str) -> Script {
        let whole = format!("-- dbwarden: irreversible\n\n-- upgrade\n\n{upgrade}\n");
        parse::migration(Engine::Postgres, Path::new("0001_example.sql"), whole.into_bytes()).unwrap().upgrade
    }

    #[test]
    fn places_are_those_of_the_source() {
        let script = script(
            "-- é\nSELECT 1; -- squawk-ignore-file\n-- squawk-ignore ban-char-field\nCREATE TABLE t (a char(3))",
        );
        let places = look(&Tree::of(&script).unwrap(), &script, None);
        assert_eq!(places, [Place { code: Code::BanCharField, statement: 1, span: 18..25 }]);
        assert_eq!(&script.statement_text(1)[18..25], "char(3)");
        assert_eq!(only_statements(&script).find("CREATE"), script.source.find("CREATE"));
    }

    #[test]
    fn one_that_panics_does_not_silence_the_others() {
        let script = script("CREATE VIEW v AS SELECT 1(2);\nCREATE TABLE t (a char(3));");
        let tree = Tree::of(&script).unwrap();
        let panics = guard::guarded(|| run(&tree, &[Code::BanDuplicateColumnAssignments], None));
        assert_eq!(panics, None, "look for another text that it does not stand");
        assert_eq!(look(&tree, &script, None).len(), 1);
    }
}
