//! What must hold: a model of the tool so simple that it can be believed. Pure: it knows neither database nor process.

use std::collections::BTreeMap;

use super::migration::{Migration, Op};
use super::observed::{InFlight, Observed};
use crate::harness::exit;

/// What is asked of the tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// `migrate`, at most so many.
    Migrate(Option<usize>),
    /// `rollback --count`.
    Rollback(usize),
    /// `rollback --to-version`; 0, or an applied one.
    RollbackTo(u32),
    /// Commands that only look.
    Status,
    Check,
}

/// One way a command may go: the states it passes, each the versions applied, and how it ends undisturbed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub path: Vec<Vec<u32>>,
    pub codes: &'static [i32],
}

impl Outcome {
    fn stays(applied: &[u32], codes: &'static [i32]) -> Outcome {
        Outcome { path: vec![applied.to_vec()], codes }
    }

    fn end(&self) -> &[u32] {
        self.path.last().expect("a path has a beginning")
    }
}

/// All that is known.
#[derive(Debug, Default)]
pub struct Model {
    pub migrations: BTreeMap<u32, Migration>,
    pub applied: Vec<u32>,
    pub in_flight: Option<InFlight>,
    /// Whether what is in flight is an upgrade of which nothing is there, as the catalog can tell.
    untouched: bool,
    /// What an unfinished rollback of several will leave, as far as it can be told: None where there is none, and both
    /// where it was stopped around its first step.
    pub unfinished: Vec<Option<Vec<u32>>>,
}

impl Model {
    pub fn new() -> Model {
        Model { unfinished: vec![None], ..Model::default() }
    }

    /// The ways `command` may go.
    pub fn expect(&self, command: Command) -> Vec<Outcome> {
        match command {
            Command::Migrate(limit) => vec![self.migrate(limit)],
            Command::Rollback(count) => self.rollback(&self.applied[..self.applied.len().saturating_sub(count)]),
            Command::RollbackTo(version) => {
                let left: Vec<u32> = self.applied.iter().copied().filter(|&applied| applied <= version).collect();
                self.rollback(&left)
            }
            Command::Status => vec![Outcome::stays(&self.applied, &[exit::DONE])],
            Command::Check => {
                vec![Outcome::stays(&self.applied, &[exit::DONE, exit::PENDING, exit::DISAGREE, exit::PARTLY])]
            }
        }
    }

    /// Whether only a person can say what became of the statement that was begun.
    pub fn asks(&self) -> bool {
        self.in_flight.as_ref().is_some_and(|entry| {
            let migration = &self.migrations[&entry.version];
            let op = migration.op_of(entry.is_rollback, entry.done);
            entry.begun && op.is_none_or(|op| migration.ops[op] == Op::Row)
        })
    }

    /// Whether a person may say so: also of a rollback for whose statement the catalog might be asked.
    pub fn can_be_told(&self) -> bool {
        self.asks() || self.in_flight.as_ref().is_some_and(|entry| entry.begun && entry.is_rollback)
    }

    /// Whether files and history differ in a way that `repair` can accept.
    pub fn disagrees(&self) -> bool {
        let highest_file = self.migrations.values().filter(|file| file.on_disk).map(|file| file.version).max();
        self.migrations.values().filter(|file| self.applied.contains(&file.version)).any(|file| {
            let missing = !file.on_disk && !file.detached && Some(file.version) < highest_file;
            missing || (file.on_disk && file.edited)
        })
    }

    fn migrate(&self, limit: Option<usize>) -> Outcome {
        let in_flight = self.in_flight.as_ref();
        if in_flight.is_some_and(|entry| entry.is_rollback) || self.asks() {
            return Outcome::stays(&self.applied, &[exit::PARTLY]);
        }
        let running = in_flight.map(|entry| entry.version);
        let is_pending = |file: &&Migration| file.on_disk && !self.applied.contains(&file.version);
        let pending: Vec<&Migration> = self.migrations.values().filter(is_pending).collect();
        let highest = self.applied.iter().max().copied().unwrap_or_default();
        let late = pending.iter().any(|file| file.version < highest && Some(file.version) != running);
        if self.disagrees() || late {
            return Outcome::stays(&self.applied, &[exit::DISAGREE]);
        }
        let mut outcome = Outcome::stays(&self.applied, &[exit::DONE]);
        for file in pending.iter().take(limit.unwrap_or(usize::MAX)) {
            if file.fails_at.is_some() {
                outcome.codes = &[exit::SQL_FAILED, exit::PARTLY];
                break;
            }
            let mut next = outcome.end().to_vec();
            next.push(file.version);
            outcome.path.push(next);
        }
        outcome
    }

