//! What `migrate`, `rollback` and `downgrade` share: lock, read the history under it, plan, execute, report.

use std::time::{Duration, Instant};

use super::request::Request;
use super::session::{self, Locked, Opened};
use super::targets::PerTarget;
use super::with_backup::{self, BackupFirst};
use super::{Context, leave_to_the_end, notes, prepare, reconnect, recovery, settle};
use crate::backup::Archive;
use crate::config::{Purpose, Target};
use crate::db::history_table::{self, Bookkeeping};
use crate::db::lock::MigrationLock;
use crate::error::{Error, ErrorKind};
use crate::executor::{self, Event, ExecutionSettings, Executor};
use crate::fail_point;
use crate::model::Catalog;
use crate::output::report::{DatabaseRun, StepReport, StepStatus};
use crate::plan::{self, MigratePolicy, Plan, PlanNote, StoredRollbacks, Survey};

/// How to go about it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner {
    /// Show the plan and change nothing.
    pub(super) dry_run: bool,
    /// How long to wait for a server that is not there yet.
    pub(super) patience: Duration,
    /// A backup before the first statement.
    pub(super) backup: Option<BackupFirst>,
}

impl Manner {
    /// What a connection is needed for.
    pub(super) fn purpose(self) -> Purpose {
        if self.dry_run { Purpose::Inspect } else { Purpose::Migrate }
    }
}

/// A connection that was asked for while the files were being read.
pub(super) struct Early {
    connected: Result<Opened, Error>,
    started: Instant,
}

/// Connects for `request`, tried once and without a word.
pub(super) async fn connect_early(context: &Context<'_>, target: &Target, request: &Request, manner: Manner) -> Early {
    let started = Instant::now();
    let connecting = session::connect_to_look(context, target, manner.purpose(), request.extent_of_first_look());
    Early { connected: context.unless_stopped(connecting).await, started }
}

/// Carries out `request` on one database.
pub(super) async fn run(
    context: &Context<'_>,
    target: &Target,
    catalog: &Catalog,
    request: &Request,
    manner: Manner,
    early: Option<Early>,
) -> PerTarget<DatabaseRun> {
    let started = early.as_ref().map_or_else(Instant::now, |early| early.started);
    // Of several databases none is connected to early, and each makes room for the next.
    let is_only_one = early.is_some();
    let connected = match early {
        Some(Early { connected, .. }) => {
            session::tell_of(context, target, connected.as_ref().ok().map(Opened::place).as_ref());
            connected
        }
        None => {
            let (purpose, extent) = (manner.purpose(), request.extent_of_first_look());
            context.unless_stopped(session::open_to_look(context, target, purpose, manner.patience, extent)).await
        }
    };
    let mut opened = match connected {
        Ok(opened) => opened,
        Err(error) => return Err(error).into(),
    };
    opened.may_begin_anew = matches!(request, Request::Baseline(_));
    let assignment = Assignment { context, target, catalog, request, manner };
    let result = in_session(assignment, &mut opened).await;
    let (location, server) = (opened.location.clone(), opened.session.server().clone());
    let (mut done, mut error) = match result {
        Ok(done) => done,
        Err(error) => {
            opened.session.close().await;
            let lost = error.kind == ErrorKind::Connection && error.notes.is_empty();
            return Err(if lost { error.note("nothing was run") } else { error }).into();
        }
    };
    let failed = error.take_if(|_| done.to_be_restored);
    if let (Some(archive), Some(failure)) = (&done.backup, failed) {
        let (failure, found) = with_backup::put_back(context, target, opened, archive, failure).await;
        error = Some(failure);
        if let Some((opened, bookkeeping)) = found {
            done.run.finished.clear();
            done.after = plan::survey(catalog, bookkeeping.history, &bookkeeping.journal);
            opened.session.close().await;
        }
    } else {
        opened.session.close().await;
    }
    let report = DatabaseRun {
        database: target.name.clone(),
        engine: target.engine,
        location,
        server: Some(server),
        direction: request.direction(),
        dry_run: manner.dry_run,
        up_to_date: done.plan.steps.is_empty(),
        steps: steps(&done.plan, &done.run, manner.dry_run),
        current_version: done.after.history.highest_version().cloned(),
        applied: done.after.applied(),
        elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        warnings: done.plan.notes.iter().filter_map(notes::warning).collect(),
        backup: done.backup.as_ref().zip(manner.backup).map(|(archive, asked)| with_backup::entry(archive, asked)),
        run_id: (!manner.dry_run && !done.run.finished.is_empty()).then(|| context.run_id.clone()),
    };
    if is_only_one {
        leave_to_the_end(done);
    }
    PerTarget { report: Some(report), error }
}

