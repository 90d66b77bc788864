//! Whether the migration lock keeps everybody out who could change the same data.

use sqlx::mysql::MySqlConnectOptions;
use sqlx::{Connection, MySql};

use super::{MySqlDriver, open, place};
use crate::db::driver::{read, send};
use crate::db::driver_error::LOCK_TAKEN_TWICE;
use crate::db::{Row, Server, SqlError, SqlErrorKind};

/// What tells that several servers take writes: `GET_LOCK` is known to one of them only.
const CLUSTER: &str = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_on', 'wsrep_provider', \
                       'group_replication_group_name', 'group_replication_single_primary_mode')";

/// Tries the lock over a second connection while connection `holder` has it, and asks what kind of server this is.
///
/// # Errors
/// Those of connecting; [`SqlErrorKind::TransactionPooler`] and [`SqlErrorKind::LockIneffective`].
pub(super) async fn check(
    options: &MySqlConnectOptions,
    server: &Server,
    holder: i64,
    try_lock: &str,
) -> Result<(), SqlError> {
    let mut connection = open(options, &place(server)).await?;
    // Not on the same connection: there it would be had once more, and a proxy keeps the connection.
    let sql = format!("SELECT CONNECTION_ID(), IF(CONNECTION_ID() <> {holder}, {try_lock}, NULL);\n{CLUSTER}");
    let rows = read::<MySqlDriver>(send::<MySql>(&mut connection, sql)).await?;
    let [answer, variables @ ..] = rows.as_slice() else {
        return Err(SqlError::new(SqlErrorKind::Protocol, "the server did not say whether the lock is held"));
    };
    // Gives back what it may have got.
    let _ = connection.close().await;
    if answer.number(0) == Some(holder) {
        let message = "a proxy that shares connections stands between dbwarden and the server";
        return Err(SqlError::new(SqlErrorKind::TransactionPooler, message));
    }
    if answer.number(1) == Some(1) {
        return Err(SqlError::new(SqlErrorKind::LockIneffective, LOCK_TAKEN_TWICE));
    }
    match cluster(variables) {
        Some(kind) if !server.named_for_migrations => {
            let message = format!(
                "the server is one of {kind}, and the migration lock holds on one node only: \
                 a run that reaches another node would not be kept out"
            );
            Err(SqlError::new(SqlErrorKind::LockIneffective, message))
        }
        _ => Ok(()),
    }
}

/// The kind of cluster whose nodes all take writes, if the server belongs to one.
fn cluster(variables: &[Row]) -> Option<&'static str> {
    let value = |name: &str| {
        let row = variables.iter().find(|row| row.text(0).is_some_and(|found| found.eq_ignore_ascii_case(name)));
        row.and_then(|row| row.text(1)).unwrap_or_default()
    };
    // A server that was built for it has the variables and no provider.
    if value("wsrep_on").eq_ignore_ascii_case("ON") && !["", "none"].contains(&value("wsrep_provider")) {
        return Some("a Galera cluster");
    }
    let in_group = !value("group_replication_group_name").is_empty();
    if in_group && value("group_replication_single_primary_mode").eq_ignore_ascii_case("OFF") {
        return Some("a replication group with several primaries");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_told_by_their_variables() {
        let galera = Some("a Galera cluster");
        for (variables, expected) in [
            (&[][..], None),
            (&[("wsrep_on", "OFF"), ("wsrep_provider", "none")], None),
            (&[("wsrep_on", "ON"), ("wsrep_provider", "none")], None),
            (&[("wsrep_on", "ON"), ("wsrep_provider", "/usr/lib/galera/libgalera_smm.so")], galera),
            (&[("group_replication_group_name", ""), ("group_replication_single_primary_mode", "OFF")], None),
            (&[("group_replication_group_name", "a"), ("group_replication_single_primary_mode", "ON")], None),
            (
                &[("group_replication_group_name", "a"), ("group_replication_single_primary_mode", "OFF")],
                Some("a replication group with several primaries"),
            ),
        ] {
            let row = |(name, value): &(&str, &str)| Row::from_iter([Some(*name), Some(*value)]);
            let rows: Vec<Row> = variables.iter().map(row).collect();
            assert_eq!(cluster(&rows), expected, "{variables:?}");
        }
    }
}
