//! The two streams of the process. Nothing that happens to them stops a migration.

use std::io::{BufWriter, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

/// A status of a thousand migrations at once.
const STDOUT_BUFFER: usize = 64 * 1024;

/// A stream that keeps or strips styles and outlives its reader.
pub(super) struct Stream {
    out: AutoStream<Box<dyn Write + Send>>,
    terminal: bool,
}

impl Stream {
    /// The process's stdout. Styles stay where it is a terminal, unless NO_COLOR, CLICOLOR_FORCE or `color` say
    /// otherwise.
    pub fn stdout(color: ColorChoice) -> Self {
        let stdout = std::io::stdout();
        let terminal = stdout.is_terminal();
        let choice = decide(color, AutoStream::choice(&stdout));
        Stream::new(Box::new(BufWriter::with_capacity(STDOUT_BUFFER, stdout)), terminal, choice)
    }

    /// The process's stderr, likewise.
    pub fn stderr(color: ColorChoice) -> Self {
        let stderr = std::io::stderr();
        let terminal = stderr.is_terminal();
        let choice = decide(color, AutoStream::choice(&stderr));
        Stream::new(Box::new(BufWriter::new(stderr)), terminal, choice)
    }

    /// Any other stream.
    pub fn new(out: Box<dyn Write + Send>, terminal: bool, choice: ColorChoice) -> Self {
        Stream { out: AutoStream::new(out, choice), terminal }
    }

    /// Whether a person looks at it as it is written.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Writes and flushes: a text of many lines with few calls of the system, each line seen at once. A reader that has gone away (`dbwarden history | head`) is no error; what else goes wrong
    /// is returned, for the caller to mention on the other stream.
    pub fn write(&mut self, text: &str) -> Result<(), std::io::Error> {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }
}

/// What the user asked for; `Auto` is what the stream and the environment suggest.
fn decide(color: ColorChoice, detected: ColorChoice) -> ColorChoice {
    if color == ColorChoice::Auto { detected } else { color }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Collects what is written; the clone reads it.
    #[derive(Clone, Default)]
    pub struct Collected(Arc<Mutex<Vec<u8>>>);

    impl Collected {
        pub fn text(&self) -> String {
            String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("UTF-8")
        }

        pub fn stream(&self, terminal: bool, choice: ColorChoice) -> Stream {
            Stream::new(Box::new(self.clone()), terminal, choice)
        }
    }

    impl Write for Collected {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    struct Failing(std::io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        let stream = |kind| Stream::new(Box::new(Failing(kind)), false, ColorChoice::Never).write("x");
        assert!(stream(std::io::ErrorKind::BrokenPipe).is_ok());
        assert!(stream(std::io::ErrorKind::StorageFull).is_err());
    }

    #[test]
    fn styles_are_stripped_where_not_wanted() {
        for (choice, expected) in [(ColorChoice::Never, "red"), (ColorChoice::Always, "\u{1b}[31mred\u{1b}[0m")] {
            let collected = Collected::default();
            collected.stream(false, choice).write("\u{1b}[31mred\u{1b}[0m").expect("written");
            assert_eq!(collected.text(), expected);
        }
    }
}
