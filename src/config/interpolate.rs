use super::Environment;

/// A reference in a value could not be replaced. Holds names, never the rest of the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InterpolationError {
    /// `${NAME}` without a default, and NAME is not set.
    #[error("the environment variable {0} is not set; set it, or give a default as in ${{{0}:-default}}")]
    Unset(String),
    /// `${NAME:?message}`, and NAME is not set or empty.
    #[error("the environment variable {variable} is not set: {message}")]
    Required {
        /// The variable.
        variable: String,
        /// What the file says about it.
        message: String,
    },
    /// `${` without `}`.
    #[error("a `${{` has no closing `}}`; a literal `$` is written `$$`")]
    Unclosed,
    /// What stands between the braces is no variable name.
    #[error(
        "what stands in `${{…}}` is not a variable name; the forms are ${{NAME}}, ${{NAME:-default}}, ${{NAME:?message}}"
    )]
    BadName,
}

/// Replaces `${NAME}`, `${NAME:-default}` and `${NAME:?message}` by the environment's values and `$$` by `$`.
///
/// As in a shell, `:-` and `:?` treat an empty variable like an unset one. A `$` before anything else is itself.
/// What a variable holds is not looked at again.
pub(super) fn interpolate(text: &str, environment: &Environment) -> Result<String, InterpolationError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(inside) = rest.strip_prefix('{') {
            let end = closing_brace(inside).ok_or(InterpolationError::Unclosed)?;
            out.push_str(&replace(&inside[..end], environment)?);
            rest = &inside[end + 1..];
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// The index of the `}` that closes a `${` just read: defaults may hold references of their own.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut before = '\0';
    for (index, character) in text.char_indices() {
        match character {
            '{' if before == '$' => depth += 1,
            '}' if depth == 0 => return Some(index),
            '}' => depth -= 1,
            _ => {}
        }
        before = character;
    }
    None
}

fn replace(reference: &str, environment: &Environment) -> Result<String, InterpolationError> {
    let end = reference.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(reference.len());
    let (name, form) = reference.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(InterpolationError::BadName);
    }
    if form.is_empty() {
        return match environment.get(name) {
            Some(value) => Ok(value.to_string()),
            None => Err(InterpolationError::Unset(name.to_string())),
        };
    }
    let filled = environment.get(name).filter(|value| !value.is_empty());
    if let Some(default) = form.strip_prefix(":-") {
        filled.map_or_else(|| interpolate(default, environment), |value| Ok(value.to_string()))
    } else if let Some(message) = form.strip_prefix(":?") {
        filled.map(str::to_string).ok_or_else(|| InterpolationError::Required {
            variable: name.to_string(),
            message: if message.is_empty() { "it is required" } else { message }.to_string(),
        })
    } else {
        Err(InterpolationError::BadName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        Environment::from_pairs([("HOST", "db"), ("EMPTY", ""), ("DOLLAR", "${HOST}$$"), ("_X1", "y")])
    }

    #[test]
    fn replaces_references() {
        for (text, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("${HOST}", "db"),
            ("a-${HOST}-${_X1}-z", "a-db-y-z"),
            ("${EMPTY}", ""),
            ("${EMPTY:-other}", "other"),
            ("${NONE:-}", ""),
            ("${NONE:-a:-b}", "a:-b"),
            ("${NONE:-${HOST}:5432}", "db:5432"),
            ("${HOST:-${NONE}}", "db"),
            ("${HOST:?set it}", "db"),
            ("$$", "$"),
            ("$${HOST}", "${HOST}"),
            ("pa$word$", "pa$word$"),
            ("{}", "{}"),
            ("${DOLLAR}", "${HOST}$$"),
            ("é${HOST}é", "édbé"),
        ] {
            assert_eq!(interpolate(text, &environment()).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn errors_name_the_variable_and_nothing_else() {
        for (text, expected) in [
            (
                "hunter2${NONE}",
                "the environment variable NONE is not set; set it, or give a default as in ${NONE:-default}",
            ),
            ("hunter2${EMPTY:?ask the DBA}", "the environment variable EMPTY is not set: ask the DBA"),
            ("hunter2${NONE:?}", "the environment variable NONE is not set: it is required"),
            ("hunter2${HOST", "a `${` has no closing `}`; a literal `$` is written `$$`"),
            (
                "${hunter-2}",
                "what stands in `${…}` is not a variable name; the forms are ${NAME}, ${NAME:-default}, ${NAME:?message}",
            ),
            (
                "${}",
                "what stands in `${…}` is not a variable name; the forms are ${NAME}, ${NAME:-default}, ${NAME:?message}",
            ),
        ] {
            assert_eq!(interpolate(text, &environment()).unwrap_err().to_string(), expected, "{text}");
        }
    }
}
