use super::{Error, ErrorKind, Excerpt};
use crate::model::{Direction, JournalEntry, MigrationKind, Version};
use crate::parse;
use crate::plan::{Difference, PlanError, Started};

impl From<PlanError> for Error {
    fn from(error: PlanError) -> Self {
        let new = |kind| Error::new(kind, error.to_string());
        match &error {
            PlanError::Modified { labels } => new(ErrorKind::Disagreement)
                .hint("restore the file as it was applied (version control has it), and put the change into a new migration")
                .hint(format!("or, if the database already is as the edited file says: `dbwarden repair {}`", names(labels)))
                .note("nothing was run"),
            PlanError::Missing { .. } => new(ErrorKind::Disagreement)
                .hint("restore the file from version control")
                .hint("or accept that it is gone: `dbwarden repair`")
                .note("nothing was run"),
            PlanError::OutOfOrder { highest, .. } => new(ErrorKind::Disagreement)
                .hint(format!("rename the file to a version above {highest}"))
                .hint("or allow it: out_of_order = \"allow\" in dbwarden.toml")
                .note("nothing was run"),
            PlanError::DatabaseAhead { .. } => new(ErrorKind::Disagreement)
                .hint("deploy the release that has these files, or roll the database back first")
                .note("on_database_ahead = \"fail\" forbids going on; nothing was run"),
            PlanError::UnknownVersion { known, .. } => with_known(new(ErrorKind::Usage), known, "files"),
            PlanError::NotApplied { known, .. } => with_known(new(ErrorKind::Usage), known, "applied versions")
                .hint("`dbwarden history` lists what is applied; `-t 0` undoes everything"),
            PlanError::DependencyNotApplied { .. } => new(ErrorKind::Disagreement)
                .hint("apply what it depends on first, or correct its depends_on line"),
            PlanError::Irreversible { .. } => new(ErrorKind::Refused)
                .hint("restore a backup, or write a new migration that repairs forward")
                .note("nothing was undone"),
            PlanError::Baseline { .. } => new(ErrorKind::Refused)
                .hint("roll back to it instead: `dbwarden rollback --to-version`")
                .note("nothing was undone"),
            PlanError::NoRollbackText { .. } => new(ErrorKind::Refused)
                .hint("run the rollback from the release that still has the file")
                .note("nothing was undone"),
            PlanError::BadStoredRollback { .. } => new(ErrorKind::Refused)
                .hint("run the rollback from the release that still has the file")
                .note("nothing was undone"),
            PlanError::OtherDirectionInterrupted { entry, standing } => {
                other_direction(new(ErrorKind::Partial), entry, standing)
            }
            PlanError::InterruptedFileMissing { entry, next } => {
                let mut error = new(ErrorKind::Disagreement).note("nothing was run");
                if let Some(next) = next {
                    error = error.note(format!("statement {} is next: {}", entry.done + 1, shortened(next)));
                }
                error
                    .hint(format!("run it from the release that has {}, or bring the file back", entry.file_name))
                    .hint("its text as it was run is in the journal table, in the column `section`")
            }
            PlanError::EditedSinceInterruption { entry, file, difference } => {
                let mut error = new(ErrorKind::Disagreement).note("nothing was run");
                error = match difference {
                    Some(difference) => with_difference(error, file, difference),
                    None => error.in_file(file.clone()),
                };
                let done = if entry.done == 1 { "statement".into() } else { format!("{} statements", entry.done) };
                error.hint(format!(
                    "restore the first {done} as they were run, then run again; what comes behind them may be edited"
                ))
            }
            PlanError::TemporaryTableLost { entry, file, line, statement, table } => new(ErrorKind::Partial)
                .at(file.clone(), Some(*line), None)
                .note("nothing was run")
                .note(format!("the statements that are done: {}", entry.done))
                .hint(format!(
                    "make {table} again, and fill it, in the file above statement {statement}: behind what is done the \
                     file may be edited"
                )),
            PlanError::HidesBookkeeping { file, line, .. } => new(ErrorKind::Refused)
                .at(file.clone(), Some(*line), None)
                .note("nothing was run")
                .hint("give the temporary table another name"),
            PlanError::UnknownOutcome { entry, file, statement, through, difference } => {
                let n = entry.done + 1;
                let version = entry.version.as_ref().map_or(entry.file_name.as_str(), Version::as_str);
                let mut error = new(ErrorKind::Partial).in_file(file.clone());
                if let Some(started) = statement {
                    error = at_statement(error, file, started);
                }
                if let Some(difference) = difference {
                    error = with_difference(error, file, difference);
                }
                if entry.done > 0 {
                    error = error.note(format!("the statements before it are done: {}", entry.done));
                }
                if *through > n {
                    return error
                        .hint("look in the database how far the block came: what LOCK TABLES protects was not journalled")
                        .hint(format!(
                            "`dbwarden resolve {version} --statement N --done` goes on behind statement N ({n} to \
                             {through}); nothing of it took effect: `dbwarden resolve {version} --statement {n} --retry`"
                        ));
                }
                error
                    .hint("look in the database whether the statement took effect")
                    .hint(format!("it did: `dbwarden resolve {version} --statement {n} --done`; it did not: \
                         `dbwarden resolve {version} --statement {n} --retry`"))
            }
        }
    }
}

