use sha2::{Digest, Sha256};

/// The name stored beside every checksum, so that a later algorithm can be told apart from this one.
pub const CHECKSUM_ALGORITHM: &str = "sha256-v1";

/// What identifies the content of an upgrade section.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Checksum {
    /// SHA-256 in hexadecimal over the normalised text ([`normalised_digest`]).
    pub digest: String,
    /// SHA-256 in hexadecimal over the tokens: the same for files that differ only in comments and blanks.
    pub token_digest: String,
}

/// SHA-256 of `bytes`, in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hexadecimal(Sha256::digest(bytes).into())
}

/// A digest in lower-case hexadecimal.
pub fn hexadecimal(digest: [u8; 32]) -> String {
    let mut text = [0; 64];
    // Into a place of its size: hex::encode takes as long as the digest itself, digit by digit.
    let written = hex::encode_to_slice(digest, &mut text).ok().and_then(|()| std::str::from_utf8(&text).ok());
    written.map_or_else(|| hex::encode(digest), str::to_owned)
}

/// SHA-256 in hexadecimal over `text` with its BOM removed, CRLF turned into LF, blanks at line ends removed, and
/// empty lines at the start and the end removed, so that a checkout on Windows equals one on Linux.
pub fn normalised_digest(text: &str) -> String {
    let mut hasher = Sha256::new();
    let mut bytes = text.as_bytes();
    while let Some(behind) = bytes.strip_prefix("\u{feff}".as_bytes()) {
        bytes = behind;
    }
    // What needs no change is digested in one piece: line by line it would cost more than its bytes.
    let (mut piece, mut newlines, mut line_start) = (0..0, 0, 0);
    while line_start < bytes.len() {
        let line_end = memchr::memchr(b'\n', &bytes[line_start..]).map_or(bytes.len(), |found| line_start + found);
        let mut end = line_end;
        while end > line_start && matches!(bytes[end - 1], b' ' | b'\t' | b'\r') {
            end -= 1;
        }
        if end > line_start {
            if piece.is_empty() {
                piece.start = line_start;
            } else if piece.end + newlines < line_start {
                hasher.update(&bytes[piece]);
                (0..newlines).for_each(|_| hasher.update(b"\n"));
                piece = line_start..end;
            }
            piece.end = end;
            newlines = 0;
        }
        newlines += 1;
        line_start = line_end + 1;
    }
    hasher.update(&bytes[piece]);
    hexadecimal(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_and_linux_checkouts_agree() {
        let linux = "create table a (b int);\n\n-- done\n";
        for other in [
            "create table a (b int);\r\n\r\n-- done\r\n",
            "\u{feff}create table a (b int);  \n\t\n-- done",
            "\n\ncreate table a (b int);\n\n-- done\n\n\n",
        ] {
            assert_eq!(normalised_digest(linux), normalised_digest(other), "{other:?}");
        }
    }

    #[test]
    fn what_is_digested_is_the_normalised_text() {
        for (text, normalised) in [
            ("", ""),
            ("\n \r\n", ""),
            ("a", "a"),
            (" a \nb", " a\nb"),
            ("a\n\n\nb\n", "a\n\n\nb"),
            ("a\n \n\nb\r\nc\n", "a\n\n\nb\nc"),
            ("\n\na\r\r\n\r\n\tb\t\n\nc\nd", "a\n\n\tb\n\nc\nd"),
            ("a\r\rb\n", "a\r\rb"),
        ] {
            assert_eq!(normalised_digest(text), sha256_hex(normalised.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn content_counts() {
        for (left, right) in [("a\nb", "a\n\nb"), ("a b", "a  b"), ("a", "A"), (" a", "a"), ("", "a")] {
            assert_ne!(normalised_digest(left), normalised_digest(right), "{left:?} {right:?}");
        }
    }
}
