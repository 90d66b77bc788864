//! MySQL's and MariaDB's statements, recognised from tokens: the two products' grammars differ in too many places for
//! one parser, and a rule needs to know only a few dozen forms.
//!
//! What is not recognised inside a statement is passed over and makes it [`Understood::Partly`]; nothing is an error.

mod alter;
mod column;
mod create;
mod drop;
mod elements;
mod reader;
mod rows;
mod session;
#[cfg(test)]
mod tests;

use reader::Reader;

use crate::lint::change::{Action, Change, Facts, Understood};

pub(super) fn facts(text: &str) -> Facts {
    let mut reading = Reading { reader: Reader::new(text), facts: Facts::default(), missed: false, known: true };
    reading.statement();
    reading.facts.understood = match (reading.known, reading.missed) {
        (false, _) => Understood::Tokens,
        (true, true) => Understood::Partly,
        (true, false) => Understood::Whole,
    };
    reading.facts
}

/// One statement being read.
struct Reading<'t> {
    reader: Reader<'t>,
    facts: Facts,
    /// Whether something was passed over without being understood.
    missed: bool,
    /// Whether the form of the statement is known at all.
    known: bool,
}

impl Reading<'_> {
    fn statement(&mut self) {
        let start = self.reader.position();
        let Some(verb) = self.reader.peek_word() else {
            // `(SELECT …) UNION (SELECT …)`
            self.known = self.reader.is_symbol("(");
            if self.known {
                self.change(start, Action::Read);
            }
            return;
        };
        match verb.as_str() {
            "CREATE" => self.create(),
            "ALTER" => self.alter(),
            "DROP" => self.drop(),
            "RENAME" => self.rename(),
            "TRUNCATE" => self.truncate(),
            "INSERT" | "REPLACE" => self.insert(),
            "UPDATE" => self.update(),
            "DELETE" => self.delete(),
            "WITH" => self.with(),
            "LOAD" => self.load(),
            "SELECT" | "SHOW" | "DESCRIBE" | "DESC" | "EXPLAIN" | "VALUES" | "TABLE" | "HELP" => {
                self.change_to_end(Action::Read);
            }
            "GRANT" => self.grant(),
            "REVOKE" => self.change_to_end(Action::Revoke),
            "SET" => self.set(),
            "LOCK" => self.lock(),
            "OPTIMIZE" | "ANALYZE" | "REPAIR" | "CHECK" | "CHECKSUM" => self.maintain(),
            "UNLOCK" | "FLUSH" | "PURGE" | "RESET" | "START" | "STOP" | "INSTALL" | "UNINSTALL" => self.other(2),
            "BEGIN" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" | "USE" | "KILL" | "DEALLOCATE" => self.other(1),
            // What these run is decided elsewhere.
            "CALL" | "EXECUTE" | "PREPARE" | "DO" | "HANDLER" | "XA" => {
                self.missed = true;
                self.other(1);
            }
            _ => self.known = false,
        }
    }

    /// Adds what the tokens from `start` up to the last one read say.
    fn change(&mut self, start: usize, action: Action) {
        let end = self.reader.end_of_last().max(start);
        self.facts.changes.push(Change { span: start..end, action });
    }

    /// Adds what the rest of the statement says.
    fn change_to_end(&mut self, action: Action) {
        let start = self.reader.position();
        self.reader.skip_to_end();
        self.change(start, action);
    }

    /// A statement named by its first words.
    fn other(&mut self, words: usize) {
        let start = self.reader.position();
        let leading: Vec<String> = (0..words).map_while(|_| self.reader.word()).collect();
        self.reader.skip_to_end();
        self.change(start, Action::Other(leading.join(" ")));
    }

    /// Gives up on the rest of the statement.
    fn miss_rest(&mut self) {
        self.missed = true;
        self.reader.skip_to_end();
    }
}
