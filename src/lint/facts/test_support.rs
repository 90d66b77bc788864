//! What tables of statement forms are written in.

use crate::lint::change::Action;

/// An action in few words: what is false, empty or missing left out.
pub(super) fn brief(action: &Action) -> String {
    let mut text = format!("{action:?}");
    while let Some(at) = text.find("Name { schema: ") {
        let end = at + text[at..].find(" }").unwrap() + 2;
        let parts: Vec<String> = text[at..end].split('"').skip(1).step_by(2).map(str::to_owned).collect();
        text.replace_range(at..end, &parts.join("."));
    }
    for nothing in [": false", ": None", ": []", ": \"\""] {
        while let Some(at) = text.find(nothing) {
            let start = text[..at].rfind([' ', '{']).unwrap() + 1;
            text.replace_range(start..at + nothing.len(), "");
        }
    }
    for (long, short) in
        [(": true", ""), (", , ", ", "), ("{ , ", "{ "), (", }", " }"), (",  }", " }"), (" {  }", ""), (" { }", "")]
    {
        while text.contains(long) {
            text = text.replace(long, short);
        }
    }
    text
}
