//! What can be said of files without running them: rules, one file each, over parsed migrations.
//!
//! A rule is a pure function of one migration. Those of this module find what is allowed and yet probably not meant;
//! what forbids execution is an error of [`crate::parse`] or of [`crate::plan`] already.

mod empty_rollback;

use std::path::PathBuf;

use crate::model::Migration;

/// Something a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id, as `-- dbwarden: allow` names it.
    pub rule: &'static str,
    /// The file, as shown to people.
    pub file: PathBuf,
    /// 1-based; None when the whole file is meant.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub remedy: String,
}

/// One thing to look for.
pub struct Rule {
    /// Its id, in kebab case.
    pub id: &'static str,
    /// What it finds, in one sentence.
    pub summary: &'static str,
    find: fn(&Migration) -> Option<Finding>,
}

/// Every rule, by id.
pub const RULES: &[Rule] = &[empty_rollback::RULE];

/// What the rules find in one file, those it allows with a reason left out.
pub fn lint(migration: &Migration) -> Vec<Finding> {
    let allowed = |rule: &Rule| migration.allowances.iter().any(|allowance| allowance.rule == rule.id);
    RULES.iter().filter(|rule| !allowed(rule)).filter_map(|rule| (rule.find)(migration)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_sorted() {
        assert!(RULES.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(RULES.iter().all(|rule| !rule.summary.is_empty()));
    }
}