/// A plan, how far it was carried out, and what the database said last.
pub(super) struct Done {
    pub(super) plan: Plan,
    pub(super) run: executor::RunReport,
    pub(super) after: Survey,
    /// The backup taken before the first statement.
    backup: Option<Archive>,
    /// Whether it failed so that the database is to be put back from that backup. The lock is still held then.
    to_be_restored: bool,
}

impl Done {
    /// Nothing was run.
    fn nothing(plan: Plan, after: Survey) -> Self {
        Done { plan, run: executor::RunReport::default(), after, backup: None, to_be_restored: false }
    }
}

/// What is to be done where, and how.
#[derive(Clone, Copy)]
struct Assignment<'a> {
    context: &'a Context<'a>,
    target: &'a Target,
    catalog: &'a Catalog,
    request: &'a Request,
    manner: Manner,
}

async fn in_session(assignment: Assignment<'_>, opened: &mut Opened) -> Result<(Done, Option<Error>), Error> {
    let Assignment { context, target, catalog, request, manner } = assignment;
    // Without the lock first: most runs of a deployment find nothing to do, and must neither wait for one that does
    // nor need the right to write. What is found here is believed only if it is nothing; a run in flight elsewhere
    // looks like an interrupted one.
    let (bookkeeping, running) = context.unless_stopped(opened.look()).await?;
    let first_look = decide(target, opened, catalog, request, &bookkeeping).await;
    let nothing_to_do = matches!(&first_look, Ok((plan, _)) if plan.steps.is_empty()) && running.is_none();
    let backup_anyway = manner.backup.is_some_and(|backup| backup.always);
    if manner.dry_run || (nothing_to_do && !backup_anyway) {
        let (plan, survey) = first_look?;
        notes::tell(context, &plan.notes);
        return Ok((Done::nothing(plan, survey), None));
    }

    // The second look is what counts.
    drop(first_look);
    opened.extent = request.extent();
    if let Some(name) = opened.lock_key.doubtful_place() {
        context.printer.warning(&format!(
            "{} is on {name}: whether its locks reach every machine that uses it, only its administrator knows; keep \
             the database on a local disk",
            opened.location
        ));
    }
    // What cannot be read yet is made first.
    let questions = match bookkeeping.incomplete {
        None => history_table::queries(&opened.tables, opened.extent),
        Some(_) => Vec::new(),
    };
    let mut locked = context.unless_stopped(opened.lock_and_ask(context, target, &questions)).await?;
    let result = under_lock(assignment, opened, &mut locked).await;
    if matches!(&result, Ok((done, _)) if done.to_be_restored) {
        return result;
    }
    fail_point::pass("lock to be released");
    // The end of the session gives it back where this fails; a lock that was lost has been reported by then.
    let _ = locked.lock.release_at_the_end(opened.session.as_mut()).await;
    fail_point::pass("lock released");
    result
}

