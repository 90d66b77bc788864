//! Which backups may go: decided without a look at the disk.

use chrono::{DateTime, Duration, Utc};

/// What is kept. Both limits hold at the same time: a backup goes when either says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// At most this many, the newest.
    pub count: Option<usize>,
    /// None that is older than this many days.
    pub days: Option<u32>,
}

/// Indexes of the backups to remove. `taken_at` lists every whole backup of one database, the newest first; what has
/// no manifest is not in it and never goes. The newest always stays.
pub(super) fn to_remove(taken_at: &[DateTime<Utc>], keep: Keep, now: DateTime<Utc>) -> Vec<usize> {
    let too_many = |index: usize| keep.count.is_some_and(|count| index >= count);
    let oldest = keep.days.and_then(|days| now.checked_sub_signed(Duration::days(i64::from(days))));
    let too_old = |at: DateTime<Utc>| oldest.is_some_and(|oldest| at < oldest);
    (1..taken_at.len()).filter(|&index| too_many(index) || too_old(taken_at[index])).collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    const NONE: [usize; 0] = [];

    fn removed(days_ago: &[i64], count: Option<usize>, days: Option<u32>) -> Vec<usize> {
        let now = Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap();
        let taken: Vec<_> = days_ago.iter().map(|days| now - Duration::days(*days)).collect();
        to_remove(&taken, Keep { count, days }, now)
    }

    #[test]
    fn the_newest_always_stays() {
        assert_eq!(removed(&[900], Some(0), Some(1)), NONE);
        assert_eq!(removed(&[900, 901], Some(0), None), [1]);
        assert_eq!(removed(&[], Some(1), Some(1)), NONE);
    }

    #[test]
    fn both_limits_hold() {
        assert_eq!(removed(&[0, 1, 2, 3], Some(2), None), [2, 3]);
        assert_eq!(removed(&[0, 1, 2, 3], None, Some(2)), [3]);
        assert_eq!(removed(&[0, 5, 6], Some(10), Some(3)), [1, 2]);
        assert_eq!(removed(&[0, 1], None, None), NONE);
    }

    #[test]
    fn a_clock_set_back_removes_nothing_new() {
        assert_eq!(removed(&[-3, -2, 0], None, Some(1)), NONE);
    }
}
