//! The settings of a MySQL session, as SQL text.
//!
//! `/*M! … */` is code for MariaDB alone and `/*!50708 … */` for MySQL alone (MariaDB skips versions from 50700:
//! <https://mariadb.com/kb/en/comment-syntax/>), so that one text serves both before it is known which one listens.

use std::time::Duration;

use crate::db::{Row, Server, SessionOptions, SqlError, SqlErrorKind};
use crate::dialect::{Engine, identifier, literal};

/// What makes a fresh session equal to one of the `mysql` client.
///
/// The driver's handshake claims CLIENT_IGNORE_SPACE, which the server turns into a sql_mode that routines would
/// keep for ever. It goes, unless the server's configuration (or ANSI, which includes it) has it too. The rest of
/// sql_mode stays, because `init_connect` may have set it.
pub(super) const CLIENT_DEFAULTS: [&str; 2] = [
    "SET NAMES utf8mb4",
    "SET SESSION sql_mode = IF(FIND_IN_SET('IGNORE_SPACE', @@GLOBAL.sql_mode) \
     OR FIND_IN_SET('ANSI', @@SESSION.sql_mode), @@SESSION.sql_mode, \
     TRIM(BOTH ',' FROM REPLACE(CONCAT(',', @@SESSION.sql_mode, ','), ',IGNORE_SPACE,', ',')))",
];

/// Session variables that migrations change and that every server and user may set back.
const VARIABLES: [&str; 17] = [
    "sql_mode",
    "time_zone",
    "foreign_key_checks",
    "unique_checks",
    "autocommit",
    "collation_connection",
    "default_storage_engine",
    "div_precision_increment",
    "group_concat_max_len",
    "innodb_lock_wait_timeout",
    "lc_time_names",
    "lock_wait_timeout",
    "sql_big_selects",
    "sql_notes",
    "sql_quote_show_create",
    "sql_safe_updates",
    "sql_select_limit",
];

/// A session of ours is never idle for longer than this between two statements: it waits for seconds before another
/// try of one that met a lock.
const SHORTEST_SILENCE: Duration = Duration::from_secs(60);

/// Columns of the introduction before the variables: version, connection id, user.
const FIRST_VARIABLE: usize = 3;

/// Who the server is, and what the session began with.
pub(super) fn introduction() -> String {
    let variables: Vec<String> = VARIABLES.iter().map(|name| format!("@@SESSION.{name}")).collect();
    format!(
        "SELECT VERSION(), CONNECTION_ID(), SUBSTRING_INDEX(CURRENT_USER(), '@', 1), {}, CONCAT( \
         /*M! @@SESSION.tx_isolation, IF(@@SESSION.tx_read_only, */ \
         /*!50720 @@SESSION.transaction_isolation, IF(@@SESSION.transaction_read_only, */ \
         ', READ ONLY', ', READ WRITE')) \
         /*M! , CURRENT_ROLE() */ /*!80000 , CURRENT_ROLE() */",
        variables.join(", ")
    )
}

/// What a session began with, to go back to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Baseline {
    /// A value for each of [`VARIABLES`].
    values: Vec<String>,
    /// As SET TRANSACTION wants it: `REPEATABLE READ, READ WRITE`.
    isolation: Option<String>,
    /// The roles as SET ROLE wants them; None where the server has no roles.
    role: Option<String>,
}

impl Baseline {
    /// Reads the row of [`introduction`].
    pub fn read(row: &Row, mariadb: bool) -> Self {
        let behind = FIRST_VARIABLE + VARIABLES.len();
        let text = |index| row.text(index).map(str::to_owned);
        let has_roles = row.cells().len() > behind + 1;
        Baseline {
            values: (FIRST_VARIABLE..behind).map(|index| text(index).unwrap_or_default()).collect(),
            isolation: text(behind).map(|level| level.replace('-', " ")),
            role: has_roles.then(|| match row.text(behind + 1) {
                None => "NONE".to_owned(),
                // MariaDB gives the bare name, MySQL a list that is quoted already, or NONE.
                Some(role) if mariadb => identifier(Engine::MySql, role),
                Some(roles) => roles.to_owned(),
            }),
        }
    }

    /// The statements that take back what a migration changed. Named locks stay: the migration lock is one.
    pub fn restore(&self, database: &str) -> Vec<String> {
        let variables: Vec<String> = VARIABLES
            .iter()
            .zip(&self.values)
            .map(|(name, value)| format!("{name} = {}", bare_or_quoted(value)))
            .collect();
        let mut statements = vec![
            "UNLOCK TABLES".to_owned(),
            "SET NAMES utf8mb4".to_owned(),
            // The clock of the session, which a dump may have stopped.
            format!("SET SESSION timestamp = DEFAULT, {}", variables.join(", ")),
            format!("USE {}", identifier(Engine::MySql, database)),
        ];
        statements
            .extend(self.isolation.iter().map(|level| format!("SET SESSION TRANSACTION ISOLATION LEVEL {level}")));
        statements.extend(self.role.iter().map(|role| format!("SET ROLE {role}")));
        statements
    }
}

