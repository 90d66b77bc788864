//! Files that were named.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::super::targets::Collected;
use super::super::{Outcome, session};
use super::examine;
use crate::config::{Settings, Target};
use crate::error::Error;
use crate::model::Migration;
use crate::output::report::DatabaseCheck;
use crate::{parse, source};

/// Each file by the rules of the database it belongs to: the one whose folder it is in, else the selected one.
pub(super) fn check(settings: &Settings, files: &[PathBuf]) -> Collected<DatabaseCheck> {
    let mut groups: Vec<(&Target, Vec<&PathBuf>)> = Vec::new();
    let mut seen = HashSet::new();
    for file in files {
        // A list of changed files may have one twice.
        if !seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())) {
            continue;
        }
        let Some(owner) = owner(settings, file) else { continue };
        match groups.iter_mut().find(|(target, _)| target.name == owner.name) {
            Some((_, files)) => files.push(file),
            None => groups.push((owner, vec![file])),
        }
    }
    let mut collected = Collected { reports: Vec::new(), outcome: Outcome::default() };
    for (target, files) in groups {
        match source::read_files(target.engine, &files) {
            Ok(mut migrations) => {
                // As they would run.
                migrations.sort_by_key(|file| (file.version().is_none(), file.version().cloned(), file.name.clone()));
                let files: Vec<&Migration> = migrations.iter().collect();
                // A folder that cannot be read as a whole is no matter of these files: then less is known.
                let catalog = session::read_catalog(target).unwrap_or_default();
                let applied: Vec<&Migration> =
                    catalog.versioned().iter().map(AsRef::as_ref).filter(|file| is_before(file, &files)).collect();
                collected.reports.push(examine::offline(target, &applied, &files));
            }
            Err(error) => collected.outcome.errors.push((Some(target.name.clone()), Error::from(error))),
        }
    }
    collected
}

/// Whether a file comes before the first of `files`: what it says of tables is known then.
fn is_before(file: &Migration, files: &[&Migration]) -> bool {
    let first = files.iter().find_map(|file| file.version());
    first.is_some_and(|first| file.version().is_some_and(|version| version < first))
}

fn owner<'a>(settings: &'a Settings, file: &Path) -> Option<&'a Target> {
    let name = file.file_name().and_then(|name| name.to_str()).and_then(|name| parse::file_name(name).ok());
    let prefix = name.and_then(|name| name.database);
    let own_folder = |target: &Target| source::is_in(file, &target.migrations_dir);
    let fits = |target: &&Target| prefix.as_ref().is_none_or(|prefix| *prefix == target.name) && own_folder(target);
    let selected = settings.selected();
    let configured = settings.databases().filter_map(|(_, target)| target.ok());
    selected.iter().copied().chain(configured).find(fits).or_else(|| selected.first().copied())
}
