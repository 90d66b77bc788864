use std::path::Path;

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::cli::{NewArgs, NewKind};
use crate::config::Settings;
use crate::error::{Error, ErrorKind};
use crate::model::Version;
use crate::output::report::{NewReport, Report};
use crate::source;

/// The first version of a folder without migrations; its width is kept by the ones after it.
const FIRST: &str = "0001";
/// Versions written as a point in time, `20261122071600`.
const TIMESTAMP: &str = "%Y%m%d%H%M%S";
const TIMESTAMP_DIGITS: usize = 14;

/// `new NAME`: writes the next migration file. Never overwrites anything.
pub(super) fn run(args: &NewArgs, settings: &Settings) -> Result<Report, Error> {
    let targets = settings.selected();
    let [target] = targets.as_slice() else {
        return Err(Error::new(ErrorKind::Usage, "a migration belongs to one database").hint("name it with -d"));
    };
    create(&target.migrations_dir, &target.migrations_dir_display, args, Utc::now())
}

fn create(folder: &Path, shown: &Path, args: &NewArgs, now: DateTime<Utc>) -> Result<Report, Error> {
    let name = snake_case(&args.name);
    if name.is_empty() {
        let message = format!("`{}` has no letter or digit to make a file name from", args.name);
        return Err(Error::new(ErrorKind::Usage, message));
    }
    if !folder.exists() {
        source::create_dir(folder)?;
    }
    let file_name = match (args.kind, &args.version) {
        (NewKind::Versioned, version) => format!("{}_{name}.sql", choose_version(folder, version.as_ref(), now)?),
        (NewKind::Ra, None) => format!("RA__{name}.sql"),
        (NewKind::Roc, None) => format!("ROC__{name}.sql"),
        (NewKind::Ra | NewKind::Roc, Some(_)) => {
            return Err(Error::new(ErrorKind::Usage, "a repeatable migration has no version")
                .hint("leave out --version, or --type"));
        }
    };
    source::write_new(folder, &file_name, &template(&name))?;
    Ok(Report::New(NewReport { path: shown.join(file_name).display().to_string() }))
}

fn choose_version(folder: &Path, wanted: Option<&Version>, now: DateTime<Utc>) -> Result<Version, Error> {
    let read_error = |error: std::io::Error| Error::from_io(folder, "read", &error);
    let mut existing = Vec::new();
    for entry in folder.read_dir().map_err(read_error)? {
        let file_name = entry.map_err(read_error)?.file_name();
        let Some(file_name) = file_name.to_str() else { continue };
        existing.extend(version_of(file_name).map(|version| (version, file_name.to_string())));
    }
    let taken = |version: &Version| existing.iter().find(|(other, _)| other == version);
    match wanted {
        Some(version) => match taken(version) {
            Some((_, file)) => {
                Err(Error::new(ErrorKind::Usage, format!("version {version} is taken")).in_file(file.clone()))
            }
            None => Ok(version.clone()),
        },
        None => next_version(existing.iter().map(|(version, _)| version).max(), now),
    }
}

/// The version after `highest`: one more in the same width, or the time of day where a folder uses that.
fn next_version(highest: Option<&Version>, now: DateTime<Utc>) -> Result<Version, Error> {
    let parse =
        |text: &str| text.parse().map_err(|error| Error::new(ErrorKind::Bug, format!("no next version: {error}")));
    let Some(highest) = highest else { return parse(FIRST) };
    let is_timestamp = highest.as_str().len() == TIMESTAMP_DIGITS
        && NaiveDateTime::parse_from_str(highest.as_str(), TIMESTAMP).is_ok();
    if is_timestamp {
        let timestamp = parse(&now.format(TIMESTAMP).to_string())?;
        // Another machine's clock may be ahead: the order of versions must not suffer from it.
        return Ok(if timestamp > *highest { timestamp } else { highest.next() });
    }
    Ok(highest.next())
}

/// The version in a migration's file name, with or without a database's name before it.
fn version_of(file_name: &str) -> Option<Version> {
    let stem = file_name.strip_suffix(".sql")?;
    let leading = |text: &str| text.split_once('_').and_then(|(version, _)| version.parse().ok());
    leading(stem).or_else(|| stem.split_once("__").and_then(|(_, rest)| leading(rest)))
}

/// Words joined by underscores: `Add user's e-mail` becomes `add_user_s_e_mail`, `addUsers` becomes `add_users`.
fn snake_case(text: &str) -> String {
    let mut name = String::new();
    let mut after_lower = false;
    for character in text.chars() {
        if !character.is_alphanumeric() {
            after_lower = false;
            if !name.is_empty() && !name.ends_with('_') {
                name.push('_');
            }
            continue;
        }
        if character.is_uppercase() && after_lower {
            name.push('_');
        }
        after_lower = character.is_lowercase() || character.is_numeric();
        name.extend(character.to_lowercase());
    }
    name.trim_end_matches('_').to_string()
}

fn template(name: &str) -> String {
    format!("-- description: {}\n\n-- upgrade\n\n\n-- rollback\n\n", name.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-22T07:16:00Z".parse().expect("a time")
    }

    fn args(name: &str) -> NewArgs {
        NewArgs { name: name.into(), version: None, kind: NewKind::Versioned }
    }

    #[test]
    fn the_next_version_follows_the_style_of_the_folder() {
        for (highest, next) in [
            (None, "0001"),
            (Some("0041"), "0042"),
            (Some("9"), "10"),
            (Some("20240101120000"), "20261122071600"),
            (Some("20270101120000"), "20270101120001"),
            (Some("99999999999999"), "100000000000000"),
        ] {
            let highest: Option<Version> = highest.map(|text| text.parse().expect("a version"));
            assert_eq!(next_version(highest.as_ref(), now()).expect("a version").as_str(), next, "{highest:?}");
        }
    }

    #[test]
    fn names_become_snake_case() {
        for (text, name) in [
            ("add_users", "add_users"),
            ("Add user's e-mail", "add_user_s_e_mail"),
            ("addUsers", "add_users"),
            ("ADD Users", "add_users"),
            ("  --x-- ", "x"),
            ("../../etc/passwd", "etc_passwd"),
            ("größe 2", "größe_2"),
            ("--", ""),
        ] {
            assert_eq!(snake_case(text), name, "{text:?}");
        }
    }

    #[test]
    fn versions_are_found_behind_a_database_name() {
        for (file, version) in [
            ("0007_a.sql", Some("0007")),
            ("billing__0008_b__c.sql", Some("0008")),
            ("ROC__views.sql", None),
            ("0007_a.txt", None),
            ("notes.sql", None),
        ] {
            let found = version_of(file);
            assert_eq!(found.as_ref().map(Version::as_str), version, "{file}");
        }
    }

    #[test]
    fn writes_the_next_file_and_overwrites_none() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::File::create_new(folder.path().join("0007_first.sql")).expect("a file");
        let Ok(Report::New(report)) = create(folder.path(), folder.path(), &args("Add users"), now()) else {
            panic!("not written")
        };
        assert!(report.path.ends_with("0008_add_users.sql"), "{}", report.path);
        let taken = NewArgs { version: Some("7".parse().expect("a version")), ..args("again") };
        let error = create(folder.path(), folder.path(), &taken, now()).expect_err("taken");
        assert_eq!(error.location.expect("the file").file, "0007_first.sql");
        let roc = || NewArgs { kind: NewKind::Roc, ..args("views") };
        assert!(create(folder.path(), folder.path(), &roc(), now()).is_ok());
        assert_eq!(create(folder.path(), folder.path(), &roc(), now()).expect_err("exists").kind, ErrorKind::Usage);
    }
}
