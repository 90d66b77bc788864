use secrecy::SecretString;

use super::{Error, Location};
use crate::config::redact;

impl Error {
    /// The same error without `secrets`: drivers and servers sometimes repeat what they were given.
    ///
    /// The text of migration files is left as it is: it is no place for this program's secrets, and the user must be
    /// able to recognise it.
    pub fn without(self, secrets: &[SecretString]) -> Self {
        let clean = |text: String| redact(&text, secrets);
        let all = |texts: Vec<String>| texts.into_iter().map(clean).collect();
        Error {
            message: clean(self.message),
            server: self.server.map(|mut server| {
                server.detail = server.detail.map(clean);
                server.hint = server.hint.map(clean);
                server.context = server.context.map(clean);
                server
            }),
            notes: all(self.notes),
            hints: all(self.hints),
            blockers: self.blockers.into_iter().map(|blocker| blocker.map_texts(&clean)).collect(),
            related: self.related.into_iter().map(|error| error.without(secrets)).collect(),
            kind: self.kind,
            location: self.location.map(|location| Location { file: clean(location.file), ..location }),
            excerpt: self.excerpt,
            statement: self.statement,
            difference: self.difference,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Blocker;
    use crate::error::{ErrorKind, ServerMessage};

    #[test]
    fn no_text_keeps_a_secret() {
        let mut error = Error::new(ErrorKind::Connection, "cannot use hunter2").note("hunter2").hint("try hunter2");
        error.server = Some(ServerMessage {
            code: None,
            detail: Some("hunter2".into()),
            hint: Some("hunter2".into()),
            context: Some("hunter2".into()),
        });
        error.blockers = vec![Blocker {
            user: Some("hunter2".into()),
            application: Some("hunter2".into()),
            query: Some("hunter2".into()),
            ..Blocker::default()
        }];
        error.related = vec![Error::new(ErrorKind::Connection, "hunter2")];
        let clean = error.without(&[SecretString::from("hunter2")]);
        assert!(!format!("{clean:?}").contains("hunter2"), "{clean:?}");
        assert_eq!(clean.message, "cannot use ***");
    }
}
