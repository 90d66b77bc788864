#![allow(clippy::disallowed_methods, reason = "init writes the configuration file, its only room")]

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::cli::InitArgs;
use crate::config::{DatabaseType, FILE_NAME, sample_toml};
use crate::error::Error;
use crate::output::report::{InitReport, Report};

const MIGRATIONS_FOLDER: &str = "migrations";

/// `init [FOLDER]`: a configuration and a folder for migrations. Never overwrites anything.
pub(super) fn run(args: &InitArgs) -> Result<Report, Error> {
    let mut created = Vec::new();
    let config = args.folder.join(FILE_NAME);
    fs::create_dir_all(&args.folder).map_err(|error| Error::from_io(&args.folder, "created", &error))?;
    // `create_new` leaves no moment between the look and the write.
    let mut file = fs::File::create_new(&config).map_err(|error| Error::from_io(shown(&config), "written", &error))?;
    file.write_all(sample_toml("primary", DatabaseType::Sqlite).as_bytes())
        .map_err(|error| Error::from_io(shown(&config), "written", &error))?;
    created.push(shown(&config).display().to_string());

    let migrations = args.folder.join(MIGRATIONS_FOLDER);
    if !migrations.is_dir() {
        fs::create_dir(&migrations).map_err(|error| Error::from_io(shown(&migrations), "created", &error))?;
        created.push(format!("{}/", shown(&migrations).display()));
    }
    Ok(Report::Init(InitReport { created }))
}

/// `./a` is `a` to people.
fn shown(path: &Path) -> &Path {
    path.strip_prefix(".").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn writes_a_configuration_and_a_folder_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let args = InitArgs { folder: folder.path().join("new") };
        let Ok(Report::Init(report)) = run(&args) else { panic!("not initialised") };
        assert_eq!(report.created.len(), 2);
        let config = args.folder.join(FILE_NAME);
        assert!(args.folder.join(MIGRATIONS_FOLDER).is_dir());

        fs::write(&config, "mine").expect("written");
        let error = run(&args).expect_err("refuses");
        assert_eq!(error.kind, ErrorKind::Usage);
        assert_eq!(fs::read_to_string(&config).expect("read"), "mine", "untouched");
    }
}
