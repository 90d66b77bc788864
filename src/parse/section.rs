//! Reads a whole text into its header and sections.

use std::ops::Range;

use super::classify;
use super::directive::{self, Directive, HeaderLine};
use super::error::ParseErrorKind;
use super::split::{Marker, Piece, PieceKind, Problem, Splitter};
use super::transaction;
use crate::dialect::{Engine, LexRules};
use crate::model::{Allowance, AllowanceScope, Dependency, Direction, Directives, Statement, StatementKind};

/// What a text says, before it is known what must be there.
#[derive(Debug)]
pub(super) struct Sections {
    pub(super) header: Header,
    pub(super) upgrade: Option<Section>,
    pub(super) rollback: Option<Section>,
    pub(super) allowances: Vec<Allowance>,
    /// Where `-- dbwarden: irreversible` stands.
    pub(super) irreversible: Option<Range<usize>>,
    /// The first SQL above `-- upgrade`.
    pub(super) sql_in_header: Option<Range<usize>>,
    pub(super) problems: Vec<Problem>,
}

#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) description: Option<String>,
    pub(super) depends_on: Vec<Dependency>,
    pub(super) seed: bool,
    directives: Directives,
}

#[derive(Debug)]
pub(super) struct Section {
    /// What follows the marker's line, up to the line of the next marker.
    pub(super) span: Range<usize>,
    pub(super) statements: Vec<Statement>,
    /// Those of the header included.
    pub(super) directives: Directives,
}

/// Reads a migration file.
pub(super) fn read_file(engine: Engine, text: &str) -> Sections {
    Reader::new(engine, text, true).read()
}

/// Reads a text that is one section, without markers.
pub(super) fn read_single(engine: Engine, text: &str) -> (Section, Vec<Problem>) {
    let mut reader = Reader::new(engine, text, false);
    reader.open(Marker::Rollback, 0);
    let sections = reader.read();
    let empty = || Section { span: 0..text.len(), statements: Vec::new(), directives: Directives::default() };
    (sections.rollback.unwrap_or_else(empty), sections.problems)
}

struct Reader<'t> {
    engine: Engine,
    rules: &'static LexRules,
    text: &'t str,
    splitter: Splitter<'t>,
    sections: Sections,
    current: Option<Marker>,
    /// An `@dbwarden:autocommit` that waits for its statement.
    autocommit: Option<Range<usize>>,
    /// A `done-if` that waits for its statement.
    done_if: Option<(String, Range<usize>)>,
    /// Allowances below a marker that wait for a statement: their index, and where they stand.
    allowances: Vec<(usize, Range<usize>)>,
    lines: LineCounter<'t>,
}

impl<'t> Reader<'t> {
    fn new(engine: Engine, text: &'t str, markers: bool) -> Self {
        let rules = engine.lex_rules();
        Reader {
            engine,
            rules,
            text,
            splitter: Splitter::new(rules, text, markers),
            sections: Sections {
                header: Header::default(),
                upgrade: None,
                rollback: None,
                allowances: Vec::new(),
                irreversible: None,
                sql_in_header: None,
                problems: Vec::new(),
            },
            current: None,
            autocommit: None,
            done_if: None,
            allowances: Vec::new(),
            lines: LineCounter { text, offset: 0, line: 1 },
        }
    }

    fn read(mut self) -> Sections {
        while let Some(piece) = self.splitter.next() {
            self.piece(piece);
        }
        self.close(self.text.len());
        self.sections.problems.extend(self.splitter.take_problems());
        self.sections.problems.sort_by_key(|problem| problem.span.start);
        self.sections
    }

    fn problem(&mut self, kind: ParseErrorKind, span: Range<usize>) {
        self.sections.problems.push(Problem { kind, span });
    }

    fn section(&mut self) -> Option<&mut Section> {
        match self.current? {
            Marker::Upgrade => self.sections.upgrade.as_mut(),
            Marker::Rollback => self.sections.rollback.as_mut(),
        }
    }

    fn piece(&mut self, Piece { kind, span }: Piece) {
        match kind {
            PieceKind::Comment => self.comment(span),
            PieceKind::Statement => self.statement(span),
            PieceKind::CopyData => {
                if let Some(statement) = self.section().and_then(|section| section.statements.last_mut()) {
                    statement.copy_data = Some(span);
                }
            }
            PieceKind::Marker(marker) => self.marker(marker, span),
            PieceKind::Gap
            | PieceKind::Terminator
            | PieceKind::Delimiter
            | PieceKind::CopyEnd
            | PieceKind::ClientCommand => {}
        }
    }

