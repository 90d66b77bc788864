use std::io::{BufRead, IsTerminal};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::report::{FindingReport, Report};
use super::{Ending, Options, elapsed, formats, human, json, sanitize, sanitize_line, snippet};

use super::progress::{Console, Level};
use super::stream::Stream;
use super::style::{self, paint};
use crate::backup::Progress;
use crate::db::Blocker;
use crate::model::Direction;

/// The only way to stdout and stderr.
pub struct Printer {
    stdout: Mutex<Stream>,
    console: Console,
    json: bool,
    verbose: bool,
    quiet: bool,
    /// What was warned of so far: the JSON document repeats it.
    warned: Mutex<Vec<String>>,
}

impl Printer {
    /// The printer for this process's streams.
    pub fn new(options: Options) -> Self {
        Printer::with_streams(options, Stream::stdout(options.color), Stream::stderr(options.color))
    }

    fn with_streams(options: Options, stdout: Stream, stderr: Stream) -> Self {
        let least = match (options.quiet, options.verbose) {
            (true, _) => Level::Error,
            (false, true) => Level::Debug,
            (false, false) => Level::Info,
        };
        Printer {
            stdout: Mutex::new(stdout),
            console: Console::new(stderr, options.log_format, least),
            json: options.json,
            verbose: options.verbose,
            quiet: options.quiet,
            warned: Mutex::default(),
        }
    }

    /// Whether `-v` asks for more.
    pub fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Tells the user something that is neither the result nor a problem.
    pub fn message(&self, text: &str) {
        let text = sanitize(text);
        self.console.say(Level::Info, "message", &text, &text, Map::new());
    }

