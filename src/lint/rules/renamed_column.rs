use crate::dialect::Engine;
use crate::lint::sql_text::{quoted, quoted_name};
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject};

/// A column that the release still running knows by its old name.
pub(super) const RULE: Rule = Rule {
    id: "renamed-column",
    summary: "a column of a table in use is renamed: a release that knows the old name fails",
    explanation: "Renaming is quick, under a short exclusive lock, but there is no moment at which both the old and the \
        new release find the column they name: while a release is rolled out, one of the two fails. Add a column with \
        the new name instead, write both (in the application or with a trigger), fill the old rows in batches, let a \
        release read the new one, and drop the old one in a later release.",
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

const BAD: &str = "ALTER TABLE users RENAME COLUMN mail TO email;";
const GOOD: &str = "ALTER TABLE users ADD COLUMN email varchar(200);";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::RenameColumn { table, column, to } = &change.action else { continue };
        let message = format!(
            "a release that still names {column} fails from here on, and one that names {to} failed until here"
        );
        let of = quoted_name(subject.engine, table);
        let [old, new] = [column, to].map(|name| quoted(subject.engine, name));
        let remedy = format!(
            "add {to} to {table}, write both, fill it in batches (UPDATE {of} SET {new} = {old} WHERE {new} IS NULL AND \
             … BETWEEN … AND …), let a release read {to}, then drop {column}"
        );
        hits.on_used_table(subject, (statement, change), message, remedy);
    }
}
