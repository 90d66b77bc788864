/// The password for a connection in the text of a `.pgpass` file: lines of `host:port:database:user:password`, `*`
/// for any, `\` before a `:` or `\` (<https://www.postgresql.org/docs/current/libpq-pgpass.html>).
pub(super) fn find(text: &str, host: &str, port: u16, database: &str, user: &str) -> Option<String> {
    let port = port.to_string();
    let wanted = [host, port.as_str(), database, user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut rest = line;
        for value in wanted {
            let (field, after) = next_field(rest)?;
            // An escaped star is a star; a bare one stands for anything.
            let any = rest.starts_with("*:");
            if !any && field != value {
                return None;
            }
            rest = after;
        }
        Some(unescape(rest))
    })
}

/// One field, unescaped, and what follows its colon.
fn next_field(text: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    for (index, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ':' => return Some((unescape(&text[..index]), &text[index + 1..])),
            _ => {}
        }
    }
    None
}

fn unescape(text: &str) -> String {
    let mut characters = text.chars();
    let mut out = String::new();
    while let Some(character) = characters.next() {
        out.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn the_first_line_that_fits_wins() {
        let text = "# host:5432:d:u:no\nbroken\nother:5432:d:u:no\n*:*:shop:app:a\\:b\\\\c:d\ndb:5432:*:*:late\n\\*:1:d:u:star\n";
        for (host, port, database, user, expected) in [
            ("db", 5432, "shop", "app", Some("a:b\\c:d")),
            ("db", 5432, "x", "y", Some("late")),
            ("*", 1, "d", "u", Some("star")),
            ("z", 1, "d", "u", None),
        ] {
            assert_eq!(find(text, host, port, database, user).as_deref(), expected);
        }
    }
}
