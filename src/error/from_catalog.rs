use super::{Error, ErrorKind};
use crate::model::CatalogError;

impl From<CatalogError> for Error {
    fn from(error: CatalogError) -> Self {
        let new = Error::new(ErrorKind::Usage, error.to_string());
        match error {
            CatalogError::DuplicateVersion { second, .. } => {
                new.in_file(second.display().to_string()).hint("give one of them another version")
            }
            CatalogError::DuplicateName { second, .. } => {
                new.in_file(second.display().to_string()).hint("give one of them another name")
            }
            CatalogError::UnknownDependency { file, .. } => new
                .in_file(file.display().to_string())
                .hint("name a version (\"0001\") or a repeatable (\"ROC__views\") that is in the same folder"),
            CatalogError::DependencyCycle { file, .. } => new
                .in_file(file.display().to_string())
                .hint("versioned migrations run first and in order: depend only on what comes earlier"),
        }
    }
}

impl From<Vec<CatalogError>> for Error {
    fn from(errors: Vec<CatalogError>) -> Self {
        let message = format!("{} problems between the migration files", errors.len());
        Error::summary(message, errors.into_iter().map(Error::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Catalog;
    use crate::model::test_support::migration;

    #[test]
    fn names_the_file_and_the_way_out() {
        let errors = Catalog::new(["0009_a.sql", "9_b.sql"].map(migration).into()).expect_err("equal versions");
        let error = Error::from(errors);
        assert_eq!(error.kind, ErrorKind::Usage);
        assert_eq!(error.location.expect("a place").file, "9_b.sql");
        assert_eq!(error.hints, ["give one of them another version"]);
    }
}
