use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Object, Rule, Severity, Subject, replacement};

/// A view that the release still running may read.
pub(super) const RULE: Rule = Rule {
    id: "dropped-view",
    summary: "a view is dropped or renamed: a release that still reads it fails",
    explanation: "While a release is rolled out, the old one runs on the new schema: every query of it that names the \
        view fails from this moment on. Nothing is lost and the lock is short. First a release that no longer reads \
        the view, then the drop in a release of its own. A view that is only to change keeps its name: CREATE OR \
        REPLACE VIEW, or the drop and the new one in the same transaction.",
    engines: &Engine::ALL,
    severity: Severity::Warning,
    judges: Judges::Upgrades,
    examples: &[
        Example { engine: Engine::Postgres, bad: BAD, good: GOOD },
        Example { engine: Engine::MySql, bad: BAD, good: GOOD },
        Example { engine: Engine::Sqlite, bad: BAD, good: GOOD },
    ],
    find,
};

const BAD: &str = "DROP VIEW active_users;";
const GOOD: &str = "DROP VIEW active_users;\nCREATE VIEW active_users AS SELECT id FROM users;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let (object, name) = match &change.action {
            Action::Drop { object, name, .. } | Action::Rename { object, name, .. } => (*object, name),
            _ => continue,
        };
        if !matches!(object, Object::View | Object::MaterializedView) || is_new(subject, object, name, statement) {
            continue;
        }
        let other = if object == Object::View { Object::MaterializedView } else { Object::View };
        let returns = |object| replacement::object_returns(subject, object, name, statement);
        if returns(object) || returns(other) || replacement::table_returns(subject, name, statement) {
            continue;
        }
        hits.at(
            statement,
            change.span.clone(),
            format!("a release that still reads {name} fails from here on"),
            format!(
                "first a release that does not read {name}; then this statement with the line above it: -- dbwarden: \
                 allow dropped-view because no release since … reads it"
            ),
        );
    }
}

/// Whether the set itself created it.
fn is_new(subject: &Subject<'_>, object: Object, name: &crate::lint::Name, statement: usize) -> bool {
    subject.changes().any(|(index, change)| match &change.action {
        Action::Create { object: made, name: other, replace: false, .. } => {
            index < statement && *made == object && other.may_be(name)
        }
        _ => false,
    })
}
