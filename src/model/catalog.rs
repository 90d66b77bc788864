use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::{Dependency, Migration, MigrationKind, Version};

/// All migrations of one database on disk: versioned ones by version, repeatables by name with `depends_on` first.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    versioned: Vec<Arc<Migration>>,
    repeatable: Vec<Arc<Migration>>,
}

/// Files that cannot be used together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// Two files have versions that are equal as numbers.
    #[error("two migrations have version {version}: {} and {}", first.display(), second.display())]
    DuplicateVersion {
        /// The version as the second file writes it.
        version: Version,
        /// The file met first.
        first: PathBuf,
        /// The file met second.
        second: PathBuf,
    },
    /// Two repeatable files have the same name.
    #[error("two migrations are called {name}: {} and {}", first.display(), second.display())]
    DuplicateName {
        /// The name with its `RA__` or `ROC__`.
        name: String,
        /// The file met first.
        first: PathBuf,
        /// The file met second.
        second: PathBuf,
    },
    /// `depends_on` names what no file is.
    #[error("{}: depends_on names {dependency}, which no migration file has", file.display())]
    UnknownDependency {
        /// The file whose header says so.
        file: PathBuf,
        /// The missing migration.
        dependency: Dependency,
    },
    /// `depends_on` lines form a circle, or contradict the order of versions.
    #[error("{}: depends_on {dependency} can never hold: {dependency} runs after this file", file.display())]
    DependencyCycle {
        /// The file whose header says so.
        file: PathBuf,
        /// The migration that cannot come first.
        dependency: Dependency,
    },
}

impl Catalog {
    /// Orders the files and checks them against each other. Reports every problem, not only the first.
    pub fn new(migrations: Vec<Migration>) -> Result<Self, Vec<CatalogError>> {
        Catalog::of_shared(migrations.into_iter().map(Arc::new).collect())
    }

    /// The same with files that are not to be moved.
    ///
    /// # Errors
    /// As [`Catalog::new`].
    pub fn of_shared(migrations: Vec<Arc<Migration>>) -> Result<Self, Vec<CatalogError>> {
        let (mut versioned, mut repeatable) = (Vec::new(), Vec::new());
        for migration in migrations {
            match migration.kind {
                MigrationKind::Versioned(_) => versioned.push(migration),
                MigrationKind::RunsAlways | MigrationKind::RunsOnChange => repeatable.push(migration),
            }
        }
        versioned.sort_by(|left, right| (left.version(), &left.file_name).cmp(&(right.version(), &right.file_name)));
        repeatable.sort_by(|left, right| (&left.name, &left.file_name).cmp(&(&right.name, &right.file_name)));

        let mut errors = equal_versions(&versioned);
        errors.extend(equal_names(&repeatable));
        errors.extend(unmet_dependencies(versioned.iter().chain(&repeatable)));
        let repeatable = match dependencies_first(repeatable) {
            Ok(ordered) => ordered,
            Err(cycle) => {
                errors.push(cycle);
                Vec::new()
            }
        };
        if errors.is_empty() { Ok(Catalog { versioned, repeatable }) } else { Err(errors) }
    }

    /// Versioned migrations, the lowest version first.
    pub fn versioned(&self) -> &[Arc<Migration>] {
        &self.versioned
    }

    /// Repeatable migrations in the order they run.
    pub fn repeatable(&self) -> &[Arc<Migration>] {
        &self.repeatable
    }

    /// All files.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Migration>> {
        self.versioned.iter().chain(&self.repeatable)
    }

    /// The file with this version.
    pub fn find(&self, version: &Version) -> Option<&Arc<Migration>> {
        let index = self.versioned.binary_search_by(|migration| migration.version().cmp(&Some(version))).ok()?;
        self.versioned.get(index)
    }
}

/// In files in the order of their versions.
fn equal_versions(versioned: &[Arc<Migration>]) -> Vec<CatalogError> {
    let neighbours = versioned.array_windows().filter_map(|[first, second]| {
        let version = second.version().filter(|&version| first.version() == Some(version))?.clone();
        Some(CatalogError::DuplicateVersion { version, first: first.path.clone(), second: second.path.clone() })
    });
    neighbours.collect()
}

fn equal_names(repeatable: &[Arc<Migration>]) -> Vec<CatalogError> {
    let mut seen: HashMap<String, &Arc<Migration>> = HashMap::new();
    let mut errors = Vec::new();
    for migration in repeatable {
        let name = migration.dependency_name().to_string();
        if let Some(earlier) = seen.insert(name.clone(), migration) {
            let (first, second) = (earlier.path.clone(), migration.path.clone());
            errors.push(CatalogError::DuplicateName { name, first, second });
        }
    }
    errors
}