    /// Tells the user of something odd that stops nothing.
    pub fn warning(&self, text: &str) {
        self.warned.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_string());
        let text = sanitize(text);
        self.console.say(
            Level::Warning,
            "warning",
            &format!("{}: {text}", paint(style::WARNING, "warning")),
            &text,
            Map::new(),
        );
    }

    /// Step `index` (0-based) of `total` begins.
    pub fn step_started(&self, index: usize, total: usize, label: &str, direction: Direction) {
        let label = sanitize_line(label).into_owned();
        let fields = object(json!({"step": index + 1, "steps": total, "migration": label, "direction": direction}));
        let doing = match direction {
            Direction::Upgrade => "applying",
            Direction::Rollback => "undoing",
        };
        let text = format!("{doing} {label} ({} of {total})", index + 1);
        // Text for people says it when the step is finished, or in the progress line.
        self.console.say(Level::Debug, "step_started", &text, &text, fields);
        self.console.step_started(format!("{doing} {label} ({} of {total})", index + 1));
    }

    /// Statement `index` (0-based) of `total`, which starts on `line` of the file, has ended.
    pub fn statement_finished(&self, index: usize, total: usize, line: usize, rows: Option<u64>, time: Duration) {
        self.console.statement_started(index + 1, total);
        if self.console.shows(Level::Debug) {
            let rows_text = rows.map(|rows| format!(", {}", human::count(rows, "row"))).unwrap_or_default();
            let text = format!("statement {} of {total} (line {line}){rows_text}, {}", index + 1, elapsed(time));
            let fields = object(json!({
                "statement": index + 1, "statements": total, "line": line, "rows": rows, "elapsed_ms": millis(time),
            }));
            let shown = format!("    {}", paint(style::FAINT, &text));
            self.console.say(Level::Debug, "statement_finished", &shown, &text, fields);
        }
    }

    /// The step is done and recorded.
    pub fn step_finished(&self, label: &str, direction: Direction, time: Duration) {
        self.console.step_ended();
        let label = sanitize_line(label);
        let done = match direction {
            Direction::Upgrade => "applied",
            Direction::Rollback => "undone",
        };
        self.console.say(
            Level::Info,
            "step_finished",
            &format!("  {} {label} {}", paint(style::GOOD, done), paint(style::FAINT, format!("({})", elapsed(time)))),
            &format!("{done} {label} in {}", elapsed(time)),
            object(json!({"migration": label, "direction": direction, "elapsed_ms": millis(time)})),
        );
    }

    /// A backup or a restore, called `doing`, has come so far.
    pub fn backup_progress(&self, doing: &str, progress: Progress) {
        let tables = progress.tables.map(|tables| format!(", {}", human::count(tables, "table"))).unwrap_or_default();
        self.console.working(format!("{doing}: {}{tables}", human::size(progress.bytes)));
    }

    /// No backup and no restore is going on any more.
    pub fn backup_ended(&self) {
        self.console.step_ended();
    }

    /// The step failed; the error itself is shown at the end.
    pub fn step_failed(&self, label: &str) {
        self.console.step_ended();
        let label = sanitize_line(label);
        self.console.say(
            Level::Info,
            "step_failed",
            &format!("  {}  {label}", paint(style::ERROR, "failed")),
            &format!("{label} failed"),
            object(json!({"migration": label})),
        );
    }

    /// Something is tried again after `wait`; `attempt` is the number of the coming one, `blockers` were in the way.
    pub fn retrying(&self, reason: &str, attempt: u32, wait: Duration, blockers: &[Blocker]) {
        let reason = sanitize_line(reason);
        let by = if blockers.is_empty() { String::new() } else { format!(", blocked by {}", listed(blockers)) };
        let text = format!("trying again in {} (attempt {attempt}): {reason}{by}", elapsed(wait));
        let fields = json!({"reason": reason, "attempt": attempt, "wait_ms": millis(wait), "blockers": blockers});
        let fields = object(fields);
        self.console.say(Level::Info, "retrying", &format!("  {text}"), &text, fields);
    }

    /// A statement that has run for `waited` waits for others.
    pub fn blocked(&self, blockers: &[Blocker], waited: Duration) {
        let text = format!("waiting for a lock ({}): {}", elapsed(waited), listed(blockers));
        let fields = object(json!({"waited_ms": millis(waited), "blockers": blockers}));
        self.console.say(Level::Info, "blocked", &format!("  {text}"), &text, fields);
    }

    /// Another run holds the migration lock.
    pub fn waiting(&self, holder: Option<&str>, waited: Duration) {
        let holder = holder.map(sanitize_line);
        let held = holder.as_deref().map(|holder| format!(", held by {holder}")).unwrap_or_default();
        let text = format!("waiting for the migration lock ({}){held}", elapsed(waited));
        let fields = object(json!({"holder": holder, "waited_ms": millis(waited)}));
        self.console.say(Level::Info, "waiting", &text, &text, fields);
    }

    /// The server said something beside its results: a notice, a warning.
    pub fn notice(&self, severity: &str, message: &str) {
        let (severity, message) = (sanitize_line(severity).to_lowercase(), sanitize(message));
        let text = format!("  {} {message}", paint(style::FAINT, format!("{severity}:")));
        self.console.say(Level::Info, "notice", &text, &message, object(json!({"severity": severity})));
    }

    /// A finding of `check` that stops nothing.
    pub fn finding(&self, finding: &FindingReport) {
        let text = human::finding(finding);
        let fields = object(serde_json::to_value(finding).unwrap_or_default());
        self.console.say(Level::Warning, "finding", text.trim_end(), &sanitize(&finding.message), fields);
    }

    /// Asks a question that is answered with `y` or anything else. False where nobody can answer: no terminal.
    pub fn confirm(&self, question: &str) -> bool {
        let stdin = std::io::stdin();
        if self.json || !stdin.is_terminal() {
            return false;
        }
        self.console.say(Level::Error, "question", &format!("{} [y/N]", sanitize(question)), question, Map::new());
        let mut answer = String::new();
        let read = stdin.lock().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }

    /// Prints the result and the errors of a command that has ended.
    pub fn finish(&self, ending: &Ending<'_>) {
        self.console.step_ended();
        if self.json {
            let warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner).clone();
            self.data(&json::document(ending, &warned, self.verbose));
        } else if let Some(report) = ending.report {
            let formatted = match report {
                Report::Check(report) => formats::render(report, ending.errors),
                _ => None,
            };
            self.data(&formatted.unwrap_or_else(|| human::report(report, self.quiet)));
        }
        for warning in ending.warnings {
            self.warning(warning);
        }
        for (database, error) in ending.errors {
            let database = database.as_deref();
            let text = snippet::render(database, error, self.verbose);
            let fields = json::error(database, error, self.verbose);
            self.console.say(Level::Error, "error", &text, &sanitize(&error.message), object(fields));
        }
    }

    fn data(&self, text: &str) {
        let written = self.stdout.lock().unwrap_or_else(PoisonError::into_inner).write(text);
        if let Err(error) = written {
            self.warning(&format!("the result could not be written to stdout: {error}"));
        }
    }
}

