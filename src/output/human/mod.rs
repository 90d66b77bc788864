//! Reports for people: short, aligned, readable without colour.

mod backup;
mod check;
mod columns;
mod events;
mod run;
mod settings;
mod status;

pub(super) use check::{finding, found};

use std::fmt::Display;

pub(in crate::output) use backup::size;

use super::report::Report;
use super::sanitize_line;
use crate::dialect::Engine;

/// The report as text that ends with a line break; empty where nothing is to be said.
///
/// With `-q`, what a run did is not said: only what was asked for (a status, a plan) is.
pub(super) fn report(report: &Report, quiet: bool) -> String {
    match report {
        Report::Run(report) => run::render(report, quiet),
        Report::Status(report) => status::status(report),
        Report::History(report) => status::history(report),
        Report::Backup(report) => backup::render(report, quiet),
        Report::Events(report) => events::render(report),
        Report::Check(report) => check::render(report),
        Report::Rules(report) => check::rules(report),
        Report::Repair(report) => status::repair(report),
        Report::Resolve(report) => status::resolve(report),
        Report::Lock(report) => status::lock(report),
        Report::Config(report) => settings::config(report),
        Report::DatabaseList(report) => settings::databases(report),
        Report::Init(_) if quiet => String::new(),
        Report::Init(report) => settings::init(report),
        Report::New(report) => format!("{}\n", sanitize_line(&report.path)),
        Report::Version(report) => settings::version(report),
        Report::Text(text) => text.clone(),
    }
}

/// `1 row`, `2 rows`.
pub(super) fn count(number: impl Display, noun: &str) -> String {
    let number = number.to_string();
    let plural = if number == "1" { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// `primary (PostgreSQL, db.example:5432/app)`.
fn heading(database: &str, engine: Engine, location: &str) -> String {
    format!("{} ({engine}, {})", sanitize_line(database), sanitize_line(location))
}
