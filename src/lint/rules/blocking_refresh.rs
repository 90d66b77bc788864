use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Object, Rule, Severity, Subject, locks::quoted_name};

/// A view that nobody reads while it is filled.
pub(super) const RULE: Rule = Rule {
    id: "blocking-refresh",
    summary: "REFRESH MATERIALIZED VIEW without CONCURRENTLY: nobody reads the view while its query runs",
    explanation: "REFRESH MATERIALIZED VIEW runs the query under an ACCESS EXCLUSIVE lock on the view: readers wait \
        until it is done. CONCURRENTLY computes the difference instead and keeps readers in. It needs a \
        unique index on columns of the view, without a WHERE, and a view that was filled once.",
    engines: &[Engine::Postgres],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "REFRESH MATERIALIZED VIEW totals;";
const GOOD: &str = "REFRESH MATERIALIZED VIEW CONCURRENTLY totals;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::Refresh { view, concurrently: false } = &change.action else { continue };
        let created = |action: &Action| match action {
            Action::Create { object: Object::MaterializedView, name, .. } => name.may_be(view),
            _ => false,
        };
        if subject.changes().any(|(index, earlier)| index < statement && created(&earlier.action)) {
            continue;
        }
        hits.at(
            statement,
            change.span.clone(),
            format!("nobody can read {view} while its query runs (ACCESS EXCLUSIVE)"),
            format!("REFRESH MATERIALIZED VIEW CONCURRENTLY {}; (needs a unique index on the view)", quoted_name(view)),
        );
    }
}