/// The statements that apply what configuration asks for.
///
/// # Errors
/// [`SqlErrorKind::Statement`] for the name of a setting that is none.
pub(super) fn setup(server: &Server, options: &SessionOptions) -> Result<Vec<String>, SqlError> {
    let limit = options.statement_timeout;
    // The list begins with an assignment that changes nothing, because a server may know neither of the limits.
    let mut assignments = vec![format!(
        "sql_notes = @@SESSION.sql_notes /*M! , max_statement_time = {} */ /*!50708 , max_execution_time = {} */",
        limit.as_secs_f64(),
        limit.as_millis()
    )];
    if let Some(timeout) = options.lock_timeout {
        assignments.push(format!("lock_wait_timeout = {}", whole_seconds(timeout, 31_536_000)));
        assignments.push(format!("innodb_lock_wait_timeout = {}", whole_seconds(timeout, 100_000_000)));
    }
    if options.holds_lock {
        let silence = server.network_timeout.max(SHORTEST_SILENCE);
        assignments.push(format!("wait_timeout = {}", whole_seconds(silence, 31_536_000)));
    }
    let configured = server.settings.iter().map(|(name, value)| (name, value)).chain(&options.settings);
    for (name, value) in configured {
        if name.is_empty() || !name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_') {
            let message = format!("`{}` is not the name of a session variable", name.escape_debug());
            return Err(SqlError::new(SqlErrorKind::Statement, message));
        }
        assignments.push(format!("{name} = {}", bare_or_quoted(value)));
    }
    let mut statements = vec![format!("SET SESSION {}", assignments.join(", "))];
    if let Some(role) = &options.role {
        statements.push(format!("SET ROLE {}", identifier(Engine::MySql, role)));
    }
    Ok(statements)
}

/// Seconds, rounded up, because the engine knows no fractions and 0 would be no wait at all; `longest` for ever.
fn whole_seconds(timeout: Duration, longest: u64) -> u64 {
    if timeout.is_zero() { longest } else { timeout.as_millis().div_ceil(1000).min(u128::from(longest)) as u64 }
}

/// A number or a switch as it is, because the server refuses them as text; anything else as a literal.
fn bare_or_quoted(value: &str) -> String {
    let is_number = value.parse::<f64>().is_ok_and(f64::is_finite);
    let is_switch = ["ON", "OFF", "TRUE", "FALSE", "DEFAULT"].iter().any(|word| word.eq_ignore_ascii_case(value));
    if is_number || is_switch { value.to_owned() } else { literal(Engine::MySql, value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Network, Tls};

    fn server() -> Server {
        Server {
            network: Network::Tcp { host: "db".into(), port: 3306 },
            user: "app".into(),
            password: None,
            database: "app".into(),
            tls: Tls::default(),
            connect_timeout: Duration::ZERO,
            network_timeout: Duration::from_secs(75),
            settings: Vec::new(),
            application_name: "dbwarden".into(),
            named_for_migrations: false,
        }
    }

    fn row(role: Option<&str>) -> Row {
        let mut cells = vec![Some("10.11"), Some("7"), Some("app")];
        cells.extend(VARIABLES.iter().map(|name| Some(if *name == "sql_mode" { "ANSI" } else { "1" })));
        cells.push(Some("REPEATABLE-READ, READ WRITE"));
        cells.push(role);
        Row::from_iter(cells)
    }

    #[test]
    fn timeouts_are_whole_seconds_and_zero_is_for_ever() {
        for (milliseconds, seconds) in [(1, 1), (1000, 1), (1001, 2), (0, 31_536_000)] {
            assert_eq!(whole_seconds(Duration::from_millis(milliseconds), 31_536_000), seconds, "{milliseconds} ms");
        }
    }

    #[test]
    fn a_session_with_the_lock_ends_when_it_says_nothing_and_any_other_may_wait() {
        let text = |holds_lock| {
            let options = SessionOptions { holds_lock, ..SessionOptions::default() };
            setup(&server(), &options).unwrap().join(";")
        };
        assert!(text(true).contains("wait_timeout = 75"));
        assert!(!text(false).contains("wait_timeout"));
    }

    #[test]
    fn values_are_quoted_unless_they_are_numbers_or_switches() {
        for value in ["0", "-1", "1.5", "off", "DEFAULT"] {
            assert_eq!(bare_or_quoted(value), value);
        }
        for value in ["", "1; DROP TABLE t", "NaN", "STRICT_ALL_TABLES", "on off"] {
            assert!(bare_or_quoted(value).starts_with("_utf8mb4 X'"), "{value}");
        }
    }

    #[test]
    fn a_setting_whose_name_is_none_is_refused() {
        let settings = [("a = 1, b".to_owned(), "1".to_owned())].into();
        let refused = setup(&server(), &SessionOptions { settings, ..SessionOptions::default() });
        assert_eq!(refused.map_err(|error| error.kind), Err(SqlErrorKind::Statement));
    }

    #[test]
    fn a_reset_goes_back_to_what_the_session_began_with() {
        let statements = Baseline::read(&row(Some("own`er")), true).restore("my`db").join(";");
        for expected in [
            "SET SESSION timestamp = DEFAULT, sql_mode = _utf8mb4 X'414e5349', time_zone = 1,",
            "USE `my``db`",
            "ISOLATION LEVEL REPEATABLE READ, READ WRITE",
            "SET ROLE `own``er`",
        ] {
            assert!(statements.contains(expected), "{expected} in {statements}");
        }
        assert!(Baseline::read(&row(None), true).restore("d").contains(&"SET ROLE NONE".to_owned()));
    }

    #[test]
    fn a_server_without_roles_is_sent_none() {
        let row = row(None);
        let row = Row::from_iter(row.cells().take(row.cells().len() - 1));
        assert!(!Baseline::read(&row, false).restore("d").join(";").contains("SET ROLE"));
    }
}
