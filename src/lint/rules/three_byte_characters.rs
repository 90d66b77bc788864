use crate::dialect::Engine;
use crate::lint::{Action, ColumnDefinition, Example, Hits, Judges, Rule, Severity, Subject};

/// A character set that lacks characters.
pub(super) const RULE: Rule = Rule {
    id: "three-byte-characters",
    summary: "utf8 is utf8mb3: no emoji, no rare Chinese characters, and deprecated",
    explanation: "In MySQL and older MariaDB utf8 means utf8mb3, with at most three bytes for a character: four-byte \
        ones are refused, or cut off where sql_mode is not strict. It is deprecated from MySQL 8.0 and going away. \
        Converting later copies the whole table; joins between utf8mb3 and utf8mb4 columns cannot use indexes.",
    engines: &[Engine::MySql],
    severity: Severity::Warning,
    judges: Judges::Upgrades,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "CREATE TABLE t (id int PRIMARY KEY) DEFAULT CHARSET=utf8;",
        good: "CREATE TABLE t (id int PRIMARY KEY) DEFAULT CHARSET=utf8mb4;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let old = |name: &str| {
        let name = name.to_ascii_lowercase();
        name == "utf8" || name == "utf8mb3" || name.starts_with("utf8_") || name.starts_with("utf8mb3_")
    };
    let of_column = |column: &ColumnDefinition| column.charset.as_deref().is_some_and(old);
    for (index, change) in subject.changes() {
        let found = match &change.action {
            Action::CreateTable { columns, options, .. } => {
                let of_table = |name: &str| name == "CHARSET" || name == "COLLATE";
                columns.iter().any(of_column)
                    || options.iter().any(|option| of_table(&option.name) && old(&option.value))
            }
            Action::AddColumn { column, .. } => of_column(column),
            Action::SetTableOption { option, .. } => {
                let first = option.value.split_whitespace().next().unwrap_or_default();
                matches!(option.name.as_str(), "CHARSET" | "COLLATE" | "CONVERT TO CHARACTER SET") && old(first)
            }
            _ => false,
        };
        if found {
            hits.at(
                index,
                change.span.clone(),
                "utf8 (utf8mb3) has no characters of four bytes: emoji and rare Chinese characters are refused",
                "write utf8mb4 for utf8, and utf8mb4_… for the collation",
            );
        }
    }
}
