use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject};

/// A setting of the whole server.
pub(super) const RULE: Rule = Rule {
    id: "alter-system",
    summary: "ALTER SYSTEM, which changes the whole server and not this database",
    explanation: "ALTER SYSTEM writes postgresql.auto.conf: it holds for every database of the server, only after a \
        reload or a restart, is undone by no rollback, and needs rights that a migration should not have. On \
        managed servers it is refused. Set it where the server is configured, or for this database alone \
        with ALTER DATABASE … SET.",
    engines: &[Engine::Postgres],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "ALTER SYSTEM SET work_mem = '64MB';";
const GOOD: &str = "ALTER DATABASE app SET work_mem = '64MB';";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        if change.action == Action::Other("ALTER SYSTEM".into()) {
            let message =
                "this changes every database of the server, after a reload or restart, and no rollback undoes it";
            let remedy = "ALTER DATABASE … SET … for this database alone, or the server's own configuration";
            hits.at(statement, change.span.clone(), message, remedy);
        }
    }
}
