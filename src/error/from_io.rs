use std::io;
use std::path::Path;

use super::{Error, ErrorKind};

impl Error {
    /// A file or folder could not be used; `doing` completes "could not be …": `read`, `written`, `created`.
    pub fn from_io(path: &Path, doing: &str, error: &io::Error) -> Self {
        let shown = path.display();
        let failure = Error::new(ErrorKind::Usage, format!("{shown} could not be {doing}: {}", reason(error)))
            .in_file(shown.to_string());
        match error.kind() {
            io::ErrorKind::PermissionDenied => failure.hint("check the rights of the file and of its folder"),
            io::ErrorKind::AlreadyExists => failure.hint("nothing was overwritten: move it away first"),
            _ => failure,
        }
    }
}

/// The system's words without `(os error 2)`, which helps nobody at 3 a.m.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((words, _)) => words.to_lowercase(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_and_why() {
        let error = Error::from_io(Path::new("a/b.sql"), "read", &io::Error::from_raw_os_error(2));
        assert_eq!(error.message, "a/b.sql could not be read: no such file or directory");
    }
}