async fn under_lock(
    assignment: Assignment<'_>,
    opened: &mut Opened,
    locked: &mut Locked,
) -> Result<(Done, Option<Error>), Error> {
    let Assignment { context, target, catalog, request, manner } = assignment;
    let Locked { lock, before, answers } = locked;
    let bookkeeping = opened.load_from(answers.take()).await?;
    let (plan, survey) = decide(target, opened, catalog, request, &bookkeeping).await?;
    notes::tell(context, &plan.notes);
    let mut done = Done::nothing(plan, survey);
    let backup_wanted = manner.backup.filter(|backup| backup.always || !done.plan.steps.is_empty());
    if let Some(asked) = backup_wanted {
        done.backup = Some(with_backup::take(context, target, opened, &bookkeeping.history, asked).await?);
    }
    if done.plan.steps.is_empty() {
        if let Some(archive) = done.backup.as_ref().filter(|_| bookkeeping.incomplete.is_none()) {
            with_backup::note(context, opened, archive).await;
        }
        return Ok((done, None));
    }
    prepare::prepare_run(context, target, opened, lock, &bookkeeping, request.direction()).await?;
    if let Some(archive) = &done.backup {
        with_backup::note(context, opened, archive).await;
    }
    recovery::record(context, opened, &done.plan, done.after.interrupted.as_ref(), before.as_ref()).await?;
    carry_out(context, target, opened, lock, &mut done).await;
    let mut error = Error::from_run(&done.plan, &done.run);
    while done.run.failure.as_ref().is_some_and(|failure| failure.cause.connection_is_gone()) {
        let found = reconnect::settle(context, target, opened, lock, catalog, request, &mut done).await;
        // From here on something is done, and told whatever comes.
        let went_on = match found {
            Ok(()) => match prepare::set_up(target, opened, lock).await {
                Ok(()) => {
                    carry_out(context, target, opened, lock, &mut done).await;
                    Ok(())
                }
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error),
        };
        error = match went_on {
            Ok(()) => Error::from_run(&done.plan, &done.run),
            Err(stopped) => {
                error = Some(stopped);
                break;
            }
        };
    }
    let user = opened.session.server().user.clone();
    error = error.map(|error| error.naming_missing_grants(&done.run, &opened.tables, &user));
    if let Some(step) = done.run.failure.as_ref().and_then(|failure| done.plan.steps.get(failure.step)) {
        context.printer.step_failed(&step.label());
    }
    // Read back rather than calculated: the report says what the database says. Where that is not to be had, what was
    // known before is the best there is.
    if let Ok(after) = read_back(context, target, opened).await {
        done.after = plan::survey(catalog, after.history, &after.journal);
    }
    let aftermath = done.run.failure.as_ref().map(|failure| failure.aftermath);
    done.to_be_restored = with_backup::is_to_be_restored(manner.backup, aftermath);
    Ok((done, error))
}

/// Runs the steps of the plan that are not finished, on a session that holds the lock.
async fn carry_out(context: &Context<'_>, target: &Target, opened: &mut Opened, lock: &MigrationLock, done: &mut Done) {
    let settings = ExecutionSettings {
        session: prepare::options(target),
        role: target.role.clone(),
        lock_retry: target.lock_retry,
        durable_commits: target.durable_commits,
    };
    let identity = opened.identity(&context.run_id);
    let Done { plan, run, after, .. } = done;
    let mut events = |event: Event<'_>| tell(context, plan, &event);
    Executor::new(
        opened.session.as_mut(),
        &opened.tables,
        lock.fence_condition(),
        &after.history,
        &settings,
        &identity,
        context.interrupt.clone(),
        &mut events,
    )
    .execute(plan, run)
    .await;
    fail_point::pass("plan carried out");
}

/// Reads history and journal once more; over another connection where that of the run is gone.
async fn read_back(context: &Context<'_>, target: &Target, opened: &mut Opened) -> Result<Bookkeeping, Error> {
    match opened.load().await {
        Err(error) if error.kind == ErrorKind::Connection => {
            let looking = session::reopen(context, target, Purpose::Inspect, Duration::ZERO);
            let mut fresh = context.unless_stopped(looking).await?;
            let after = fresh.load().await;
            fresh.session.close().await;
            after
        }
        other => other,
    }
}

