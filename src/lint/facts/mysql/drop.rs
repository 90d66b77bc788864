use super::Reading;
use crate::lint::change::{Action, Name, Object};

impl Reading<'_> {
    pub(super) fn drop(&mut self) {
        let start = self.reader.position();
        self.reader.take("DROP");
        if self.reader.take_any(&["INDEX"]) {
            return self.drop_index(start);
        }
        if self.reader.take_any(&["PREPARE"]) {
            self.reader.skip_to_end();
            return self.change(start, Action::Other("DROP PREPARE".into()));
        }
        let temporary = self.reader.take("TEMPORARY");
        if self.reader.take_any(&["TABLE", "TABLES"]) {
            return self.drop_list(|name, if_exists, cascade| match temporary {
                // Its table is the session's own.
                true => Action::Drop { object: Object::Other, name, if_exists, cascade },
                false => Action::DropTable { table: name, if_exists, cascade },
            });
        }
        let Some(object) = self.object() else { return self.known = false };
        match object {
            Object::View | Object::Sequence => {
                self.drop_list(|name, if_exists, cascade| Action::Drop { object, name, if_exists, cascade });
            }
            _ => {
                let if_exists = self.reader.take_if_exists();
                let Some(name) = self.object_name(object) else { return self.miss_rest() };
                self.reader.skip_to_end();
                self.change(start, Action::Drop { object, name, if_exists, cascade: false });
            }
        }
    }

    /// `[IF EXISTS] a, b.c [CASCADE]`: each name on its own.
    fn drop_list(&mut self, action: impl Fn(Name, bool, bool) -> Action) {
        let if_exists = self.reader.take_if_exists();
        let mut names = Vec::new();
        loop {
            let start = self.reader.position();
            let Some(name) = self.reader.name() else { return self.miss_rest() };
            names.push((start..self.reader.end_of_last(), name));
            if !self.reader.take_symbol(",") {
                break;
            }
        }
        while self.algorithm_or_lock() {}
        let cascade = self.reader.take("CASCADE");
        self.reader.take("RESTRICT");
        if !self.reader.is_at_end() {
            self.miss_rest();
        }
        for (span, name) in names {
            let action = action(name, if_exists, cascade);
            self.facts.changes.push(crate::lint::change::Change { span, action });
        }
    }

    fn drop_index(&mut self, start: usize) {
        let if_exists = self.reader.take_if_exists();
        let Some(index) = self.reader.plain_name().map(Name::new) else { return self.miss_rest() };
        let table = self.reader.take("ON").then(|| self.reader.name()).flatten();
        while self.algorithm_or_lock() {}
        if !self.reader.is_at_end() || table.is_none() {
            self.miss_rest();
        }
        self.change(start, Action::DropIndex { index, table, concurrently: false, if_exists });
    }
}
