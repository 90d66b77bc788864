//! Names of archives: `<UTC timestamp>-<version>.<extension>`, which sort by time.

use chrono::{DateTime, Utc};

use super::manifest::Method;

/// What a file is called while it is written.
pub(super) const PARTIAL: &str = ".partial";
/// What a manifest's name adds to that of its archive.
pub(super) const MANIFEST: &str = ".json";

/// The name without extension. A database without any migration has version `0`.
pub(super) fn stem(at: DateTime<Utc>, version: Option<&str>) -> String {
    format!("{}-{}", at.format("%Y%m%dT%H%M%SZ"), version.unwrap_or("0"))
}

/// The extension tells people what the file is; dbwarden itself reads the manifest.
pub(super) fn extension(method: Method, compressed: bool) -> String {
    let plain = match method {
        Method::PostgresCustom => "dump",
        Method::PostgresDirectory => "dump.d",
        Method::MysqlSql => "dump.sql",
        Method::SqliteFile => "dump.db",
    };
    format!("{plain}{}", if compressed { ".zst" } else { "" })
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn names_sort_by_time_and_tell_the_version() {
        let at = |second| Utc.with_ymd_and_hms(2026, 11, 22, 9, 5, second).unwrap();
        assert_eq!(stem(at(7), Some("0042")), "20261122T090507Z-0042");
        assert_eq!(stem(at(7), None), "20261122T090507Z-0");
        assert!(stem(at(7), Some("9")) < stem(at(8), Some("1")));
    }

    #[test]
    fn extensions_tell_what_a_file_is() {
        assert_eq!(extension(Method::MysqlSql, true), "dump.sql.zst");
        assert_eq!(extension(Method::PostgresCustom, false), "dump");
    }
}
