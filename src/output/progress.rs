//! Messages while a command works, on stderr: plain lines, one JSON object per line, or on a terminal a line that
//! renews itself while a long step runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::LogFormat;
use super::elapsed;
use super::sanitize::escape_json;
use super::stream::Stream;

/// A step that is over sooner leaves only its line when it finished.
const QUIET_FOR: Duration = Duration::from_secs(1);
/// Where nobody sees a line renew itself, a long step says so this often: enough for a log to show life.
const PLAIN_EVERY: Duration = Duration::from_secs(30);
/// How often the line renews itself.
const TICK: Duration = Duration::from_millis(500);
/// The longest line that renews itself: one that wraps could not be erased.
const WIDTH: usize = 78;

/// How urgent a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Debug,
    Info,
    Warning,
    Error,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// Stderr, shared with the thread that renews the progress line.
#[derive(Clone)]
pub(super) struct Console(Arc<Mutex<State>>);

struct State {
    stream: Stream,
    format: LogFormat,
    least: Level,
    step: Option<RunningStep>,
    /// Characters of the progress line that stands on the terminal now.
    shown: usize,
    ticking: bool,
}

struct RunningStep {
    label: String,
    started: Instant,
    last_said: Instant,
    statement: Option<(usize, usize)>,
}

impl RunningStep {
    fn text(&self, now: Instant) -> String {
        let time = elapsed(now.duration_since(self.started));
        match self.statement {
            Some((index, total)) => format!("{}: statement {} of {total}, {time}", self.label, (index + 1).min(total)),
            None => format!("{}: {time}", self.label),
        }
    }
}

impl Console {
    pub fn new(stream: Stream, format: LogFormat, least: Level) -> Self {
        Console(Arc::new(Mutex::new(State { stream, format, least, step: None, shown: 0, ticking: false })))
    }

    /// Whether messages of this level are shown at all.
    pub fn shows(&self, level: Level) -> bool {
        level >= self.state().least
    }

    /// Says something: `text` as it is to people, or `event`, `message` and `fields` as JSON.
    pub fn say(&self, level: Level, event: &str, text: &str, message: &str, fields: Map<String, Value>) {
        let mut state = self.state();
        if level < state.least {
            return;
        }
        state.erase();
        let line = match state.format {
            LogFormat::Text => format!("{text}\n"),
            LogFormat::Json => json_line(level, event, message, fields),
        };
        state.write(&line);
    }

    /// A step runs from now on, until [`Console::step_ended`].
    pub fn step_started(&self, label: String) {
        let mut state = self.state();
        let now = Instant::now();
        state.step = Some(RunningStep { label, started: now, last_said: now, statement: None });
        if !state.ticking && state.least <= Level::Info {
            // Progress is a comfort: without the thread the run is the same, only quieter.
            let console = Arc::downgrade(&self.0);
            state.ticking = std::thread::Builder::new().name("progress".into()).spawn(|| tick(console)).is_ok();
        }
    }

    /// Something without statements has come so far: as a step that is called `label` from now on.
    pub fn working(&self, label: String) {
        if let Some(step) = &mut self.state().step {
            step.label = label;
            return;
        }
        self.step_started(label);
    }

    /// Statement `index` (0-based) of `total` runs now.
    pub fn statement_started(&self, index: usize, total: usize) {
        if let Some(step) = &mut self.state().step {
            step.statement = Some((index, total));
        }
    }

