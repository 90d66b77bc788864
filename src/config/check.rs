//! The `[check]` tables: severities of rules. And `server_version`.

use std::collections::BTreeMap;

use super::error::ConfigError;
use super::origin::{Origin, Sourced};
use crate::lint::{self, Server, Severity};

/// Severities by rule; None is `off`.
pub(super) type Severities = BTreeMap<&'static str, Sourced<Option<Severity>>>;

/// One line of a `[check]` table.
pub(super) fn enter(severities: &mut Severities, rule: &str, value: &str, origin: Origin) -> Result<(), ConfigError> {
    let Some(known) = lint::rule(rule) else {
        let rule: String = rule.chars().take(60).flat_map(char::escape_debug).collect();
        let suggestion = lint::similar_rule(&rule);
        return Err(ConfigError::UnknownRule { origin, rule, suggestion });
    };
    let severity = match (value, Severity::from_name(value)) {
        ("off", _) => None,
        (_, Some(severity)) => Some(severity),
        (_, None) => {
            let key = format!("check.{rule}");
            return Err(ConfigError::InvalidValue { origin, key, expected: "error, warning, note or off".to_string() });
        }
    };
    severities.insert(known.id, Sourced { value: severity, origin });
    Ok(())
}

/// The word for a severity or its absence.
pub(super) fn shown(severity: Option<Severity>) -> &'static str {
    severity.map_or("off", Severity::name)
}

/// `15`, `8.0.36`, `mariadb 10.11`: product and version. `product` is meant where none is named.
pub(super) fn server(text: &str, product: &str) -> Option<Server> {
    let text = text.trim();
    let (named, version) = match text.split_once(char::is_whitespace) {
        Some((named, version)) => (named, version.trim()),
        None => ("", text),
    };
    let product = match named.to_ascii_lowercase().as_str() {
        "" => product,
        "postgresql" | "postgres" => "PostgreSQL",
        "mysql" => "MySQL",
        "mariadb" => "MariaDB",
        "sqlite" => "SQLite",
        _ => return None,
    };
    let version: Option<Vec<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
    Some(Server { product: product.to_string(), version: version? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_may_name_its_product() {
        let read = |text| server(text, "MySQL").map(|server| (server.product, server.version));
        assert_eq!(read("8.0.36"), Some(("MySQL".into(), vec![8, 0, 36])));
        assert_eq!(read("MariaDB 10.11"), Some(("MariaDB".into(), vec![10, 11])));
        for wrong in ["", "new", "oracle 19", "8.x", "8."] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
