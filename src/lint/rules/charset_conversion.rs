use crate::dialect::Engine;
use crate::lint::online_ddl::{of_used_tables, server_name, weight};
use crate::lint::sql_text::quoted_name;
use crate::lint::{Action, Example, Hit, Hits, Judges, Rule, Severity, Subject};

/// `CONVERT TO CHARACTER SET` on a table in use.
pub(super) const RULE: Rule = Rule {
    id: "charset-conversion",
    summary: "a table is converted to another character set: every row is copied",
    explanation: "CONVERT TO CHARACTER SET rewrites every text column. The server copies the table row by row and \
        builds every index again; writers wait until it is done. It also makes TEXT columns bigger types where \
        characters may take more bytes, and fails on indexes that grow beyond the longest key. Changing only the \
        default for columns to come is instant.",
    engines: &[Engine::MySql],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4;",
        good: "ALTER TABLE users DEFAULT CHARACTER SET utf8mb4;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let server = server_name(subject);
    for (index, change, table) in of_used_tables(subject) {
        let Action::SetTableOption { option, .. } = &change.action else { continue };
        if option.name != "CONVERT TO CHARACTER SET" {
            continue;
        }
        let message = format!("{server} copies {table} row by row to convert it, and writers wait until it is done");
        let remedy = format!(
            "for columns to come: ALTER TABLE {table} DEFAULT CHARACTER SET {}; convert the rows with gh-ost or \
             pt-online-schema-change, or in a maintenance window",
            option.value,
            table = quoted_name(subject.engine, table),
        );
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
