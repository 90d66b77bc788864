use secrecy::ExposeSecret;

use super::connection::{Connection, Place};
use super::interpolate::interpolate;
use super::material::Material;
use super::origin::{Origin, Sourced};
use super::url;

/// A database and its effective settings, redacted: what `dbwarden config` shows.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DatabaseDescription {
    /// The database's name.
    pub name: String,
    /// Whether it is the one that commands work on when none is named.
    pub default: bool,
    /// Why its settings cannot be resolved, where they cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// In the order of the file format's reference.
    pub settings: Vec<SettingDescription>,
}

/// One effective setting.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SettingDescription {
    /// The key as in the file.
    pub key: String,
    /// The value, without secrets.
    pub value: String,
    /// Where it came from.
    pub origin: String,
}

impl SettingDescription {
    pub(super) fn new(key: impl Into<String>, value: impl Into<String>, origin: &Origin) -> Self {
        SettingDescription { key: key.into(), value: value.into(), origin: origin.to_string() }
    }
}

/// The settings that say where the database is. Reads no file and runs no command.
pub(super) fn connection(connection: &Connection) -> Vec<SettingDescription> {
    let mut out = Vec::new();
    match &connection.place {
        Place::Url(material) => {
            out.push(SettingDescription::new(material.key, shown_url(material, connection), &material.origin))
        }
        Place::Fields(fields) => {
            for (key, Sourced { value, origin }) in &fields.texts {
                let value =
                    interpolate(value, &connection.environment).unwrap_or_else(|problem| format!("({problem})"));
                out.push(SettingDescription::new(*key, value, origin));
            }
            if let Some(Sourced { value, origin }) = &fields.params {
                for (name, value) in value {
                    let shown = if url::is_shown(name) { value.as_str() } else { "***" };
                    out.push(SettingDescription::new(format!("params.{name}"), shown, origin));
                }
            }
        }
        Place::Unknown(_) => {}
    }
    if let Some(password) = &connection.password {
        out.push(SettingDescription::new(password.key, password.shown(), &password.origin));
    }
    out
}

/// A URL as far as it can be shown. One that cannot be read is not shown at all.
fn shown_url(material: &Material, connection: &Connection) -> String {
    match material.peek(&connection.environment) {
        None => material.shown(),
        Some(Ok(text)) => match url::parse(text.expose_secret()) {
            Ok(url) => url.redacted(),
            Err(problem) => format!("(not shown: {problem})"),
        },
        Some(Err(problem)) => format!("(not shown: {problem})"),
    }
}
