use std::ops::Range;

use super::change::{Change, Name};
use super::finding::Severity;
use super::subject::Subject;
use crate::dialect::Engine;
use crate::model::Direction;

/// One thing to look for.
pub struct Rule {
    /// Its id, in kebab case.
    pub id: &'static str,
    /// What it finds, in one sentence without a full stop.
    pub summary: &'static str,
    /// What it locks, for how long, why that hurts and what to do: a few sentences, plain text.
    pub explanation: &'static str,
    /// The engines it knows.
    pub engines: &'static [Engine],
    /// Its severity, unless the configuration says otherwise.
    pub severity: Severity,
    /// Which sections it looks at.
    pub judges: Judges,
    /// SQL that it finds, and SQL that does the same without: at least one for each engine. Run by a test.
    pub examples: &'static [Example],
    /// Looks at one section.
    pub(super) find: fn(&Subject<'_>, &mut Hits),
}

/// Which sections a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judges {
    /// Upgrades.
    Upgrades,
    /// Rollbacks: what is right in an upgrade may be wrong there, and the other way round.
    Rollbacks,
    /// Both.
    Both,
}

impl Judges {
    pub(super) fn judges(self, direction: Direction) -> bool {
        match self {
            Judges::Upgrades => direction == Direction::Upgrade,
            Judges::Rollbacks => direction == Direction::Rollback,
            Judges::Both => true,
        }
    }
}

/// A bad and a good way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// On which engine.
    pub engine: Engine,
    /// Found: a whole file with both sections, or an upgrade alone.
    pub bad: &'static str,
    /// Not found by this rule.
    pub good: &'static str,
}

/// What a rule found, as places in the section.
#[derive(Debug, Default)]
pub struct Hits(pub(super) Vec<Hit>);

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Index of the statement; None when the section as a whole is meant.
    pub statement: Option<usize>,
    /// The part of the statement; None when all of it is meant.
    pub span: Option<Range<usize>>,
    /// 1-based line of the file, where no statement is meant.
    pub line: Option<usize>,
    /// Milder than the rule's own, where the circumstances make it so.
    pub severity: Option<Severity>,
    /// What is wrong and why it hurts.
    pub message: String,
    /// What to write instead.
    pub remedy: String,
}

impl Hits {
    /// Points at a part of a statement.
    pub fn at(&mut self, statement: usize, span: Range<usize>, message: impl Into<String>, remedy: impl Into<String>) {
        self.push(Hit {
            statement: Some(statement),
            span: Some(span),
            line: None,
            severity: None,
            message: message.into(),
            remedy: remedy.into(),
        });
    }

    /// Points at a change of a table, unless nobody uses the table yet; says its size where that is known, and is a
    /// note where it is small.
    pub(super) fn on_used_table(
        &mut self,
        subject: &Subject<'_>,
        place: (usize, &Change),
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.on_table(subject, place, |_| None, message.into(), remedy.into());
    }

    /// The same for what hurts with the size of the table: a warning unless a database said that it is big.
    pub(super) fn on_big_table(
        &mut self,
        subject: &Subject<'_>,
        place: (usize, &Change),
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let severity = |table: &Name| (!subject.is_big(table)).then_some(Severity::Warning);
        self.on_table(subject, place, severity, message.into(), remedy.into());
    }

    fn on_table(
        &mut self,
        subject: &Subject<'_>,
        (statement, change): (usize, &Change),
        severity: impl FnOnce(&Name) -> Option<Severity>,
        mut message: String,
        remedy: String,
    ) {
        let Some(table) = change.action.table().filter(|table| !subject.is_new(table, statement)) else { return };
        if let Some(size) = subject.size(table) {
            message.push_str(&format!("; {table} has about {} rows", size.rows));
        }
        self.push(Hit {
            statement: Some(statement),
            span: Some(change.span.clone()),
            line: None,
            severity: if subject.is_small(table) { Some(Severity::Note) } else { severity(table) },
            message,
            remedy,
        });
    }

    /// Points at a line of the file, or at the whole section.
    pub fn section(&mut self, line: Option<usize>, message: impl Into<String>, remedy: impl Into<String>) {
        let (message, remedy) = (message.into(), remedy.into());
        self.push(Hit { statement: None, span: None, line, severity: None, message, remedy });
    }

    /// Adds a place with all its particulars.
    pub fn push(&mut self, hit: Hit) {
        self.0.push(hit);
    }
}
