//! Statements that change rows.

use super::Reading;
use crate::lint::change::{Action, Name};
use crate::lint::facts::is_always_true;
use crate::parse::TokenKind;

impl Reading<'_> {
    pub(super) fn truncate(&mut self) {
        let start = self.reader.position();
        self.reader.take("TRUNCATE");
        self.reader.take("TABLE");
        let Some(table) = self.reader.name() else { return self.miss_rest() };
        while self.algorithm_or_lock() {}
        if !self.reader.is_at_end() {
            self.miss_rest();
        }
        self.change(start, Action::Truncate { table, cascade: false });
    }

    pub(super) fn insert(&mut self) {
        let start = self.reader.position();
        self.reader.word();
        while self.reader.take_any(&["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE"]) {}
        self.reader.take("INTO");
        let Some(table) = self.reader.name() else { return self.miss_rest() };
        if self.reader.take("PARTITION") {
            self.reader.take_group();
        }
        // A group is a list of columns, or the query itself.
        let query_in_group =
            self.reader.is_symbol("(") && matches!(self.reader.nth_word(1).as_deref(), Some("SELECT" | "WITH"));
        if !query_in_group {
            self.reader.take_group();
        }
        let queries = ["SELECT", "WITH", "TABLE"];
        let again = self.reader.is_symbol("(") && matches!(self.reader.nth_word(1).as_deref(), Some("SELECT" | "WITH"));
        let from_query = query_in_group || again || queries.iter().any(|word| self.reader.is(word));
        let known = from_query || ["VALUES", "VALUE", "SET"].iter().any(|word| self.reader.is(word));
        self.missed |= !known;
        self.reader.skip_to_end();
        self.change(start, Action::Insert { table, from_query });
    }

    pub(super) fn update(&mut self) {
        let start = self.reader.position();
        self.reader.take("UPDATE");
        while self.reader.take_any(&["LOW_PRIORITY", "IGNORE"]) {}
        let Some(table) = self.reader.name() else { return self.miss_rest() };
        if !self.reader.seek(&["SET"]) {
            return self.miss_rest();
        }
        let (filtered, bounded) = self.condition();
        self.change(start, Action::Update { table, filtered, bounded });
    }

    pub(super) fn delete(&mut self) {
        let start = self.reader.position();
        self.reader.take("DELETE");
        while self.reader.take_any(&["LOW_PRIORITY", "QUICK", "IGNORE", "HISTORY"]) {}
        let from = self.reader.take("FROM");
        let mut targets = Vec::new();
        loop {
            let Some(name) = self.reader.name() else { return self.miss_rest() };
            // `DELETE t.* FROM t JOIN …`
            if self.reader.take_symbol(".") {
                self.reader.take_symbol("*");
            }
            targets.push(name);
            if !self.reader.take_symbol(",") {
                break;
            }
        }
        let several = if from { self.reader.take("USING") } else { self.reader.take("FROM") };
        if !from && !several {
            return self.miss_rest();
        }
        if several {
            let aliases = self.aliases();
            for target in &mut targets {
                if let Some((table, _)) = aliases.iter().find(|(_, alias)| alias.eq_ignore_ascii_case(&target.name)) {
                    *target = table.clone();
                }
            }
        }
        let (filtered, bounded) = self.condition();
        for table in targets {
            self.change(start, Action::Delete { table, filtered, bounded });
        }
    }

    /// The tables that have another name in a `FROM`, without moving on.
    fn aliases(&self) -> Vec<(Name, String)> {
        let mut reader = self.reader.clone();
        let mut found = Vec::new();
        let not_names = ["JOIN", "INNER", "LEFT", "RIGHT", "CROSS", "NATURAL", "STRAIGHT_JOIN", "ON", "USING", "WHERE"];
        while !reader.is_at_end() && !reader.is("WHERE") {
            let is_keyword = not_names.iter().any(|word| reader.is(word));
            let Some(table) = (if is_keyword { None } else { reader.name() }) else {
                reader.skip_one();
                continue;
            };
            let named = reader.take("AS");
            if named || !not_names.iter().any(|word| reader.is(word)) {
                found.extend(reader.plain_name().map(|alias| (table, alias)));
            }
        }
        found
    }

    /// The rest of an `UPDATE` or `DELETE`: whether a `WHERE` filters it, and whether something bounds how many rows.
    fn condition(&mut self) -> (bool, bool) {
        let mut filtered = self.reader.seek(&["WHERE", "LIMIT"]) && self.reader.take("WHERE");
        let mut rest = self.reader.clone();
        let condition: String = std::iter::from_fn(|| rest.next()).map(|(_, text)| text).collect();
        filtered &= !is_always_true(&condition);
        let mut bounded = false;
        let (mut below, mut above, mut or) = (Vec::new(), Vec::new(), false);
        let mut last_name = String::new();
        while let Some((kind, text)) = self.reader.peek() {
            match kind {
                TokenKind::Word if text.eq_ignore_ascii_case("limit") => bounded = true,
                TokenKind::Word if text.eq_ignore_ascii_case("between") => bounded |= !or,
                TokenKind::Word if text.eq_ignore_ascii_case("or") => or = true,
                TokenKind::Word | TokenKind::QuotedIdentifier => last_name = text.trim_matches('`').to_lowercase(),
                // Not `<>`.
                TokenKind::Symbol if text == "<" && !self.reader.nth_is_symbol(1, ">") => {
                    below.push(last_name.clone());
                }
                TokenKind::Symbol if text == "<" => {
                    self.reader.next();
                }
                TokenKind::Symbol if text == ">" => above.push(last_name.clone()),
                _ => {}
            }
            self.reader.skip_one();
        }
        bounded |= filtered && !or && below.iter().any(|name| above.contains(name));
        (filtered, bounded)
    }

    /// `WITH …`: what follows the last of the queries with a name decides.
    pub(super) fn with(&mut self) {
        let start = self.reader.position();
        if !self.reader.seek(&["SELECT", "UPDATE", "DELETE", "INSERT", "REPLACE", "VALUES", "TABLE"]) {
            return self.miss_rest();
        }
        match self.reader.peek_word().as_deref() {
            Some("UPDATE") => self.update(),
            Some("DELETE") => self.delete(),
            Some("INSERT" | "REPLACE") => self.insert(),
            _ => self.change_to_end(Action::Read),
        }
        for change in &mut self.facts.changes {
            change.span.start = start;
        }
    }

    pub(super) fn load(&mut self) {
        let start = self.reader.position();
        let is_rows = self.reader.is("LOAD DATA") || self.reader.is("LOAD XML");
        if !is_rows || !self.reader.seek(&["INTO TABLE"]) {
            return self.miss_rest();
        }
        self.reader.take("INTO TABLE");
        let Some(table) = self.reader.name() else { return self.miss_rest() };
        self.reader.skip_to_end();
        self.change(start, Action::Copy { table });
    }
}