    /// No step runs any more.
    pub fn step_ended(&self) {
        let mut state = self.state();
        state.step = None;
        state.erase();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn write(&mut self, text: &str) {
        // There is nowhere left to say that stderr cannot be written to.
        let _ = self.stream.write(text);
    }

    /// Takes the progress line away without escape sequences, which `--color never` would strip.
    fn erase(&mut self) {
        if self.shown > 0 {
            let blank = format!("\r{:width$}\r", "", width = self.shown);
            self.shown = 0;
            self.write(&blank);
        }
    }

    fn renew(&mut self, now: Instant) {
        let renews_itself = self.stream.is_terminal() && self.format == LogFormat::Text;
        let Some(step) = &mut self.step else { return };
        let text = step.text(now);
        if renews_itself {
            if now.duration_since(step.started) >= QUIET_FOR {
                let text: String = text.chars().take(WIDTH).collect();
                let width = text.chars().count();
                let padding = " ".repeat(self.shown.saturating_sub(width));
                self.shown = width;
                self.write(&format!("\r{text}{padding}"));
            }
        } else if now.duration_since(step.last_said) >= PLAIN_EVERY {
            step.last_said = now;
            let line = match self.format {
                LogFormat::Text => format!("  {text}\n"),
                LogFormat::Json => json_line(Level::Info, "progress", &text, Map::new()),
            };
            self.write(&line);
        }
    }
}

/// Renews the progress line until the printer is gone.
fn tick(console: Weak<Mutex<State>>) {
    loop {
        std::thread::sleep(TICK);
        let Some(state) = console.upgrade() else { return };
        state.lock().unwrap_or_else(PoisonError::into_inner).renew(Instant::now());
    }
}

fn json_line(level: Level, event: &str, message: &str, fields: Map<String, Value>) -> String {
    let mut object = Map::new();
    object.insert("time".into(), chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true).into());
    object.insert("level".into(), level.name().into());
    object.insert("event".into(), event.into());
    object.insert("message".into(), message.into());
    object.extend(fields);
    format!("{}\n", escape_json(&Value::Object(object).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::stream::tests::Collected;

    fn console(terminal: bool, format: LogFormat, least: Level) -> (Console, Collected) {
        let collected = Collected::default();
        (Console::new(collected.stream(terminal, anstream::ColorChoice::Never), format, least), collected)
    }

    fn running(console: &Console) -> Instant {
        // Set by hand, so that no thread writes beside the test.
        let started = Instant::now();
        let step = RunningStep { label: "0001 a".into(), started, last_said: started, statement: Some((2, 7)) };
        console.state().step = Some(step);
        started
    }

    #[test]
    fn a_terminal_shows_a_long_step_and_takes_it_away_again() {
        let (console, collected) = console(true, LogFormat::Text, Level::Info);
        let started = running(&console);
        console.state().renew(started + Duration::from_millis(900));
        assert_eq!(collected.text(), "", "not yet");
        console.state().renew(started + Duration::from_secs(12));
        let shown = "0001 a: statement 3 of 7, 12 s";
        assert_eq!(collected.text(), format!("\r{shown}"));
        console.say(Level::Info, "message", "done", "done", Map::new());
        assert_eq!(collected.text(), format!("\r{shown}\r{}\rdone\n", " ".repeat(shown.len())));
    }

    #[test]
    fn a_log_shows_life_now_and_then() {
        let (console, collected) = console(false, LogFormat::Text, Level::Info);
        let started = running(&console);
        for seconds in [1, 29, 31, 59, 62] {
            console.state().renew(started + Duration::from_secs(seconds));
        }
        assert_eq!(collected.text(), "  0001 a: statement 3 of 7, 31 s\n  0001 a: statement 3 of 7, 1 min 2 s\n");
    }

    #[test]
    fn quiet_lets_only_errors_through() {
        let (console, collected) = console(false, LogFormat::Text, Level::Error);
        console.say(Level::Warning, "warning", "odd", "odd", Map::new());
        console.say(Level::Error, "error", "broken", "broken", Map::new());
        assert_eq!(collected.text(), "broken\n");
    }

    #[test]
    fn the_json_log_is_one_object_per_line() {
        let (console, collected) = console(true, LogFormat::Json, Level::Info);
        let fields = Map::from_iter([("attempt".to_string(), Value::from(2))]);
        console.say(Level::Info, "retrying", "for people", "two\nlines", fields);
        let text = collected.text();
        assert_eq!(text.lines().count(), 1);
        let object: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(object["event"], "retrying");
        assert_eq!(object["message"], "two\nlines");
        assert_eq!(object["attempt"], 2);
        assert_eq!(object["level"], "info");
    }
}
