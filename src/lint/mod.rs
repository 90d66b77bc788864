//! What can be said of migrations without running them: rules, one file each, over what statements do.
//!
//! Three steps, all pure. [`facts`] turn each statement into [`Change`]s, by the engine's own grammar: the only part
//! that knows one. A [`Rule`] looks at one [`Subject`], a section of a file with everything around it that matters
//! (which statements share a transaction, what the pending set creates, the server's version, the size of tables),
//! and points at what would hurt. [`lint`] puts both together, applies the configured severities and what the author
//! allowed, and gives [`Finding`]s.
//!
//! What forbids execution is an error of [`crate::parse`] or of [`crate::plan`] already. To add a rule: a file in
//! `rules/` with a `RULE` and examples, and its line in [`RULES`].

mod change;
pub mod facts;
mod finding;
mod guard;
mod locks;
#[cfg(test)]
mod postgres_manual;
mod pragmas;
mod rebuild;
mod rule;
mod rules;
mod schema;
#[cfg(test)]
mod sqlite_manual;
mod squawk;
mod subject;

pub use change::{
    Action, Change, ColumnDefinition, Constraint, ConstraintKind, Default, Facts, Index, Name, Object, TableOption,
    Understood,
};
pub use finding::{Finding, Severity};
pub use rule::{Example, Hit, Hits, Judges, Rule};
pub use rules::RULES;
pub use subject::{Server, Subject, Surroundings, TableSize};

use std::collections::{BTreeMap, BTreeSet};

use crate::dialect::Engine;
use crate::model::{Direction, Migration, Script};
use crate::plan;

/// A section, what its statements do, and what those of the other section do.
type Section<'a> = (Direction, Option<&'a Script>, Option<&'a [Facts]>, Option<&'a [Facts]>);

/// How rules are applied.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Severity by rule, in place of the rule's own; None switches it off.
    pub severities: BTreeMap<String, Option<Severity>>,
    /// What is known beside the files.
    pub surroundings: Surroundings,
}

/// What the rules find in `files`, in their order; they are a pending set: what one creates the ones behind it know.
/// What the author allowed is left out, what was allowed in vain is found.
pub fn lint(engine: Engine, files: &[&Migration], options: &Options) -> Vec<Finding> {
    let mut created = BTreeSet::new();
    let mut schema = schema::Schema::default();
    let mut findings = Vec::new();
    for migration in files {
        let upgrade = facts::of_script(engine, &migration.upgrade);
        let rollback = migration.rollback.script().map(|script| facts::of_script(engine, script));
        let mut of_file = Vec::new();
        let sections: [Section<'_>; 2] = [
            (Direction::Upgrade, Some(&migration.upgrade), Some(&upgrade), rollback.as_deref()),
            (Direction::Rollback, migration.rollback.script(), rollback.as_deref(), Some(&upgrade)),
        ];
        for (direction, script, statements, other) in sections {
            let (Some(script), Some(statements)) = (script, statements) else { continue };
            let segments = plan::segments(engine, script);
            let subject = Subject {
                engine,
                migration,
                direction,
                script,
                statements,
                other,
                segments: &segments,
                created_before: &created,
                schema: &schema,
                surroundings: &options.surroundings,
                squawk: squawk::Found::default(),
            };
            for rule in RULES.iter().filter(|rule| rule.engines.contains(&engine) && rule.judges.judges(direction)) {
                let severity = match options.severities.get(rule.id) {
                    Some(None) => continue,
                    Some(Some(severity)) => *severity,
                    None => rule.severity,
                };
                let mut hits = Hits::default();
                (rule.find)(&subject, &mut hits);
                of_file.extend(hits.0.into_iter().map(|hit| Finding::new(rule, severity, &subject, hit)));
            }
        }
        finding::apply_allowances(migration, &mut of_file);
        of_file.sort_by_key(|finding| (finding.line, finding.column, finding.rule));
        findings.extend(of_file);
        created.extend(upgrade.iter().flat_map(Facts::created_tables));
        if engine == Engine::Sqlite {
            schema.run(&migration.upgrade, &upgrade);
        }
    }
    findings
}

/// The rule with this id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}
