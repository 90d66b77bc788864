//! `INSERT`, by its first tokens.

use super::reader::Reader;
use crate::lint::change::Action;

/// `INSERT` and `REPLACE`; None where it is something else or broken.
pub(super) fn insert(mut reader: Reader<'_>) -> Option<Action> {
    match reader.word()?.as_str() {
        "INSERT" => {
            if reader.take("OR") {
                reader.word()?;
            }
        }
        "REPLACE" => {}
        _ => return None,
    }
    reader.take("INTO").then_some(())?;
    let table = reader.name()?;
    if reader.take("AS") {
        reader.plain_name()?;
    }
    reader.take_group();
    let from_query = match reader.word()?.as_str() {
        "VALUES" | "DEFAULT" => false,
        // `SELECT 1` is one row.
        "SELECT" | "WITH" => {
            let mut found = false;
            while let Some((_, text)) = reader.token().filter(|_| !found) {
                found = text.eq_ignore_ascii_case("from");
            }
            found
        }
        _ => return None,
    };
    Some(Action::Insert { table, from_query })
}
