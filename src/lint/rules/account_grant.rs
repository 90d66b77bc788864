use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject};

/// Rights for everything, or everybody.
pub(super) const RULE: Rule = Rule {
    id: "account-grant",
    summary: "a GRANT gives more than an application needs",
    explanation: "ALL ON *.* makes an account master of the server, files and other databases included; to an account \
        without a name it goes to everybody; WITH GRANT OPTION lets the account hand its rights on. A migration is the \
        wrong place for it as well: accounts differ from server to server.",
    engines: &[Engine::MySql],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "GRANT ALL ON *.* TO app@localhost;",
        good: "GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO app@localhost;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (index, change) in subject.changes() {
        let why = match &change.action {
            Action::Grant { all: true, .. } => "this makes the account master of the whole server",
            Action::Grant { to_public: true, .. } => "this gives the rights to everybody who can connect",
            Action::Grant { grantable: true, .. } => "the account can hand these rights on to others",
            _ => continue,
        };
        let remedy =
            "GRANT SELECT, INSERT, UPDATE, DELETE ON database.* TO an account with a name, without GRANT OPTION";
        hits.at(index, change.span.clone(), why, remedy);
    }
}
