//! Random migrations, random commands, random faults, and a model of what must hold at any time.
//!
//! Two seeds are always run, and one that nobody has chosen. Another one, or a longer story:
//! `DBWARDEN_RANDOM_SEED=7 DBWARDEN_RANDOM_STEPS=2000 tests/run --test it random::`

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the seed and the story of a failure are for the console"
)]

mod migration;
mod model;
mod observed;
mod rng;

use std::time::{SystemTime, UNIX_EPOCH};

use crate::harness::{Finished, Project, Running, exit};
use crate::ledger::World;
use migration::Migration;
use model::{Command, Model};
use observed::Observed;
use rng::Rng;

on_each_engine![a_known_story, another_known_story, a_new_story];

/// How many steps a story has, where nobody says.
const STEPS: usize = 30;

fn a_known_story(project: &Project) {
    tell(project, 1);
}

fn another_known_story(project: &Project) {
    tell(project, 2);
}

fn a_new_story(project: &Project) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    tell(project, number("DBWARDEN_RANDOM_SEED").unwrap_or(now.as_nanos() as u64 % 1_000_000_000));
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

fn tell(project: &Project, seed: u64) {
    let steps = number("DBWARDEN_RANDOM_STEPS").map_or(STEPS, |steps| steps as usize);
    let world = World::on(project);
    let mut story = Story {
        world,
        rng: Rng::new(seed),
        model: Model::new(),
        next_version: 1,
        log: vec![format!("seed {seed}, {steps} steps")],
    };
    story.write_migration();
    story.fix();
    story.run(Command::Migrate(None), &Fault::None);
    for _ in 0..steps {
        story.step();
    }
    story.end();
}

/// Boundaries where work is under way; others are most of a run.
const BUSY: &[&str] = &[
    "answer ALTER",
    "answer BEGIN",
    "answer COMMIT",
    "answer CREATE",
    "answer DROP",
    "answer INSERT",
    "answer INSERT INTO ledger",
    "answer START",
    "message BEGIN",
    "message COMMIT",
    "message INSERT",
    "message INSERT INTO ledger",
    "message START",
];

/// What goes wrong besides.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fault {
    None,
    /// A signal at a boundary, as `src/fail_point.rs` wants it said.
    Signal(String),
    /// Another process does the same at the same time.
    Twice,
}

struct Story<'p> {
    world: World<'p>,
    rng: Rng,
    model: Model,
    next_version: u32,
    log: Vec<String>,
}

impl Drop for Story<'_> {
    #[expect(clippy::print_stderr, reason = "what to reproduce a failure with, beside its own message")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("what happened:\n{}\n{:#?}", self.log.join("\n"), self.model.migrations);
        }
    }
}