/// What there is to do, from what the tables say.
pub(super) async fn decide(
    target: &Target,
    opened: &mut Opened,
    catalog: &Catalog,
    request: &Request,
    bookkeeping: &Bookkeeping,
) -> Result<(Plan, Survey), Error> {
    let engine = opened.tables.engine;
    let mut journal = bookkeeping.journal.clone();
    let mut survey = plan::survey(catalog, bookkeeping.history.clone(), &journal);
    let mut found: Vec<PlanNote> = settle::settle(opened, &mut survey).await?.into_iter().collect();
    let is_asked_for = |direction| direction == request.direction() && !matches!(request, Request::Baseline(_));
    let unbegun = settle::leave_out_unbegun(engine, catalog, &mut survey, &mut journal, is_asked_for);
    let policy = MigratePolicy { out_of_order: target.out_of_order, database_ahead: target.on_database_ahead };
    let mut plan = match request {
        Request::Migrate(goal) => plan::plan_migrate(engine, &survey, goal, policy)?,
        Request::Baseline(goal) => plan::plan_baseline(engine, &survey, goal, policy)?,
        Request::Rollback(goal) => {
            let (session, tables) = (opened.session.as_mut(), &opened.tables);
            let open = &bookkeeping.open_rollback;
            let mut stored = StoredRollbacks::new();
            for row in plan::rows_to_revert(&survey, goal, open)?.iter().filter(|row| row.needs_stored_text) {
                if let Some(text) = history_table::rollback_text(session, tables, row.sequence).await? {
                    stored.insert(row.sequence, text);
                }
            }
            plan::plan_rollback(engine, &survey, goal, open, &stored)?
        }
    };
    plan.forget = unbegun.iter().map(|entry| entry.direction).collect();
    found.extend(
        unbegun
            .into_iter()
            .map(|entry| PlanNote::NeverBegun { file_name: entry.file_name, direction: entry.direction }),
    );
    plan.notes.splice(0..0, found);
    plan::refuse_hidden_tables(&plan, &opened.tables)?;
    Ok((plan, survey))
}

fn tell(context: &Context<'_>, plan: &Plan, event: &Event<'_>) {
    let printer = context.printer;
    match event {
        Event::StepStarted { index, total, step } => {
            printer.step_started(*index, *total, &step.label(), step.direction());
        }
        Event::StatementFinished { step, statement, total, rows, elapsed } => {
            let script = plan.steps.get(*step).and_then(plan::Step::script);
            let line =
                script.and_then(|script| script.statements.get(*statement)).map_or(0, |statement| statement.line);
            printer.statement_finished(*statement, *total, line, *rows, *elapsed);
        }
        Event::StepFinished { step, elapsed } => printer.step_finished(&step.label(), step.direction(), *elapsed),
        Event::Retrying { error, attempt, pause, blockers, .. } => {
            printer.retrying(&error.message, *attempt + 1, *pause, blockers);
        }
        Event::Blocked { blockers, waited } => printer.blocked(blockers, *waited),
        Event::InvalidIndexDropped { index } => {
            printer.message(&format!(
                "  index {index} was left invalid by an earlier attempt: it is dropped and built again"
            ));
        }
        Event::Notice(notice) => printer.notice(notice.severity.name(), &notice.message),
    }
}

fn steps(plan: &Plan, run: &executor::RunReport, dry_run: bool) -> Vec<StepReport> {
    let report = |(index, step): (usize, &plan::Step)| {
        let finished = run.finished.binary_search_by_key(&index, |done| done.step).ok().map(|at| &run.finished[at]);
        let status = match (&step.work, finished) {
            _ if dry_run => StepStatus::Planned,
            (plan::Work::Apply(_), Some(_)) => StepStatus::Applied,
            (plan::Work::Record(_), Some(_)) => StepStatus::Recorded,
            (plan::Work::Revert { .. }, Some(_)) => StepStatus::Reverted,
            (_, None) if run.failure.as_ref().is_some_and(|failure| failure.step == index) => StepStatus::Failed,
            (_, None) => StepStatus::Skipped,
        };
        StepReport::new(step, status, finished.map(|done| done.elapsed), dry_run)
    };
    plan.steps.iter().enumerate().map(report).collect()
}
