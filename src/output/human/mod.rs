//! Reports for people: short, aligned, readable without colour.

mod columns;

use super::report::Report;

/// The report as text that ends with a line break; empty where nothing is to be said.
///
/// With `-q`, what a run did is not said: only what was asked for (a status, a plan) is.
pub(super) fn report(report: &Report, _verbose: bool, _quiet: bool) -> String {
    match report {
        Report::Text(text) => text.clone(),
        _ => String::new(),
    }
}

/// `1 row`, `2 rows`.
pub(super) fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
