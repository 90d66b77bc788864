use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject, locks::quoted_name};

/// What a failed build left behind counts as existing.
pub(super) const RULE: Rule = Rule {
    id: "concurrent-if-not-exists",
    summary: "CREATE INDEX CONCURRENTLY with IF NOT EXISTS, which is content with an index that a failed build left invalid",
    explanation: "A concurrent build that fails or is stopped leaves an invalid index with the name behind: it is \
        written by every change and read by none. IF NOT EXISTS looks at the name alone, so that the next \
        run passes over it and the migration counts as applied without a usable index. Leave IF NOT EXISTS \
        out: then the leftover is an error that says so. Where an index may be there already, drop it first \
        with DROP INDEX CONCURRENTLY IF EXISTS.",
    engines: &[Engine::Postgres],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "CREATE INDEX CONCURRENTLY IF NOT EXISTS users_email ON users (email);";
const GOOD: &str = "CREATE INDEX CONCURRENTLY users_email ON users (email);";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::CreateIndex(index) = &change.action else { continue };
        let Some(name) = index.name.as_ref().filter(|_| index.concurrently && index.if_not_exists) else { continue };
        hits.at(
            statement,
            change.span.clone(),
            format!("IF NOT EXISTS is content with an invalid {name} that a failed build left behind"),
            format!("leave IF NOT EXISTS out, with DROP INDEX CONCURRENTLY IF EXISTS {}; before it", quoted_name(name)),
        );
    }
}
