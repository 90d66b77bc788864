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
    hex::encode(Sha256::digest(bytes))
}

/// SHA-256 in hexadecimal over `text` with its BOM removed, CRLF turned into LF, blanks at line ends removed, and
/// empty lines at the start and the end removed, so that a checkout on Windows equals one on Linux.
pub fn normalised_digest(text: &str) -> String {
    let mut hasher = Sha256::new();
    let mut pending_newlines = 0_usize;
    let mut started = false;
    let mut bytes = text.as_bytes();
    while let Some(behind) = bytes.strip_prefix("\u{feff}".as_bytes()) {
        bytes = behind;
    }
    for mut line in bytes.split(|&byte| byte == b'\n') {
        while let [before @ .., b' ' | b'\t' | b'\r'] = line {
            line = before;
        }
        if line.is_empty() {
            pending_newlines += 1;
            continue;
        }
        if started {
            (0..pending_newlines).for_each(|_| hasher.update(b"\n"));
        }
        hasher.update(line);
        started = true;
        pending_newlines = 1;
    }
    hex::encode(hasher.finalize())
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
    fn content_counts() {
        for (left, right) in [("a\nb", "a\n\nb"), ("a b", "a  b"), ("a", "A"), (" a", "a"), ("", "a")] {
            assert_ne!(normalised_digest(left), normalised_digest(right), "{left:?} {right:?}");
        }
    }
}