/// Blockers on one line; those beyond the first few are counted.
fn listed(blockers: &[Blocker]) -> String {
    const NAMED: usize = 3;
    let mut named: Vec<String> =
        blockers.iter().take(NAMED).map(|blocker| sanitize_line(&blocker.to_string()).into_owned()).collect();
    if blockers.len() > NAMED {
        named.push(format!("and {} more", blockers.len() - NAMED));
    }
    named.join("; ")
}

/// The fields of an object; none for any other value.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind, Exit};
    use crate::output::LogFormat;
    use crate::output::stream::tests::Collected;

    struct Run {
        printer: Printer,
        stdout: Collected,
        stderr: Collected,
    }

    fn run(options: Options) -> Run {
        let (stdout, stderr) = (Collected::default(), Collected::default());
        let never = anstream::ColorChoice::Never;
        let printer = Printer::with_streams(options, stdout.stream(false, never), stderr.stream(false, never));
        Run { printer, stdout, stderr }
    }

    fn work(printer: &Printer) {
        printer.waiting(Some("pid 7"), Duration::from_secs(5));
        printer.step_started(0, 2, "0001 users", Direction::Upgrade);
        printer.statement_finished(0, 1, 3, Some(2), Duration::from_millis(4));
        printer.notice("NOTICE", "table \u{1b}[2J exists");
        printer.step_finished("0001 users", Direction::Upgrade, Duration::from_millis(12));
        printer.step_started(1, 2, "0002 orders", Direction::Upgrade);
        printer.retrying("lock timeout", 2, Duration::from_secs(1), &[]);
        printer.blocked(&[Blocker { id: 7, certain: true, ..Blocker::default() }], Duration::from_secs(2));
        printer.step_failed("0002 orders");
    }

    fn fail(printer: &Printer) {
        let errors = [(Some("primary".to_string()), Error::new(ErrorKind::Sql, "0002 orders failed: no"))];
        let exit = Exit(Some(ErrorKind::Sql));
        let warnings = ["odd".to_string()];
        printer.finish(&Ending { command: Some("migrate"), exit, report: None, errors: &errors, warnings: &warnings });
    }

    #[test]
    fn messages_go_to_stderr_only() {
        let Run { printer, stdout, stderr } = run(Options::default());
        work(&printer);
        fail(&printer);
        assert_eq!(stdout.text(), "");
        assert_eq!(
            stderr.text(),
            "\
waiting for the migration lock (5.0 s), held by pid 7
  notice: table \\u{1b}[2J exists
  applied 0001 users (12 ms)
  trying again in 1.0 s (attempt 2): lock timeout
  waiting for a lock (2.0 s): session 7
  failed  0002 orders
warning: odd
error: primary: 0002 orders failed: no
"
        );
    }

    #[test]
    fn verbose_names_statements() {
        let Run { printer, stderr, .. } = run(Options { verbose: true, ..Options::default() });
        work(&printer);
        assert!(stderr.text().contains("applying 0001 users (1 of 2)\n    statement 1 of 1 (line 3), 2 rows, 4 ms\n"));
    }

    #[test]
    fn quiet_says_nothing_but_errors() {
        let Run { printer, stdout, stderr } = run(Options { quiet: true, ..Options::default() });
        work(&printer);
        fail(&printer);
        assert_eq!((stdout.text().as_str(), stderr.text().as_str()), ("", "error: primary: 0002 orders failed: no\n"));
    }

    #[test]
    fn json_is_one_document_also_for_a_failure() {
        let Run { printer, stdout, .. } = run(Options { json: true, ..Options::default() });
        work(&printer);
        printer.warning("early");
        fail(&printer);
        let document: Value = serde_json::from_str(&stdout.text()).expect("one document");
        assert_eq!(document["exit"]["name"], "sql");
        assert_eq!(document["errors"][0]["database"], "primary");
        assert_eq!(document["warnings"], json!(["early", "odd"]));
    }

    #[test]
    fn the_json_log_holds_every_event() {
        let options = Options { log_format: LogFormat::Json, ..Options::default() };
        let Run { printer, stderr, .. } = run(options);
        work(&printer);
        fail(&printer);
        let events: Vec<Value> =
            stderr.text().lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        let names: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
        assert_eq!(
            names,
            ["waiting", "notice", "step_finished", "retrying", "blocked", "step_failed", "warning", "error"]
        );
        assert_eq!(events[2]["migration"], "0001 users");
        assert_eq!(events[4]["blockers"][0]["id"], 7);
        assert_eq!(events[7]["kind"], "sql");
    }

    #[test]
    fn events_can_be_printed_from_anywhere() {
        fn shared<T: Send + Sync>() {}
        shared::<Printer>();
    }
}
