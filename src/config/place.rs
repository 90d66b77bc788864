use std::path::Path;

use secrecy::SecretString;

use super::connection::Place;
use super::error::ConfigError;
use super::fields::Fields;
use super::file::{Entry, Section, Value};
use super::material::{Form, Material};
use super::origin::Sourced;

/// The single fields that together say where a database is.
const FIELDS: &[&str] = &["host", "port", "socket", "user", "dbname"];

/// Refuses a section that says one thing twice. Looks at keys only: values may not be resolvable.
pub(super) fn refuse_conflicts(section: &Section) -> Result<(), ConfigError> {
    let urls = ["database_url", "database_url_file", "database_url_command"];
    let passwords = ["password", "password_file", "password_command"];
    only_one(section, &urls)?;
    only_one(section, &passwords)?;
    for url in urls {
        for field in FIELDS.iter().chain(&["params"]) {
            only_one(section, &[url, field])?;
        }
    }
    only_one(section, &["host", "socket"])
}

fn only_one(section: &Section, keys: &[&str]) -> Result<(), ConfigError> {
    let mut present = keys.iter().filter_map(|key| section.entries.get(key));
    match (present.next(), present.next()) {
        (Some(first), Some(second)) => Err(ConfigError::Conflict {
            origin: second.origin.clone(),
            first: first.written.to_string(),
            second: second.written.to_string(),
        }),
        _ => Ok(()),
    }
}

/// Where the section says the database is; `migration_url` stands above everything else.
pub(super) fn place(section: &Section, base: &Path) -> Place {
    let urls = ["migration_url", "database_url", "database_url_file", "database_url_command"];
    if let Some(material) = urls.into_iter().find_map(|key| material(section, key, base)) {
        return Place::Url(material);
    }
    let mut fields = Fields { base: base.to_path_buf(), ..Fields::default() };
    for key in FIELDS {
        if let Some(Entry { value: Value::Text(text), origin, written }) = section.entries.get(key) {
            fields.texts.push((written, Sourced { value: text.clone(), origin: origin.clone() }));
        }
    }
    if let Some(Entry { value: Value::Table(pairs), origin, .. }) = section.entries.get("params") {
        fields.params = Some(Sourced { value: pairs.clone(), origin: origin.clone() });
    }
    if fields.texts.is_empty() { Place::Unknown("database_url") } else { Place::Fields(fields) }
}

/// The section's own password.
pub(super) fn password(section: &Section, base: &Path) -> Option<Material> {
    ["password", "password_file", "password_command"].into_iter().find_map(|key| material(section, key, base))
}

/// The secret that `key` gives, if it is there.
pub(super) fn material(section: &Section, key: &str, base: &Path) -> Option<Material> {
    let Entry { written, value, origin } = section.entries.get(key)?;
    let form = match value {
        Value::Text(text) if key.ends_with("_file") => Form::File(text.clone()),
        Value::Text(text) => Form::Template(SecretString::from(text.as_str())),
        Value::List(words) => Form::Command(words.clone()),
        Value::Table(_) => return None,
    };
    Some(Material { key: written, origin: origin.clone(), base: base.to_path_buf(), form })
}
