use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::build::Builder;
use super::check::Severities;
use super::discover::{self, discover, shown};
use super::environment::Environment;
use super::error::ConfigError;
use super::file::{self, Section};
use super::material::{Form, Material};
use super::origin::{Origin, Sourced};
use super::settings::{Database, Settings};
use super::suggest::nearest;
use super::{Flags, place};

/// Resolves flags, environment and file, in this order of precedence, for a command started in `cwd` (absolute).
///
/// Everything in the file is checked. Variables are only required of the selected databases, and those of a URL or a
/// password only when [`super::Target::connect_options`] is called; no secret is read here, except where nothing but
/// the URL's file or command can tell the engine of a selected database. `run_id` becomes a part of the name that
/// the server's process list shows.
pub fn resolve(flags: &Flags, environment: &Environment, cwd: &Path, run_id: &str) -> Result<Settings, ConfigError> {
    let mut warnings = environment.warnings();
    if flags.url.is_some() {
        warnings.push(
            "--url shows the URL, and the password in it, to everybody who may list this machine's processes: \
             set DBWARDEN_DATABASE_URL instead"
                .to_string(),
        );
    }
    let layout = Layout::load(flags, environment, cwd)?;
    let selected = layout.select(flags, environment)?;
    let url = layout.url_from_outside(flags, environment, cwd)?;
    if let Some(material) = url.as_ref().filter(|_| selected.len() > 1) {
        return Err(ConfigError::UrlForSeveral { origin: material.origin.clone(), count: selected.len() });
    }

    let mut databases = Vec::new();
    for (index, section) in layout.sections.iter().enumerate() {
        let is_selected = selected.contains(&index);
        let builder = Builder {
            section,
            check: &layout.check,
            url: url.as_ref().filter(|_| is_selected),
            base: &layout.base,
            is_selected,
            flags,
            environment,
            cwd,
            run_id,
        };
        let target = match builder.target() {
            Err(error) if is_selected => return Err(error),
            target => target,
        };
        databases.push(Database { name: section.name.clone(), target });
    }
    Ok(Settings { file: layout.file, default: layout.default, warnings, databases, selected })
}

/// The databases there are, from the file or, without one, from the environment.
struct Layout {
    file: Option<PathBuf>,
    /// The folder relative paths start from.
    base: PathBuf,
    default: Option<String>,
    check: Severities,
    sections: Vec<Section>,
}

impl Layout {
    fn load(flags: &Flags, environment: &Environment, cwd: &Path) -> Result<Self, ConfigError> {
        match discover(flags, environment, cwd)? {
            Some(path) => Self::from_file(path, environment, cwd),
            None => Self::without_file(flags, environment, cwd),
        }
    }

    fn from_file(path: PathBuf, environment: &Environment, cwd: &Path) -> Result<Self, ConfigError> {
        let display = shown(&path, cwd);
        let file = file::parse(&discover::read(&path)?, &display)?;
        for section in &file.databases {
            place::refuse_conflicts(section)?;
        }
        let known: Vec<String> = file.databases.iter().map(|section| section.name.clone()).collect();
        let default = match (file.default, known.as_slice()) {
            (_, []) => return Err(ConfigError::NoDatabases { path: display }),
            (Some(Sourced { value, origin }), _) => {
                let name = super::interpolate::interpolate(&value, environment).map_err(|problem| {
                    ConfigError::Interpolation { origin: origin.clone(), key: "default".to_string(), problem }
                })?;
                index_of(&known, &name, &origin)?;
                Some(name)
            }
            (None, [only]) => Some(only.clone()),
            (None, several) => several.iter().find(|name| *name == PRIMARY).cloned(),
        };
        let base = path.parent().unwrap_or(cwd).to_path_buf();
        Ok(Layout { file: Some(path), base, default, check: file.check, sections: file.databases })
    }

