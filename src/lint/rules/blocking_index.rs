use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject, locks::quoted_name, sql_text::one_line};

/// An index whose table cannot be written while it is built.
pub(super) const RULE: Rule = Rule {
    id: "blocking-index",
    summary: "an index on a table in use is built without CONCURRENTLY: nobody writes meanwhile",
    explanation: "CREATE INDEX takes a SHARE lock: the table can be read, and every INSERT, UPDATE and DELETE waits \
        until the index is built and the transaction has ended, which is minutes on a big table. CREATE INDEX \
        CONCURRENTLY keeps nobody out; it takes longer and cannot run in a transaction, which dbwarden sees by itself. \
        A build that fails leaves an invalid index, which the next `dbwarden migrate` clears away. A partitioned table \
        needs CREATE INDEX ON ONLY, one concurrent index for each partition, and ATTACH PARTITION.",
    engines: &[Engine::Postgres],
    severity: Severity::Error,
    judges: Judges::Upgrades,
    examples: &[Example {
        engine: Engine::Postgres,
        bad: "CREATE INDEX users_email ON users (email);",
        good: "CREATE INDEX CONCURRENTLY users_email ON users (email);",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::CreateIndex(index) = &change.action else { continue };
        if index.concurrently || index.only {
            continue;
        }
        let table = quoted_name(&index.table);
        hits.on_big_table(
            subject,
            (statement, change),
            format!("nobody writes to {table} until this index is built (SHARE lock)"),
            concurrently(&one_line(subject, statement)),
        );
    }
}

/// The statement with the word that it lacks.
fn concurrently(statement: &str) -> String {
    const WORD: &str = "INDEX";
    match statement.to_ascii_uppercase().find(WORD) {
        Some(at) => {
            let (before, behind) = statement.split_at(at + WORD.len());
            format!("{before} CONCURRENTLY{behind};")
        }
        None => "CREATE INDEX CONCURRENTLY".to_owned(),
    }
}
