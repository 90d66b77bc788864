use super::Reading;
use crate::lint::change::{ColumnDefinition, Default};

/// A column's definition with its place.
pub(super) struct Column {
    pub definition: ColumnDefinition,
    /// `FIRST` or `AFTER`.
    pub positioned: bool,
}

impl Reading<'_> {
    /// What follows a column's name, up to the end of the element.
    pub(super) fn column(&mut self, name: String) -> Column {
        let data_type = self.data_type();
        let identity = data_type == "serial";
        let definition =
            ColumnDefinition { name, data_type, identity, not_null: identity, ..ColumnDefinition::default() };
        let mut column = Column { definition, positioned: false };
        while !self.reader.ends_element() {
            if !self.column_attribute(&mut column) {
                self.missed = true;
                self.reader.skip_one();
            }
        }
        column
    }

    /// `varchar(255)`, `double precision`, `int(10) unsigned zerofill`, `enum('a', 'B')`: lower case but for strings.
    pub(super) fn data_type(&mut self) -> String {
        let start = self.reader.position();
        let Some(first) = self.reader.word() else { return String::new() };
        match first.as_str() {
            "DOUBLE" => _ = self.reader.take("PRECISION"),
            "NATIONAL" => _ = self.reader.word(),
            "LONG" => _ = self.reader.take_any(&["VARCHAR", "VARBINARY"]),
            _ => {}
        }
        self.reader.take("VARYING");
        let words = self.reader.text_since(start).to_ascii_lowercase();
        let start = self.reader.position();
        let group = match self.reader.take_group() {
            true => self.reader.text_since(start),
            false => String::new(),
        };
        let group = if group.contains('\'') { group } else { group.to_ascii_lowercase() };
        let start = self.reader.position();
        let signed = ["UNSIGNED", "SIGNED", "ZEROFILL"];
        let mut modifiers = String::new();
        while self.reader.take_any(&signed) {
            modifiers = format!(" {}", self.reader.text_since(start).to_ascii_lowercase());
        }
        format!("{words}{group}{modifiers}")
    }

    fn column_attribute(&mut self, column: &mut Column) -> bool {
        let Column { definition, positioned } = column;
        let reader = &mut self.reader;
        if reader.take("NOT NULL") {
            definition.not_null = true;
        } else if reader.take("NULL") {
            definition.not_null = false;
        } else if reader.take("DEFAULT") {
            let value = reader.value();
            definition.default = Some(default(value));
        } else if reader.take("ON UPDATE") {
            reader.value();
        } else if reader.take("AUTO_INCREMENT") {
            definition.identity = true;
            definition.not_null = true;
        } else if reader.take("UNIQUE") {
            reader.take("KEY");
            definition.unique = true;
        } else if reader.take("PRIMARY KEY") || reader.take("KEY") {
            definition.primary_key = true;
            definition.not_null = true;
        } else if reader.take_any(&["COMMENT", "COLUMN_FORMAT", "STORAGE", "SRID"]) {
            reader.value();
        } else if reader.take_any(&["ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE", "REF_SYSTEM_ID"]) {
            reader.take_symbol("=");
            reader.value();
        } else if reader.take_any(&["COLLATE", "CHARACTER SET", "CHARSET", "CHAR SET"]) {
            definition.charset.get_or_insert(reader.value().trim_matches(['\'', '"']).to_ascii_lowercase());
        } else if reader.take("REFERENCES") {
            definition.references = self.references();
        } else if reader.is("CONSTRAINT") || reader.is("CHECK") {
            return self.column_check(definition);
        } else if reader.take("GENERATED ALWAYS AS") || reader.take("AS") {
            reader.take_group();
            definition.generated_stored = reader.take_any(&["STORED", "PERSISTENT"]);
            definition.generated_virtual = !definition.generated_stored;
            reader.take("VIRTUAL");
        } else if reader.take("FIRST") {
            *positioned = true;
        } else if reader.take("AFTER") {
            reader.plain_name();
            *positioned = true;
        } else {
            let without_meaning_here = [
                "VISIBLE",
                "INVISIBLE",
                "BINARY",
                "ASCII",
                "UNICODE",
                "COMPRESSED",
                "WITH SYSTEM VERSIONING",
                "WITHOUT SYSTEM VERSIONING",
            ];
            return reader.take_any(&without_meaning_here);
        }
        true
    }

    fn column_check(&mut self, definition: &mut ColumnDefinition) -> bool {
        if self.reader.take("CONSTRAINT") && !self.reader.is("CHECK") {
            self.reader.plain_name();
        }
        if !self.reader.take("CHECK") {
            return false;
        }
        self.reader.take_group();
        self.reader.take_any(&["NOT ENFORCED", "ENFORCED"]);
        definition.check = true;
        true
    }
}

/// MySQL's functions that give every row of a statement the same.
const STABLE: [&str; 8] =
    ["CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP", "CURRENT_DATE", "CURDATE", "CURRENT_TIME", "CURTIME"];

fn default(value: String) -> Default {
    let inner = value.trim_start_matches('(').trim_end_matches(')').trim();
    let word: String = inner.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let literal = word.is_empty()
        || word.starts_with(|c: char| c.is_ascii_digit() || c == '_')
        || ["TRUE", "FALSE", "NULL", "B", "X", "N"].iter().any(|name| name.eq_ignore_ascii_case(&word));
    if literal && !inner.contains('(') {
        Default::Constant(value)
    } else if STABLE.iter().any(|name| name.eq_ignore_ascii_case(&word)) {
        Default::Stable(value)
    } else {
        Default::Volatile(value)
    }
}
