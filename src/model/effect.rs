/// What a statement leaves in the database's catalog, so that looking there tells whether it was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The objects are there after it (`CREATE`, `ADD`, `RENAME`), or gone (`DROP`).
    Objects {
        /// What to look for; more than one only where the statement names several.
        objects: Vec<Object>,
        /// Whether they are there after it.
        present: bool,
    },
    /// What the catalog says of something is not what it said before. A statement that changes nothing of it may run
    /// again.
    Change(Subject),
    /// The tables hold no row. Such a statement may run again as long as that is so.
    Emptied(Vec<ObjectName>),
}

/// Something the catalog lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// A table, or what shares the tables' names: a materialized view, a sequence.
    Table(ObjectName),
    /// A column of a table.
    Column {
        /// The table.
        table: ObjectName,
        /// The column.
        column: String,
    },
    /// An index; on MySQL names belong to a table, elsewhere to a schema.
    Index {
        /// The index.
        name: ObjectName,
        /// The table, where the statement names it.
        table: Option<ObjectName>,
        /// `CONCURRENTLY`: it may be there and yet not be valid.
        concurrently: bool,
    },
    /// A named constraint of a table.
    Constraint {
        /// The table.
        table: ObjectName,
        /// The constraint.
        name: String,
    },
    /// A view.
    View(ObjectName),
    /// A function or a procedure, where the name alone tells which.
    Routine(ObjectName),
    /// A trigger.
    Trigger {
        /// The trigger.
        name: ObjectName,
        /// Its table, where the statement names it.
        table: Option<ObjectName>,
    },
    /// An event of MySQL's scheduler.
    Event(ObjectName),
    /// A type or a domain.
    Type(ObjectName),
    /// A value of an enumeration.
    EnumValue {
        /// The type.
        name: ObjectName,
        /// The value.
        value: String,
    },
    /// A schema; on MySQL a database.
    Schema(String),
    /// A database of PostgreSQL's server.
    Database(String),
    /// A tablespace of PostgreSQL's server.
    Tablespace(String),
    /// A table as a partition of another.
    Partition {
        /// The partitioned table.
        table: ObjectName,
        /// The partition.
        partition: ObjectName,
    },
}

/// What an [`Effect::Change`] is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// All that the catalog says of a table, its columns, indexes and constraints included.
    Table(ObjectName),
    /// One column of a table.
    Column {
        /// The table.
        table: ObjectName,
        /// The column.
        column: String,
    },
    /// The indexes of a table, as long as each is valid.
    Indexes(ObjectName),
    /// All routines of a name.
    Routines(ObjectName),
}

/// A name as the catalog has it: quotes removed, case folded where the engine folds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectName {
    /// The schema (MySQL: the database), where the statement names it.
    pub schema: Option<String>,
    /// The name itself.
    pub name: String,
}

/// What an attempt that was broken off leaves in the way of the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leftover {
    /// `CREATE INDEX CONCURRENTLY`: the index itself, not valid.
    Index {
        /// The index.
        name: ObjectName,
        /// Its table, where the statement names it.
        table: Option<ObjectName>,
    },
    /// `REINDEX INDEX CONCURRENTLY`: a second one beside this index.
    BesideIndex(ObjectName),
    /// `REINDEX TABLE CONCURRENTLY`: a second one beside an index of this table.
    BesideIndexesOf(ObjectName),
    /// `REINDEX SCHEMA CONCURRENTLY`, or without a name of the whole database.
    BesideIndexesIn(Option<String>),
}

/// Whether a statement that was started was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It was.
    Done,
    /// It was not, or it may run again.
    NotDone,
    /// A part of it was.
    Partly,
    /// There is no telling.
    Unknown,
}

/// How a look tells objects that are not there.
pub const ABSENT: &str = "0";

/// What stands before an object that was begun and never finished: it takes its place and serves nobody.
pub const UNFINISHED: char = '!';

impl Effect {
    /// One object that is there afterwards.
    pub fn present(object: Object) -> Self {
        Effect::Objects { objects: vec![object], present: true }
    }

    /// One object that is gone afterwards.
    pub fn absent(object: Object) -> Self {
        Effect::Objects { objects: vec![object], present: false }
    }

    /// Judges by what a look gives `now` and gave `before` the statement was started; None where that is not known.
    ///
    /// Looks at objects give a word for each of them: [`ABSENT`], or what tells it from another one of its name,
    /// behind [`UNFINISHED`] where it is not complete. All other looks give a fingerprint, empty where there is
    /// nothing to look at.
    pub fn judge(&self, before: Option<&str>, now: &str) -> Verdict {
        match self {
            Effect::Objects { objects, present } => judge_objects(objects, *present, before, now),
            Effect::Change(_) => match before {
                Some(before) if before == now => Verdict::NotDone,
                Some("") | None => Verdict::Unknown,
                Some(_) if now.is_empty() => Verdict::Unknown,
                Some(_) => Verdict::Done,
            },
            // Filled again by others since, or never emptied: who could tell?
            Effect::Emptied(tables) if words(now, tables.len()).is_some_and(|now| now.iter().all(|n| *n == ABSENT)) => {
                Verdict::NotDone
            }
            Effect::Emptied(_) => Verdict::Unknown,
        }
    }
}

