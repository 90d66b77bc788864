use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// A migration's version: decimal digits, any number of them, compared as a number.
///
/// `0009` equals `9` and comes before `10`; the text is kept as it was written, because it is what people type,
/// grep for and see in file names. There is no upper bound (20-digit versions exist in real histories), so the
/// digits are never turned into a machine integer.
#[derive(Debug, Clone)]
pub struct Version(String);

/// The text is not a version: it is empty or holds something else than the digits 0 to 9.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version: a version is made of digits, such as 0001 or 20261122071600")]
pub struct VersionError(pub String);

impl Version {
    /// The version as it was written, leading zeros included.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn significant(&self) -> &str {
        let zeros = self.0.bytes().take_while(|&digit| digit == b'0').count();
        &self.0[zeros..]
    }

    /// The next version after this one, zero-padded to the same width: `0041` gives `0042`, `99` gives `100`.
    pub fn next(&self) -> Version {
        let mut digits: Vec<u8> = self.0.bytes().collect();
        for digit in digits.iter_mut().rev() {
            if *digit == b'9' {
                *digit = b'0';
            } else {
                *digit += 1;
                return Version(digits.iter().map(|&digit| digit as char).collect());
            }
        }
        Version(std::iter::once('1').chain(digits.iter().map(|&digit| digit as char)).collect())
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(VersionError(text.to_string()));
        }
        Ok(Version(text.to_string()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl serde::Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        // Mostly all versions of a history are equally long.
        if self.0.len() == other.0.len() {
            return self.0.cmp(&other.0);
        }
        let (left, right) = (self.significant(), other.significant());
        left.len().cmp(&right.len()).then_with(|| left.cmp(right))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.significant().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    #[test]
    fn compares_as_numbers_not_as_text() {
        assert!(version("9") < version("10"));
        assert!(version("0009") < version("0010"));
        assert_eq!(version("0009"), version("9"));
        assert_eq!(version("000"), version("0"));
        assert!(version("0100") > version("0099") && version("0100") > version("99"));
        assert!(version("18446744073709551616") > version("18446744073709551615"), "past 64 bits");
    }

    #[test]
    fn equal_versions_hash_alike() {
        let set: std::collections::HashSet<Version> = [version("1"), version("0001")].into_iter().collect();
        assert_eq!(set.len(), 1);
    }

    #[test]
    fn refuses_everything_but_ascii_digits() {
        for text in ["", "1a", "-1", "1.2", " 1", "١"] {
            assert!(text.parse::<Version>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn next_keeps_the_width() {
        for (from, to) in [("0041", "0042"), ("0099", "0100"), ("99", "100"), ("9", "10"), ("0", "1")] {
            assert_eq!(version(from).next().as_str(), to);
        }
    }
}