    fn statement(&mut self, span: Range<usize>) {
        if self.current.is_none() {
            self.sections.sql_in_header.get_or_insert(span);
            return;
        }
        let statement = Statement {
            line: self.lines.line_of(span.start),
            kind: classify::kind(self.rules, &self.text[span.clone()]),
            autocommit: self.autocommit.take().is_some(),
            done_if: self.done_if.take().map(|(query, _)| query),
            copy_data: None,
            span,
        };
        self.place_allowances(&statement.span);
        if let Some(section) = self.section() {
            section.statements.push(statement);
        }
    }

    /// Gives the waiting allowances to the statement that begins at `span`; those at the top of a section, with a
    /// blank line behind them, to the section.
    fn place_allowances(&mut self, span: &Range<usize>) {
        let waiting = std::mem::take(&mut self.allowances);
        let direction = self.direction();
        let index = self.section().map_or(0, |section| section.statements.len());
        for (allowance, place) in waiting {
            let between = &self.text[place.end..span.start];
            let mut lines = between.split('\n');
            // What stands on the allowance's own line and on the statement's are no lines between them.
            lines.next();
            lines.next_back();
            let apart = lines.any(|line| line.trim().is_empty());
            if let Some(allowance) = self.sections.allowances.get_mut(allowance) {
                allowance.scope = match index {
                    0 if apart => AllowanceScope::Section(direction),
                    _ => AllowanceScope::Statement(direction, index),
                };
            }
        }
    }

    fn direction(&self) -> Direction {
        match self.current {
            Some(Marker::Rollback) => Direction::Rollback,
            Some(Marker::Upgrade) | None => Direction::Upgrade,
        }
    }

    fn marker(&mut self, marker: Marker, span: Range<usize>) {
        let line_start = self.text[..span.start].rfind(['\n', '\r']).map_or(0, |newline| newline + 1);
        self.close(line_start);
        let seen_before = match marker {
            Marker::Upgrade => self.sections.upgrade.is_some(),
            Marker::Rollback => self.sections.rollback.is_some(),
        };
        if seen_before {
            self.problem(ParseErrorKind::DuplicateMarker(marker), span.clone());
        } else if marker == Marker::Rollback && self.sections.upgrade.is_none() {
            self.problem(ParseErrorKind::RollbackFirst, span.clone());
        }
        let rest = &self.text[span.end..];
        let rest = rest.strip_prefix('\r').unwrap_or(rest);
        let rest = rest.strip_prefix('\n').unwrap_or(rest);
        self.open(marker, self.text.len() - rest.len());
    }

    fn open(&mut self, marker: Marker, start: usize) {
        let directives = self.sections.header.directives.clone();
        let section = Section { span: start..start, statements: Vec::new(), directives };
        match marker {
            Marker::Upgrade => self.sections.upgrade = Some(section),
            Marker::Rollback => self.sections.rollback = Some(section),
        }
        self.current = Some(marker);
    }

    fn close(&mut self, end: usize) {
        self.splitter.end_section();
        if let Some(span) = self.autocommit.take() {
            self.problem(ParseErrorKind::AutocommitWithoutStatement, span);
        }
        if let Some((_, span)) = self.done_if.take() {
            self.problem(ParseErrorKind::DoneIfWithoutStatement, span);
        }
        let engine = self.engine;
        let direction = self.direction();
        let Some(section) = self.section() else { return };
        // An allowance behind the last statement has none to belong to; in a section without any it holds for that.
        let nothing_follows = !section.statements.is_empty();
        let is_split = section.directives.split;
        for (_, place) in std::mem::take(&mut self.allowances) {
            if nothing_follows {
                self.problem(ParseErrorKind::MisplacedDirective, place);
            }
        }
        if !is_split {
            // The section is one statement.
            let own = |scope| matches!(scope, AllowanceScope::Statement(other, _) if other == direction);
            let allowances = self.sections.allowances.iter_mut().filter(|allowance| own(allowance.scope));
            allowances.for_each(|allowance| allowance.scope = AllowanceScope::Section(direction));
        }
        let Some(section) = self.section() else { return };
        section.span.end = end.max(section.span.start);
        let problems = transaction::check(engine, &section.statements);
        if !section.directives.split {
            section.statements = unsplit(std::mem::take(&mut section.statements));
        }
        section.statements.shrink_to_fit();
        self.sections.problems.extend(problems);
    }