    /// For each of what may be unfinished, what follows. `left` is what the goal leaves; what was begun before comes first, whatever the goal.
    fn rollback(&self, left: &[u32]) -> Vec<Outcome> {
        let stays = || Outcome::stays(&self.applied, &[exit::PARTLY]);
        // What was announced and never begun keeps nobody from going back.
        let in_flight = self.in_flight.as_ref().filter(|_| !self.untouched);
        if in_flight.is_some_and(|entry| !entry.is_rollback) || self.asks() {
            return self.unfinished.iter().map(|_| stays()).collect();
        }
        let mut outcomes = Vec::new();
        for unfinished in &self.unfinished {
            let left = match (unfinished, in_flight) {
                (Some(left), _) => left.clone(),
                (None, Some(_)) => self.applied[..self.applied.len() - 1].to_vec(),
                (None, None) => left.to_vec(),
            };
            let path = (left.len()..=self.applied.len()).rev().map(|length| self.applied[..length].to_vec()).collect();
            outcomes.push(Outcome { path, codes: &[exit::DONE] });
        }
        // Without the very file, the catalog is not asked what became of a statement.
        let file = self.in_flight.as_ref().map(|entry| &self.migrations[&entry.version]);
        if file.is_some_and(|file| !file.on_disk || file.edited) {
            outcomes.push(stays());
        }
        outcomes
    }

    /// Takes over what a command left. `ended` is its exit code, None where it was killed.
    ///
    /// # Errors
    /// What must not be.
    pub fn take(&mut self, command: Command, ended: Option<i32>, found: &Observed) -> Result<(), String> {
        let outcomes = self.expect(command);
        let stopped = matches!(ended, None | Some(143));
        let fits = |outcome: &Outcome| match ended {
            Some(code) if !stopped => outcome.codes.contains(&code) && outcome.end() == found.applied,
            _ => outcome.path.contains(&found.applied),
        };
        if !outcomes.iter().any(fits) {
            return Err(format!("{command:?} ended with {ended:?} and {:?}; expected {outcomes:?}", found.applied));
        }
        match command {
            Command::Migrate(_) if found.applied != self.applied => self.unfinished = vec![None],
            // A command that was refused changes nothing of it.
            Command::Rollback(_) | Command::RollbackTo(_) if ended != Some(exit::PARTLY) => {
                let before = std::mem::take(&mut self.unfinished);
                for (unfinished, outcome) in before.iter().zip(&outcomes).filter(|(_, outcome)| fits(outcome)) {
                    self.unfinished.extend(left_unfinished(unfinished.as_ref(), outcome, &found.applied, stopped));
                }
                self.unfinished.sort();
                self.unfinished.dedup();
            }
            _ => {}
        }
        for version in self.applied.iter().filter(|version| !found.applied.contains(version)) {
            if let Some(file) = self.migrations.get_mut(version) {
                (file.edited, file.detached) = (false, false);
            }
        }
        let is_left = |file: &Migration| file.on_disk || found.applied.contains(&file.version);
        self.migrations.retain(|_, file| is_left(file));
        self.applied.clone_from(&found.applied);
        self.in_flight.clone_from(&found.in_flight);
        self.untouched = found.in_flight.as_ref().is_some_and(|entry| {
            let file = self.migrations.get(&entry.version);
            let first = file.and_then(|file| Some((file, file.op_of(false, 0)?)));
            let is_there = |(file, op): (&Migration, usize)| file.ops[op] == Op::Row || found.has(&file.trace(op));
            !entry.is_rollback && entry.done == 0 && first.is_some_and(|first| !is_there(first))
        });
        let finished = ended == Some(exit::DONE) && !matches!(command, Command::Status | Command::Check);
        if finished && self.in_flight.is_some() {
            return Err(format!("{command:?} ended well and left {:?}", self.in_flight));
        }
        self.holds(found)
    }

