use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject};

/// `SET GLOBAL` and `SET PERSIST`.
pub(super) const RULE: Rule = Rule {
    id: "global-setting",
    summary: "a setting of the whole server is changed",
    explanation: "SET GLOBAL changes the server for every new session of every application until it restarts, SET \
        PERSIST for good. It is not undone when the migration fails, and replicas do not follow. A migration needs its \
        session only.",
    engines: &[Engine::MySql],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "SET GLOBAL sql_mode = 'ANSI';",
        good: "SET SESSION sql_mode = 'ANSI';",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (index, change) in subject.changes() {
        let Action::Set { name, value, .. } = &change.action else { continue };
        let Some(setting) = name.strip_prefix("global.").or(name.strip_prefix("persist.")) else { continue };
        hits.at(
            index,
            change.span.clone(),
            format!("{setting} changes for every new session of this server, and stays when the migration fails"),
            format!("SET SESSION {setting} = {value}: dbwarden takes it back after the migration"),
        );
    }
}
