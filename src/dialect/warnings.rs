//! Asking for the warnings of a statement within a message that holds more.

use super::Engine;

/// The query that lists those of the statement before it; None where the server sends them by itself, or has none. With
/// a limit that none reaches, so that it is not taken for an author's own.
pub fn ask_for_warnings(engine: Engine) -> Option<&'static str> {
    (engine == Engine::MySql).then_some("SHOW WARNINGS LIMIT 65535")
}
