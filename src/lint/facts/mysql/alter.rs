use super::Reading;
use super::elements::Element;
use crate::lint::change::{Action, Index, Name, TableOption};

/// Clauses that concern partitions. Each stands alone or last in its statement.
const PARTITION_CLAUSES: [&str; 14] = [
    "PARTITION BY",
    "REMOVE PARTITIONING",
    "ADD PARTITION",
    "REORGANIZE PARTITION",
    "COALESCE PARTITION",
    "EXCHANGE PARTITION",
    "REBUILD PARTITION",
    "OPTIMIZE PARTITION",
    "ANALYZE PARTITION",
    "CHECK PARTITION",
    "REPAIR PARTITION",
    "DISCARD PARTITION",
    "IMPORT PARTITION",
    "CONVERT PARTITION",
];

impl Reading<'_> {
    pub(super) fn alter(&mut self) {
        let mut ahead = self.reader.clone();
        ahead.take("ALTER");
        while ahead.take_any(&["ONLINE", "OFFLINE", "IGNORE"]) {}
        if !ahead.take("TABLE") {
            return self.other(2);
        }
        self.reader = ahead;
        self.reader.take_if_exists();
        let Some(table) = self.reader.name() else { return self.miss_rest() };
        loop {
            self.clause(&table);
            if self.reader.skip_element() {
                self.missed = true;
            }
            if !self.reader.take_symbol(",") {
                break;
            }
        }
        if !self.reader.is_at_end() {
            self.miss_rest();
        }
    }

    /// One clause; what it does not take is not understood.
    fn clause(&mut self, table: &Name) {
        while self.algorithm_or_lock() {}
        let start = self.reader.position();
        let table = table.clone();
        if self.partition_clause(start, &table) {
        } else if self.reader.take("ADD") {
            self.add(start, table);
        } else if self.reader.take("DROP") {
            self.drop_clause(start, table);
        } else if self.reader.take("MODIFY") {
            self.reader.take("COLUMN");
            self.reader.take_if_exists();
            let Some(name) = self.reader.plain_name() else { return self.missed = true };
            let column = self.column(name).definition;
            self.change(start, Action::ChangeType { table, column, using: false });
        } else if self.reader.take("CHANGE") {
            self.change_column(start, table);
        } else if self.reader.take("RENAME") {
            self.rename_clause(start, table);
        } else if self.reader.take("ALTER") {
            self.alter_clause(start, table);
        } else if self.reader.take("CONVERT TO") {
            self.reader.take_any(&["CHARACTER SET", "CHARSET", "CHAR SET"]);
            let mut value = self.reader.value();
            if self.reader.take("COLLATE") {
                value = format!("{value} COLLATE {}", self.reader.value());
            }
            self.option(start, table, "CONVERT TO CHARACTER SET", value);
        } else if self.reader.take("ORDER BY") {
            let from = self.reader.position();
            self.reader.skip_to_end();
            let value = self.reader.text_since(from);
            self.option(start, table, "ORDER BY", value);
        } else if self.reader.take("FORCE") {
            self.option(start, table, "FORCE", String::new());
        } else if self.reader.is("ENABLE KEYS")
            || self.reader.is("DISABLE KEYS")
            || self.reader.is("DISCARD TABLESPACE")
            || self.reader.is("IMPORT TABLESPACE")
        {
            let words: Vec<String> = [self.reader.word(), self.reader.word()].into_iter().flatten().collect();
            self.option(start, table, &words.join(" "), String::new());
        } else if self.reader.take_any(&["WITH VALIDATION", "WITHOUT VALIDATION"]) {
        } else {
            self.table_options(&table);
        }
        while self.algorithm_or_lock() {}
    }

    fn option(&mut self, start: usize, table: Name, name: &str, value: String) {
        self.change(start, Action::SetTableOption { table, option: TableOption { name: name.to_owned(), value } });
    }

    /// Options follow each other with or without commas.
    fn table_options(&mut self, table: &Name) {
        while !self.reader.ends_element() {
            if self.algorithm_or_lock() {
                continue;
            }
            let start = self.reader.position();
            match self.table_option() {
                Some(option) => self.change(start, Action::SetTableOption { table: table.clone(), option }),
                None if self.partition_clause(start, table) => {}
                None => return,
            }
        }
    }

    fn partition_clause(&mut self, start: usize, table: &Name) -> bool {
        if self.reader.take("DROP PARTITION") {
            self.reader.skip_to_end();
            self.change(start, Action::DetachPartition { table: table.clone(), concurrently: false, drops: true });
            return true;
        }
        if self.reader.take("TRUNCATE PARTITION") {
            self.reader.skip_to_end();
            self.change(start, Action::Truncate { table: table.clone(), cascade: false });
            return true;
        }
        let Some(clause) = PARTITION_CLAUSES.into_iter().find(|clause| self.reader.is(clause)) else { return false };
        self.reader.take(clause);
        let from = self.reader.position();
        if clause != "REMOVE PARTITIONING" {
            self.reader.skip_to_end();
        }
        let value = self.reader.text_since(from);
        self.option(start, table.clone(), clause, value);
        true
    }

    fn add(&mut self, start: usize, table: Name) {
        match self.element() {
            Some(Element::Constraint(constraint)) => self.change(start, Action::AddConstraint { table, constraint }),
            Some(Element::Index { name, unique, special, if_not_exists, .. }) => {
                let name = name.map(Name::new);
                let index = Index {
                    name,
                    table,
                    unique,
                    concurrently: false,
                    if_not_exists,
                    special,
                    in_alter: true,
                    only: false,
                    columns: Vec::new(),
                };
                self.change(start, Action::CreateIndex(index));
            }
            Some(Element::Other(words)) => self.option(start, table, &format!("ADD {words}"), String::new()),
            None => {
                self.reader.take("COLUMN");
                let if_not_exists = self.reader.take_if_not_exists();
                if !self.reader.take_symbol("(") {
                    return self.add_column(start, table, if_not_exists);
                }
                loop {
                    let start = self.reader.position();
                    self.add_column(start, table.clone(), if_not_exists);
                    self.missed |= self.reader.skip_element();
                    if !self.reader.take_symbol(",") {
                        break;
                    }
                }
                self.missed |= !self.reader.take_symbol(")");
            }
        }
    }

    fn add_column(&mut self, start: usize, table: Name, if_not_exists: bool) {
        let Some(name) = self.reader.plain_name() else { return self.missed = true };
        let column = self.column(name);
        let (positioned, column) = (column.positioned, column.definition);
        self.change(start, Action::AddColumn { table, column, if_not_exists, positioned });
    }

    fn change_column(&mut self, start: usize, table: Name) {
        self.reader.take("COLUMN");
        self.reader.take_if_exists();
        let (Some(before), Some(after)) = (self.reader.plain_name(), self.reader.plain_name()) else {
            return self.missed = true;
        };
        let column = self.column(after.clone()).definition;
        if !before.eq_ignore_ascii_case(&after) {
            self.change(start, Action::RenameColumn { table: table.clone(), column: before, to: after });
        }
        self.change(start, Action::ChangeType { table, column, using: false });
    }

    fn drop_clause(&mut self, start: usize, table: Name) {
        let reader = &mut self.reader;
        if reader.take("PRIMARY KEY") {
            return self.change(start, Action::DropConstraint { table, name: None });
        }
        if reader.take_any(&["INDEX", "KEY"]) {
            let if_exists = reader.take_if_exists();
            let Some(index) = reader.plain_name().map(Name::new) else { return self.missed = true };
            let table = Some(table);
            return self.change(start, Action::DropIndex { index, table, concurrently: false, if_exists });
        }
        if reader.take_any(&["FOREIGN KEY", "CONSTRAINT", "CHECK"]) {
            reader.take_if_exists();
            let Some(name) = reader.plain_name() else { return self.missed = true };
            return self.change(start, Action::DropConstraint { table, name: Some(name) });
        }
        if reader.take("SYSTEM VERSIONING") {
            return self.option(start, table, "DROP SYSTEM VERSIONING", String::new());
        }
        if reader.take("PERIOD FOR") {
            reader.skip_element();
            return self.option(start, table, "DROP PERIOD FOR", String::new());
        }
        reader.take("COLUMN");
        reader.take_if_exists();
        let Some(column) = reader.plain_name() else { return self.missed = true };
        reader.take_any(&["RESTRICT", "CASCADE"]);
        self.change(start, Action::DropColumn { table, column });
    }

    fn rename_clause(&mut self, start: usize, table: Name) {
        let reader = &mut self.reader;
        if reader.take("COLUMN") {
            reader.take_if_exists();
            let column = reader.plain_name();
            reader.take("TO");
            let (Some(column), Some(to)) = (column, reader.plain_name()) else { return self.missed = true };
            return self.change(start, Action::RenameColumn { table, column, to });
        }
        if reader.take_any(&["INDEX", "KEY"]) {
            reader.take_if_exists();
            let from = reader.position();
            reader.skip_element();
            let value = reader.text_since(from);
            return self.option(start, table, "RENAME INDEX", value);
        }
        reader.take_any(&["TO", "AS"]);
        reader.take_symbol("=");
        let Some(to) = reader.name() else { return self.missed = true };
        self.change(start, Action::RenameTable { table, to });
    }

    fn alter_clause(&mut self, start: usize, table: Name) {
        let reader = &mut self.reader;
        for (words, name) in [
            ("INDEX", "ALTER INDEX"),
            ("KEY", "ALTER INDEX"),
            ("CHECK", "ALTER CONSTRAINT"),
            ("CONSTRAINT", "ALTER CONSTRAINT"),
        ] {
            if reader.take(words) {
                let from = reader.position();
                reader.skip_element();
                let value = reader.text_since(from);
                return self.option(start, table, name, value);
            }
        }
        reader.take("COLUMN");
        reader.take_if_exists();
        let Some(column) = reader.plain_name() else { return self.missed = true };
        if reader.take("SET DEFAULT") {
            reader.value();
            self.change(start, Action::SetDefault { table, column });
        } else if reader.take("DROP DEFAULT") {
            self.change(start, Action::DropDefault { table, column });
        } else if reader.take_any(&["SET VISIBLE", "SET INVISIBLE"]) {
            self.option(start, table, "ALTER COLUMN", column);
        } else {
            self.missed = true;
        }
    }

    pub(super) fn rename(&mut self) {
        if !self.reader.is("RENAME TABLE") && !self.reader.is("RENAME TABLES") {
            return self.other(2);
        }
        self.reader.word();
        self.reader.word();
        self.reader.take_if_exists();
        loop {
            let start = self.reader.position();
            let table = self.reader.name();
            while self.algorithm_or_lock() {}
            self.reader.take("TO");
            let (Some(table), Some(to)) = (table, self.reader.name()) else { return self.miss_rest() };
            self.change(start, Action::RenameTable { table, to });
            if !self.reader.take_symbol(",") {
                break;
            }
        }
        if !self.reader.is_at_end() {
            self.miss_rest();
        }
    }
}