    fn comment(&mut self, span: Range<usize>) {
        let comment = &self.text[span.clone()];
        match directive::parse(comment) {
            Some(Ok(directive)) => self.directive(directive, span),
            Some(Err(kind)) => self.problem(kind, span),
            None if self.current.is_none() => match directive::header_line(comment) {
                Some(Ok(HeaderLine::Description(text))) => self.sections.header.description = Some(text),
                Some(Ok(HeaderLine::DependsOn(names))) => self.sections.header.depends_on.extend(names),
                Some(Ok(HeaderLine::Seed)) => self.sections.header.seed = true,
                Some(Err(kind)) => self.problem(kind, span),
                None => {}
            },
            None => {}
        }
    }

    fn directive(&mut self, directive: Directive, span: Range<usize>) {
        let at_top = self.section().is_none_or(|section| section.statements.is_empty());
        match directive {
            Directive::Autocommit => self.autocommit = Some(span),
            Directive::DoneIf(_) if self.current.is_none() => {
                self.problem(ParseErrorKind::DoneIfWithoutStatement, span)
            }
            Directive::DoneIf(_) if self.done_if.is_some() => self.problem(ParseErrorKind::DoneIfTwice, span),
            Directive::DoneIf(query) => match parse_alone(self.rules, &query) {
                true => self.done_if = Some((query, span)),
                false => self.problem(ParseErrorKind::DoneIfNotOneQuery, span),
            },
            Directive::Allow { rule, reason } => {
                let line = self.lines.line_of(span.start);
                let scope = match self.current {
                    None => AllowanceScope::File,
                    Some(_) => {
                        self.allowances.push((self.sections.allowances.len(), span));
                        AllowanceScope::Section(self.direction())
                    }
                };
                self.sections.allowances.push(Allowance { rule, reason, line, scope });
            }
            _ if !at_top => self.problem(ParseErrorKind::MisplacedDirective, span),
            Directive::Irreversible => self.sections.irreversible = Some(span),
            directive => match self.section() {
                Some(section) => directive.apply(&mut section.directives),
                None => directive.apply(&mut self.sections.header.directives),
            },
        }
    }
}

/// `split = off`: one statement from the first token to the last, of the kind that restricts most.
fn unsplit(statements: Vec<Statement>) -> Vec<Statement> {
    let (Some(first), Some(last)) = (statements.first(), statements.last()) else { return statements };
    let any = |wanted: fn(StatementKind) -> bool| statements.iter().any(|statement| wanted(statement.kind));
    let kind = if statements.len() == 1 {
        first.kind
    } else if any(|kind| matches!(kind, StatementKind::NonTransactional | StatementKind::TransactionControl(_))) {
        // With its own BEGIN and COMMIT in one message, it cannot share ours.
        StatementKind::NonTransactional
    } else if any(|kind| kind == StatementKind::ImplicitCommit) {
        StatementKind::ImplicitCommit
    } else {
        StatementKind::Other
    };
    vec![Statement {
        span: first.span.start..last.span.end,
        line: first.line,
        kind,
        autocommit: statements.iter().any(|statement| statement.autocommit),
        done_if: first.done_if.clone(),
        copy_data: None,
    }]
}

/// Whether a text is one statement, and ends where it should.
fn parse_alone(rules: &'static LexRules, text: &str) -> bool {
    let mut splitter = Splitter::new(rules, text, false);
    let statements = splitter.by_ref().filter(|piece| piece.kind == PieceKind::Statement).count();
    statements == 1 && splitter.take_problems().is_empty()
}

/// Counts lines once, however many offsets are asked for, as long as they grow.
struct LineCounter<'t> {
    text: &'t str,
    offset: usize,
    line: usize,
}

impl LineCounter<'_> {
    fn line_of(&mut self, offset: usize) -> usize {
        let between = &self.text.as_bytes()[self.offset..offset];
        self.line += between.iter().filter(|&&byte| byte == b'\n').count();
        self.offset = offset;
        self.line
    }
}
