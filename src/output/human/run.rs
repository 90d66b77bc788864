use std::time::Duration;

use super::{count, heading};
use crate::model::{Direction, Version};
use crate::output::report::{DatabaseRun, RunReport, SegmentReport, StepReport, StepStatus};
use crate::output::style::{self, paint};
use crate::output::{elapsed, sanitize, sanitize_line};
use crate::plan::RollbackSource;

/// One line per database for what was done; the statements themselves for a dry run.
pub(super) fn render(report: &RunReport, quiet: bool) -> String {
    report
        .databases
        .iter()
        .map(|run| match (run.dry_run, quiet) {
            (true, _) => dry_run(run),
            (false, true) => String::new(),
            (false, false) => summary(run),
        })
        .collect()
}

fn label(step: &StepReport) -> String {
    let name = sanitize_line(&step.name);
    step.version.as_ref().map_or_else(|| name.to_string(), |version| format!("{version} {name}"))
}

/// ` at 0042`, or nothing where no version is applied.
fn at(version: Option<&Version>) -> String {
    version.map(|version| format!(" at {version}")).unwrap_or_default()
}

fn nothing_to_do(run: &DatabaseRun) -> String {
    let (database, at) = (sanitize_line(&run.database), at(run.current_version.as_ref()));
    match run.direction {
        Direction::Upgrade => format!("{database}: up to date{at} ({} applied)\n", run.applied),
        Direction::Rollback => format!("{database}: nothing to undo{at} ({} applied)\n", run.applied),
    }
}

fn summary(run: &DatabaseRun) -> String {
    if run.up_to_date {
        return nothing_to_do(run);
    }
    let of = |status| run.steps.iter().filter(|step| step.status == status).count();
    let mut parts = Vec::new();
    for (status, words) in [
        (StepStatus::Applied, "applied"),
        (StepStatus::Reverted, "undone"),
        (StepStatus::Recorded, "recorded as applied, not executed"),
    ] {
        if of(status) > 0 {
            parts.push(format!("{} {words}", count(of(status), "migration")));
        }
    }
    let failed = run.steps.iter().filter(|step| step.status == StepStatus::Failed);
    parts.extend(failed.map(|step| paint(style::ERROR, format!("{} failed", label(step)))));
    if of(StepStatus::Skipped) > 0 {
        parts.push(format!("{} not run", of(StepStatus::Skipped)));
    }
    if parts.is_empty() {
        parts.push("nothing done".to_string());
    }
    let now = match &run.current_version {
        Some(version) => format!("now at {version}"),
        None => "now at no version".to_string(),
    };
    let time = elapsed(Duration::from_millis(run.elapsed_ms));
    let mut text = format!("{}: {}, {now} ({time})\n", sanitize_line(&run.database), parts.join(", "));
    for step in run.steps.iter().filter(|step| step.rollback_source == Some(RollbackSource::History)) {
        text.push_str(&format!("  {}: {}\n", label(step), from_history(step)));
    }
    text
}

fn from_history(step: &StepReport) -> &'static str {
    match step.status {
        StepStatus::Planned => "rolls back with the text in the history: its file is missing or differs",
        _ => "rolled back with the text in the history: its file is missing or differs",
    }
}

/// The plan as SQL with comments, so that it can be read, reviewed and compared like a script.
fn dry_run(run: &DatabaseRun) -> String {
    if run.up_to_date {
        return nothing_to_do(run);
    }
    let verb = match run.direction {
        Direction::Upgrade => "apply",
        Direction::Rollback => "undo",
    };
    let mut text = comment(&format!(
        "{}{}: would {verb} {}; nothing was changed",
        heading(&run.database, run.engine, &run.location),
        at(run.current_version.as_ref()),
        count(run.steps.len(), "migration"),
    ));
    for step in &run.steps {
        text.push('\n');
        text.push_str(&comment(&format!("{}  {}", label(step), sanitize_line(&step.file))));
        if step.rollback_source == Some(RollbackSource::History) {
            text.push_str(&comment(&format!("  {}", from_history(step))));
        }
        match step.segments.as_deref() {
            None => text.push_str(&comment("  recorded as applied, not executed")),
            Some([]) => text.push_str(&comment("  no statement")),
            Some(segments) => text.extend(segments.iter().map(segment)),
        }
    }
    text
}

fn segment(segment: &SegmentReport) -> String {
    let first = segment.statements.first().map(|statement| format!(", from line {}", statement.line));
    let place = if segment.transaction { "in one transaction" } else { "outside any transaction" };
    let mut text = comment(&format!("  {place}{}:", first.unwrap_or_default()));
    for statement in &segment.statements {
        text.push_str(&format!("{};\n", sanitize(&statement.sql)));
    }
    text
}

