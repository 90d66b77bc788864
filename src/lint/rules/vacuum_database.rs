use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject};

/// `VACUUM`.
pub(super) const RULE: Rule = Rule {
    id: "vacuum-database",
    summary: "VACUUM writes the whole database file anew while nobody else can use it",
    explanation: "VACUUM copies the database into a temporary file and back. It takes up to twice the file's size of free \
        disk, and an exclusive lock from beginning to end: other connections fail with \"database is locked\" once their \
        busy_timeout is over. It cannot run in a transaction, so that dbwarden commits what stands before it and runs \
        it alone: the file is no longer carried out whole or not at all. It belongs into maintenance, not into a migration.",
    engines: &[Engine::Sqlite],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::Sqlite,
        bad: "DROP TABLE old_events;\nVACUUM;",
        good: "DROP TABLE old_events;\nPRAGMA incremental_vacuum(1000);",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        if !matches!(change.action, Action::Maintain { full: true, .. }) {
            continue;
        }
        let alone = subject.segments.iter().filter(|segment| segment.has_effect()).count() == 1;
        let splits = if alone { "" } else { ", and cuts the file's transaction in two" };
        hits.at(
            statement,
            change.span.clone(),
            format!("VACUUM keeps everybody out while it copies the whole database{splits}"),
            "leave it out, and run VACUUM when nobody uses the database; freed pages are used again without it",
        );
    }
}
