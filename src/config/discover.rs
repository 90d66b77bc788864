#![allow(clippy::disallowed_methods)] // The room where the configuration file is found and read.

use std::io;
use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::{Environment, Flags, Origin};

/// The name of the configuration file.
pub const FILE_NAME: &str = "dbwarden.toml";

/// The configuration file to use: the one `--config` or `DBWARDEN_CONFIG` names, else the nearest `dbwarden.toml` in
/// `cwd` or above it. None: there is none.
pub(super) fn discover(flags: &Flags, environment: &Environment, cwd: &Path) -> Result<Option<PathBuf>, ConfigError> {
    let named = match (&flags.config, environment.filled("DBWARDEN_CONFIG")) {
        (Some(path), _) => Some((path.clone(), Origin::Flag("--config"))),
        (None, Some(path)) => Some((PathBuf::from(path), Origin::Environment("DBWARDEN_CONFIG".to_string()))),
        (None, None) => None,
    };
    if let Some((path, origin)) = named {
        let path = cwd.join(path);
        return if path.is_file() { Ok(Some(path)) } else { Err(ConfigError::FileMissing { path, origin }) };
    }
    Ok(cwd.ancestors().map(|folder| folder.join(FILE_NAME)).find(|path| path.is_file()))
}

/// Reads the configuration file.
pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    let bytes = std::fs::read(path)
        .map_err(|source: io::Error| ConfigError::FileUnreadable { path: path.to_path_buf(), source })?;
    let text = String::from_utf8(bytes).map_err(|error| ConfigError::FileNotUtf8 {
        path: path.to_path_buf(),
        offset: error.utf8_error().valid_up_to(),
    })?;
    // TOML forbids a byte order mark, editors on Windows write one.
    Ok(text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text))
}

/// `path` as messages show it: relative to `cwd` where that is shorter.
pub(super) fn shown(path: &Path, cwd: &Path) -> PathBuf {
    let common = path.components().zip(cwd.components()).take_while(|(left, right)| left == right).count();
    let relative: PathBuf = cwd
        .components()
        .skip(common)
        .map(|_| std::path::Component::ParentDir)
        .chain(path.components().skip(common))
        .collect();
    match relative.as_os_str().len() {
        0 => PathBuf::from("."),
        length if length < path.as_os_str().len() => relative,
        _ => path.to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_the_short_way() {
        for (path, cwd, expected) in [
            ("/srv/app/migrations", "/srv/app", "migrations"),
            ("/srv/app/migrations", "/srv/app/src", "../migrations"),
            ("/srv/app", "/srv/app", "."),
            ("/etc/x", "/srv/app/deep/er", "/etc/x"),
        ] {
            assert_eq!(shown(Path::new(path), Path::new(cwd)), Path::new(expected));
        }
    }

    #[test]
    fn the_nearest_file_wins_and_a_named_one_must_exist() {
        let top = tempfile::tempdir().unwrap();
        let deep = top.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        let (none, flags) = (Environment::default(), Flags::default());
        let upper = top.path().join(FILE_NAME);
        std::fs::write(&upper, "").unwrap();
        assert_eq!(discover(&flags, &none, &deep).unwrap(), Some(upper.clone()));
        let lower = deep.join(FILE_NAME);
        std::fs::write(&lower, "").unwrap();
        assert_eq!(discover(&flags, &none, &deep).unwrap(), Some(lower));

        let variable = Environment::from_pairs([("DBWARDEN_CONFIG", "../../dbwarden.toml")]);
        assert!(discover(&flags, &variable, &deep).unwrap().unwrap().ends_with("../../dbwarden.toml"));
        let flags = Flags { config: Some("other.toml".into()), ..Flags::default() };
        let error = discover(&flags, &variable, &deep).unwrap_err();
        assert!(matches!(error, ConfigError::FileMissing { origin: Origin::Flag("--config"), .. }), "{error}");
    }

    #[test]
    fn reading_accepts_a_byte_order_mark_and_names_the_first_bad_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        std::fs::write(&path, "\u{feff}default = \"x\"").unwrap();
        assert_eq!(read(&path).unwrap(), "default = \"x\"");
        std::fs::write(&path, b"abc\xff").unwrap();
        assert!(matches!(read(&path).unwrap_err(), ConfigError::FileNotUtf8 { offset: 3, .. }));
    }
}
