use crate::dialect::Engine;
use crate::lint::{Action, Example, Hits, Judges, Name, Rule, Severity, Subject, locks::quoted_name};

/// A partition can be made without locking its parent.
pub(super) const RULE: Rule = Rule {
    id: "partition-of",
    summary: "CREATE TABLE … PARTITION OF a table in use, which locks the parent",
    explanation: "CREATE TABLE … PARTITION OF takes an ACCESS EXCLUSIVE lock on the parent: for an instant, but it \
        waits for every query on any partition, and every later query waits behind it. Create the table on \
        its own and attach it: ATTACH PARTITION takes a lock on the parent that keeps nobody out, and an \
        empty table has nothing to scan. A default partition is scanned by both.",
    engines: &[Engine::Postgres],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM (2024) TO (2025);";
const GOOD: &str = "CREATE TABLE events_2024 (LIKE events INCLUDING ALL);\n\
    ALTER TABLE events ATTACH PARTITION events_2024 FOR VALUES FROM (2024) TO (2025);";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::CreateTable { table, options, .. } = &change.action else { continue };
        let Some(parent) = options.iter().find(|option| option.name == "PARTITION OF") else { continue };
        let parent = match parent.value.rsplit_once('.') {
            Some((schema, name)) => Name { schema: Some(schema.to_owned()), name: name.to_owned() },
            None => Name::new(parent.value.clone()),
        };
        if subject.is_new(&parent, statement) {
            continue;
        }
        let (table, over) = (quoted_name(table), quoted_name(&parent));
        hits.at(
            statement,
            change.span.clone(),
            format!("{parent} is locked against everybody (ACCESS EXCLUSIVE), and every query on it waits in line"),
            format!(
                "CREATE TABLE {table} (LIKE {over} INCLUDING ALL); ALTER TABLE {over} ATTACH PARTITION {table} FOR \
                 VALUES …;"
            ),
        );
    }
}