fn unmet_dependencies<'a>(migrations: impl Iterator<Item = &'a Arc<Migration>> + Clone) -> Vec<CatalogError> {
    let mut errors = Vec::new();
    if migrations.clone().all(|migration| migration.depends_on.is_empty()) {
        return errors;
    }
    let known: HashSet<Dependency> = migrations.clone().map(|migration| migration.dependency_name()).collect();
    for migration in migrations {
        for dependency in &migration.depends_on {
            let runs_later = match (migration.version(), dependency) {
                (Some(version), Dependency::Version(other)) => other >= version,
                (Some(_), Dependency::Repeatable(_)) => true,
                (None, _) => false,
            };
            let (file, dependency) = (migration.path.clone(), dependency.clone());
            if !known.contains(&dependency) {
                errors.push(CatalogError::UnknownDependency { file, dependency });
            } else if runs_later {
                errors.push(CatalogError::DependencyCycle { file, dependency });
            }
        }
    }
    errors
}

/// Keeps the order by name, except that what a file depends on comes before it.
fn dependencies_first(mut waiting: Vec<Arc<Migration>>) -> Result<Vec<Arc<Migration>>, CatalogError> {
    let mut ordered: Vec<Arc<Migration>> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let open: HashSet<Dependency> = waiting.iter().map(|migration| migration.dependency_name()).collect();
        let blocker =
            |migration: &Arc<Migration>| migration.depends_on.iter().find(|&name| open.contains(name)).cloned();
        let Some(ready) = waiting.iter().position(|migration| blocker(migration).is_none()) else {
            let first = &waiting[0];
            let dependency = blocker(first).unwrap_or_else(|| first.dependency_name());
            return Err(CatalogError::DependencyCycle { file: first.path.clone(), dependency });
        };
        ordered.push(waiting.remove(ready));
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::test_support::migration;

    fn dependent(file_name: &str, dependencies: &[&str]) -> Migration {
        let mut migration = migration(file_name);
        migration.depends_on = dependencies
            .iter()
            .map(|name| match name.parse() {
                Ok(version) => Dependency::Version(version),
                Err(_) => Dependency::Repeatable(name.to_string()),
            })
            .collect();
        migration
    }

    fn names(migrations: &[Arc<Migration>]) -> Vec<&str> {
        migrations.iter().map(|migration| migration.file_name.as_str()).collect()
    }

    #[test]
    fn orders_versions_as_numbers() {
        let files = ["10_c.sql", "9_b.sql", "0008_a.sql"].map(migration);
        let catalog = Catalog::new(files.into()).expect("a catalog");
        assert_eq!(names(catalog.versioned()), ["0008_a.sql", "9_b.sql", "10_c.sql"]);
        assert!(catalog.find(&"08".parse().unwrap()).is_some());
    }

    #[test]
    fn equal_versions_are_an_error_naming_both() {
        let errors = Catalog::new(["0009_a.sql", "9_b.sql"].map(migration).into()).expect_err("equal versions");
        let message = errors[0].to_string();
        assert!(message.contains("0009_a.sql") && message.contains("9_b.sql"), "{message}");
    }

    #[test]
    fn repeatables_run_by_name_but_after_what_they_depend_on() {
        let files = vec![dependent("ROC__a.sql", &["RA__z"]), migration("ROC__b.sql"), migration("RA__z.sql")];
        let catalog = Catalog::new(files).expect("a catalog");
        assert_eq!(names(catalog.repeatable()), ["ROC__b.sql", "RA__z.sql", "ROC__a.sql"]);
    }

    #[test]
    fn impossible_dependencies_are_refused() {
        let unknown = Catalog::new(vec![dependent("2_b.sql", &["1"])]).expect_err("unknown");
        assert!(matches!(unknown[0], CatalogError::UnknownDependency { .. }));
        let forward = Catalog::new(vec![dependent("1_a.sql", &["2"]), migration("2_b.sql")]).expect_err("forward");
        assert!(matches!(forward[0], CatalogError::DependencyCycle { .. }));
        let circle = vec![dependent("ROC__a.sql", &["ROC__b"]), dependent("ROC__b.sql", &["ROC__a"])];
        assert!(matches!(Catalog::new(circle).expect_err("circle")[0], CatalogError::DependencyCycle { .. }));
    }
}
