use crate::dialect::Engine;
use crate::lint::sql_text::{quoted_name, tidy};
use crate::lint::{Action, Change, Example, Hits, Judges, Name, Rule, Severity, Subject};

/// Statements that could be one.
pub(super) const RULE: Rule = Rule {
    id: "several-implicit-commits",
    summary: "one table is altered by several statements: each is a change of its own",
    explanation: "Every ALTER TABLE commits by itself, waits for the metadata lock anew and, where it cannot be done \
        instantly, builds the table again. One statement with all clauses does the work once, and happens whole or not \
        at all (MySQL 8.0, MariaDB 10.6).",
    engines: &[Engine::MySql],
    severity: Severity::Note,
    judges: Judges::Upgrades,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "ALTER TABLE users ADD COLUMN a int;\nALTER TABLE users ADD COLUMN b int;",
        good: "ALTER TABLE users ADD COLUMN a int, ADD COLUMN b int;",
    }],
    find,
};

const CLAUSES: [&str; 8] = ["ADD ", "DROP ", "MODIFY ", "CHANGE ", "ALTER ", "RENAME ", "CONVERT ", "ENGINE"];

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let clauses = |index: usize| -> Option<(&Name, Vec<&Change>)> {
        let facts = &subject.statements[index];
        let alters = subject.text(index).trim_start().to_ascii_uppercase().starts_with("ALTER");
        let plain = facts.changes.iter().all(|change| {
            change.action.alters_table()
                && !matches!(change.action, Action::RenameTable { .. } | Action::DetachPartition { .. })
        });
        let table = facts.changes.first()?.action.table()?;
        (alters && plain && facts.algorithm.is_none() && !subject.is_new(table, index))
            .then(|| (table, facts.changes.iter().collect()))
    };
    let mut at = 0;
    while at < subject.statements.len() {
        let Some((table, _)) = clauses(at) else {
            at += 1;
            continue;
        };
        // Only statements that follow each other: what stands between may need the first.
        let run =
            (at..subject.statements.len()).take_while(|&index| clauses(index).is_some_and(|(next, _)| next == table));
        let run: Vec<usize> = run.collect();
        if let [_, second, ..] = run[..] {
            let mut parts: Vec<String> = Vec::new();
            for &index in &run {
                // A new name and a new definition are one clause.
                let changes = clauses(index).into_iter().flat_map(|(_, changes)| changes);
                let texts = changes.map(|change| tidy(subject, &subject.text(index)[change.span.clone()]));
                for text in texts {
                    if parts.last() != Some(&text) {
                        parts.push(text);
                    }
                }
            }
            // Not those of `ADD (a int, b int)`.
            let clause = |text: &String| CLAUSES.iter().any(|word| text.to_ascii_uppercase().starts_with(word));
            let shown = quoted_name(subject.engine, table);
            let remedy = match parts.iter().all(clause) {
                true => format!("ALTER TABLE {shown} {}", parts.join(", ")),
                false => format!("write all clauses in one ALTER TABLE {shown}"),
            };
            hits.at(
                second,
                0..subject.text(second).len(),
                format!("{table} is altered {} times in a row; a failure in between leaves half of it", run.len()),
                remedy,
            );
        }
        at += run.len().max(1);
    }
}
