//! What git knows: which files are new, and what another branch has.

use super::examine;
use crate::config::Target;
use crate::error::Error;
use crate::git::{Difference, Folder};
use crate::lint::{self, Branch};
use crate::model::{Catalog, Migration};
use crate::output::report::{DatabaseCheck, FindingReport};
use crate::plan::OutOfOrder;

/// The files added or changed since this branch left `revision`, and what merging them into it would break where
/// `merging`.
pub(super) async fn check(
    target: &Target,
    catalog: &Catalog,
    revision: &str,
    merging: bool,
) -> Result<DatabaseCheck, Error> {
    let folder = Folder::open(&target.migrations_dir, &target.migrations_dir_display).await?;
    let other = folder.commit(revision).await?;
    let fork_point = folder.fork_point(&other).await?;
    let differences = folder.differences(&fork_point).await?;
    let is_new = |migration: &Migration| {
        let here = differences.iter().filter(|(difference, _)| *difference != Difference::Deleted);
        here.into_iter().any(|(_, name)| *name == migration.file_name)
    };
    let (files, merged): (Vec<&Migration>, Vec<&Migration>) =
        catalog.iter().map(AsRef::as_ref).partition(|file| is_new(file));
    let mut report = examine::offline(target, &merged, &files);
    if !merging {
        return Ok(report);
    }
    let mut branch = Branch {
        name: revision.to_string(),
        folder: target.migrations_dir_display.clone(),
        files: folder.files(&other).await?,
        out_of_order_allowed: target.out_of_order == OutOfOrder::Allow,
        ..Branch::default()
    };
    for (difference, name) in &differences {
        match difference {
            Difference::Added => {}
            Difference::Deleted if branch.files.contains(name) => branch.deleted.push(name.clone()),
            Difference::Deleted => {}
            Difference::Changed => branch.changed.push((name.clone(), folder.content(&fork_point, name).await?)),
        }
    }
    let findings = lint::against(target.engine, &target.name, catalog, &branch, &examine::options(target));
    report.findings.splice(0..0, findings.into_iter().map(FindingReport::from));
    Ok(report)
}
