use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject, made};

/// A rollback that leaves what the upgrade made.
pub(super) const RULE: Rule = Rule {
    id: "incomplete-rollback",
    summary: "the rollback leaves something that the upgrade made",
    explanation: "After the rollback the migration counts as not applied, and the next migrate runs it again: CREATE and \
        ADD then fail because what they make is there already. Until then the database has something that no file \
        speaks of. Tables, columns, indexes, views, routines, triggers, types and the like are looked at; what was made \
        with IF NOT EXISTS may have been there before and is not.",
    engines: &Engine::ALL,
    severity: Severity::Warning,
    judges: Judges::Rollbacks,
    examples: &[
        Example { engine: Engine::Postgres, bad: BAD, good: GOOD },
        Example { engine: Engine::MySql, bad: BAD, good: GOOD },
        Example { engine: Engine::Sqlite, bad: BAD, good: GOOD },
    ],
    find,
};

const BAD: &str = "-- upgrade\nCREATE TABLE a (id int PRIMARY KEY);\nALTER TABLE users ADD COLUMN a_id int;\n\
    -- rollback\nDROP TABLE a;\n";
const GOOD: &str = "-- upgrade\nCREATE TABLE a (id int PRIMARY KEY);\nALTER TABLE users ADD COLUMN a_id int;\n\
    -- rollback\nALTER TABLE users DROP COLUMN a_id;\nDROP TABLE a;\n";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let Some(upgrade) = subject.other else { return };
    let changes_something = subject.changes().any(|(_, change)| change.action != Action::Read);
    if !changes_something || !made::is_known(subject.statements) {
        return;
    }
    let before = &subject.script.source[..subject.script.span.start];
    let marker = before.bytes().filter(|&byte| byte == b'\n').count();
    for (statement, thing) in made::by(upgrade) {
        if made::is_undone(&thing, subject.statements) {
            continue;
        }
        let line = subject.migration.upgrade.statements.get(statement).map_or(0, |statement| statement.line);
        hits.section(
            Some(marker),
            format!("the rollback leaves {thing}, made in line {line}: applying the migration again fails there"),
            thing.undoing(subject.engine),
        );
    }
}
