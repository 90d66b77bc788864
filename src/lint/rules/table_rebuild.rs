use crate::dialect::Engine;
use crate::lint::online_ddl::{of_used_tables, server_name, weight};
use crate::lint::sql_text::one_line;
use crate::lint::{Action, Example, Hit, Hits, Judges, Rule, Severity, Subject};

/// A rebuild nobody may expect.
pub(super) const RULE: Rule = Rule {
    id: "table-rebuild",
    summary: "the whole table is rebuilt",
    explanation: "ROW_FORMAT, KEY_BLOCK_SIZE, FORCE and OPTIMIZE TABLE build the table and its indexes anew. Others \
        may write meanwhile unless the table has a FULLTEXT index, but it takes as long as the table is big, needs its \
        size on disk again, and a replica stands still for as long.",
    engines: &[Engine::MySql],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "ALTER TABLE users ROW_FORMAT = COMPRESSED;",
        good: "ALTER TABLE users ROW_FORMAT = COMPRESSED, ALGORITHM=INPLACE, LOCK=NONE;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let server = server_name(subject);
    for (index, change, table) in of_used_tables(subject) {
        let (Action::SetTableOption { .. } | Action::Maintain { full: true, .. }) = &change.action else { continue };
        let (what, remedy) = match &change.action {
            Action::SetTableOption { option, .. }
                if matches!(option.name.as_str(), "ROW_FORMAT" | "KEY_BLOCK_SIZE" | "FORCE") =>
            {
                let text = one_line(subject, index);
                (
                    option.name.as_str(),
                    format!("let it fail where it would block: {text}, ALGORITHM=INPLACE, LOCK=NONE"),
                )
            }
            Action::Maintain { .. } => ("this", "leave maintenance to the operators, outside of migrations".to_owned()),
            _ => continue,
        };
        let message = format!("{what} makes {server} build {table} and its indexes anew");
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
