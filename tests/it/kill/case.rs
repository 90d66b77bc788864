//! One cell of the matrix, and what is done for each of its boundaries.

use crate::harness::{Engine, Finished, Project, exit};
use crate::ledger::World;

/// A migration: its name, what it does and what undoes that.
pub type File = (&'static str, &'static str, &'static str);

/// Every how many kills the run that recovers is killed as well.
const DOUBLE_EVERY: usize = 4;

/// A command on a set of migrations.
pub struct Case {
    pub engine: Engine,
    pub files: &'static [File],
    /// What brings an empty database to where the command begins.
    pub before: &'static [&'static [&'static str]],
    /// The command that is killed, and run again.
    pub command: &'static [&'static str],
    /// What is run again instead where the killed run had come to its end: the command itself, unless it would go
    /// further then, as `rollback --count` does.
    pub once_more: &'static [&'static str],
    /// How many kills there are at least: the boundaries. How often the run after a kill is killed, too, depends on how
    /// they are numbered.
    pub at_least: usize,
    /// Whether some statements are such that a person has to say what became of them.
    pub asks: bool,
}

impl Case {
    /// Kills the command at each boundary of an undisturbed run.
    pub fn survives(&self) {
        let project = Project::new(self.engine);
        let world = World::on(&project);
        for (name, upgrade, rollback) in self.files {
            world.project.migration(name, upgrade, rollback);
        }
        self.begin(&world);
        let (boundaries, expected) = self.undisturbed(&world);
        assert!(!expected.contains("journal|"), "{expected}");
        let (mut kills, mut asked) = (0, 0);
        for (number, name) in &boundaries {
            let place = format!("boundary {number}, {name}");
            self.begin(&world);
            let wish = format!("KILL {number}");
            kills += usize::from(world.project.command(self.command).fail_point(wish).run().was_killed());
            let mut ended = None;
            if number % DOUBLE_EVERY == 0 {
                // At a place of the recovering run that moves on with the place of the first kill.
                let wish = format!("KILL {}", 5 + number * 7 % boundaries.len());
                let again = world.project.command(self.next(&world, &expected)).fail_point(wish).run();
                kills += usize::from(again.signal.is_some());
                ended = again.signal.is_none().then_some(again);
            }
            let ended = ended.unwrap_or_else(|| world.project.run(self.next(&world, &expected)));
            let ended = self.answered(&world, ended, &mut asked);
            assert_eq!(ended.code, Some(exit::DONE), "killed at {place}: {ended:#?}");
            let state = world.state();
            assert!(state == expected, "killed at {place}\n{}", difference(&expected, &state));
            if number % DOUBLE_EVERY == 1 {
                world.is_free();
            }
        }
        assert!(kills >= self.at_least, "{kills} kills at {boundaries:#?}");
        assert_eq!(asked > 0, self.asks, "it asked {asked} times");
    }

    /// What is run after a kill.
    fn next(&self, world: &World<'_>, expected: &str) -> &'static [&'static str] {
        if self.command == self.once_more {
            return self.command;
        }
        world.wait_until_alone();
        let reached = world.project.has_table("_dbwarden_migrations") && world.state() == expected;
        if reached { self.once_more } else { self.command }
    }

    /// Where the run asks what became of a statement: tells it what the ledger says, and runs it again. Such a
    /// statement writes `<direction> <version>.<its number>`.
    fn answered(&self, world: &World<'_>, mut ended: Finished, asked: &mut usize) -> Finished {
        let project = world.project;
        while self.asks && ended.code == Some(exit::PARTLY) {
            *asked += 1;
            world.wait_until_alone();
            let open = project.sql("SELECT version, done + 1, direction FROM _dbwarden_journal");
            let [version, statement, direction] = open.split('|').collect::<Vec<_>>()[..] else { panic!("{open}") };
            drop(ended.says(&format!("resolve {version} --statement {statement}")));
            let entry = format!("SELECT count(*) FROM ledger WHERE entry = '{direction} {version}.{statement}'");
            let outcome = if project.sql(&entry) == "0" { "--retry" } else { "--done" };
            project.run(["resolve", version, "--statement", statement, outcome]).exits(exit::DONE);
            ended = project.run(self.command);
        }
        ended
    }

    fn begin(&self, world: &World<'_>) {
        world.reset();
        for command in self.before {
            world.project.run(*command).exits(exit::DONE);
        }
    }

    /// The boundaries that an undisturbed run passes, and what it leaves.
    fn undisturbed(&self, world: &World<'_>) -> (Vec<(usize, String)>, String) {
        let trace = world.project.path("boundaries");
        let wish = format!("record {}", trace.display());
        world.project.command(self.command).fail_point(wish).run().exits(exit::DONE);
        let passed: Vec<String> = world.project.read("boundaries").lines().map(str::to_string).collect();
        let numbered = passed.iter().enumerate().filter(|(index, name)| {
            let next = passed.get(index + 1);
            // To the database, the end of an answer and the moment before the next message are one; and of the answers
            // to a message that only sets up the session, each is like the other.
            let sets_up = ["answer RESET", "answer PRAGMA", "answer SELECT", "answer SET"];
            let is_same = next == Some(*name) && sets_up.iter().any(|start| name.starts_with(start));
            let is_next = name.starts_with("answer") && next.is_some_and(|next| next.starts_with("message"));
            !is_same && !is_next
        });
        let boundaries = numbered.map(|(index, name)| (index + 1, name.clone())).collect();
        (boundaries, world.state())
    }
}

/// The lines that one of two texts has more often.
pub fn difference(expected: &str, found: &str) -> String {
    let mut surplus: Vec<&str> = found.lines().collect();
    let mut lines = Vec::new();
    for line in expected.lines() {
        match surplus.iter().position(|other| *other == line) {
            Some(index) => drop(surplus.remove(index)),
            None => lines.push(format!("- {line}")),
        }
    }
    lines.extend(surplus.iter().map(|line| format!("+ {line}")));
    lines.join("\n")
}
