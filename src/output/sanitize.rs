//! Text from files and servers, made harmless for a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// Shows control characters and characters that change the direction or hide text as `\u{1b}`. Line breaks and tabs
/// stay.
///
/// A file name or a server message could otherwise move the cursor, hide what was printed, or make SQL read
/// differently from what runs (<https://trojansource.codes>).
pub fn sanitize(text: &str) -> Cow<'_, str> {
    escape(text, |character| harmful(character) && !matches!(character, '\n' | '\t'))
}

/// As [`sanitize`], for what must stay on one line: line breaks and tabs become blanks.
pub fn sanitize_line(text: &str) -> Cow<'_, str> {
    // A status has thousands of texts, and nearly all are plain.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    if text.contains(['\n', '\t', '\r']) {
        let joined = text.replace("\r\n", " ").replace(['\n', '\t', '\r'], " ");
        return Cow::Owned(escape(&joined, harmful).into_owned());
    }
    escape(text, harmful)
}

/// JSON text in which no character is harmful, and which means the same: serializers escape only what JSON demands,
/// which leaves C1 control characters and bidi overrides. They stand inside strings, where an escape is allowed.
pub(super) fn escape_json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if !character.is_ascii() && harmful(character) {
            safe.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            safe.push(character);
        }
    }
    safe
}

fn harmful(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

fn escape(text: &str, escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&escaped) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\r' && characters.peek() == Some(&'\n') {
            continue;
        }
        if escaped(character) {
            // Writing to a String cannot fail.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_text_is_not_copied() {
        for text in ["", "relation \"userz\" does not exist", "Größe 大小 😀", "two\n\tlines"] {
            assert!(matches!(sanitize(text), Cow::Borrowed(same) if same == text), "{text:?}");
        }
    }

    #[test]
    fn what_moves_hides_or_reverses_is_shown() {
        for (text, shown) in [
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("a\u{7}b\u{0}", "a\\u{7}b\\u{0}"),
            ("a\u{9b}31m", "a\\u{9b}31m"),
            ("x\u{202e}lqs.", "x\\u{202e}lqs."),
            ("x\u{2066}y\u{2069}", "x\\u{2066}y\\u{2069}"),
            ("in\u{200b}visible", "in\\u{200b}visible"),
            ("over\rwritten", "over\\u{d}written"),
            ("windows\r\nlines", "windows\nlines"),
        ] {
            assert_eq!(sanitize(text), shown, "{text:?}");
        }
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({"a\u{202e}": "\u{9b}31m \u{1b} Größe"});
        let text = escape_json(&value.to_string());
        assert_eq!(text, "{\"a\\u202e\":\"\\u009b31m \\u001b Größe\"}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).expect("JSON"), value);
    }

    #[test]
    fn a_line_stays_a_line() {
        for (text, shown) in [("a\nb", "a b"), ("a\r\n\tb", "a  b"), ("a\n\u{1b}b", "a \\u{1b}b"), ("a b", "a b")] {
            assert_eq!(sanitize_line(text), shown, "{text:?}");
        }
    }
}
