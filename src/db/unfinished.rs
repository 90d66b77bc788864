//! Looking for what the database has begun and not finished.

use super::{Row, Session, SqlError};
use crate::dialect::select_unfinished;
use crate::model::{ObjectName, Unfinished};

/// Every invalid index and unchecked constraint; none on engines that know no such thing. Reads only the catalog.
///
/// # Errors
/// The database's own.
pub async fn load(session: &mut dyn Session) -> Result<Vec<Unfinished>, SqlError> {
    let version = major(&session.server().version);
    let Some(query) = select_unfinished(session.engine(), version) else { return Ok(Vec::new()) };
    Ok(session.query(&query).await?.iter().filter_map(decode).collect())
}

/// `15` of `15.18 (Debian 15.18-0+deb12u1)`, `17` of `17beta1`; 0 where there is no number.
fn major(version: &str) -> u32 {
    let digits = version.find(|character: char| !character.is_ascii_digit()).unwrap_or(version.len());
    version[..digits].parse().unwrap_or(0)
}

fn decode(row: &Row) -> Option<Unfinished> {
    let named = |schema, name| {
        Some(ObjectName { schema: row.text(schema).map(str::to_string), name: row.text(name)?.to_string() })
    };
    let table = named(3, 4)?;
    Some(match row.text(0)? {
        "constraint" => Unfinished::Constraint { name: row.text(2)?.to_string(), table },
        kind => Unfinished::Index { name: named(1, 2)?, table, partitioned: kind == "partitioned" },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_number_in_front() {
        for (version, expected) in [("15.18 (Debian)", 15), ("17beta1", 17), ("16", 16), ("", 0)] {
            assert_eq!(major(version), expected, "{version}");
        }
    }
}
