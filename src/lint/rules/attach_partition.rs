use crate::dialect::Engine;
use crate::lint::{
    Action, ConstraintKind, Example, Hits, Judges, Rule, Severity, Subject, locks::quoted_name, rule::Hit,
};

/// A partition is scanned unless a constraint says what is in it.
pub(super) const RULE: Rule = Rule {
    id: "attach-partition",
    summary: "ATTACH PARTITION of a table in use, which is scanned while it is locked",
    explanation: "ATTACH PARTITION locks the parent weakly, and the new partition with ACCESS EXCLUSIVE: every row of \
        it is read, unless a valid CHECK constraint already says that all are within the bounds. Add that \
        CHECK with NOT VALID, validate it in a later file, attach, and drop it. A default partition is \
        scanned too, unless a CHECK keeps those rows out of it. A partition that is created in the same file \
        is empty and costs nothing.",
    engines: &[Engine::Postgres],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "ALTER TABLE events ATTACH PARTITION events_2024 FOR VALUES FROM (2024) TO (2025);";
const GOOD: &str = "ALTER TABLE events_2024 ADD CONSTRAINT bounds CHECK (year >= 2024 AND year < 2025) NOT VALID;\n\
    -- @dbwarden:autocommit\n\
    ALTER TABLE events_2024 VALIDATE CONSTRAINT bounds;\n\
    ALTER TABLE events ATTACH PARTITION events_2024 FOR VALUES FROM (2024) TO (2025);";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::AttachPartition { table, partition } = &change.action else { continue };
        let proven = |action: &Action| match action {
            Action::ValidateConstraint { table, .. } => table.may_be(partition),
            Action::AddConstraint { table, constraint } => {
                table.may_be(partition) && constraint.kind == ConstraintKind::Check && !constraint.not_valid
            }
            _ => false,
        };
        let known = subject.changes().any(|(index, earlier)| index < statement && proven(&earlier.action));
        if known || subject.is_new(partition, statement) || subject.is_new(table, statement) {
            continue;
        }
        hits.push(Hit {
            statement: Some(statement),
            span: Some(change.span.clone()),
            line: None,
            severity: subject.is_small(partition).then_some(Severity::Note),
            message: format!("all of {partition} is read while nobody can read or write it (ACCESS EXCLUSIVE)"),
            remedy: format!(
                "say first what is in it: ALTER TABLE {} ADD CONSTRAINT bounds CHECK (…) NOT VALID; and VALIDATE \
                 CONSTRAINT bounds; in a later file; then attach",
                quoted_name(partition)
            ),
        });
    }
}
