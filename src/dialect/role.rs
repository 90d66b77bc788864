//! The role that migrations run under, when it is not the login user.

use super::{Engine, identifier};

/// Takes on `role` for the statements of a migration.
pub fn role_begin(engine: Engine, role: &str) -> String {
    format!("SET ROLE {}", identifier(engine, role))
}

/// Goes back to the login user, for the bookkeeping.
pub fn role_end(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "RESET ROLE",
        // MariaDB and MySQL; SQLite has no roles and never comes here, because configuration refuses it.
        Engine::MySql | Engine::Sqlite => "SET ROLE NONE",
    }
}
