use super::Reading;
use super::elements::Element;
use crate::lint::change::{Action, ColumnDefinition, Constraint, ConstraintKind, Index, Name, Object, TableOption};

impl Reading<'_> {
    pub(super) fn create(&mut self) {
        let start = self.reader.position();
        self.reader.take("CREATE");
        let replace = self.reader.take("OR REPLACE");
        loop {
            if self.reader.take("ALGORITHM") {
                self.reader.take_symbol("=");
                self.reader.word();
            } else if self.reader.take("DEFINER") {
                self.reader.take_symbol("=");
                self.facts.definer = Some(self.account());
            } else if !self.reader.take_any(&["SQL SECURITY DEFINER", "SQL SECURITY INVOKER", "AGGREGATE", "ONLINE"]) {
                break;
            }
        }
        let temporary = self.reader.take("TEMPORARY");
        if self.reader.take("TABLE") {
            return self.create_table(start, replace, temporary);
        }
        let unique = self.reader.take("UNIQUE");
        let special = self.reader.take_any(&["FULLTEXT", "SPATIAL", "VECTOR"]);
        if self.reader.take("INDEX") {
            return self.create_index(start, unique, special);
        }
        let Some(object) = self.object() else { return self.known = false };
        let if_not_exists = self.reader.take_if_not_exists();
        let Some(name) = self.object_name(object) else { return self.miss_rest() };
        let mut table = None;
        if object == Object::Trigger && self.reader.seek(&["ON"]) {
            self.reader.take("ON");
            table = self.reader.name();
        }
        self.reader.skip_to_end();
        self.change(start, Action::Create { object, name, replace, if_not_exists, table });
    }

    /// The keyword of a kind of object.
    pub(super) fn object(&mut self) -> Option<Object> {
        let word = self.reader.word()?;
        Some(match word.as_str() {
            "VIEW" => Object::View,
            "FUNCTION" => Object::Function,
            "PROCEDURE" => Object::Procedure,
            "TRIGGER" => Object::Trigger,
            "EVENT" => Object::Event,
            "SEQUENCE" => Object::Sequence,
            "DATABASE" | "SCHEMA" => Object::Database,
            "USER" | "ROLE" => Object::Role,
            "PACKAGE" | "SERVER" | "TABLESPACE" => {
                self.reader.take("BODY");
                Object::Other
            }
            "UNDO" | "LOGFILE" => {
                self.reader.take_any(&["TABLESPACE", "GROUP"]);
                Object::Other
            }
            "SPATIAL" | "RESOURCE" => {
                self.reader.word();
                Object::Other
            }
            _ => return None,
        })
    }

    pub(super) fn object_name(&mut self, object: Object) -> Option<Name> {
        match object {
            Object::Role => Some(Name::new(self.account())),
            Object::Other => Some(Name::new(self.reader.value())),
            _ => self.reader.name(),
        }
    }

    /// `app@localhost`, `'app'@'%'`, `CURRENT_USER()`: as written.
    pub(super) fn account(&mut self) -> String {
        let start = self.reader.position();
        self.reader.next();
        if self.reader.take_symbol("@") {
            self.reader.next();
            // `app@10.0.0.1`, `app@db.example`
            while self.reader.take_symbol(".") || self.reader.take_symbol("%") || self.reader.take_symbol("-") {
                self.reader.next();
            }
        }
        self.reader.take_group();
        self.reader.text_since(start)
    }

    fn create_table(&mut self, start: usize, replace: bool, temporary: bool) {
        let if_not_exists = self.reader.take_if_not_exists();
        let Some(table) = self.reader.name() else { return self.miss_rest() };
        let mut body = Body::default();
        let mut from_elsewhere = self.reader.take("LIKE");
        let inner = self.reader.is_symbol("(").then(|| self.reader.nth_word(1)).flatten();
        match inner.as_deref() {
            Some("LIKE") => {
                from_elsewhere = true;
                self.reader.take_group();
            }
            Some("SELECT" | "WITH" | "VALUES") => {}
            _ if self.reader.take_symbol("(") => self.table_body(&mut body),
            _ => {}
        }
        if from_elsewhere {
            self.reader.name();
        }
        let mut options = Vec::new();
        let queries = ["SELECT", "WITH", "VALUES", "AS", "IGNORE", "REPLACE", "TABLE"];
        while !self.reader.is_at_end() {
            if self.reader.take_symbol(",") || self.reader.take_any(&["WITH SYSTEM VERSIONING"]) {
            } else if self.reader.is("PARTITION BY") {
                let from = self.reader.position();
                self.reader.seek(&queries);
                options.push(TableOption { name: "PARTITION BY".into(), value: self.reader.text_since(from) });
            } else if queries.iter().any(|word| self.reader.is(word)) || self.reader.is_symbol("(") {
                break;
            } else {
                match self.table_option() {
                    Some(option) => options.push(option),
                    None => {
                        self.missed = true;
                        self.reader.skip_one();
                    }
                }
            }
        }
        let query = self.reader.position();
        let filled = !self.reader.is_at_end();
        self.reader.skip_to_end();
        if replace && !temporary {
            self.change(start, Action::DropTable { table: table.clone(), if_exists: true, cascade: false });
        }
        let Body { columns, constraints } = body;
        from_elsewhere |= filled;
        let into = table.clone();
        self.change(
            start,
            Action::CreateTable { table, columns, constraints, temporary, if_not_exists, from_elsewhere, options },
        );
        if filled {
            self.change(query, Action::Insert { table: into, from_query: true });
        }
    }

    fn table_body(&mut self, body: &mut Body) {
        loop {
            match self.element() {
                Some(Element::Constraint(constraint)) => body.constraints.push(constraint),
                Some(Element::Index { name, unique: true, columns, .. }) => {
                    let kind = ConstraintKind::Unique;
                    body.constraints.push(Constraint { name, kind, columns, not_valid: false, using_index: false });
                }
                Some(_) => {}
                None => match self.reader.plain_name() {
                    Some(name) => {
                        let column = self.column(name);
                        body.columns.push(column.definition);
                    }
                    None => self.missed = true,
                },
            }
            self.missed |= self.reader.skip_element();
            if !self.reader.take_symbol(",") {
                break;
            }
        }
        if !self.reader.take_symbol(")") {
            self.missed = true;
        }
        // A primary key's columns are never null.
        for constraint in body.constraints.iter().filter(|constraint| constraint.kind == ConstraintKind::PrimaryKey) {
            for column in &mut body.columns {
                column.not_null |= constraint.columns.iter().any(|name| name.eq_ignore_ascii_case(&column.name));
            }
        }
    }

    fn create_index(&mut self, start: usize, unique: bool, special: bool) {
        let if_not_exists = self.reader.take_if_not_exists();
        let name = self.reader.plain_name().map(Name::new);
        self.index_type();
        if !self.reader.take("ON") {
            return self.miss_rest();
        }
        let Some(table) = self.reader.name() else { return self.miss_rest() };
        if self.reader.column_list().is_none() {
            self.missed = true;
        }
        while !self.reader.is_at_end() {
            let before = self.reader.position();
            self.index_options();
            if !self.algorithm_or_lock() && self.reader.position() == before {
                self.missed = true;
                self.reader.skip_one();
            }
        }
        let index = Index {
            name,
            table,
            unique,
            concurrently: false,
            if_not_exists,
            special,
            in_alter: false,
            only: false,
            columns: Vec::new(),
        };
        self.change(start, Action::CreateIndex(index));
    }

    /// `ALGORITHM = INPLACE`, `LOCK = NONE`, `WAIT 5`, `NOWAIT`.
    pub(super) fn algorithm_or_lock(&mut self) -> bool {
        if self.reader.take("NOWAIT") {
            return true;
        }
        if self.reader.take("WAIT") {
            self.reader.value();
            return true;
        }
        let is_lock = self.reader.is("LOCK");
        let has_value = self.reader.nth_is_symbol(1, "=") || self.reader.nth_word(1).is_some();
        if !(is_lock || self.reader.is("ALGORITHM")) || !has_value {
            return false;
        }
        self.reader.word();
        self.reader.take_symbol("=");
        let value = self.reader.word();
        if is_lock {
            self.facts.lock = value
        } else {
            self.facts.algorithm = value
        }
        true
    }
}

#[derive(Default)]
struct Body {
    columns: Vec<ColumnDefinition>,
    constraints: Vec<Constraint>,
}
