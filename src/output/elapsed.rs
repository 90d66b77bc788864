use std::time::Duration;

/// A span of time as people say it: `850 µs` is `1 ms`, then `12 ms`, `1.2 s`, `1 min 30 s`, `2 h 5 min`.
pub fn elapsed(duration: Duration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.as_millis());
    match seconds {
        0 => format!("{} ms", duration.as_micros().div_ceil(1000)),
        1..10 => format!("{}.{} s", seconds, millis % 1000 / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_well_at_every_size() {
        for (millis, text) in [
            (0, "0 ms"),
            (12, "12 ms"),
            (999, "999 ms"),
            (1_260, "1.2 s"),
            (59_900, "59 s"),
            (90_000, "1 min 30 s"),
            (7_500_000, "2 h 5 min"),
        ] {
            assert_eq!(elapsed(Duration::from_millis(millis)), text);
        }
        assert_eq!(elapsed(Duration::from_micros(850)), "1 ms");
    }
}
