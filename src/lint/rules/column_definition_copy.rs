use crate::dialect::Engine;
use crate::lint::online_ddl::{of_used_tables, server_name, since, weight};
use crate::lint::sql_text::{one_line, quoted, quoted_name};
use crate::lint::types::{is_same, known_type};
use crate::lint::{Action, Example, Hit, Hits, Judges, Rule, Severity, Subject};

/// A new type for a column of a table in use.
pub(super) const RULE: Rule = Rule {
    id: "column-definition-copy",
    summary: "a column is given a new definition: most of them copy the table",
    explanation: "MODIFY and CHANGE give a column its whole definition anew. A new type, a shorter VARCHAR, or a \
        VARCHAR that grows beyond 255 bytes makes the server copy the table row by row; writers wait until it is done, \
        readers at its end. Only a longer VARCHAR on the same side of 255 bytes, more values at the end of an ENUM, \
        another default and another name go without. MariaDB lets writers go on from 11.2, but still copies. What the \
        definition does not repeat is gone: NOT NULL, the default, the comment, the character set.",
    engines: &[Engine::MySql],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "ALTER TABLE users MODIFY age bigint;",
        good: "ALTER TABLE users MODIFY name varchar(200), ALGORITHM=INPLACE, LOCK=NONE;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let known = subject.surroundings.server.as_ref();
    let server = server_name(subject);
    for (index, change, table) in of_used_tables(subject) {
        let Action::ChangeType { column, .. } = &change.action else { continue };
        let before = subject.statements[index].changes.iter().find_map(|other| match &other.action {
            Action::RenameColumn { column, to, .. } if other.span == change.span => Some((column, to)),
            _ => None,
        });
        // Of a name that is new nothing is known; the type it had is the type of the old name.
        let name_before = before.map_or(&column.name, |(before, _)| before);
        let type_before = known_type(subject, index, table, name_before);
        let keeps_type = type_before.as_ref().is_some_and(|before| is_same(before, &column.data_type));
        let message = match before {
            None if keeps_type => format!(
                "the type of {} stays: at most {server} builds {table} anew beside writers; what the definition does not \
                 repeat (NOT NULL, the default, the comment) is lost",
                column.name
            ),
            Some(_) if keeps_type => format!(
                "CHANGE gives {} its definition anew, with the type it had; what it does not repeat (NOT NULL, the \
                 default, the comment) is lost",
                column.name
            ),
            Some(_) => format!(
                "CHANGE gives {} a whole new definition: unless it is the old one, {server} copies {table} row by row, and \
                 writers wait; what it does not repeat (NOT NULL, the default) is lost",
                column.name
            ),
            None => format!(
                "unless only NOT NULL, the default or the length of a VARCHAR changes, {server} copies {table} row by row to give {} \
                 a new definition, and writers wait",
                column.name
            ),
        };
        let remedy = match before {
            Some((before, to)) if since(known, &[8, 0, 3], &[10, 5, 2]) => format!(
                "to change the name only: ALTER TABLE {table} RENAME COLUMN {} TO {}; else add a new column, \
                 fill it in batches and let the application change over",
                quoted(subject.engine, before),
                quoted(subject.engine, to),
                table = quoted_name(subject.engine, table),
            ),
            _ => {
                let clause = "ALGORITHM=INPLACE, LOCK=NONE";
                let text = one_line(subject, index);
                format!(
                    "let it fail where it would copy: {text}, {clause}; if it does, add a new column, fill it in batches \
                     and let the application change over, or use gh-ost or pt-online-schema-change"
                )
            }
        };
        hits.push(Hit {
            statement: Some(index),
            span: Some(change.span.clone()),
            line: None,
            // Mostly the name is meant.
            severity: match keeps_type || before.is_some() {
                true => Some(Severity::Note),
                false => weight(subject, table),
            },
            message,
            remedy,
        });
    }
}
