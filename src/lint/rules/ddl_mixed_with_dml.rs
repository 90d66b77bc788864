use crate::dialect::Engine;
use crate::lint::{Action, Change, Example, Hits, Judges, Rule, Severity, Subject};

/// DDL and DML that cannot be undone together.
pub(super) const RULE: Rule = Rule {
    id: "ddl-mixed-with-dml",
    summary: "rows of a table in use are changed in the same file as a table is altered",
    explanation: "MySQL and MariaDB commit before and after every DDL statement, so that the rows and the table do not \
        change together: when the second fails, the first stays. In files of their own each is done or not done, and \
        can be rolled back alone.",
    engines: &[Engine::MySql],
    severity: Severity::Note,
    judges: Judges::Upgrades,
    examples: &[Example {
        engine: Engine::MySql,
        bad: "ALTER TABLE users ADD COLUMN age int;\nUPDATE users SET age = 0 WHERE id BETWEEN 1 AND 1000;",
        good: "UPDATE users SET age = 0 WHERE id BETWEEN 1 AND 1000;",
    }],
    find,
};

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let is_rows = |change: &Change| {
        matches!(change.action, Action::Insert { .. } | Action::Update { .. } | Action::Delete { .. })
    };
    let alters = |change: &Change| change.action.alters_table();
    let used = |(index, change): &(usize, &Change)| subject.touches_used_table(*index, &change.action);
    let ddl = subject.changes().filter(|(_, change)| alters(change)).find(used);
    let rows = subject.changes().filter(|(_, change)| is_rows(change)).find(used);
    if let (Some((ddl, _)), Some((rows, change))) = (ddl, rows) {
        let before = &subject.script.source[..subject.script.statements[ddl].span.start];
        let line = before.matches('\n').count() + 1;
        hits.at(
            rows,
            change.span.clone(),
            format!("the DDL on line {line} commits by itself: when one of the two fails, the other stays"),
            "put the changes of rows into a migration of their own",
        );
    }
}