/// Shows the statement: in its file, or its text where the file has another one now.
fn at_statement(mut error: Error, file: &str, started: &Started) -> Error {
    let text = &started.source[started.span.clone()];
    error.statement = Some(text.to_string());
    match started.line {
        Some(line) => {
            let first = started.span.start..started.span.start + text.lines().next().map_or(0, str::len);
            error.excerpt = Some(Excerpt::around(&started.source, first));
            error.at(file, Some(line), None)
        }
        None => error.note(format!("the statement was started as: {}", shortened(text))),
    }
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn with_difference(error: Error, file: &str, difference: &Difference) -> Error {
    let error = error.at(file, Some(difference.line), None);
    Error { difference: Some(difference.text.clone()), ..error }
}

fn names(labels: &[String]) -> String {
    let versions = labels.iter().map(|label| {
        let name = label.rsplit(['/', '\\']).next().unwrap_or(label);
        match parse::file_name(name).map(|file| file.kind) {
            Ok(MigrationKind::Versioned(version)) => version.to_string(),
            _ => name.to_string(),
        }
    });
    versions.collect::<Vec<_>>().join(" ")
}

fn with_known(error: Error, known: &[Version], what: &str) -> Error {
    if known.is_empty() {
        return error;
    }
    let known: Vec<&str> = known.iter().map(Version::as_str).collect();
    error.hint(format!("the closest {what}: {}", known.join(", ")))
}

/// The most statements that are listed.
const MOST_LISTED: usize = 10;

fn other_direction(error: Error, entry: &JournalEntry, standing: &[String]) -> Error {
    let version = entry.version.as_ref().map_or(entry.file_name.as_str(), Version::as_str);
    let (command, what) = match entry.direction {
        Direction::Upgrade => ("dbwarden migrate", "done"),
        Direction::Rollback => ("dbwarden rollback", "undone"),
    };
    let mut error = error.note("nothing was run");
    if !standing.is_empty() {
        let mut lines: Vec<String> = standing.iter().take(MOST_LISTED).map(|text| shortened(text)).collect();
        if standing.len() > MOST_LISTED {
            lines.push(format!("… and {} more", standing.len() - MOST_LISTED));
        }
        error = error.note(format!("{what} so far:\n{}", lines.join("\n")));
    }
    let goes_on = match entry.is_open() {
        true => {
            format!("finish it first: `{command}` goes on with statement {}, or says what to settle", entry.done + 1)
        }
        false => format!("finish it first: `{command}` goes on with statement {}", entry.done + 1),
    };
    error.hint(format!("{goes_on} (correct the file, should it fail there); then run this command again")).hint(format!(
        "or take back by hand what is {what}, say so with `dbwarden resolve {version} --undone`, and run this command again"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_what_a_person_has_to_do() {
        let irreversible = PlanError::Irreversible { label: "1 a".into() };
        assert_eq!(Error::from(irreversible).kind, ErrorKind::Refused);
        let modified = Error::from(PlanError::Modified { labels: vec!["m/0001_a.sql".into()] });
        assert_eq!(modified.kind, ErrorKind::Disagreement);
        assert!(modified.hints[1].ends_with("`dbwarden repair 0001`"), "{:?}", modified.hints);
    }
}
