//! What goes wrong when two branches are merged that each are right.

use std::path::PathBuf;

use super::finding::Finding;
use super::outside::{DUPLICATE_VERSION, MERGED_FILE_DELETED, MERGED_FILE_EDITED, OUT_OF_ORDER_VERSION};
use super::{Options, Rule};
use crate::dialect::Engine;
use crate::model::{Catalog, Migration, MigrationKind, Version};
use crate::parse;

/// The migrations folder of another branch, as far as it matters here.
#[derive(Debug, Clone, Default)]
pub struct Branch {
    /// What it is called.
    pub name: String,
    /// The migrations folder, as shown to people.
    pub folder: PathBuf,
    /// The names of its files.
    pub files: Vec<String>,
    /// What stood in the files that were changed here since the branches parted, by name.
    pub changed: Vec<(String, Vec<u8>)>,
    /// The names of files that were deleted here since.
    pub deleted: Vec<String>,
    /// Whether a file may have a lower version than an applied one.
    pub out_of_order_allowed: bool,
}

/// What the files here do to `branch` once they are merged into it. `database` is whose files these are.
pub fn against(engine: Engine, database: &str, catalog: &Catalog, branch: &Branch, options: &Options) -> Vec<Finding> {
    let theirs: Vec<(Version, &str)> = branch.files.iter().filter_map(|name| versioned(database, name)).collect();
    let highest = theirs.iter().map(|(version, _)| version).max();
    let mut findings = Vec::new();
    let mut found = |rule: &'static Rule, file: PathBuf, message: String, remedy: String| {
        let severity = options.severity(rule);
        findings.extend(severity.map(|severity| Finding::in_file(rule.id, severity, file, message, remedy)));
    };
    for file in catalog.versioned() {
        let Some(version) = file.version() else { continue };
        if branch.files.contains(&file.file_name) {
            continue;
        }
        if let Some((_, other)) = theirs.iter().find(|(theirs, _)| theirs == version) {
            let message = match branch.deleted.iter().any(|deleted| deleted == other) {
                true => format!("this was {other}: a merged file keeps its name, by which the history knows it"),
                false => format!("{} has another file with version {version}: {other}", branch.name),
            };
            let remedy = match highest {
                Some(highest) => format!("give it a version above {highest}, the highest one there"),
                None => "give it another version".to_string(),
            };
            found(&DUPLICATE_VERSION, file.path.clone(), message, remedy);
        } else if let Some(highest) = highest.filter(|highest| version < highest && !branch.out_of_order_allowed) {
            let message = format!("version {version} is not above {highest}, the highest one of {}", branch.name);
            let remedy = format!("give it a version above {highest}");
            found(&OUT_OF_ORDER_VERSION, file.path.clone(), message, remedy);
        }
    }
    for (name, content) in &branch.changed {
        let Some(file) = catalog.versioned().iter().find(|file| file.file_name == *name) else { continue };
        if upgrade_differs(engine, file, content.clone()) {
            let message = format!("its upgrade is not what it was when this branch left {}", branch.name);
            let remedy = format!("restore it (`git checkout {} -- FILE`) and write a new migration", branch.name);
            found(&MERGED_FILE_EDITED, file.path.clone(), message, remedy);
        }
    }
    for name in &branch.deleted {
        let Some((version, _)) = versioned(database, name) else { continue };
        // Under another name it is reported above.
        if catalog.find(&version).is_none() {
            let message = format!("it is on {} and was deleted here", branch.name);
            let remedy = format!("restore it (`git checkout {} -- FILE`) and undo it in a new migration", branch.name);
            found(&MERGED_FILE_DELETED, branch.folder.join(name), message, remedy);
        }
    }
    findings
}

/// The version and the name of a versioned file of this database.
fn versioned<'a>(database: &str, name: &'a str) -> Option<(Version, &'a str)> {
    let parsed = parse::file_name(name).ok()?;
    if parsed.database.as_ref().is_some_and(|prefix| prefix != database) {
        return None;
    }
    match parsed.kind {
        MigrationKind::Versioned(version) => Some((version, name)),
        MigrationKind::RunsAlways | MigrationKind::RunsOnChange => None,
    }
}

/// Whether more than comments and blanks of the upgrade differs. What could not be read before differs.
fn upgrade_differs(engine: Engine, file: &Migration, before: Vec<u8>) -> bool {
    let before = parse::migration(engine, &file.path, before);
    before.map_or(true, |before| before.token_digest() != file.token_digest())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::test_support::migration;

    fn found(here: &[&str], branch: &Branch) -> Vec<(&'static str, String)> {
        let catalog = Catalog::new(here.iter().map(|name| migration(name)).collect()).expect("a catalog");
        let findings = against(Engine::Postgres, "primary", &catalog, branch, &Options::default());
        findings.iter().map(|finding| (finding.rule, finding.file.display().to_string())).collect()
    }

    fn main(files: &[&str]) -> Branch {
        let files = files.iter().map(|name| name.to_string()).collect();
        Branch { name: "main".into(), files, ..Branch::default() }
    }

    #[test]
    fn a_version_can_be_taken_once() {
        let branch = main(&["1_a.sql", "2_b.sql"]);
        assert_eq!(found(&["1_a.sql", "3_c.sql"], &branch), []);
        assert_eq!(found(&["1_a.sql", "0002_mine.sql"], &branch)[0].0, "duplicate-version");
        assert_eq!(found(&["1_a.sql", "3_c.sql"], &main(&["1_a.sql", "other__9_x.sql"])), [], "another database's");
    }

    #[test]
    fn a_new_file_comes_last() {
        let branch = main(&["1_a.sql", "5_b.sql"]);
        assert_eq!(found(&["1_a.sql", "4_c.sql"], &branch)[0].0, "out-of-order-version");
        assert_eq!(found(&["1_a.sql", "4_c.sql"], &Branch { out_of_order_allowed: true, ..branch }), []);
    }

    #[test]
    fn what_is_merged_stays() {
        let deleted = vec!["2_b.sql".to_string(), "ROC__v.sql".to_string()];
        let branch = Branch { deleted, ..main(&["1_a.sql", "2_b.sql", "ROC__v.sql"]) };
        assert_eq!(found(&["1_a.sql"], &branch)[0].0, "merged-file-deleted");
        assert_eq!(found(&["1_a.sql"], &branch).len(), 1, "a repeatable may go");
        assert_eq!(found(&["1_a.sql", "2_renamed.sql"], &branch)[0].0, "duplicate-version");
        let changed = vec![("1_a.sql".to_string(), b"-- upgrade\nDROP TABLE t;\n-- rollback\n".to_vec())];
        let branch = Branch { changed, ..main(&["1_a.sql"]) };
        assert_eq!(found(&["1_a.sql"], &branch)[0].0, "merged-file-edited");
    }
}
