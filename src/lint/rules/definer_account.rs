use crate::dialect::Engine;
use crate::lint::{Example, Hits, Judges, Rule, Severity, Subject};

/// An account written into the schema.
pub(super) const RULE: Rule = Rule {
    id: "definer-account",
    summary: "a view, routine, trigger or event names the account it runs as",
    explanation: "With DEFINER = an account it runs with the rights of that account. Where the account does not exist, \
        on another server or after it was dropped, every use of it fails (error 1449), and creating it needs the right \
        SET_USER_ID or SUPER. Without the clause it belongs to the account that migrates.",
    engines: &[Engine::MySql],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "CREATE DEFINER=`admin`@`10.0.0.7` VIEW v AS SELECT 1;",
        good: "CREATE SQL SECURITY INVOKER VIEW v AS SELECT 1;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (index, facts) in subject.statements.iter().enumerate() {
        let Some(definer) = &facts.definer else { continue };
        if definer.to_ascii_uppercase().starts_with("CURRENT_") {
            continue;
        }
        let text = subject.text(index);
        let start = text.to_ascii_uppercase().find("DEFINER").unwrap_or_default();
        hits.at(
            index,
            start..text.find(definer.as_str()).map_or(text.len(), |at| at + definer.len()),
            format!("every use of it fails on a server that has no account {definer}"),
            "leave DEFINER out, or write DEFINER = CURRENT_USER; add SQL SECURITY INVOKER where the caller should have the rights",
        );
    }
}