    /// What must hold at any time: history and schema agree, and nothing was done twice.
    ///
    /// # Errors
    /// What does not.
    pub fn holds(&self, found: &Observed) -> Result<(), String> {
        for migration in self.migrations.values() {
            let version = migration.version;
            let applied = self.applied.contains(&version);
            if found.balance.get(&version).copied().unwrap_or_default() != i64::from(applied) {
                return Err(format!(
                    "{version} is applied: {applied}, and the events say otherwise: {:?}",
                    found.balance
                ));
            }
            let running = self.in_flight.as_ref().is_some_and(|entry| entry.version == version);
            for op in 0..migration.ops.len() {
                let trace = migration.trace(op);
                let net = trace.strip_prefix("entry ").map(|entry| found.net(entry));
                if net.is_some_and(|net| net != 0 && net != 1) {
                    return Err(format!("{trace} stands {net:?} times"));
                }
                if !running && found.has(&trace) != applied {
                    return Err(format!("{version} is applied: {applied}, and {trace} is there: {}", !applied));
                }
            }
        }
        let known = |object: &&String| !self.migrations.values().any(|file| file.traces().contains(*object));
        match found.objects.iter().find(known) {
            Some(stray) => Err(format!("{stray} belongs to nothing")),
            None => Ok(()),
        }
    }
}

/// What is still to be finished after a rollback that had `outcome` before it and came to `found`.
fn left_unfinished(
    before: Option<&Vec<u32>>,
    outcome: &Outcome,
    found: &[u32],
    stopped: bool,
) -> Vec<Option<Vec<u32>>> {
    let goal = Some(outcome.end().to_vec());
    let (begun, whole, of_several) = (found != outcome.path[0], found == outcome.end(), outcome.path.len() > 2);
    match (stopped, begun) {
        (false, _) => vec![None],
        (true, true) if whole => vec![None],
        (true, true) => vec![goal],
        // It may have been stopped before it said what it was about to do, or after.
        (true, false) if of_several && before.is_none() => vec![None, goal],
        (true, false) => vec![before.cloned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(applied: &[u32]) -> Model {
        let mut model = Model::new();
        for version in 1..=3 {
            let ops = vec![Op::Row];
            let file = Migration {
                version,
                ops,
                off: false,
                fails_at: None,
                edits: 0,
                edited: false,
                on_disk: true,
                detached: false,
            };
            model.migrations.insert(version, file);
        }
        model.applied = applied.to_vec();
        model
    }

    fn found(applied: &[u32]) -> Observed {
        let entries = applied.iter().map(|version| (format!("{version}.0"), 1)).collect();
        let balance = applied.iter().map(|version| (*version, 1)).collect();
        Observed { applied: applied.to_vec(), ledger: entries, balance, ..Observed::default() }
    }

    #[test]
    fn what_may_follow_is_taken_and_nothing_else() {
        let migrate = Command::Migrate(None);
        assert!(model(&[1]).take(migrate, Some(0), &found(&[1, 2, 3])).is_ok());
        assert!(model(&[1]).take(migrate, Some(0), &found(&[1, 2])).is_err(), "it ended too soon");
        assert!(model(&[1]).take(migrate, None, &found(&[1, 2])).is_ok(), "a kill may come at any step");
        assert!(model(&[1]).take(migrate, Some(1), &found(&[1])).is_err(), "nothing was to fail");
        let mut doubled = found(&[1, 2, 3]);
        doubled.ledger.insert("2.0".into(), 2);
        assert!(model(&[1]).take(migrate, Some(0), &doubled).is_err());
    }

    #[test]
    fn a_rollback_of_several_that_was_stopped_is_finished_and_goes_no_further() {
        let mut model = model(&[1, 2, 3]);
        assert!(model.take(Command::Rollback(2), None, &found_after(&[1, 2], &[3])).is_ok());
        assert!(model.expect(Command::Rollback(2)).iter().all(|outcome| outcome.end() == [1]));
    }

    #[test]
    fn a_rollback_stopped_in_its_first_step_stays_to_be_finished() {
        let mut model = model(&[1, 2, 3]);
        let running = InFlight { version: 3, is_rollback: true, done: 0, begun: true };
        let stopped = Observed { in_flight: Some(running), ..found(&[1, 2, 3]) };
        assert_eq!(model.take(Command::RollbackTo(0), None, &stopped), Ok(()));
        assert_eq!(model.take(Command::Rollback(2), None, &stopped), Ok(()), "killed before it could ask");
        model.in_flight = None;
        let ends: Vec<usize> = model.expect(Command::Rollback(1)).iter().map(|outcome| outcome.end().len()).collect();
        assert!(ends.contains(&0), "{ends:?}");
    }

    fn found_after(applied: &[u32], undone: &[u32]) -> Observed {
        let mut found = found(applied);
        for version in undone {
            found.ledger.insert(format!("{version}.0"), 1);
            found.ledger.insert(format!("-{version}.0"), 1);
        }
        found
    }
}
