use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Rule, Severity, Subject};

/// Upkeep that keeps everybody out.
pub(super) const RULE: Rule = Rule {
    id: "blocking-maintenance",
    summary: "VACUUM FULL, CLUSTER or REINDEX, which keep everybody out for as long as they run",
    explanation: "VACUUM FULL and CLUSTER write the table anew under an ACCESS EXCLUSIVE lock: nobody reads or writes \
        it until they are done, and they need as much free room as the table takes. REINDEX keeps writers \
        out, and readers that would use the index. REINDEX CONCURRENTLY (PostgreSQL 12 and later) keeps \
        nobody out; a plain VACUUM neither. To give room back on a table in use there is the extension \
        pg_repack.",
    engines: &[Engine::Postgres],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "REINDEX TABLE users;";
const GOOD: &str = "REINDEX TABLE CONCURRENTLY users;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        match &change.action {
            Action::Reindex { concurrently: false } => {
                let remedy = match concurrently(subject.text(statement)) {
                    _ if subject.is_older_than("PostgreSQL", &[12]) => {
                        "build a second index with CREATE INDEX CONCURRENTLY and drop the old one".to_owned()
                    }
                    Some(statement) => statement,
                    None => "REINDEX TABLE CONCURRENTLY, one table after the other".to_owned(),
                };
                let message = "REINDEX keeps writers out until it is done, and readers that would use the index";
                hits.at(statement, change.span.clone(), message, remedy);
            }
            Action::Maintain { table, full: true } => {
                let message = "the table is written anew while nobody can read or write it (ACCESS EXCLUSIVE)";
                let remedy = "VACUUM without FULL keeps nobody out; pg_repack gives room back on a table in use";
                match table {
                    Some(_) => hits.on_used_table(subject, (statement, change), message, remedy),
                    None => {
                        hits.at(statement, change.span.clone(), format!("{message}, one table after the other"), remedy)
                    }
                }
            }
            _ => {}
        }
    }
}

/// The same with `CONCURRENTLY`, where it can be said in one way only.
fn concurrently(statement: &str) -> Option<String> {
    let (kind, name) = statement.get("REINDEX".len()..)?.trim().split_once(char::is_whitespace)?;
    let kind = ["TABLE", "INDEX", "SCHEMA", "DATABASE"].into_iter().find(|known| known.eq_ignore_ascii_case(kind))?;
    Some(format!("REINDEX {kind} CONCURRENTLY {};", name.trim()))
}
