use crate::dialect::Engine;
use crate::lint::online_ddl::{of_used_tables, server_name, weight};
use crate::lint::{Action, Example, Hit, Hits, Judges, Rule, Severity, Subject};

/// `ENGINE =` on a table in use.
pub(super) const RULE: Rule = Rule {
    id: "engine-change",
    summary: "the storage engine is changed: the table is copied",
    explanation: "ENGINE = with another engine copies the table row by row, and writers wait until it is done. Leaving \
        InnoDB loses transactions, foreign keys and crash safety. With the engine the table already has it is rebuilt, \
        which is seldom wanted in a migration.",
    engines: &[Engine::MySql],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "ALTER TABLE users ENGINE = MyISAM;",
        good: "CREATE TABLE users (id int PRIMARY KEY) ENGINE = InnoDB;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let server = server_name(subject);
    for (index, change, table) in of_used_tables(subject) {
        let Action::SetTableOption { option, .. } = &change.action else { continue };
        if option.name != "ENGINE" {
            continue;
        }
        let message = match option.value.eq_ignore_ascii_case("innodb") {
            true => {
                format!("{server} builds {table} anew, and copies it with writers waiting where it is not InnoDB yet")
            }
            false => {
                format!("{server} copies {table} into the engine {}, and writers wait until it is done", option.value)
            }
        };
        let remedy = "change engines with gh-ost or pt-online-schema-change, or in a maintenance window".to_owned();
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