fn judge_objects(objects: &[Object], present: bool, before: Option<&str>, now: &str) -> Verdict {
    let Some(now) = words(now, objects.len()) else { return Verdict::Unknown };
    let before = before.and_then(|before| words(before, objects.len()));
    let before = |index: usize| before.as_ref().map(|before| before[index]);
    if now.iter().any(|now| now.starts_with(UNFINISHED)) {
        let detaching = matches!(objects, [Object::Partition { .. }]);
        return if detaching { Verdict::Partly } else { Verdict::NotDone };
    }
    // What was as it should be before the statement is no sign of it: the statement itself will say what is wrong.
    // Another object of the same name is one: behind a table that is gone, the search path may hold the next.
    let took_effect = |(index, now): (usize, &&str)| match (present, before(index)) {
        (true, before) => *now != ABSENT && before != Some(now),
        (false, Some(before)) => before != ABSENT && *now != before,
        (false, None) => *now == ABSENT,
    };
    let done = now.iter().enumerate().filter(|word| took_effect(*word)).count();
    let open = (0..now.len()).filter(|&index| present || before(index) != Some(ABSENT)).count();
    match done {
        0 => Verdict::NotDone,
        done if done == open => Verdict::Done,
        _ => Verdict::Partly,
    }
}

fn words(look: &str, count: usize) -> Option<Vec<&str>> {
    let words: Vec<&str> = look.split_whitespace().collect();
    (words.len() == count).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> Object {
        Object::Table(ObjectName { schema: None, name: name.into() })
    }

    fn column() -> Subject {
        Subject::Column { table: ObjectName { schema: None, name: "t".into() }, column: "c".into() }
    }

    #[test]
    fn an_object_tells_by_appearing_or_going() {
        use Verdict::*;
        for (present, before, now, expected) in [
            (true, Some("0"), "7", Done),
            (true, Some("0"), "0", NotDone),
            (true, Some("7"), "7", NotDone),
            (true, Some("7"), "8", Done),
            (true, None, "7", Done),
            (true, None, "!7", NotDone),
            (false, Some("7"), "0", Done),
            (false, Some("7"), "7", NotDone),
            (false, Some("7"), "8", Done),
            (false, Some("0"), "0", NotDone),
            (false, None, "0", Done),
            (false, Some("7"), "!7", NotDone),
            (false, Some("0"), "7", NotDone),
            (false, None, "", Unknown),
        ] {
            let effect = Effect::Objects { objects: vec![table("t")], present };
            assert_eq!(effect.judge(before, now), expected, "{present} {before:?} {now:?}");
        }
    }

    #[test]
    fn of_several_objects_some_may_be_gone() {
        use Verdict::*;
        let both = Effect::Objects { objects: vec![table("a"), table("b")], present: false };
        for (before, now, expected) in [
            (Some("1 1"), "0 0", Done),
            (Some("1 1"), "1 1", NotDone),
            (Some("1 1"), "0 1", Partly),
            (Some("1 0"), "1 0", NotDone),
            (Some("1 0"), "0 0", Done),
            (None, "0 1", Partly),
            (None, "0 0", Done),
        ] {
            assert_eq!(both.judge(before, now), expected, "{before:?} {now:?}");
        }
    }

    #[test]
    fn a_fingerprint_tells_only_beside_the_one_before() {
        let change = Effect::Change(column());
        assert_eq!(change.judge(Some("a"), "b"), Verdict::Done);
        assert_eq!(change.judge(Some("a"), "a"), Verdict::NotDone);
        assert_eq!(change.judge(None, "b"), Verdict::Unknown);
        assert_eq!(change.judge(Some(""), "b"), Verdict::Unknown);
        assert_eq!(change.judge(Some("a"), ""), Verdict::Unknown, "somebody removed what was to be changed");
        assert_eq!(change.judge(Some(""), ""), Verdict::NotDone);
    }

    #[test]
    fn an_emptied_table_may_be_emptied_again_while_it_is_empty() {
        let emptied = Effect::Emptied(vec![ObjectName { schema: None, name: "t".into() }]);
        assert_eq!(emptied.judge(Some("1"), "0"), Verdict::NotDone);
        assert_eq!(emptied.judge(Some("1"), "1"), Verdict::Unknown);
    }
}
