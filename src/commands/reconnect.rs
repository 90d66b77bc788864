//! After a lost connection: a new one, the lock again, and what the database says of the step it was lost in.

use std::ops::Range;
use std::time::Duration;

use super::Context;
use super::request::Request;
use super::run::{Done, decide};
use super::session::{self, Opened};
use crate::config::{Purpose, Target};
use crate::db::history_table::Bookkeeping;
use crate::db::lock::{self, MigrationLock};
use crate::error::{Error, ErrorKind};
use crate::executor::{self, Aftermath, StepFailure, StepSuccess};
use crate::model::Catalog;
use crate::plan::{Plan, Step};

/// Settles the steps in which the connection was lost. Ok: they are carried out, and the rest is planned anew under the
/// lock of the new connection.
///
/// # Errors
/// One of them is not carried out, or nobody could say. Nothing is sent a second time.
pub(super) async fn settle(
    context: &Context<'_>,
    target: &Target,
    opened: &mut Opened,
    lock: &mut MigrationLock,
    catalog: &Catalog,
    request: &Request,
    done: &mut Done,
) -> Result<(), Error> {
    let Some(failure) = done.run.failure.take() else { return Ok(()) };
    let Some(step) = done.plan.steps.get(failure.step) else { return Ok(()) };
    let lost = failure.cause.sql().map(|error| error.message.as_str()).unwrap_or_default();
    let more = match failure.behind {
        0 => String::new(),
        behind => format!(" and the {behind} sent with it"),
    };
    context.printer.message(&format!("  {lost}: connecting again to see what became of {}{more}", step.label()));

    let looking = look_again(context, target, opened, lock, &done.plan, &failure);
    let (bookkeeping, carried_out) = match context.unless_stopped(looking).await {
        Ok(found) => found,
        Err(reason) => {
            done.run.failure = Some(StepFailure { aftermath: Aftermath::Unknown, ..failure });
            return Err(Error::not_looked_up(&done.plan, &done.run, &reason));
        }
    };
    for index in carried_out.clone() {
        let step = &done.plan.steps[index];
        let row = bookkeeping.history.rows().iter().find(|row| row.file_name == step.file_name());
        let elapsed =
            row.and_then(|row| u64::try_from(row.execution_ms?).ok()).map_or(Duration::ZERO, Duration::from_millis);
        context.printer.step_finished(&step.label(), step.direction(), elapsed);
        done.run.finished.push(StepSuccess { step: index, elapsed });
    }
    let decided = decide(target, opened, catalog, request, &bookkeeping).await;
    if carried_out.end <= failure.step + failure.behind {
        let step = &done.plan.steps[carried_out.end];
        let aftermath = what_stands(step, decided.as_ref().ok().map(|(plan, _)| plan), &bookkeeping);
        done.run.failure = Some(StepFailure { step: carried_out.end, behind: 0, aftermath, ..failure });
        return Err(Error::looked_up(&done.plan, &done.run, decided.err()));
    }
    let (plan, after) = decided?;
    done.after = after;
    go_on_with(&mut done.plan, carried_out.end, plan)
}

/// A new connection, which takes the place of the lost one, the lock, and the tables read under it; and which steps of
/// those that were sent are carried out, from the first of them on.
async fn look_again(
    context: &Context<'_>,
    target: &Target,
    opened: &mut Opened,
    lock: &mut MigrationLock,
    plan: &Plan,
    failure: &StepFailure,
) -> Result<(Bookkeeping, Range<usize>), Error> {
    let fresh = session::reopen(context, target, Purpose::Migrate, target.lock_wait).await?;
    let lost = std::mem::replace(opened, Opened { extent: opened.extent, ..fresh });
    // The server may not know yet that nobody listens to the old session: it goes on with its statement, and holds the
    // lock. Where it cannot be ended, it ends by itself.
    let (session, key) = (opened.session.as_mut(), &opened.lock_key);
    let _ = lock::end_own(session, key, lost.session.server().session_id, lost.since.elapsed()).await;
    drop(lost);
    *lock = opened.lock(context, target).await?;
    let mut bookkeeping = opened.load().await?;
    let last = failure.step + failure.behind;
    let sent = &plan.steps[failure.step..=last];
    let is_carried_out = |step: &&Step| executor::was_carried_out(step, &bookkeeping.history, &context.run_id);
    let end = failure.step + sent.iter().take_while(is_carried_out).count();
    let (identity, journal) = (opened.identity(&context.run_id), &mut bookkeeping.journal);
    let session = opened.session.as_mut();
    executor::repay(session, &opened.tables, &plan.steps[end.min(last)], failure, end > last, &identity, journal)
        .await?;
    Ok((bookkeeping, failure.step..end))
}

