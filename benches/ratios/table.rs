//! The results as a table in Markdown.

use std::time::Duration;

use crate::measure::Pair;

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// How a measurement is judged.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// So many times the other's time, at most.
    Times(f64),
    /// The same, and so much longer.
    TimesAnd(f64, Duration),
    /// So many MiB of memory, at most.
    Peak(u32),
    /// So many times the file's bytes of memory, at most.
    Memory { file: u64, times: f64 },
    /// Told, not judged.
    None,
}

/// Prints the head.
pub fn head() {
    println!("| measurement | beside | dbwarden | beside it | | goal |");
    println!("| --- | --- | ---: | ---: | ---: | ---: |");
}

/// Prints a result; one that misses its goal says so.
pub fn row(measurement: &str, beside: &str, pair: Pair, goal: Goal) {
    let (ours, theirs) = (pair.ours.elapsed.as_secs_f64(), pair.theirs.elapsed.as_secs_f64());
    let peak = |peak: Option<u64>| peak.map_or("?".to_string(), |bytes| mebibytes(bytes as f64));
    let own = pair.ours.peak.unwrap_or(u64::MAX) as f64;
    let of_time = format!("{:.2} ×", ours / theirs);
    let (is_met, verdict, goal, is_memory) = match goal {
        Goal::None => (true, of_time, String::new(), false),
        Goal::Times(times) => (ours <= times * theirs, of_time, format!("≤ {times:.2} ×"), false),
        Goal::TimesAnd(times, more) => {
            let goal = format!("≤ {times} × + {} ms", more.as_millis());
            (ours <= times * theirs + more.as_secs_f64(), of_time, goal, false)
        }
        Goal::Peak(most) => (own <= f64::from(most) * MEBIBYTE, String::new(), format!("≤ {most} MiB"), true),
        Goal::Memory { file, times } => {
            let of_file = own / file as f64;
            (of_file <= times, format!("{of_file:.2} × the file"), format!("≤ {times} ×"), true)
        }
    };
    let (ours, theirs) = match is_memory {
        true => (peak(pair.ours.peak), peak(pair.theirs.peak)),
        false => (shown(pair.ours.elapsed), shown(pair.theirs.elapsed)),
    };
    print(measurement, beside, [&ours, &theirs, &judged(&verdict, is_met), &goal]);
}

/// Prints the size of a file that has a largest size of so many millions of bytes.
pub fn size(measurement: &str, bytes: u64, most: u32) {
    let is_met = bytes <= u64::from(most) * 1_000_000;
    let size = format!("{:.1} MB", bytes as f64 / 1e6);
    print(measurement, "", [&size, "", &judged("", is_met), &format!("≤ {most} MB")]);
}

fn judged(verdict: &str, is_met: bool) -> String {
    if is_met { verdict.to_string() } else { format!("{verdict} missed").trim_start().to_string() }
}

fn print(measurement: &str, beside: &str, cells: [&str; 4]) {
    println!("| {measurement} | {beside} | {} |", cells.join(" | "));
}

fn mebibytes(bytes: f64) -> String {
    format!("{:.1} MiB", bytes / MEBIBYTE)
}

fn shown(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 1e-3 => format!("{:.0} µs", seconds * 1e6),
        seconds if seconds < 1.0 => format!("{:.1} ms", seconds * 1e3),
        seconds => format!("{seconds:.2} s"),
    }
}
