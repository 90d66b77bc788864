//! The results as a table in Markdown.

use std::time::Duration;

use crate::measure::Pair;

/// How a measurement is judged.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// So much longer than the client, at most.
    Above(Duration),
    /// So many times the client's time, at most.
    Times(f64),
    /// So many times the file's bytes of memory, at most.
    Memory { file: u64, times: f64 },
    /// Told, not judged.
    None,
}

/// Prints the head.
pub fn head() {
    println!("| measurement | engine | dbwarden | the client | | goal |");
    println!("| --- | --- | ---: | ---: | ---: | ---: |");
}

/// Prints a result.
pub fn row(measurement: &str, engine: &str, pair: Pair, goal: Goal) {
    let (ours, theirs) = (pair.ours.elapsed, pair.theirs.elapsed);
    let ratio = || format!("{:.2} ×", ours.as_secs_f64() / theirs.as_secs_f64());
    let memory = |peak: Option<u64>| peak.map_or("?".to_string(), |bytes| format!("{} MB", bytes / 1_000_000));
    let (ours, theirs, verdict, goal) = match goal {
        Goal::Above(goal) => {
            let above = ours.as_secs_f64() - theirs.as_secs_f64();
            (shown(ours), shown(theirs), format!("{:+.1} ms", above * 1e3), format!("≤ +{} ms", goal.as_millis()))
        }
        Goal::Times(goal) => (shown(ours), shown(theirs), ratio(), format!("≤ {goal} ×")),
        Goal::None => (shown(ours), shown(theirs), ratio(), String::new()),
        Goal::Memory { file, times } => {
            let of_file = pair.ours.peak.unwrap_or_default() as f64 / file as f64;
            (
                memory(pair.ours.peak),
                memory(pair.theirs.peak),
                format!("{of_file:.2} × the file"),
                format!("≤ {times} ×"),
            )
        }
    };
    println!("| {measurement} | {engine} | {ours} | {theirs} | {verdict} | {goal} |");
}

fn shown(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{:.1} ms", seconds * 1e3),
        seconds => format!("{seconds:.2} s"),
    }
}
