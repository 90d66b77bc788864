use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject, rule::Hit};

/// Rights that reach further than anybody meant.
pub(super) const RULE: Rule = Rule {
    id: "wide-grant",
    summary: "a GRANT to PUBLIC, of ALL, or with the right to pass it on",
    explanation: "PUBLIC is every role there is and every one to come. ALL on a table includes TRUNCATE, REFERENCES \
        and TRIGGER: with TRIGGER a role runs its own code with the rights of whoever writes to the table. \
        WITH GRANT OPTION lets the receiver decide who else gets it, and taking it back needs CASCADE. Name \
        the rights and the role.",
    engines: &[Engine::Postgres],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "GRANT ALL ON users TO app;";
const GOOD: &str = "GRANT SELECT, INSERT, UPDATE, DELETE ON users TO app;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::Grant { all, to_public, grantable } = change.action else { continue };
        let (message, severity) = match (to_public, grantable, all) {
            (true, _, _) => ("every role there is and every one to come gets this", None),
            (_, true, _) => ("whoever gets this decides who else gets it", None),
            (_, _, true) => (
                "ALL is more than reading and writing: on tables also TRUNCATE, REFERENCES, TRIGGER",
                Some(Severity::Note),
            ),
            _ => continue,
        };
        hits.push(Hit {
            statement: Some(statement),
            span: Some(change.span.clone()),
            line: None,
            severity,
            message: message.into(),
            remedy: "name the rights and the role: GRANT SELECT, INSERT, UPDATE, DELETE ON … TO …;".into(),
        });
    }
}
