use crate::dialect::Engine;
use crate::lint::online_ddl::{of_used_tables, server_name, weight};
use crate::lint::{Action, Example, Hit, Hits, Judges, Rule, Severity, Subject};

/// Partitions whose rows have to move.
pub(super) const RULE: Rule = Rule {
    id: "partition-rebuild",
    summary: "a change of partitions moves rows with writers waiting",
    explanation: "PARTITION BY, REMOVE PARTITIONING and OPTIMIZE PARTITION copy the whole table; REORGANIZE, COALESCE \
        and REBUILD PARTITION copy the partitions they name. Writers wait until it is done. ADD PARTITION and DROP \
        PARTITION of RANGE and LIST partitions copy nothing.",
    engines: &[Engine::MySql],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "ALTER TABLE events PARTITION BY HASH (id) PARTITIONS 8;",
        good: "ALTER TABLE events ADD PARTITION (PARTITION p9 VALUES LESS THAN (900));",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let server = server_name(subject);
    for (index, change, table) in of_used_tables(subject) {
        let Action::SetTableOption { option, .. } = &change.action else { continue };
        let whole = matches!(option.name.as_str(), "PARTITION BY" | "REMOVE PARTITIONING" | "OPTIMIZE PARTITION");
        let some = matches!(option.name.as_str(), "REORGANIZE PARTITION" | "COALESCE PARTITION" | "REBUILD PARTITION");
        if !whole && !some {
            continue;
        }
        let what = if whole { "the whole table" } else { "the rows of these partitions" };
        let message = format!("{} makes {server} copy {what} {table}, and writers wait until it is done", option.name);
        let message = message.replace("partitions ", "partitions of ");
        let remedy = "add empty partitions ahead of time with ADD PARTITION; repartition with gh-ost or \
                      pt-online-schema-change, or in a maintenance window"
            .to_owned();
        hits.push(Hit {
            statement: Some(index),
            span: Some(change.span.clone()),
            line: None,
            severity: weight(subject, table),
            message,
            remedy,
        });
    }
}
