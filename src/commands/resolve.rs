use std::time::Duration;

use super::prepare::prepare;
use super::session::{self, Opened};
use super::targets::for_each;
use super::{Context, Outcome};
use crate::cli::ResolveArgs;
use crate::config::{Purpose, Settings, Target};
use crate::db::history_table::Bookkeeping;
use crate::db::lock::MigrationLock;
use crate::dialect::{EventKind, NewEvent};
use crate::error::{Error, ErrorKind};
use crate::model::{Direction, JournalEntry, Version};
use crate::output::report::{DatabaseResolution, Report, ResolveReport, ResolvedAs};
use crate::plan;

/// `resolve`: a person says how the statement ended that a run died in, or that nothing of the migration is left.
pub(super) async fn resolve(context: &Context<'_>, settings: &Settings, args: &ResolveArgs) -> Outcome {
    let collected = for_each(settings, false, async |target| of_target(context, target, args).await.into()).await;
    Outcome { report: Some(Report::Resolve(ResolveReport { databases: collected.reports })), ..collected.outcome }
}

async fn of_target(context: &Context<'_>, target: &Target, args: &ResolveArgs) -> Result<DatabaseResolution, Error> {
    let mut opened = session::open(context, target, Purpose::Inspect, Duration::ZERO).await?;
    let mut on_wait = context.tell_holder();
    let lock =
        MigrationLock::acquire(opened.session.as_mut(), &opened.lock_key, target.lock_wait, &mut on_wait).await?;
    let result = under_lock(context, target, &mut opened, args).await;
    // The end of the session gives it back where this fails.
    let _ = lock.release(opened.session.as_mut()).await;
    opened.session.close().await;
    result
}

async fn under_lock(
    context: &Context<'_>,
    target: &Target,
    opened: &mut Opened,
    args: &ResolveArgs,
) -> Result<DatabaseResolution, Error> {
    let bookkeeping = opened.load().await?;
    let called = bookkeeping.journal.iter().filter(|entry| is_called(entry, &args.migration));
    let Some(entry) = called.max_by_key(|entry| entry.is_open()) else {
        let message = format!("{} is not interrupted", args.migration);
        return Err(Error::new(ErrorKind::Usage, message).hint("`dbwarden status` shows what is"));
    };
    let settled = if args.undone { undone(opened, entry) } else { settled(target, opened, &bookkeeping, entry, args)? };
    if bookkeeping.incomplete.is_some() {
        // Columns of the journal that an older release did not have.
        prepare(context, target, opened, &bookkeeping, entry.direction).await?;
    }
    let identity = opened.identity(&context.run_id);
    let event = |kind, detail| {
        opened.tables.insert_event(&NewEvent {
            kind,
            version: entry.version.as_ref(),
            file_name: Some(&entry.file_name),
            actor: &identity.actor,
            run_id: &identity.run_id,
            took: None,
            detail,
        })
    };
    let detail = match (settled.report.outcome, settled.report.statement) {
        (ResolvedAs::Undone, _) => format!("the {}: all undone by hand", entry.direction.name()),
        (_, statement) => format!(
            "statement {}: {}",
            statement.unwrap_or_default(),
            if settled.report.done { "done" } else { "retry" }
        ),
    };
    let mut texts = vec![settled.change.clone(), event(EventKind::Resolved, Some(&detail))];
    if args.undone && entry.direction == Direction::Rollback {
        texts.push(event(EventKind::RollbackEnded, None));
    }
    let begin = opened.tables.engine.begin();
    let texts: Vec<&str> = std::iter::once(begin).chain(texts.iter().map(String::as_str)).chain(["COMMIT"]).collect();
    opened.session.run(&texts, &mut |_, _| {}).await.map_err(|failed| failed.error)?;
    Ok(DatabaseResolution { database: target.name.clone(), ..settled.report })
}

/// What a person says, as a change of the journal and as the report of it.
struct Settled {
    change: String,
    report: DatabaseResolution,
}

fn undone(opened: &Opened, entry: &JournalEntry) -> Settled {
    Settled {
        change: opened.tables.clear_journal(entry.direction, None),
        report: report(entry, None, None, ResolvedAs::Undone),
    }
}

fn settled(
    target: &Target,
    opened: &Opened,
    bookkeeping: &Bookkeeping,
    entry: &JournalEntry,
    args: &ResolveArgs,
) -> Result<Settled, Error> {
    let engine = opened.tables.engine;
    // Files that cannot be read stop nothing here: what was run is in the journal, unless it is very long.
    let catalog = session::read_catalog_if_there(target).unwrap_or_default();
    let survey = plan::survey(&catalog, bookkeeping.history.clone(), &bookkeeping.journal);
    let script = plan::script_in_flight(engine, entry, &survey);
    let Some(open) = plan::open_statements(engine, entry, script.as_deref()) else {
        let message = format!("no statement of {} has an unknown outcome", args.migration);
        return Err(Error::new(ErrorKind::Usage, message).hint("`dbwarden status` shows what is interrupted"));
    };
    let asked = args.statement.map(|asked| asked.get() - 1);
    if let Some(asked) = asked.filter(|asked| !open.contains(asked)) {
        let which = match open.len() {
            1 => format!("statement {} of {} is the open one", open.end, entry.file_name),
            _ => format!("statements {} to {} of {} are the open ones", open.start + 1, open.end, entry.file_name),
        };
        return Err(
            Error::new(ErrorKind::Usage, format!("{which}, not statement {}", asked + 1)).note("nothing was changed")
        );
    }
    let (index, outcome) = match (args.done, asked) {
        (true, asked) => (asked.unwrap_or(open.end - 1), ResolvedAs::Done),
        (false, asked) => (asked.unwrap_or(open.start), ResolvedAs::Retry),
    };
    // What stands before the one to run again counts as done.
    let last_done = if args.done { Some(index) } else { index.checked_sub(1).filter(|last| *last >= open.start) };
    let Some(settled) = plan::settle_through(entry, script.as_deref(), last_done) else {
        return Err(Error::new(ErrorKind::Usage, format!("no statement of {} has an unknown outcome", args.migration)));
    };
    let sql = script.as_ref().map(|script| script.statement_text(index).to_string());
    Ok(Settled {
        change: opened.tables.mark_journal(&settled, None, None),
        report: report(entry, Some(index + 1), sql, outcome),
    })
}

fn report(
    entry: &JournalEntry,
    statement: Option<usize>,
    sql: Option<String>,
    outcome: ResolvedAs,
) -> DatabaseResolution {
    DatabaseResolution {
        database: String::new(),
        version: entry.version.clone(),
        file: entry.file_name.clone(),
        direction: entry.direction,
        statement,
        sql,
        outcome,
        done: outcome == ResolvedAs::Done,
    }
}

fn is_called(entry: &JournalEntry, name: &str) -> bool {
    let by_version = name.parse::<Version>().is_ok_and(|version| entry.version.as_ref() == Some(&version));
    by_version || entry.file_name == name
}
