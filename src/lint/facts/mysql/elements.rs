//! What stands in the parentheses of `CREATE TABLE` and behind `ADD`, and the options of a table.

use super::Reading;
use crate::lint::change::{Constraint, ConstraintKind, Name, TableOption};
use crate::parse::TokenKind;

/// A constraint, or an index that is none.
pub(super) enum Element {
    Constraint(Constraint),
    Index {
        name: Option<String>,
        columns: Vec<String>,
        unique: bool,
        special: bool,
        if_not_exists: bool,
    },
    /// Something that is neither: `PERIOD FOR`.
    Other(String),
}

impl Reading<'_> {
    /// A constraint or an index; None where a column follows.
    pub(super) fn element(&mut self) -> Option<Element> {
        let reader = &mut self.reader;
        if reader.is("PERIOD FOR") || reader.is("SYSTEM VERSIONING") {
            let words = [reader.word(), reader.word()].into_iter().flatten().collect::<Vec<_>>().join(" ");
            reader.skip_element();
            return Some(Element::Other(words));
        }
        let special = reader.take_any(&["FULLTEXT", "SPATIAL", "VECTOR"]);
        if special || reader.is("INDEX") || reader.is("KEY") {
            reader.take_any(&["INDEX", "KEY"]);
            return Some(self.index(false, special, None));
        }
        let mut name = None;
        if reader.take("CONSTRAINT") {
            reader.take_if_not_exists();
            let kinds = ["PRIMARY", "UNIQUE", "FOREIGN", "CHECK"];
            if !kinds.iter().any(|kind| reader.is(kind)) {
                name = reader.plain_name();
            }
        }
        if reader.take("PRIMARY KEY") {
            self.index_type();
            let columns = self.reader.column_list().unwrap_or_default();
            self.index_options();
            return Some(constraint(name, ConstraintKind::PrimaryKey, columns));
        }
        if reader.take("UNIQUE") {
            reader.take_any(&["INDEX", "KEY"]);
            return Some(self.index(true, false, name));
        }
        if reader.take("FOREIGN KEY") {
            reader.take_if_not_exists();
            if !reader.is_symbol("(") {
                let index = reader.plain_name();
                name = name.or(index);
            }
            let columns = reader.column_list().unwrap_or_default();
            if !reader.take("REFERENCES") {
                self.missed = true;
            }
            let references = self.references().unwrap_or_else(|| Name::new(""));
            return Some(constraint(name, ConstraintKind::ForeignKey { references }, columns));
        }
        if reader.take("CHECK") {
            reader.take_group();
            let not_valid = reader.take("NOT ENFORCED");
            reader.take("ENFORCED");
            let constraint =
                Constraint { name, kind: ConstraintKind::Check, columns: Vec::new(), not_valid, using_index: false };
            return Some(Element::Constraint(constraint));
        }
        None
    }

    /// What follows `INDEX`: `[name] [USING BTREE] (columns) options`.
    fn index(&mut self, unique: bool, special: bool, constraint: Option<String>) -> Element {
        let if_not_exists = self.reader.take_if_not_exists();
        let name = match self.reader.is_symbol("(") || self.reader.is("USING") {
            true => None,
            false => self.reader.plain_name(),
        };
        self.index_type();
        let columns = self.reader.column_list();
        self.missed |= columns.is_none();
        self.index_options();
        Element::Index {
            name: name.or(constraint),
            columns: columns.unwrap_or_default(),
            unique,
            special,
            if_not_exists,
        }
    }

    pub(super) fn index_type(&mut self) {
        if self.reader.take_any(&["USING", "TYPE"]) {
            self.reader.word();
        }
    }

    /// What may follow an index's columns, within one element of a list.
    pub(super) fn index_options(&mut self) {
        loop {
            let reader = &mut self.reader;
            if reader.take_any(&["USING", "COMMENT", "WITH PARSER"]) {
                reader.value();
            } else if reader.take_any(&[
                "KEY_BLOCK_SIZE",
                "ENGINE_ATTRIBUTE",
                "SECONDARY_ENGINE_ATTRIBUTE",
                "CLUSTERING",
                "M",
                "DISTANCE",
            ]) {
                reader.take_symbol("=");
                reader.value();
            } else if !reader.take_any(&["VISIBLE", "INVISIBLE", "NOT IGNORED", "IGNORED"]) {
                break;
            }
        }
    }

    /// What follows `REFERENCES`.
    pub(super) fn references(&mut self) -> Option<Name> {
        let table = self.reader.name();
        self.reader.take_group();
        if self.reader.take("MATCH") {
            self.reader.word();
        }
        while self.reader.take_any(&["ON DELETE", "ON UPDATE"]) {
            if !self.reader.take_any(&["RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT", "NO ACTION"]) {
                self.missed = true;
            }
        }
        table
    }

    /// One option of a table, if one follows: `ENGINE = InnoDB`, `DEFAULT CHARSET utf8mb4`, `ROW_FORMAT=DYNAMIC`.
    pub(super) fn table_option(&mut self) -> Option<TableOption> {
        let reader = &mut self.reader;
        let before = reader.clone();
        reader.take("DEFAULT");
        let name = if reader.take_any(&["CHARACTER SET", "CHARSET", "CHAR SET"]) {
            "CHARSET".to_owned()
        } else if reader.take("DATA DIRECTORY") || reader.take("INDEX DIRECTORY") {
            "DIRECTORY".to_owned()
        } else {
            match reader.next() {
                Some((TokenKind::Word, text)) => text.to_ascii_uppercase(),
                Some((TokenKind::QuotedIdentifier, text)) => text.trim_matches('`').to_owned(),
                _ => {
                    *reader = before;
                    return None;
                }
            }
        };
        let without_sign = ["ENGINE", "CHARSET", "COLLATE", "COMMENT", "ROW_FORMAT", "AUTO_INCREMENT", "TABLESPACE"];
        if !reader.take_symbol("=") && !without_sign.contains(&name.as_str()) {
            *reader = before;
            return None;
        }
        let value = reader.value();
        if name == "TABLESPACE" && reader.take("STORAGE") {
            reader.word();
        }
        Some(TableOption { name, value: value.trim_matches(['\'', '"', '`']).to_owned() })
    }
}

fn constraint(name: Option<String>, kind: ConstraintKind, columns: Vec<String>) -> Element {
    Element::Constraint(Constraint { name, kind, columns, not_valid: false, using_index: false })
}
