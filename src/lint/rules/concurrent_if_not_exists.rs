use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject};

/// What a failed build left behind counts as existing.
pub(super) const RULE: Rule = Rule {
    id: "concurrent-if-not-exists",
    summary: "CREATE INDEX CONCURRENTLY with IF NOT EXISTS, which is content with an invalid index",
    explanation: "IF NOT EXISTS looks at the name alone. It is content with an index on other columns, and with an \
        invalid one, which a build that failed or was stopped leaves behind: that is written by every change and read \
        by none. The migration then counts as applied without a usable index. dbwarden clears away what its own runs \
        leave behind, but not what somebody tried by hand. Leave IF NOT EXISTS out: then an index with that name is an \
        error that says so.",
    engines: &[Engine::Postgres],
    severity: Severity::Note,
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
            format!(
                "IF NOT EXISTS is content with any index called {name}, also an invalid one or one on other columns"
            ),
            "leave IF NOT EXISTS out: dbwarden clears away what its own runs leave behind",
        );
    }
}
