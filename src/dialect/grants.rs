//! The GRANT that is missing, as an administrator types it.

use super::{Engine, Tables, identifier};

impl Tables {
    /// What lets `user` read the tool's tables; with `write`, also write them. None where the engine has no users.
    pub fn grants(&self, user: &str, write: bool) -> Option<String> {
        let tables = [&self.history, &self.journal, &self.events].map(|table| self.qualified(table));
        let rights = if write { "SELECT, INSERT, UPDATE, DELETE" } else { "SELECT" };
        match self.engine {
            Engine::Postgres => {
                let (schema, user) = (identifier(self.engine, &self.schema), identifier(self.engine, user));
                Some(format!(
                    "GRANT USAGE ON SCHEMA {schema} TO {user}; GRANT {rights} ON {} TO {user};",
                    tables.join(", ")
                ))
            }
            // One table for each GRANT.
            Engine::MySql => {
                let grant = |table: &String| format!("GRANT {rights} ON {table} TO '{user}'@'%';");
                Some(tables.iter().map(grant).collect::<Vec<_>>().join(" "))
            }
            Engine::Sqlite => None,
        }
    }
}

/// The grant that a server misses for a statement of a migration in `database`, as far as its message tells. None where
/// it does not, or speaks another language.
pub fn grant_for(engine: Engine, message: &str, database: &str, user: &str) -> Option<String> {
    match engine {
        Engine::Postgres => {
            let user = identifier(engine, user);
            if let Some(schema) = message.strip_prefix("permission denied for schema ") {
                return Some(format!("GRANT USAGE, CREATE ON SCHEMA {} TO {user};", identifier(engine, schema)));
            }
            if let Some(table) = message.strip_prefix("permission denied for table ") {
                return Some(format!("GRANT ALL ON TABLE {} TO {user};", identifier(engine, table)));
            }
            let owned = message.strip_prefix("must be owner of ")?;
            Some(format!("only its owner may change {owned}: run as the owner, or name the owner as `role`"))
        }
        Engine::MySql => {
            // INSERT, DELETE command denied to user 'app'@'10.0.0.3' for table `shop`.`orders`; MySQL: 'orders'
            let (rights, rest) = message.split_once(" command denied to user ")?;
            let (_, table) = rest.split_once(" for table ")?;
            let is_right = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c == ' ');
            let table = match table.trim().strip_prefix('\'').and_then(|name| name.strip_suffix('\'')) {
                Some(name) => format!("{}.{}", identifier(engine, database), identifier(engine, name)),
                None => table.trim().to_owned(),
            };
            let is_table = table.starts_with('`') && !table.contains(';');
            // CREATE and DROP are rights to a database: the table they are about may not be there.
            let place = if rights.contains("CREATE") {
                format!("{}.*", table.split("`.`").next()?.trim_end_matches('`').to_owned() + "`")
            } else {
                table
            };
            (rights.split(", ").all(is_right) && is_table)
                .then(|| format!("GRANT {rights} ON {place} TO '{user}'@'%';"))
        }
        Engine::Sqlite => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_leads_to_the_grant() {
        let postgres = |message| grant_for(Engine::Postgres, message, "rev", "app");
        assert_eq!(
            postgres("permission denied for schema public").as_deref(),
            Some(r#"GRANT USAGE, CREATE ON SCHEMA "public" TO "app";"#)
        );
        assert_eq!(
            postgres(r#"permission denied for table a"b"#).as_deref(),
            Some(r#"GRANT ALL ON TABLE "a""b" TO "app";"#)
        );
        assert!(postgres("must be owner of table t1").is_some_and(|hint| hint.contains("table t1")));
        assert_eq!(postgres("keine Berechtigung für Schema public"), None);
        let mysql = |message| grant_for(Engine::MySql, message, "rev", "app");
        assert_eq!(
            mysql("CREATE command denied to user 'app'@'127.0.0.1' for table `rev`.`c`").as_deref(),
            Some("GRANT CREATE ON `rev`.* TO 'app'@'%';")
        );
        assert_eq!(
            mysql("INSERT, DELETE command denied to user 'app'@'h' for table `rev`.`c`").as_deref(),
            Some("GRANT INSERT, DELETE ON `rev`.`c` TO 'app'@'%';")
        );
        assert_eq!(
            mysql("CREATE command denied to user 'app'@'localhost' for table 'c'").as_deref(),
            Some("GRANT CREATE ON `rev`.* TO 'app'@'%';")
        );
        assert_eq!(
            mysql("INSERT command denied to user 'app'@'localhost' for table 'c'").as_deref(),
            Some("GRANT INSERT ON `rev`.`c` TO 'app'@'%';")
        );
        assert_eq!(mysql("Access denied for user 'app'"), None);
    }

    #[test]
    fn every_table_is_granted() {
        let tables = Tables::new(Engine::Postgres, "public", "_dbwarden_migrations");
        let grants = tables.grants("app", false).unwrap_or_default();
        assert!(grants.starts_with(r#"GRANT USAGE ON SCHEMA "public" TO "app"; GRANT SELECT ON "#), "{grants}");
        assert_eq!(grants.matches("_dbwarden_").count(), 3);
        let mysql = Tables::new(Engine::MySql, "shop", "_dbwarden_migrations").grants("app", true).unwrap_or_default();
        assert_eq!(mysql.matches("GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.`_dbwarden_").count(), 3, "{mysql}");
    }
}
