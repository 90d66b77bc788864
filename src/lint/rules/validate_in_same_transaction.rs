use crate::dialect::Engine;
use crate::lint::{
    Action, Example, Hits, Judges, Rule, Severity, Subject,
    locks::{quoted, quoted_name},
};

/// NOT VALID is of no use where the same transaction validates.
pub(super) const RULE: Rule = Rule {
    id: "validate-in-same-transaction",
    summary: "a constraint added NOT VALID and validated in the same transaction: the strong lock lasts for the scan",
    explanation: "ADD CONSTRAINT … NOT VALID takes a strong lock for an instant (ACCESS EXCLUSIVE for CHECK, SHARE ROW \
        EXCLUSIVE for foreign keys, on both tables), and VALIDATE CONSTRAINT scans the table under a weak \
        one. In one transaction the strong lock stays until the scan is done: nothing is won. Validate in a \
        file of its own, or give the statements their own transactions.",
    engines: &[Engine::Postgres],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17) NOT VALID;\n\
    ALTER TABLE users VALIDATE CONSTRAINT adult;";
const GOOD: &str = "ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17) NOT VALID;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::ValidateConstraint { table, name } = &change.action else { continue };
        if !subject.in_transaction(statement) {
            continue;
        }
        let segment = subject.segment_of(statement);
        let added = subject.changes().take_while(|(index, _)| *index <= statement).any(|(index, earlier)| {
            segment.is_some_and(|segment| segment.statements.contains(&index))
                && matches!(&earlier.action, Action::AddConstraint { table: on, constraint }
                    if on.may_be(table) && constraint.name.as_ref() == Some(name))
        });
        if added {
            hits.on_used_table(
                subject,
                (statement, change),
                format!("the lock of ADD CONSTRAINT {name} is kept until this scan is done: NOT VALID wins nothing"),
                format!(
                    "put ALTER TABLE {} VALIDATE CONSTRAINT {}; into a file of its own",
                    quoted_name(table),
                    quoted(name)
                ),
            );
        }
    }
}