/// What is left of a step that is not carried out, as the next run would find it.
fn what_stands(step: &Step, plan: Option<&Plan>, bookkeeping: &Bookkeeping) -> Aftermath {
    let total = step.script().map_or(0, |script| script.statements.len());
    let same = |file_name: &str| file_name == step.file_name();
    let planned = plan.map(|plan| plan.steps.iter().find(|planned| same(planned.file_name())));
    let done = match planned {
        Some(planned) => planned.and_then(|planned| planned.resume.as_ref()).map_or(0, |resume| resume.done),
        None => bookkeeping.journal.iter().find(|entry| same(&entry.file_name)).map_or(0, |entry| entry.done),
    };
    match planned {
        Some(_) if done == 0 => Aftermath::Undone,
        // Where nothing can be planned, a statement is unknown.
        _ => Aftermath::Partial { done, total },
    }
}

/// Puts what is planned now in place of the steps from `settled` on. Never more than what was planned before: what
/// always runs would be due again, and a rollback of so many would begin to count anew.
fn go_on_with(plan: &mut Plan, settled: usize, planned: Plan) -> Result<(), Error> {
    let named = |steps: &[Step], step: &Step| steps.iter().any(|other| other.file_name() == step.file_name());
    let (finished, left) = plan.steps.split_at(settled);
    let mut planned = planned.steps.into_iter().filter(|step| !named(finished, step)).peekable();
    let mut next = Vec::with_capacity(left.len());
    while let Some(step) = planned.next_if(|step| named(left, step)) {
        next.push(step);
    }
    if planned.peek().is_some() && next.len() < left.len() {
        let message = "another run changed the history while the connection was lost";
        return Err(Error::new(ErrorKind::Connection, message).hint("run the same command again"));
    }
    plan.steps.truncate(settled);
    plan.steps.append(&mut next);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dialect::Engine;
    use crate::model::test_support::migration;

    fn plan(files: &[&str]) -> Plan {
        let step = |file: &&str| Step::apply(Engine::Postgres, &Arc::new(migration(file)));
        Plan { steps: files.iter().map(step).collect(), ..Plan::default() }
    }

    fn gone_on(before: &[&str], settled: usize, planned: &[&str]) -> Option<Vec<String>> {
        let mut before = plan(before);
        go_on_with(&mut before, settled, plan(planned)).ok()?;
        Some(before.steps.iter().map(|step| step.file_name().to_string()).collect())
    }

    #[test]
    fn a_run_goes_on_with_what_it_had_planned_and_nothing_more() {
        for (before, planned, expected) in [
            (&["1_a.sql", "2_b.sql"][..], &["2_b.sql"][..], Some(&["1_a.sql", "2_b.sql"][..])),
            (&["RA__a.sql", "RA__b.sql"], &["RA__a.sql", "RA__b.sql"], Some(&["RA__a.sql", "RA__b.sql"])),
            (&["1_a.sql", "2_b.sql"], &["2_b.sql", "3_c.sql"], Some(&["1_a.sql", "2_b.sql"])),
            (&["1_a.sql"], &["3_c.sql"], Some(&["1_a.sql"])),
            (&["1_a.sql", "2_b.sql"], &[], Some(&["1_a.sql"])),
            (&["1_a.sql", "3_c.sql"], &["2_b.sql", "3_c.sql"], None),
        ] {
            let expected = expected.map(|files| files.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(gone_on(before, 1, planned), expected, "{before:?} {planned:?}");
        }
    }
}
