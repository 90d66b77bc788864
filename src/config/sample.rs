use super::database_type::DatabaseType;
use super::keys::DATABASE_KEYS;

/// A configuration for `dbwarden init` to write: one database, and every other key as a comment with its meaning and
/// its default or an example.
pub fn sample_toml(name: &str, database_type: DatabaseType) -> String {
    let url = match database_type {
        DatabaseType::Sqlite => format!("sqlite:///./{name}.db"),
        _ => "${DATABASE_URL}".to_string(),
    };
    let mut out = format!(
        "# In any string, ${{NAME}} and ${{NAME:-default}} stand for environment variables; $$ is a dollar sign.\n\
         # Relative paths start from this file's folder.\n\
         default = \"{name}\"\n\n\
         [database.{name}]\n\
         database_type = \"{}\"\n\
         database_url = \"{url}\"\n\n\
         # Everything else, with its default or an example:\n",
        database_type.name()
    );
    for key in DATABASE_KEYS {
        if matches!(key.name, "database_type" | "database_url") {
            continue;
        }
        let setting = format!(
            "# {} = {}",
            key.name,
            key.sample.replace("NAME}", "\0").replace("NAME", name).replace('\0', "NAME}")
        );
        out.push_str(&format!("{setting:<56} # {}\n", key.help));
    }
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::file;

    #[test]
    fn the_sample_and_each_of_its_comments_can_be_read() {
        for database_type in DatabaseType::ALL {
            let sample = sample_toml("shop", database_type);
            let Ok(parsed) = file::parse(&sample, Path::new("f")) else { panic!("{sample}") };
            assert_eq!(parsed.databases[0].name, "shop");
            for key in DATABASE_KEYS {
                let commented =
                    sample.lines().find(|line| line.trim_start_matches("# ").starts_with(&format!("{} =", key.name)));
                let line = commented.unwrap_or_else(|| panic!("{} is missing", key.name)).trim_start_matches("# ");
                let text = format!("[database.shop]\n{line}\n");
                assert!(file::parse(&text, Path::new("f")).is_ok(), "{line}");
            }
        }
    }
}
