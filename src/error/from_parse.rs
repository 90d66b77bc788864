use super::{Error, ErrorKind, Excerpt};
use crate::parse::ParseError;

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        let mut failure = Error::new(ErrorKind::Usage, error.message())
            .at(error.path.display().to_string(), error.line, error.column)
            .hint(error.remedy());
        failure.excerpt = error.text.zip(error.span).map(|(text, span)| Excerpt::around(&text, span));
        failure
    }
}

impl From<Vec<ParseError>> for Error {
    fn from(errors: Vec<ParseError>) -> Self {
        let message = format!("{} problems in the migration files", errors.len());
        Error::summary(message, errors.into_iter().map(Error::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::dialect::Engine;
    use crate::parse;

    fn parsed(text: &str) -> Error {
        let Err(errors) = parse::migration(Engine::Sqlite, Path::new("m/0002_bad.sql"), text.into()) else {
            panic!("{text:?} can be parsed")
        };
        errors.into()
    }

    #[test]
    fn shows_the_place_and_the_way_out() {
        let error = parsed("-- upgrade\nSELECT 1;\n\nSELECT 'open;\n-- rollback\n");
        assert_eq!(error.kind, ErrorKind::Usage);
        assert_eq!(error.location.expect("a place").to_string(), "m/0002_bad.sql:4:8");
        let excerpt = error.excerpt.expect("an excerpt");
        assert!(excerpt.text[excerpt.span].starts_with('\''), "{}", excerpt.text);
        assert_eq!(error.hints.len(), 1);
    }

    #[test]
    fn a_problem_of_the_whole_file_names_only_the_file() {
        let error = parsed("-- upgrade\nSELECT 1;\n");
        assert_eq!(error.location.expect("a place").to_string(), "m/0002_bad.sql");
    }
}
