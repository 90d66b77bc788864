use super::finding::{Finding, Severity};
use super::outside::{UNKNOWN_RULE, UNUSED_ALLOWANCE};
use super::rule::Rule;
use super::{Options, rule, similar_rule};
use crate::dialect::Engine;
use crate::model::{Allowance, AllowanceScope, Migration};

/// Takes out what the author allowed. Adds the allowances of rules that do not exist, and those that silence nothing.
///
/// `unconditional` is what the rules find without the circumstances that make them silent (a small table, a server
/// that is new enough): an allowance for such a finding is needed elsewhere.
pub(super) fn apply(
    engine: Engine,
    migration: &Migration,
    findings: &mut Vec<Finding>,
    unconditional: impl FnOnce() -> Vec<Finding>,
    options: &Options,
) {
    let allowances = &migration.allowances;
    let mut used = vec![false; allowances.len()];
    let mark = |used: &mut [bool], finding: &Finding| {
        let mut covered = false;
        for (used, _) in used.iter_mut().zip(allowances).filter(|(_, allowance)| covers(allowance, finding)) {
            *used = true;
            covered = true;
        }
        covered
    };
    findings.retain(|finding| !mark(&mut used, finding));
    let speaks = |allowance: &Allowance| {
        let known = rule(&allowance.rule).filter(|rule| rule.engines.contains(&engine));
        known.is_some_and(|rule| options.severity(rule).is_some())
    };
    if allowances.iter().zip(&used).any(|(allowance, used)| !used && speaks(allowance)) {
        unconditional().iter().for_each(|finding| {
            mark(&mut used, finding);
        });
    }
    for (allowance, used) in allowances.iter().zip(&used) {
        if rule(&allowance.rule).is_none() {
            let remedy = match similar_rule(&allowance.rule) {
                Some(similar) => format!("did you mean `{similar}`? `dbwarden check --rules` lists all"),
                None => "`dbwarden check --rules` lists them".to_string(),
            };
            let message = format!("there is no rule `{}` to allow", allowance.rule);
            findings.extend(at_allowance(&UNKNOWN_RULE, options, migration, allowance, message, remedy));
        } else if !used && speaks(allowance) {
            let message = format!("this allowance silences nothing: `{}` does not find anything here", allowance.rule);
            let remedy = "remove the line".to_string();
            findings.extend(at_allowance(&UNUSED_ALLOWANCE, options, migration, allowance, message, remedy));
        }
    }
}

fn covers(allowance: &Allowance, finding: &Finding) -> bool {
    allowance.rule == finding.rule
        && match allowance.scope {
            AllowanceScope::File => true,
            AllowanceScope::Section(direction) => finding.direction == Some(direction),
            AllowanceScope::Statement(direction, index) => {
                finding.direction == Some(direction) && finding.statement == Some(index)
            }
        }
}

fn at_allowance(
    rule: &'static Rule,
    options: &Options,
    migration: &Migration,
    allowance: &Allowance,
    message: String,
    remedy: String,
) -> Option<Finding> {
    let severity: Severity = options.severity(rule)?;
    Some(Finding::at_line(rule.id, severity, migration, allowance.line, message, remedy))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::dialect::Engine;
    use crate::lint::{Options, lint};
    use crate::parse;

    /// Rule and line of what is found.
    fn found(text: &str) -> Vec<(&'static str, Option<usize>)> {
        let parsed = parse::migration(Engine::Postgres, Path::new("0001_a.sql"), text.as_bytes().to_vec());
        let migration = parsed.expect("a migration");
        let findings = lint(Engine::Postgres, &[&migration], &Options::default());
        findings.iter().map(|finding| (finding.rule, finding.line)).collect()
    }

    const ALLOW: &str = "-- dbwarden: allow empty-rollback because nothing is left to undo\n";

    #[test]
    fn an_allowance_reaches_as_far_as_its_place() {
        let upgrade = "-- upgrade\nSELECT 1;\n";
        let rule = |text: &str| found(text).iter().any(|(rule, _)| *rule == "empty-rollback");
        assert!(rule(&format!("{upgrade}-- rollback\n")));
        assert!(!rule(&format!("{ALLOW}{upgrade}-- rollback\n")), "the header");
        assert!(!rule(&format!("{upgrade}-- rollback\n{ALLOW}")), "its section");
        assert!(rule(&format!("-- upgrade\n{ALLOW}\nSELECT 1;\n-- rollback\n")), "another section");
        assert!(rule(&format!("-- upgrade\nSELECT 1;\n{ALLOW}SELECT 1;\n-- rollback\n")), "a statement");
    }

    #[test]
    fn an_allowance_that_silences_nothing_is_found() {
        let text = format!("{ALLOW}-- upgrade\nSELECT 1;\n-- rollback\nSELECT 2;\n");
        assert!(found(&text).contains(&("unused-allowance", Some(1))), "{:?}", found(&text));
    }

    #[test]
    fn an_allowance_of_no_rule_is_found() {
        let text = "-- upgrade\n-- dbwarden: allow emty-rollback because so\nSELECT 1;\n-- rollback\nSELECT 2;\n";
        assert!(found(text).contains(&("unknown-rule", Some(2))), "{:?}", found(text));
    }
}
