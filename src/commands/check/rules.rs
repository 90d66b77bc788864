//! `check --rules` and `check --explain`.

use crate::error::{Error, ErrorKind};
use crate::lint::{self, Rule};
use crate::output::report::{ExampleReport, Report, RuleReport, RulesReport};

/// Every rule.
pub(in crate::commands) fn list() -> Report {
    let mut rules: Vec<RuleReport> = lint::rules().map(report).collect();
    rules.sort_by(|left, right| left.id.cmp(right.id));
    Report::Rules(RulesReport { rules, explained: false })
}

/// One rule, with everything that is to be said of it.
pub(in crate::commands) fn explain(id: &str) -> Result<Report, Error> {
    match lint::rule(id) {
        Some(rule) => Ok(Report::Rules(RulesReport { rules: vec![report(rule)], explained: true })),
        None => {
            let error = Error::new(ErrorKind::Usage, format!("there is no rule `{id}`"));
            Err(match lint::similar_rule(id) {
                Some(similar) => error.hint(format!("did you mean `{similar}`?")),
                None => error.hint("`dbwarden check --rules` lists them"),
            })
        }
    }
}

fn report(rule: &'static Rule) -> RuleReport {
    let examples = rule.examples.iter();
    RuleReport {
        id: rule.id,
        severity: rule.severity.into(),
        engines: rule.engines.to_vec(),
        summary: rule.summary,
        explanation: rule.explanation,
        examples: examples
            .map(|example| ExampleReport { engine: example.engine, bad: example.bad, good: example.good })
            .collect(),
    }
}
