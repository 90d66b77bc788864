//! What can be said of migrations without running them: rules, one file each, over what statements do.
//!
//! Three steps, all pure. [`facts`] turn each statement into [`Change`]s, by the engine's own grammar: the only part
//! that knows one. A [`Rule`] looks at one [`Subject`], a section of a file with everything around it that matters
//! (which statements share a transaction, what the pending set creates, the server's version, the size of tables),
//! and points at what would hurt. [`lint`] puts both together, applies the configured severities and what the author
//! allowed, and gives [`Finding`]s.
//!
//! What forbids execution is an error of [`crate::parse`] or of [`crate::plan`] already. To add a rule: a file in
//! `rules/` with a `RULE` and examples, its line in [`RULES`], and its row in `docs/check-rules.md`.

mod allowance;
mod branch;
mod change;
mod dependents;
pub mod facts;
mod finding;
mod guard;
mod locks;
mod made;
mod new_tables;
mod online_ddl;
mod origin;
mod outside;
#[cfg(test)]
mod postgres_manual_tests;
mod pragmas;
mod rebuild;
mod replacement;
mod rule;
mod rules;
mod schema;
mod sql_text;
#[cfg(test)]
mod sqlite_manual_tests;
mod squawk;
mod subject;
mod types;

pub use branch::{Branch, against};
pub use change::{
    Action, Change, ColumnDefinition, Constraint, ConstraintKind, Default, Facts, Index, Name, Object, TableOption,
    Understood,
};
pub use finding::{Finding, Severity};
pub use new_tables::NewTables;
pub use outside::{INVALID_INDEX, NOT_VALID_CONSTRAINT, OUTSIDE_RULES};
pub use rule::{Example, Hit, Hits, Judges, Rule};
pub use rules::RULES;
pub use subject::{Earlier, Server, Subject, Surroundings, TableSize};

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::dialect::Engine;
use crate::model::{Direction, Migration, Script};
use crate::plan;
use facts::Read;
use schema::Schema;

/// How rules are applied.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Severity by rule, in place of the rule's own; None switches it off.
    pub severities: BTreeMap<String, Option<Severity>>,
    /// What is known beside the files.
    pub surroundings: Surroundings,
}

impl Options {
    /// The severity of a rule; None where it is switched off.
    pub fn severity(&self, rule: &Rule) -> Option<Severity> {
        self.severities.get(rule.id).copied().unwrap_or(Some(rule.severity))
    }
}

/// What was found in some files, and how much of them was understood.
#[derive(Debug, Clone, Default)]
pub struct Examined {
    /// In the order of files and lines.
    pub findings: Vec<Finding>,
    /// Statements of which only parts, or nothing but the words, were understood: file and 1-based line.
    pub partly_understood: Vec<(PathBuf, usize)>,
}

/// What the rules find in `files`, in their order; they are a pending set: what one creates the ones behind it know.
/// What the author allowed is left out, what was allowed in vain is found.
pub fn lint(engine: Engine, files: &[&Migration], options: &Options) -> Vec<Finding> {
    examine(engine, files, options).findings
}

/// [`lint`], with how much was understood.
pub fn examine(engine: Engine, files: &[&Migration], options: &Options) -> Examined {
    examine_after(engine, &[], files, options)
}