fn comment(text: &str) -> String {
    format!("{}\n", paint(style::FAINT, format!("-- {text}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Engine;
    use crate::output::report::{StatementReport, StepKind};

    fn step(version: &str, name: &str, status: StepStatus) -> StepReport {
        StepReport {
            version: Some(version.parse().expect("a version")),
            name: name.into(),
            file: format!("migrations/{version}_{name}.sql"),
            kind: StepKind::Versioned,
            direction: Direction::Upgrade,
            status,
            execution_ms: Some(12),
            statements: 1,
            rollback_source: None,
            segments: None,
        }
    }

    fn run(steps: Vec<StepReport>) -> DatabaseRun {
        DatabaseRun {
            database: "primary".into(),
            engine: Engine::Postgres,
            location: "db.example:5432/app".into(),
            server: None,
            direction: Direction::Upgrade,
            dry_run: false,
            up_to_date: steps.is_empty(),
            steps,
            current_version: Some("0042".parse().expect("a version")),
            applied: 42,
            elapsed_ms: 1_260,
            warnings: Vec::new(),
            backup: None,
            run_id: None,
        }
    }

    fn plain(run: DatabaseRun, quiet: bool) -> String {
        let text = render(&RunReport { databases: vec![run] }, quiet);
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn nothing_pending_is_one_line() {
        assert_eq!(plain(run(vec![]), false), "primary: up to date at 0042 (42 applied)\n");
        let empty = DatabaseRun { current_version: None, applied: 0, ..run(vec![]) };
        assert_eq!(plain(empty, false), "primary: up to date (0 applied)\n");
        let down = DatabaseRun { direction: Direction::Rollback, ..run(vec![]) };
        assert_eq!(plain(down, false), "primary: nothing to undo at 0042 (42 applied)\n");
    }

    #[test]
    fn a_summary_says_what_was_done_and_where_it_stands() {
        use StepStatus::*;
        for (statuses, expected) in [
            (vec![Applied, Applied], "primary: 2 migrations applied, now at 0042 (1.2 s)\n"),
            (
                vec![Applied, Failed, Skipped, Skipped],
                "primary: 1 migration applied, 0001 a failed, 2 not run, now at 0042 (1.2 s)\n",
            ),
            (vec![Recorded], "primary: 1 migration recorded as applied, not executed, now at 0042 (1.2 s)\n"),
        ] {
            let steps = statuses.into_iter().map(|status| step("0001", "a", status)).collect();
            assert_eq!(plain(run(steps), false), expected);
        }
        assert_eq!(plain(run(vec![step("0001", "a", Applied)]), true), "", "-q");
    }

    #[test]
    fn a_stored_rollback_is_named() {
        let mut undone = step("0042", "a", StepStatus::Reverted);
        undone.rollback_source = Some(RollbackSource::History);
        let run = DatabaseRun { direction: Direction::Rollback, current_version: None, ..run(vec![undone]) };
        assert_eq!(
            plain(run, false),
            "primary: 1 migration undone, now at no version (1.2 s)\n  \
             0042 a: rolled back with the text in the history: its file is missing or differs\n"
        );
    }

    #[test]
    fn a_dry_run_is_a_script() {
        let statement = |line, sql: &str| StatementReport { line, sql: sql.into() };
        let mut first = step("0043", "orders", StepStatus::Planned);
        first.segments = Some(vec![
            SegmentReport {
                transaction: true,
                statements: vec![
                    statement(3, "CREATE TABLE o (\n  id int\n)"),
                    statement(6, "INSERT INTO o VALUES (1)"),
                ],
            },
            SegmentReport {
                transaction: false,
                statements: vec![statement(8, "CREATE INDEX CONCURRENTLY i ON o (id)")],
            },
        ]);
        let mut empty = step("0044", "empty", StepStatus::Planned);
        empty.segments = Some(vec![]);
        let run = DatabaseRun { dry_run: true, ..run(vec![first, empty]) };
        assert_eq!(
            plain(run, true),
            "\
-- primary (PostgreSQL, db.example:5432/app) at 0042: would apply 2 migrations; nothing was changed

-- 0043 orders  migrations/0043_orders.sql
--   in one transaction, from line 3:
CREATE TABLE o (
  id int
);
INSERT INTO o VALUES (1);
--   outside any transaction, from line 8:
CREATE INDEX CONCURRENTLY i ON o (id);

-- 0044 empty  migrations/0044_empty.sql
--   no statement
"
        );
    }
}