impl Story<'_> {
    fn step(&mut self) {
        if self.model.can_be_told() && self.rng.chance(40) {
            return self.resolve();
        }
        if self.model.disagrees() && self.rng.chance(40) {
            return self.repair();
        }
        match self.rng.below(100) {
            0..20 => (0..=self.rng.below(3)).for_each(|_| self.write_migration()),
            20..30 => self.fix(),
            30..34 => self.edit(),
            34..38 => self.remove(),
            38..42 => self.restore(),
            42..48 => self.repair(),
            48..98 => {
                let command = self.command();
                let fault = self.fault(command);
                self.run(command, &fault);
            }
            _ => self.resolve(),
        }
    }

    fn command(&mut self) -> Command {
        // What was stopped is tried again more often than not.
        if self.model.in_flight.is_some() || self.model.unfinished != [None] {
            let goes_back = self.model.in_flight.as_ref().is_none_or(|entry| entry.is_rollback);
            match self.rng.below(100) {
                0..40 if goes_back => return Command::Rollback(1 + self.rng.below(3)),
                0..40 => return Command::Migrate(None),
                _ => {}
            }
        }
        match self.rng.below(100) {
            0..45 => Command::Migrate(None),
            45..60 => Command::Migrate(Some(1 + self.rng.below(3))),
            60..80 => Command::Rollback(1 + self.rng.below(3)),
            80..90 => {
                let versions: Vec<u32> = [0].into_iter().chain(self.model.applied.iter().copied()).collect();
                Command::RollbackTo(self.rng.pick(&versions).copied().unwrap_or_default())
            }
            90..95 => Command::Status,
            _ => Command::Check,
        }
    }

    fn fault(&mut self, command: Command) -> Fault {
        let place = match self.rng.below(100) {
            // Rows outside a transaction: few files have them, and only a person can tell what became of them.
            0..25 => "1 answer INSERT INTO ledger".to_string(),
            25..70 => format!("{} {}", 1 + self.rng.below(5), BUSY[self.rng.below(BUSY.len())]),
            _ => (1 + self.rng.below(70)).to_string(),
        };
        match self.rng.below(100) {
            0..45 => Fault::Signal(format!("KILL {place}")),
            45..55 => Fault::Signal(format!("TERM {place}")),
            55..65 if command == Command::Migrate(None) => Fault::Twice,
            _ => Fault::None,
        }
    }

    fn run(&mut self, command: Command, fault: &Fault) {
        let arguments: Vec<String> = match command {
            Command::Migrate(None) => vec!["migrate".into()],
            Command::Migrate(Some(count)) => vec!["migrate".into(), "-c".into(), count.to_string()],
            Command::Rollback(count) => vec!["rollback".into(), "-c".into(), count.to_string()],
            Command::RollbackTo(version) => vec!["rollback".into(), "-t".into(), format!("{version:04}")],
            Command::Status => vec!["status".into()],
            Command::Check => vec!["check".into()],
        };
        let before = format!("{:?}, in flight {:?}", self.model.applied, self.model.in_flight);
        let invocation = || self.world.project.command(&arguments);
        let runs: Vec<Running> = match fault {
            Fault::None => vec![invocation().spawn()],
            Fault::Signal(wish) => vec![invocation().fail_point(wish).spawn()],
            Fault::Twice => vec![invocation().spawn(), invocation().spawn()],
        };
        let ended: Vec<Finished> = runs.into_iter().map(Running::finish).collect();
        self.world.wait_until_alone();
        let codes: Vec<Option<i32>> = ended.iter().map(|run| run.code).collect();
        let found = Observed::of(self.world.project);
        self.log.push(format!("{arguments:?} with {fault:?}: {codes:?}; {before} -> {:?}", found.applied));
        for run in &ended {
            // The first of two may have been the one that found nothing to do.
            let mut result = self.model.take(command, run.code, &found);
            if let (Err(problem), Fault::Twice) = (&result, fault) {
                result = Err(format!("of two: {problem}"));
            }
            if let Err(problem) = result {
                panic!("{problem}\n{run:#?}\n{found:#?}");
            }
        }
    }

    fn write(&self, version: u32) {
        let migration = &self.model.migrations[&version];
        let (upgrade, rollback) = migration.sections(self.world.project.engine());
        self.world.project.migration(&migration.file_name(), &upgrade, &rollback);
    }

    fn write_migration(&mut self) {
        let migration = Migration::random(&mut self.rng, self.next_version);
        self.log.push(format!("new {migration:?}"));
        self.model.migrations.insert(self.next_version, migration);
        self.write(self.next_version);
        self.next_version += 1;
    }

    /// One of the migrations for which `condition` holds, and which is not the interrupted one.
    fn pick(&mut self, condition: impl Fn(&Model, &Migration) -> bool) -> Option<u32> {
        let running = self.model.in_flight.as_ref().map(|entry| entry.version);
        let fits = |file: &&Migration| Some(file.version) != running && condition(&self.model, file);
        let versions: Vec<u32> = self.model.migrations.values().filter(fits).map(|file| file.version).collect();
        self.rng.pick(&versions).copied()
    }

    fn change(&mut self, what: &str, version: u32, change: impl FnOnce(&mut Migration)) {
        self.log.push(format!("{what} {version}"));
        change(self.model.migrations.get_mut(&version).expect("a known version"));
    }

    /// Corrects all files that fail, as far as they may be edited.
    fn fix(&mut self) {
        let open = self.model.in_flight.as_ref().filter(|entry| entry.begun).map(|entry| entry.version);
        let failing = self.model.migrations.values().filter(|file| file.fails_at.is_some() && file.on_disk);
        let versions: Vec<u32> = failing.map(|file| file.version).filter(|version| Some(*version) != open).collect();
        for version in versions {
            self.change("fix", version, |file| file.fails_at = None);
            self.write(version);
        }
    }

    /// Edits an applied file.
    fn edit(&mut self) {
        if let Some(version) = self.pick(|model, file| file.on_disk && model.applied.contains(&file.version)) {
            self.change("edit", version, |file| (file.edited, file.edits) = (true, file.edits + 1));
            self.write(version);
        }
    }

    /// Removes a file. One that is not applied is never seen again.
    fn remove(&mut self) {
        let Some(version) = self.pick(|_, file| file.on_disk) else { return };
        self.world.project.remove(&format!("migrations/{}", self.model.migrations[&version].file_name()));
        self.change("remove", version, |file| file.on_disk = false);
        if !self.model.applied.contains(&version) {
            self.model.migrations.remove(&version);
        }
    }

    /// Brings a removed file back.
    fn restore(&mut self) {
        if let Some(version) = self.pick(|_, file| !file.on_disk) {
            self.change("restore", version, |file| file.on_disk = true);
            self.write(version);
        }
    }

    fn repair(&mut self) {
        self.log.push("repair".to_string());
        if self.rng.chance(30) {
            let wish = format!("KILL {}", 1 + self.rng.below(30));
            drop(self.world.project.command(["repair", "--yes"]).fail_point(wish).run());
        }
        self.world.project.run(["repair", "--yes"]).exits(exit::DONE);
        let running = self.model.in_flight.as_ref().map(|entry| entry.version);
        let highest = self.model.migrations.values().filter(|file| file.on_disk).map(|file| file.version).max();
        let applied = &self.model.applied;
        let files = self.model.migrations.values_mut();
        for file in files.filter(|file| applied.contains(&file.version) && Some(file.version) != running) {
            file.edited &= !file.on_disk;
            file.detached |= !file.on_disk && Some(file.version) < highest;
        }
        self.check_state();
    }

    /// Says of the statement that was begun what became of it, as the database shows it.
    fn resolve(&mut self) {
        let Some(entry) = self.model.in_flight.clone().filter(|_| self.model.can_be_told()) else {
            self.world.project.run(["resolve", "0001", "--done"]).exits(exit::USAGE);
            return self.check_state();
        };
        let found = Observed::of(self.world.project);
        let migration = &self.model.migrations[&entry.version];
        let op = migration.op_of(entry.is_rollback, entry.done);
        let done = op.is_some_and(|op| found.has(&migration.trace(op)) != entry.is_rollback);
        let (version, statement) = (format!("{:04}", entry.version), (entry.done + 1).to_string());
        let outcome = if done { "--done" } else { "--retry" };
        let arguments = ["resolve", &version, "--statement", &statement, outcome];
        self.log.push(format!("{arguments:?}"));
        if self.rng.chance(30) {
            let wish = format!("KILL {}", 1 + self.rng.below(30));
            drop(self.world.project.command(arguments).fail_point(wish).run());
            self.world.wait_until_alone();
            self.model.in_flight = Observed::of(self.world.project).in_flight;
        }
        if self.model.in_flight == Some(entry) {
            self.world.project.run(arguments).exits(exit::DONE);
        }
        self.model.in_flight = Observed::of(self.world.project).in_flight;
        assert!(!self.model.can_be_told(), "it was told: {:?}", self.model.in_flight);
        self.check_state();
    }

    #[track_caller]
    fn check_state(&self) {
        self.world.wait_until_alone();
        let found = Observed::of(self.world.project);
        assert_eq!(found.applied, self.model.applied);
        assert_eq!(self.model.holds(&found), Ok(()));
    }

    /// However tangled: what is wrong is put right, and everything can be applied and undone.
    fn end(&mut self) {
        self.log.push("the end".to_string());
        for _ in 0..4 {
            if self.model.can_be_told() {
                self.resolve();
            }
            self.fix();
            self.repair();
            if self.model.in_flight.as_ref().is_some_and(|entry| entry.is_rollback) {
                self.run(Command::Rollback(1), &Fault::None);
            }
        }
        self.run(Command::Migrate(None), &Fault::None);
        let on_disk = self.model.migrations.values().filter(|file| file.on_disk);
        assert!(on_disk.into_iter().all(|file| self.model.applied.contains(&file.version)), "all is applied");
        // The first may have to finish one that was decided long ago.
        (0..2).for_each(|_| self.run(Command::RollbackTo(0), &Fault::None));
        assert!(self.model.applied.is_empty());
        self.world.is_free();
    }
}