/// The same for files behind others that a database has already: what those say of its tables is known, but they are
/// not judged, and their tables are in use.
pub fn examine_after(engine: Engine, applied: &[&Migration], files: &[&Migration], options: &Options) -> Examined {
    let mut earlier: Vec<Earlier<'_>> = Vec::new();
    let mut schema = Schema::default();
    for &migration in applied {
        let upgrade = facts::of_script(engine, &migration.upgrade);
        if engine == Engine::Sqlite {
            schema.run(&migration.upgrade, &upgrade);
        }
        earlier.push(Earlier { migration, upgrade });
    }
    let mut created = NewTables::default();
    let mut examined = Examined::default();
    for migration in files {
        let upgrade = facts::read(engine, &migration.upgrade);
        let rollback = migration.rollback.script().map(|script| facts::read(engine, script));
        let sections = Sections {
            engine,
            migration,
            upgrade: &upgrade,
            rollback: rollback.as_ref(),
            earlier: &earlier,
            schema: &schema,
        };
        let mut of_file = sections.findings(&created, &options.surroundings, options);
        let unconditional = || sections.findings(&NewTables::default(), &Surroundings::default(), options);
        allowance::apply(engine, migration, &mut of_file, unconditional, options);
        of_file.sort_by_key(|finding| (finding.line, finding.column, finding.rule));
        examined.findings.extend(of_file);
        examined.partly_understood.extend(sections.partly_understood());
        let upgrade = upgrade.statements;
        upgrade.iter().for_each(|facts| created.learn(0, facts));
        if engine == Engine::Sqlite {
            schema.run(&migration.upgrade, &upgrade);
        }
        earlier.push(Earlier { migration, upgrade });
    }
    examined
}

/// A file with the facts of its sections.
struct Sections<'a> {
    engine: Engine,
    migration: &'a Migration,
    upgrade: &'a Read,
    rollback: Option<&'a Read>,
    earlier: &'a [Earlier<'a>],
    schema: &'a Schema<'a>,
}

impl<'a> Sections<'a> {
    /// Each section, with what the other one does.
    fn all(&self) -> impl Iterator<Item = (Direction, &'a Script, &'a Read, Option<&'a [Facts]>)> + use<'a> {
        let of_rollback = self.rollback.map(|read| read.statements.as_slice());
        let upgrade = (Direction::Upgrade, &self.migration.upgrade, self.upgrade, of_rollback);
        let rollback = self.migration.rollback.script().zip(self.rollback);
        let of_upgrade = self.upgrade.statements.as_slice();
        let rollback = rollback.map(|(script, read)| (Direction::Rollback, script, read, Some(of_upgrade)));
        std::iter::once(upgrade).chain(rollback)
    }

    fn findings(&self, created: &NewTables, surroundings: &Surroundings, options: &Options) -> Vec<Finding> {
        let mut findings = Vec::new();
        let engine = self.engine;
        for (direction, script, read, other) in self.all() {
            let segments = plan::segments(engine, script);
            let subject = Subject {
                engine,
                migration: self.migration,
                direction,
                script,
                statements: &read.statements,
                other,
                segments: &segments,
                created_before: created,
                created_here: OnceCell::new(),
                earlier: self.earlier,
                schema: self.schema,
                surroundings,
                squawk: squawk::Found::of(read.tree.as_ref()),
            };
            for rule in RULES.iter().filter(|rule| rule.engines.contains(&engine) && rule.judges.judges(direction)) {
                let Some(severity) = options.severity(rule) else { continue };
                let mut hits = Hits::default();
                (rule.find)(&subject, &mut hits);
                findings.extend(hits.0.into_iter().map(|hit| Finding::new(rule, severity, &subject, hit)));
            }
        }
        findings
    }

    fn partly_understood(&self) -> impl Iterator<Item = (PathBuf, usize)> + use<'a> {
        let file = &self.migration.path;
        self.all().flat_map(move |(_, script, read, _)| {
            let both = script.statements.iter().zip(&read.statements);
            let partly = both.filter(|(_, facts)| facts.understood != Understood::Whole);
            partly.map(|(statement, _)| (file.clone(), statement.line))
        })
    }
}

/// Every rule there is, those about allowances and branches behind the others.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().chain(OUTSIDE_RULES)
}

/// The rule with this id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.id == id)
}

/// The rule whose id `word` was probably meant to be.
pub fn similar_rule(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase().replace('_', "-");
    let similar = rules().map(|rule| (strsim::jaro_winkler(&word, rule.id), rule.id));
    similar
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, id)| id)
}
