use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject};

/// Names mean something else from here on.
pub(super) const RULE: Rule = Rule {
    id: "search-path-change",
    summary: "search_path changed for the rest of the session: what later names mean depends on it",
    explanation: "SET search_path holds beyond the transaction: every statement behind it finds its tables, types and \
        functions elsewhere, what CREATE makes lands in another schema, and a schema that others may write \
        to can put its own functions in front. Write the schema before the name, or use SET LOCAL, which \
        ends with the transaction.",
    engines: &[Engine::Postgres],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "SET search_path = app;\nCREATE TABLE users (id bigint);";
const GOOD: &str = "CREATE TABLE app.users (id bigint);";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::Set { name, value, local: false } = &change.action else { continue };
        if name != "search_path" || value.eq_ignore_ascii_case("default") {
            continue;
        }
        hits.at(
            statement,
            change.span.clone(),
            "every name without a schema behind this means something else, also beyond the transaction",
            "write app.users instead of users; or SET LOCAL search_path, which ends with the transaction",
        );
    }
}
