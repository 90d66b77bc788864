//! Settings, locks, privileges and maintenance.

use super::Reading;
use crate::lint::change::Action;

impl Reading<'_> {
    pub(super) fn set(&mut self) {
        let start = self.reader.position();
        self.reader.take("SET");
        // `SET STATEMENT max_statement_time = 10 FOR …`: what follows is what it does.
        if self.reader.take("STATEMENT") {
            let found = self.reader.seek(&["FOR"]) && self.reader.take("FOR");
            // It is not allowed around itself.
            return if found && !self.reader.is("SET") { self.statement() } else { self.miss_rest() };
        }
        if self.reader.take_any(&["PASSWORD", "ROLE", "DEFAULT ROLE", "RESOURCE GROUP"]) {
            let words = self.reader.text_since(start).to_ascii_uppercase();
            self.reader.skip_to_end();
            return self.change(start, Action::Other(words));
        }
        let mut start = start;
        loop {
            let Some(name) = self.setting() else { return self.miss_rest() };
            let from = self.reader.position();
            let signed = self.reader.take_symbol(":") | self.reader.take_symbol("=");
            self.reader.take_symbol("=");
            let from = if signed { self.reader.position() } else { from };
            let whole = name.ends_with("transaction") || name == "names" || name == "character set";
            match whole {
                true => self.reader.skip_to_end(),
                false => _ = self.reader.skip_element(),
            }
            let value = self.reader.text_since(from);
            self.change(start, Action::Set { name, value, local: false });
            if !self.reader.take_symbol(",") {
                break;
            }
            start = self.reader.position();
        }
        if !self.reader.is_at_end() {
            self.miss_rest();
        }
    }

    /// The name of a setting with its scope, where that is not the session.
    fn setting(&mut self) -> Option<String> {
        let reader = &mut self.reader;
        if reader.take("NAMES") {
            return Some("names".into());
        }
        if reader.take_any(&["CHARACTER SET", "CHARSET"]) {
            return Some("character set".into());
        }
        if reader.take_symbol("@") {
            if !reader.take_symbol("@") {
                return Some(format!("@{}", reader.plain_name()?.to_lowercase()));
            }
            let first = reader.plain_name()?.to_lowercase();
            if !reader.take_symbol(".") {
                return Some(first);
            }
            let second = reader.plain_name()?.to_lowercase();
            return Some(scoped(&first, &second));
        }
        let scopes = ["GLOBAL", "SESSION", "LOCAL", "PERSIST_ONLY", "PERSIST"];
        let scope = scopes.into_iter().find(|scope| reader.is(scope) && !reader.nth_is_symbol(1, "="));
        if scope.is_some() {
            reader.word();
        }
        let mut name = reader.plain_name()?.to_lowercase();
        if reader.take_symbol(".") {
            name = format!("{name}.{}", reader.plain_name()?.to_lowercase());
        }
        Some(scoped(&scope.unwrap_or_default().to_lowercase(), &name))
    }

    pub(super) fn lock(&mut self) {
        let start = self.reader.position();
        if !self.reader.take_any(&["LOCK TABLES", "LOCK TABLE"]) {
            return self.other(2);
        }
        let mut tables = Vec::new();
        loop {
            let Some(table) = self.reader.name() else { return self.miss_rest() };
            tables.push(table);
            self.reader.skip_element();
            if !self.reader.take_symbol(",") {
                break;
            }
        }
        self.change(start, Action::Lock { tables });
    }

    pub(super) fn grant(&mut self) {
        let start = self.reader.position();
        self.reader.take("GRANT");
        let everything = self.reader.take_any(&["ALL PRIVILEGES", "ALL"]);
        let mut everywhere = false;
        if self.reader.seek(&["ON", "TO"]) && self.reader.take("ON") {
            self.reader.take_any(&["TABLE", "FUNCTION", "PROCEDURE"]);
            everywhere =
                self.reader.is_symbol("*") && self.reader.nth_is_symbol(1, ".") && self.reader.nth_is_symbol(2, "*");
        }
        let mut to_public = false;
        self.missed |= !self.reader.seek(&["TO"]);
        if self.reader.take("TO") {
            loop {
                let account = self.account();
                let plain = account.replace(['\'', '"', '`'], "");
                to_public |= plain.eq_ignore_ascii_case("public") || plain == "@%" || plain.is_empty();
                while !self.reader.is_at_end() && !self.reader.is_symbol(",") && !self.reader.is("WITH") {
                    self.reader.skip_one();
                }
                if !self.reader.take_symbol(",") {
                    break;
                }
            }
        }
        let mut grantable = false;
        while !self.reader.is_at_end() {
            grantable |= self.reader.take_any(&["GRANT OPTION", "ADMIN OPTION"]);
            self.reader.skip_one();
        }
        self.change(start, Action::Grant { all: everything && everywhere, to_public, grantable });
    }

    /// `OPTIMIZE TABLE a, b`, `ANALYZE TABLE a`: each table on its own.
    pub(super) fn maintain(&mut self) {
        let verb = self.reader.peek_word();
        let mut ahead = self.reader.clone();
        ahead.word();
        ahead.take_any(&["NO_WRITE_TO_BINLOG", "LOCAL"]);
        if !ahead.take_any(&["TABLE", "TABLES"]) {
            // `ANALYZE SELECT …` reads.
            return self.change_to_end(Action::Read);
        }
        self.reader = ahead;
        let full = matches!(verb.as_deref(), Some("OPTIMIZE" | "REPAIR"));
        loop {
            let start = self.reader.position();
            let Some(table) = self.reader.name() else { return self.miss_rest() };
            self.change(start, Action::Maintain { table: Some(table), full });
            self.reader.skip_element();
            if !self.reader.take_symbol(",") {
                break;
            }
        }
    }
}

fn scoped(scope: &str, name: &str) -> String {
    match scope {
        "global" => format!("global.{name}"),
        "persist" | "persist_only" => format!("persist.{name}"),
        "" | "session" | "local" => name.to_owned(),
        // `@@hot_cache.key_buffer_size`
        _ => format!("{scope}.{name}"),
    }
}
