use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject};
use crate::plan::Segment;

/// The transaction ends behind a new enum value.
pub(super) const RULE: Rule = Rule {
    id: "enum-value-splits",
    summary: "ALTER TYPE … ADD VALUE among other statements: the file is applied in more than one transaction",
    explanation: "PostgreSQL does not let the transaction that adds an enum value use it, so that dbwarden commits \
        behind ADD VALUE. Where a later statement fails, what stands before is applied and stays: the \
        migration has to be resumed, not repeated. In a file of its own it is applied wholly or not at all.",
    engines: &[Engine::Postgres],
    severity: Severity::Note,
    judges: Judges::Upgrades,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "ALTER TYPE mood ADD VALUE 'fine' AFTER 'good';\nUPDATE people SET mood = 'fine' WHERE id = 1;";
const GOOD: &str = "ALTER TYPE mood ADD VALUE 'fine' AFTER 'good';";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let effects: Vec<&Segment> = subject.segments.iter().filter(|segment| segment.has_effect()).collect();
    for (statement, change) in subject.changes() {
        let Action::AddEnumValue { value, .. } = &change.action else { continue };
        let Some(at) = effects.iter().position(|segment| segment.statements.contains(&statement)) else { continue };
        let Some(next) = effects.get(at + 1) else { continue };
        if !subject.in_transaction(statement) {
            continue;
        }
        // Several values in a row are one thing.
        let only_values = |index: usize| {
            subject.statements[index].changes.iter().all(|change| matches!(change.action, Action::AddEnumValue { .. }))
        };
        if next.statements.clone().all(only_values) {
            continue;
        }
        hits.at(
            statement,
            change.span.clone(),
            format!(
                "'{value}' has to be committed before it can be used: what fails behind it leaves this half applied"
            ),
            "put ALTER TYPE … ADD VALUE into a file of its own, before this one",
        );
    }
}
