//! Where a token ends. Everything works on bytes: all characters that matter are ASCII, and no byte of a longer
//! UTF-8 sequence equals one of them.

use crate::dialect::LexRules;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Bytes that can go on a word: letters, digits, `_`, `$` and everything beyond ASCII.
const WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let value = byte as u8;
        table[byte] = value.is_ascii_alphanumeric() || value == b'_' || value == b'$' || value >= 0x80;
        byte += 1;
    }
    table
};

pub(super) fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

/// Whether nothing but a word begins with it, under whatever rules: `e'…'` and `u&'…'` may be strings.
pub(super) fn starts_nothing_else(byte: u8) -> bool {
    byte == b'_' || (byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E' | b'u' | b'U'))
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c')
}

/// The end of a run of blanks and byte order marks, if one starts at `at`. (A mark stands in the middle of a text
/// where files were joined.)
pub(super) fn blanks(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    loop {
        match bytes.get(end) {
            Some(&byte) if is_blank(byte) => end += 1,
            Some(&0xef) if bytes[end..].starts_with(BYTE_ORDER_MARK) => end += BYTE_ORDER_MARK.len(),
            _ => return (end > at).then_some(end),
        }
    }
}

pub(super) fn line_end(bytes: &[u8], at: usize, rules: &LexRules) -> usize {
    let ends = |&byte: &u8| byte == b'\n' || (byte == b'\r' && rules.carriage_return_ends_comment);
    bytes[at..].iter().position(ends).map_or(bytes.len(), |found| at + found)
}

pub(super) fn block_comment(bytes: &[u8], at: usize, nested: bool) -> Option<usize> {
    let (mut depth, mut position) = (1, at + 2);
    loop {
        position += bytes[position..].iter().position(|&byte| byte == b'*' || byte == b'/')?;
        match bytes[position..] {
            [b'*', b'/', ..] => {
                depth -= 1;
                position += 2;
                if depth == 0 {
                    return Some(position);
                }
            }
            [b'/', b'*', ..] if nested => {
                depth += 1;
                position += 2;
            }
            _ => position += 1,
        }
    }
}

/// The end of `/*!50100` or `/*M!100100`: with the version number, which belongs to it.
pub(super) fn executable_open(bytes: &[u8], at: usize) -> usize {
    let bang = at + if bytes[at + 2] == b'!' { 3 } else { 4 };
    bang + bytes[bang..].iter().take(6).take_while(|byte| byte.is_ascii_digit()).count()
}

/// Whether the executable comment at `at` speaks to the client only: `/*M!999999\- enable the sandbox mode */`, the
/// first line of every current dump (<https://mariadb.org/mariadb-dump-file-compatibility-change/>).
pub(super) fn client_switch(bytes: &[u8], at: usize) -> bool {
    bytes[executable_open(bytes, at)..].starts_with(br"\-")
}

/// The end of what the quote at `open` opens; a doubled quote stands for itself.
pub(super) fn quoted(bytes: &[u8], open: usize, backslash_escapes: bool) -> Option<usize> {
    let quote = bytes[open];
    let mut position = open + 1;
    loop {
        let rest = bytes.get(position..)?;
        position += rest.iter().position(|&byte| byte == quote || (backslash_escapes && byte == b'\\'))?;
        if bytes[position] != quote || bytes.get(position + 1) == Some(&quote) {
            position += 2;
        } else {
            return Some(position + 1);
        }
    }
}

/// Behind the next `wanted` after `at`.
pub(super) fn byte(bytes: &[u8], at: usize, wanted: u8) -> Option<usize> {
    bytes[at..].iter().position(|&byte| byte == wanted).map(|found| at + found + 1)
}

/// `$$` or `$tag$` at `at`. `$1` is a parameter.
pub(super) fn dollar_tag(text: &str, at: usize) -> Option<&str> {
    let bytes = text.as_bytes();
    let name = bytes[at + 1..].iter().take_while(|&&byte| WORD[usize::from(byte)] && byte != b'$').count();
    let close = at + 1 + name;
    let starts_with_digit = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
    (bytes.get(close) == Some(&b'$') && !starts_with_digit).then(|| &text[at..=close])
}

pub(super) fn word(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|&byte| !WORD[usize::from(byte)]).map_or(bytes.len(), |found| at + found)
}

pub(super) fn number(bytes: &[u8], at: usize) -> usize {
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .position(|&byte| !WORD[usize::from(byte)] || byte == b'$')
            .map_or(bytes.len(), |found| from + found)
    };
    let end = digits(at);
    match bytes[end..] {
        [b'.', digit, ..] if digit.is_ascii_digit() => digits(end + 1),
        _ => end,
    }
}

/// Cuts the token `at..end` where the delimiter begins in it: `END$$` is a word and a terminator under
/// `DELIMITER $$`, although a word may hold dollars.
pub(super) fn until_delimiter(bytes: &[u8], at: usize, end: usize, delimiter: &str) -> usize {
    let delimiter = delimiter.as_bytes();
    if !WORD[usize::from(delimiter[0])] {
        return end;
    }
    let reach = (end + delimiter.len() - 1).min(bytes.len());
    bytes[at..reach].windows(delimiter.len()).position(|window| window == delimiter).map_or(end, |found| at + found)
}
