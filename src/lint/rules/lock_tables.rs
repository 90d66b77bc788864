use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject};

/// `LOCK TABLES` in a migration.
pub(super) const RULE: Rule = Rule {
    id: "lock-tables",
    summary: "LOCK TABLES keeps everybody out, and DDL inside ends it",
    explanation: "LOCK TABLES … WRITE stops every reader and writer of the table until UNLOCK TABLES or the end of the \
        session. It commits the transaction, and so does START TRANSACTION release the locks. A DDL statement takes \
        the lock it needs by itself and holds it no longer than necessary.",
    engines: &[Engine::MySql],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "LOCK TABLES users WRITE;\nALTER TABLE users ADD COLUMN age int;\nUNLOCK TABLES;",
        good: "ALTER TABLE users ADD COLUMN age int, ALGORITHM=INSTANT;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (index, change) in subject.changes() {
        let Action::Lock { tables } = &change.action else { continue };
        if tables.iter().all(|table| subject.is_new(table, index)) {
            continue;
        }
        let names = tables.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        hits.at(
            index,
            change.span.clone(),
            format!("nobody else can use {names} until the locks are released"),
            "leave LOCK TABLES out: each statement takes the lock it needs; bound its wait with lock_wait_timeout",
        );
    }
}
