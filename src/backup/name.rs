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

/// A name for a database beside `database`: unlike that of another run, and no longer than `limit` as `length` measures
/// (bytes or characters, as the engine does).
pub(super) fn beside(database: &str, what: &str, run_id: &str, limit: usize, length: fn(&str) -> usize) -> String {
    let tail: String = run_id.chars().filter(char::is_ascii_alphanumeric).collect();
    let suffix = format!("_{what}_{}", &tail[tail.len().saturating_sub(8)..]);
    let mut kept = database.to_owned();
    while length(&kept) + suffix.len() > limit && kept.pop().is_some() {}
    kept + &suffix
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
    fn names_beside_fit_and_differ_by_run() {
        assert_eq!(beside("app", "restore", "0191-abcd-12345678", 63, str::len), "app_restore_12345678");
        let long = beside(&"ü".repeat(40), "restore", "x", 63, str::len);
        assert!(long.len() <= 63 && long.ends_with("ü_restore_x"), "{long}");
        assert_eq!(beside(&"ü".repeat(80), "before", "x", 64, |name| name.chars().count()).chars().count(), 64);
    }

    #[test]
    fn extensions_tell_what_a_file_is() {
        assert_eq!(extension(Method::MysqlSql, true), "dump.sql.zst");
        assert_eq!(extension(Method::PostgresCustom, false), "dump");
    }
}
