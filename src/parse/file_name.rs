//! Names of migration files: `[<database>__]<version>_<name>.sql`, `[<database>__]RA__<name>.sql`,
//! `[<database>__]ROC__<name>.sql`.

use crate::model::{MigrationKind, Version};

/// What a file's name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// The database the file is for; None where the name does not say.
    pub database: Option<String>,
    /// Versioned, or one of the two repeatable kinds.
    pub kind: MigrationKind,
    /// The part behind version or `RA__`.
    pub name: String,
}

/// A name that says none of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no name of a migration: {problem}")]
pub struct FileNameError {
    /// The whole name.
    pub name: String,
    /// What is wrong with it.
    pub problem: FileNameProblem,
    /// A name that would do.
    pub suggestion: Option<String>,
}

impl FileNameError {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match &self.suggestion {
            Some(suggestion) => format!("did you mean {suggestion}?"),
            None => "call it <version>_<name>.sql, such as 0001_add_users.sql".to_string(),
        }
    }
}

/// What is wrong with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileNameProblem {
    /// It neither begins with digits and `_` nor with `RA__` or `ROC__`.
    #[error("it does not begin with a version and `_`")]
    NoVersion,
    /// Nothing stands behind the version.
    #[error("nothing stands behind its version")]
    NoName,
    /// The name holds something else than letters, digits, `_`, `-` and `.`.
    #[error("it holds {0:?}, which is no letter, digit, `_`, `-` or `.`")]
    Character(char),
    /// The extension is not in lower case.
    #[error("its extension is not `.sql` in lower case")]
    Extension,
}

/// Reads the name of a `.sql` file (without its folder).
pub fn file_name(name: &str) -> Result<FileName, FileNameError> {
    let error = |problem| FileNameError { name: name.to_string(), problem, suggestion: suggestion(name) };
    let Some(stem) = name.strip_suffix(".sql") else { return Err(error(FileNameProblem::Extension)) };
    // V1__2_factors.sql is another tool's version 1, not version 2 of a database V1, which would be passed over.
    let is_name = |prefix: &str| {
        !prefix.is_empty()
            && !prefix.strip_prefix('V').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let prefixes = || stem.match_indices("__").filter(|(at, _)| is_name(&stem[..*at]));
    let with_prefix = || prefixes().map(|(at, separator)| (Some(&stem[..at]), &stem[at + separator.len()..]));
    // Most names have none, and are not searched for one.
    let candidates = std::iter::once((None, stem)).chain(std::iter::once_with(with_prefix).flatten());
    for (database, rest) in candidates {
        let Some((kind, name)) = kind_and_name(rest) else { continue };
        let strange = |&character: &char| !(character.is_alphanumeric() || "_-.".contains(character));
        if let Some(character) = stem.chars().find(strange) {
            return Err(error(FileNameProblem::Character(character)));
        }
        if name.is_empty() {
            return Err(error(FileNameProblem::NoName));
        }
        return Ok(FileName { database: database.map(str::to_string), kind, name: name.to_string() });
    }
    let only_digits = !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_digit());
    Err(error(if only_digits { FileNameProblem::NoName } else { FileNameProblem::NoVersion }))
}

fn kind_and_name(text: &str) -> Option<(MigrationKind, &str)> {
    if let Some(name) = text.strip_prefix("RA__") {
        return Some((MigrationKind::RunsAlways, name));
    }
    if let Some(name) = text.strip_prefix("ROC__") {
        return Some((MigrationKind::RunsOnChange, name));
    }
    let (digits, name) = text.split_once('_')?;
    let version: Version = digits.parse().ok()?;
    Some((MigrationKind::Versioned(version), name))
}

/// The nearest name that is valid: `V1__add.sql` becomes `0001_add.sql`.
fn suggestion(name: &str) -> Option<String> {
    let dot = name.len().checked_sub(".sql".len())?;
    let stem = name.get(..dot)?;
    if !name.ends_with(".sql") {
        let lower_case = format!("{stem}.sql");
        return match file_name(&lower_case) {
            Ok(_) => Some(lower_case),
            Err(error) => error.suggestion,
        };
    }
    for (prefix, right) in [("ROC", "ROC__"), ("RA", "RA__"), ("R__", "ROC__")] {
        if let Some(rest) = stem.strip_prefix(prefix)
            && (prefix == "R__" || rest.starts_with(['_', '-', ' ']))
        {
            return named(right, rest);
        }
    }
    let numbered = stem.trim_start_matches(['V', 'v']);
    let digits = numbered.bytes().take_while(u8::is_ascii_digit).count();
    let version = match &numbered[..digits] {
        "" => "0001".to_string(),
        version => format!("{version:0>4}"),
    };
    let rest = if digits == 0 { stem } else { &numbered[digits..] };
    named(&format!("{version}_"), rest)
}

/// `prefix` with what is left of `rest` in snake case.
fn named(prefix: &str, rest: &str) -> Option<String> {
    let words: Vec<&str> =
        rest.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let name = if words.is_empty() { "describe_it".to_string() } else { words.join("_") };
    Some(format!("{prefix}{name}.sql"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names() {
        let versioned = |version: &str| MigrationKind::Versioned(version.parse().expect("digits"));
        for (text, database, kind, name) in [
            ("0001_add_users.sql", None, versioned("0001"), "add_users"),
            ("20261122071600_a.sql", None, versioned("20261122071600"), "a"),
            ("00000000000000000001_a.sql", None, versioned("1"), "a"),
            ("primary__0002_x.sql", Some("primary"), versioned("2"), "x"),
            ("my__db__7_x__y.sql", Some("my__db"), versioned("7"), "x__y"),
            ("3_add.up.sql", None, versioned("3"), "add.up"),
            ("3_fix-2.8.0.sql", None, versioned("3"), "fix-2.8.0"),
            ("4_größe.sql", None, versioned("4"), "größe"),
            ("ROC__views.sql", None, MigrationKind::RunsOnChange, "views"),
            ("RA__0001_grants.sql", None, MigrationKind::RunsAlways, "0001_grants"),
            ("primary__ROC__views.sql", Some("primary"), MigrationKind::RunsOnChange, "views"),
        ] {
            let expected = FileName { database: database.map(str::to_string), kind, name: name.to_string() };
            assert_eq!(file_name(text).as_ref(), Ok(&expected), "{text}");
        }
    }

    #[test]
    fn suggests_the_nearest_valid_name() {
        for (text, suggestion) in [
            ("V1__add.sql", "0001_add.sql"),
            ("V1__2_factors.sql", "0001_2_factors.sql"),
            ("V2.1__add_it.sql", "0002_1_add_it.sql"),
            ("0001-add-users.sql", "0001_add_users.sql"),
            ("0001 add users.sql", "0001_add_users.sql"),
            ("0001_add users.sql", "0001_add_users.sql"),
            ("0001.sql", "0001_describe_it.sql"),
            ("0001_.sql", "0001_describe_it.sql"),
            ("add_users.sql", "0001_add_users.sql"),
            ("0001_add.SQL", "0001_add.sql"),
            ("ROC_views.sql", "ROC__views.sql"),
            ("R__views.sql", "ROC__views.sql"),
            (".sql", "0001_describe_it.sql"),
        ] {
            let error = file_name(text).expect_err(text);
            assert_eq!(error.suggestion.as_deref(), Some(suggestion), "{error}");
            file_name(suggestion).expect("suggestions are valid");
        }
    }
}
