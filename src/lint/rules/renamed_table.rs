use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Object, Rule, Severity, Subject, replacement, sql_text::quoted_name};

/// A table that the release still running knows by its old name.
pub(super) const RULE: Rule = Rule {
    id: "renamed-table",
    summary: "a table in use is renamed: a release that knows the old name fails",
    explanation: "Renaming is quick, under a short exclusive lock, but there is no moment at which both the old and the \
        new release find the table they name: while a release is rolled out, one of the two fails. Where one name has \
        to go, rename the table and make a view with the old name in the same file: a view of one table can be written \
        to on PostgreSQL and MySQL (on SQLite with INSTEAD OF triggers). Drop it once no release uses it.",
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

const BAD: &str = "ALTER TABLE users RENAME TO accounts;";
const GOOD: &str = "ALTER TABLE users RENAME TO accounts;\nCREATE VIEW users AS SELECT * FROM accounts;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::RenameTable { table, to } = &change.action else { continue };
        let is_viewed = replacement::object_returns(subject, Object::View, table, statement);
        if is_viewed || replacement::table_returns(subject, table, statement) {
            continue;
        }
        let message = format!("a release that still names {table} fails from here on");
        let [view, renamed] = [table, to].map(|name| quoted_name(subject.engine, name));
        let remedy = format!(
            "in the same file: CREATE VIEW {view} AS SELECT * FROM {renamed}; and drop the view once no release names \
             {table}"
        );
        hits.on_used_table(subject, (statement, change), message, remedy);
    }
}
