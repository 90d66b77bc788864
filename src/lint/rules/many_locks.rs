use crate::dialect::Engine;
use crate::lint::{
    Action, Example, Hits, Judges, Name, Rule, Severity, Subject,
    locks::{self, Lock},
    rule::Hit,
};
use crate::plan::SegmentMode;

/// Locks that are kept while waiting for others.
pub(super) const RULE: Rule = Rule {
    id: "many-locks",
    summary: "strong locks on several tables in use, in one transaction",
    explanation: "A transaction keeps each lock until it ends. While it waits for the second table, nobody writes to \
        the first (or reads it, with ACCESS EXCLUSIVE); and an application that takes the two tables in the \
        other order ends in a deadlock, which one of the two does not survive. Give each table a file of its \
        own: each is locked for its own change only.",
    engines: &[Engine::Postgres],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "ALTER TABLE users DROP COLUMN age;\nALTER TABLE orders ALTER COLUMN number TYPE bigint;";
const GOOD: &str = "ALTER TABLE users DROP COLUMN age;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for segment in subject.segments.iter().filter(|segment| segment.mode == SegmentMode::Transaction) {
        let mut held: Vec<(&Name, Lock)> = Vec::new();
        let (mut place, mut quick) = (None, true);
        for (statement, change) in subject.changes().filter(|(index, _)| segment.statements.contains(index)) {
            // Who drops a table has made sure that nobody uses it; a new one refers to others for an instant.
            if matches!(change.action, Action::DropTable { .. } | Action::CreateTable { .. }) {
                continue;
            }
            let strong = locks::of(&change.action).into_iter().find(|(_, lock)| *lock >= Lock::Share);
            let Some((table, lock)) = strong.filter(|(table, _)| !subject.is_new(table, statement)) else { continue };
            if subject.is_small(table) {
                continue;
            }
            quick &= locks::is_quick(&change.action);
            if !held.iter().any(|(other, _)| other.may_be(table)) {
                held.push((table, lock));
                place = (held.len() == 2).then(|| (statement, change.span.clone())).or(place);
            }
        }
        let ([(first, kept), (second, _), ..], Some((statement, span))) = (held.as_slice(), place) else { continue };
        hits.push(Hit {
            statement: Some(statement),
            span: Some(span),
            line: None,
            // What only changes the catalog waits, and then is done.
            severity: quick.then_some(Severity::Note),
            message: format!(
                "{first} stays locked ({}) while this waits for {second} and until the transaction ends",
                kept.name()
            ),
            remedy: format!("a file for each table: one for {first}, one for {second}"),
        });
    }
}
