/// The candidate that `word` was probably meant to be: at most a third of it mistyped, or one contains the other.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().replace('-', "_");
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.replace('-', "_")), candidate))
        .filter(|(distance, candidate)| {
            let longest = word.chars().count().max(candidate.len());
            *distance <= (longest / 3).max(1) || (word.len() >= 4 && candidate.contains(word.as_str()))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_typos_and_leaves_the_rest() {
        let keys = ["database_url", "database_type", "role", "host"];
        for (word, expected) in [
            ("databse_url", Some("database_url")),
            ("database-url", Some("database_url")),
            ("Role", Some("role")),
            ("hst", Some("host")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, keys), expected, "{word}");
        }
    }
}
