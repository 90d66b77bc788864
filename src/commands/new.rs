use std::path::Path;

use chrono::{DateTime, NaiveDateTime, Utc};

use super::Context;
use crate::cli::{LimitArgs, NewArgs, NewKind};
use crate::error::{Error, ErrorKind};
use crate::model::{MigrationKind, Version};
use crate::output::report::{NewReport, Report};
use crate::parse::{self, FileName};
use crate::source;

/// The first version of a folder without migrations; its width is kept by the ones after it.
const FIRST: &str = "0001";
/// Versions written as a point in time, `20261122071600`.
const TIMESTAMP: &str = "%Y%m%d%H%M%S";
const TIMESTAMP_DIGITS: usize = 14;

/// `new NAME`: writes the next migration file. Never overwrites anything.
pub(super) fn run(args: &NewArgs, context: &Context<'_>) -> Result<Report, Error> {
    let settings = context.settings(&LimitArgs::default(), None)?;
    let [target] = settings.selected()[..] else {
        let names: Vec<&str> = settings.selected().iter().map(|target| target.name.as_str()).collect();
        let message = format!("a new migration is for one database, not for {}", names.join(", "));
        return Err(Error::new(ErrorKind::Usage, message).hint("choose one with -d"));
    };
    let folder = Folder { database: &target.name, path: &target.migrations_dir, shown: &target.migrations_dir_display };
    create(&folder, args, Utc::now())
}

/// Where one database's migrations are.
struct Folder<'a> {
    database: &'a str,
    path: &'a Path,
    shown: &'a Path,
}

fn create(folder: &Folder<'_>, args: &NewArgs, now: DateTime<Utc>) -> Result<Report, Error> {
    let name = snake_case(&args.name);
    if name.is_empty() {
        let message = format!("`{}` has no letter or digit to make a file name from", args.name);
        return Err(Error::new(ErrorKind::Usage, message));
    }
    source::create_dir(folder.path)?;
    let existing = existing(folder)?;
    let stem = match (args.kind, &args.version) {
        (NewKind::Versioned, version) => format!("{}_{name}", choose_version(&existing, version.as_ref(), now)?),
        (NewKind::Ra, None) => format!("RA__{name}"),
        (NewKind::Roc, None) => format!("ROC__{name}"),
        (NewKind::Ra | NewKind::Roc, Some(_)) => {
            return Err(Error::new(ErrorKind::Usage, "a repeatable migration has no version")
                .hint("leave out --version, or --type"));
        }
    };
    // Where every file says whose it is, several databases share the folder.
    let prefixed = !existing.is_empty() && existing.iter().all(|(_, name)| name.database.is_some());
    let prefix = if prefixed { format!("{}__", folder.database) } else { String::new() };
    let file_name = format!("{prefix}{stem}.sql");
    source::write_new(folder.path, &file_name, &template(&name))?;
    Ok(Report::New(NewReport { path: folder.shown.join(file_name).display().to_string() }))
}

/// The database's files with valid names. Others are `check`'s business: a new file must not wait for them.
fn existing(folder: &Folder<'_>) -> Result<Vec<(String, FileName)>, Error> {
    let names = source::file_names(folder.database, folder.path, folder.shown)?;
    let names = names.into_iter().filter_map(|name| name.into_string().ok());
    Ok(names.filter_map(|name| parse::file_name(&name).ok().map(|parsed| (name, parsed))).collect())
}

fn choose_version(
    existing: &[(String, FileName)],
    wanted: Option<&Version>,
    now: DateTime<Utc>,
) -> Result<Version, Error> {
    let versions = existing.iter().filter_map(|(file, name)| match &name.kind {
        MigrationKind::Versioned(version) => Some((version, file)),
        MigrationKind::RunsAlways | MigrationKind::RunsOnChange => None,
    });
    let Some(wanted) = wanted else { return next_version(versions.map(|(version, _)| version).max(), now) };
    match versions.into_iter().find(|(version, _)| *version == wanted) {
        Some((_, file)) => Err(Error::new(ErrorKind::Usage, format!("version {wanted} is taken by {file}"))
            .hint("leave out --version to get the next one")),
        None => Ok(wanted.clone()),
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
    use crate::dialect::Engine;

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
    fn writes_the_next_file_and_overwrites_none() {
        let directory = tempfile::tempdir().expect("a folder");
        let folder = Folder { database: "primary", path: &directory.path().join("m"), shown: Path::new("migrations") };
        let created = |args: &NewArgs| match create(&folder, args, now()) {
            Ok(Report::New(report)) => Ok(report.path),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error),
        };
        assert_eq!(created(&args("first")).expect("written"), "migrations/0001_first.sql");
        assert_eq!(created(&args("Add users")).expect("written"), "migrations/0002_add_users.sql");
        let taken = NewArgs { version: Some("2".parse().expect("a version")), ..args("again") };
        assert!(created(&taken).expect_err("taken").message.contains("0002_add_users.sql"));
        let roc = || NewArgs { kind: NewKind::Roc, ..args("views") };
        assert_eq!(created(&roc()).expect("written"), "migrations/ROC__views.sql");
        assert_eq!(created(&roc()).expect_err("exists").kind, ErrorKind::Usage);
    }

    #[test]
    fn what_it_writes_can_be_read_and_a_shared_folder_keeps_its_prefixes() {
        let directory = tempfile::tempdir().expect("a folder");
        let folder = Folder { database: "billing", path: directory.path(), shown: directory.path() };
        source::write_new(directory.path(), "billing__0007_a.sql", &template("a")).expect("written");
        source::write_new(directory.path(), "other__0009_a.sql", &template("a")).expect("written");
        create(&folder, &args("b"), now()).expect("written");
        let catalog = source::read_catalog(Engine::Sqlite, "billing", directory.path(), directory.path());
        let catalog = catalog.expect("a catalog");
        let names: Vec<&str> = catalog.iter().map(|migration| migration.file_name.as_str()).collect();
        assert_eq!(names, ["billing__0007_a.sql", "billing__0008_b.sql"]);
    }
}
