use std::time::Duration;

/// Units with their length in milliseconds, the longest first. The words are PostgreSQL's
/// (<https://www.postgresql.org/docs/current/config-setting.html#CONFIG-SETTING-NAMES-VALUES>).
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)];

/// The text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Nothing, or no whole number in front of the unit.
    #[error("`{0}` is not a duration: write a whole number and a unit, such as 500ms, 5s, 10min or 2h")]
    NotANumber(String),
    /// A number other than 0 without a unit.
    #[error("`{0}` has no unit: write {0}ms, {0}s, {0}min or {0}h")]
    NoUnit(String),
    /// A unit that is none of ours. `m` is one: it is read as minutes by some and as milliseconds by others.
    #[error("`{text}` has the unknown unit `{unit}`: the units are ms, s, min, h and d")]
    UnknownUnit {
        /// The whole text.
        text: String,
        /// What stands behind the number.
        unit: String,
    },
    /// More than the 2147483647 ms (24.8 days) that servers accept for a timeout.
    #[error("`{0}` is too long: servers accept at most 24 days")]
    TooLong(String),
}

/// Reads `500ms`, `5s`, `10min`, `2h`, `1d` or `0`; a blank between number and unit is allowed.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = (&text[..digits], text[digits..].trim_start());
    if number.is_empty() {
        return Err(DurationError::NotANumber(text.to_string()));
    }
    let too_long = || DurationError::TooLong(text.to_string());
    let number: u64 = number.parse().map_err(|_| too_long())?;
    if unit.is_empty() {
        return if number == 0 { Ok(Duration::ZERO) } else { Err(DurationError::NoUnit(text.to_string())) };
    }
    let Some((_, length)) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)) else {
        return Err(DurationError::UnknownUnit { text: text.to_string(), unit: unit.to_string() });
    };
    match number.checked_mul(*length) {
        Some(millis) if millis <= i32::MAX as u64 => Ok(Duration::from_millis(millis)),
        _ => Err(too_long()),
    }
}

/// Writes a duration in the longest unit that needs no fraction, so that [`parse_duration`] reads the same value:
/// `90s`, `2min`, `0`. What is below a millisecond is dropped.
pub fn format_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis == 0 {
        return "0".to_string();
    }
    UNITS
        .iter()
        .find(|(_, length)| millis.is_multiple_of(u128::from(*length)))
        .map_or_else(|| format!("{millis}ms"), |(name, length)| format!("{}{name}", millis / u128::from(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_every_unit() {
        for (text, millis, canonical) in [
            ("0", 0, "0"),
            ("0s", 0, "0"),
            ("500ms", 500, "500ms"),
            ("5s", 5_000, "5s"),
            (" 90 s ", 90_000, "90s"),
            ("10min", 600_000, "10min"),
            ("60MIN", 3_600_000, "1h"),
            ("2h", 7_200_000, "2h"),
            ("1d", 86_400_000, "1d"),
        ] {
            let duration = parse_duration(text).expect(text);
            assert_eq!(duration, Duration::from_millis(millis), "{text}");
            assert_eq!(format_duration(duration), canonical);
            assert_eq!(parse_duration(canonical), Ok(duration));
        }
    }

    #[test]
    fn says_what_is_wrong() {
        assert!(matches!(parse_duration(""), Err(DurationError::NotANumber(_))));
        assert!(matches!(parse_duration("-5s"), Err(DurationError::NotANumber(_))));
        assert!(matches!(parse_duration("s"), Err(DurationError::NotANumber(_))));
        assert!(matches!(parse_duration("5"), Err(DurationError::NoUnit(_))));
        assert!(matches!(parse_duration("5m"), Err(DurationError::UnknownUnit { .. })));
        assert!(matches!(parse_duration("1.5s"), Err(DurationError::UnknownUnit { .. })));
        assert!(matches!(parse_duration("25d"), Err(DurationError::TooLong(_))));
        assert!(matches!(parse_duration("99999999999999999999s"), Err(DurationError::TooLong(_))));
    }
}
