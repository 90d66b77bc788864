use crate::fail_point;

/// From this length on a text ends with NUL: of any other SQLite makes a copy that does.
const LONG: usize = 4 * 1024;

/// How much of a message names it at the boundaries of a test.
const NAME: usize = 200;

/// Texts that go to the thread that SQLite works on.
pub(super) struct Message {
    text: String,
    ends: Vec<usize>,
}

impl Message {
    pub fn of(texts: &[&str]) -> Self {
        let mut message = Message {
            text: String::with_capacity(texts.iter().map(|text| text.len() + 1).sum()),
            ends: Vec::with_capacity(texts.len()),
        };
        for text in texts {
            message.text.push_str(text);
            if text.len() >= LONG {
                message.text.push('\0');
            }
            message.ends.push(message.text.len());
        }
        message
    }

    /// The texts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }

    /// The message is about to go to the thread, which has nothing to do.
    pub fn sent(&self) {
        self.pass("message");
    }

    /// A statement of it has ended.
    pub fn answered(&self) {
        self.pass("answer");
    }

    fn pass(&self, boundary: &str) {
        if fail_point::ACTIVE {
            let name: String = self.texts().flat_map(|text| [text, "; "]).flat_map(str::chars).take(NAME).collect();
            fail_point::pass(&format!("{boundary} {name}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_long_text_is_ended_for_sqlite() {
        let long = format!("SELECT '{}'", "é".repeat(LONG));
        let message = Message::of(&["SELECT 1", "", &long, "SELECT 2"]);
        let ended = format!("{long}\0");
        assert_eq!(message.texts().collect::<Vec<_>>(), ["SELECT 1", "", &ended, "SELECT 2"]);
    }
}