    fn without_file(flags: &Flags, environment: &Environment, cwd: &Path) -> Result<Self, ConfigError> {
        let origin = ["DBWARDEN_DATABASE_URL", "DATABASE_URL"]
            .into_iter()
            .find(|name| environment.filled(name).is_some())
            .map(|name| Origin::Environment(name.to_string()));
        let origin = flags.url.as_ref().map(|_| Origin::Flag("--url")).or(origin);
        let origin = origin.ok_or_else(|| ConfigError::NoConfiguration { searched_from: cwd.to_path_buf() })?;
        let (entries, check) = (Default::default(), Severities::new());
        let sections = vec![Section { name: PRIMARY.to_string(), origin, entries, check }];
        let (base, default) = (cwd.to_path_buf(), Some(PRIMARY.to_string()));
        Ok(Layout { file: None, base, default, check: Severities::new(), sections })
    }

    /// Which databases to work on.
    fn select(&self, flags: &Flags, environment: &Environment) -> Result<Vec<usize>, ConfigError> {
        let known: Vec<String> = self.sections.iter().map(|section| section.name.clone()).collect();
        let origin = Origin::Flag("--database");
        let (names, origin) = match (flags.all, flags.database.as_slice(), environment.filled("DBWARDEN_DATABASE")) {
            (true, [], _) => return Ok((0..known.len()).collect()),
            (true, [..], _) => {
                let (first, second) = ("--all".to_string(), "--database".to_string());
                return Err(ConfigError::Conflict { origin, first, second });
            }
            (false, [], Some(names)) => (
                names.split(',').map(|name| name.trim().to_string()).collect(),
                Origin::Environment("DBWARDEN_DATABASE".to_string()),
            ),
            (false, [], None) => match &self.default {
                Some(name) => (vec![name.clone()], Origin::Default),
                None => return Err(ConfigError::NoDefault { known }),
            },
            (false, names, _) => (names.to_vec(), origin),
        };
        let mut selected = Vec::new();
        for name in names {
            let index = index_of(&known, &name, &origin)?;
            if !selected.contains(&index) {
                selected.push(index);
            }
        }
        Ok(selected)
    }

    /// The URL that a flag or a variable puts in the place of the file's.
    fn url_from_outside(
        &self,
        flags: &Flags,
        environment: &Environment,
        cwd: &Path,
    ) -> Result<Option<Material>, ConfigError> {
        let literal = |text: SecretString, origin| {
            let form = Form::Literal(text);
            Some(Material { key: "database_url", origin, base: cwd.to_path_buf(), form })
        };
        if let Some(url) = &flags.url {
            if flags.dev {
                let (first, second) = ("--url".to_string(), "--dev".to_string());
                return Err(ConfigError::Conflict { origin: Origin::Flag("--dev"), first, second });
            }
            return Ok(literal(url.clone(), Origin::Flag("--url")));
        }
        // --dev is a flag and stands above a variable.
        if flags.dev {
            return Ok(None);
        }
        let names: &[&str] =
            if self.file.is_some() { &["DBWARDEN_DATABASE_URL"] } else { &["DBWARDEN_DATABASE_URL", "DATABASE_URL"] };
        Ok(names.iter().find_map(|name| {
            literal(SecretString::from(environment.filled(name)?), Origin::Environment(name.to_string()))
        }))
    }
}

/// The name of the only database where there is no file.
const PRIMARY: &str = "primary";

fn index_of(known: &[String], name: &str, origin: &Origin) -> Result<usize, ConfigError> {
    known.iter().position(|candidate| candidate == name).ok_or_else(|| ConfigError::UnknownDatabase {
        origin: origin.clone(),
        name: shown_name(name),
        known: known.to_vec(),
        suggestion: nearest(name, known.iter().map(String::as_str)).map(str::to_string),
    })
}

/// A name as an error repeats it. What cannot be a name at all may be a URL in the wrong place, and is not repeated.
fn shown_name(name: &str) -> String {
    let is_plain = name.len() <= 60 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if is_plain { name.to_string() } else { "…".to_string() }
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
