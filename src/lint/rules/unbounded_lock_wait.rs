use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Name, Rule, Severity, Subject, locks};

/// A lock that is waited for without end.
pub(super) const RULE: Rule = Rule {
    id: "unbounded-lock-wait",
    summary: "a table in use is changed with the lock timeout switched off",
    explanation: "A change of a table waits for every transaction that uses it, and whoever comes behind waits with it, \
        readers too: one forgotten transaction stops the application for as long as it stays open. With a lock \
        timeout the statement gives up, lets the others through and is tried again (`lock_timeout`, 5s unless \
        configured, and `lock_retry`). It is switched off here: by `lock_timeout = 0` in the configuration, in the \
        file, or by the file's own SET.",
    engines: &[Engine::Postgres, Engine::MySql],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[
        Example { engine: Engine::Postgres, bad: BAD, good: GOOD },
        Example { engine: Engine::MySql, bad: BAD, good: GOOD },
    ],
    find,
};

const BAD: &str = "-- dbwarden: irreversible\n-- dbwarden: lock_timeout = 0\n-- upgrade\n\
    ALTER TABLE users ADD COLUMN age int;\n";
const GOOD: &str = "-- dbwarden: irreversible\n-- upgrade\nALTER TABLE users ADD COLUMN age int;\n";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let mut is_unbounded = subject.lock_timeout().is_some_and(|limit| limit.is_zero());
    for (statement, change) in subject.changes() {
        if let Action::Set { name, value, .. } = &change.action {
            if name == "lock_timeout" || name == "lock_wait_timeout" {
                let value = value.trim_matches(['\'', '"']);
                is_unbounded = name == "lock_timeout" && value.trim_end_matches(char::is_alphabetic) == "0";
            }
            continue;
        }
        let Some(table) = strongly_locked(subject, &change.action) else { continue };
        if is_unbounded && !subject.is_new(table, statement) && !subject.is_small(table) {
            hits.at(
                statement,
                change.span.clone(),
                format!("this waits for {table} without end, and everybody who uses {table} waits behind it"),
                "leave the lock timeout as it is (5s), or say one in the header: -- dbwarden: lock_timeout = 5s",
            );
            // One place tells it.
            return;
        }
    }
}

fn strongly_locked<'a>(subject: &Subject<'_>, action: &'a Action) -> Option<&'a Name> {
    match subject.engine {
        Engine::Postgres => {
            let strong = locks::of(action).into_iter().find(|(_, lock)| *lock >= locks::Lock::ShareRowExclusive);
            strong.map(|(table, _)| table)
        }
        _ if action.alters_table() => action.table(),
        _ => None,
    }
}
