use crate::dialect::Engine;
use crate::lint::dependents::{Dependent, Used};
use crate::lint::{Action, Change, ConstraintKind, Example, Facts, Hits, Judges, Name, Rule, Severity, Subject, made};

/// A rollback that cannot run to its end, because it takes things away in the wrong order.
pub(super) const RULE: Rule = Rule {
    id: "rollback-order",
    summary: "the rollback takes things away in an order in which it fails",
    explanation: "A statement that names a table dropped just before it fails, and so does the drop of a table that \
        another one still refers to (on PostgreSQL, and on MySQL with foreign_key_checks on). PostgreSQL also refuses to \
        drop a function that a trigger, view, index, default or constraint calls, a table or view that a view reads, \
        and a type that a column has. The rollback then stops half way, or undoes nothing, when it is needed most. Undo the upgrade's statements from the last to the \
        first.",
    engines: &Engine::ALL,
    severity: Severity::Error,
    judges: Judges::Rollbacks,
    examples: &[
        Example { engine: Engine::Postgres, bad: REFERENCED, good: BACKWARDS },
        Example { engine: Engine::MySql, bad: REFERENCED, good: BACKWARDS },
        Example { engine: Engine::Sqlite, bad: GONE, good: BACKWARDS },
    ],
    find,
};

const REFERENCED: &str = "-- upgrade\nCREATE TABLE users (id int PRIMARY KEY);\n\
    CREATE TABLE orders (id int PRIMARY KEY, user_id int, FOREIGN KEY (user_id) REFERENCES users (id));\n\
    -- rollback\nDROP TABLE users;\nDROP TABLE orders;\n";
const BACKWARDS: &str = "-- upgrade\nCREATE TABLE users (id int PRIMARY KEY);\n\
    CREATE TABLE orders (id int PRIMARY KEY, user_id int, FOREIGN KEY (user_id) REFERENCES users (id));\n\
    -- rollback\nDROP TABLE orders;\nDROP TABLE users;\n";
const GONE: &str = "-- upgrade\nCREATE TABLE users (id int PRIMARY KEY);\n-- rollback\nDROP TABLE users;\n\
    ALTER TABLE users DROP COLUMN id;\n";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    still_needed(subject, hits);
    let drops = subject.changes().filter_map(|(statement, change)| match &change.action {
        Action::DropTable { table, cascade, .. } => Some((statement, change, table, *cascade)),
        _ => None,
    });
    for (statement, change, table, cascade) in drops {
        if let Some((other, used)) = use_behind(subject, statement, table) {
            hits.at(
                other,
                used.span.clone(),
                format!("{table} was dropped in line {}: this fails", subject.script.statements[statement].line),
                "undo the upgrade's statements from the last to the first, or leave this one out",
            );
        }
        if cascade || !checks_references(subject, statement) {
            continue;
        }
        if let Some((child, line)) = child_dropped_behind(subject, statement, table) {
            hits.at(
                statement,
                change.span.clone(),
                format!("{child} still refers to {table}, and is dropped only in line {line}: this fails"),
                format!(
                    "drop {child} first, or its foreign key: undo the upgrade from the last statement to the first"
                ),
            );
        }
    }
}

/// PostgreSQL: drops of what something else of the upgrade needs, which is taken away only later.
fn still_needed(subject: &Subject<'_>, hits: &mut Hits) {
    let Some(upgrade) = subject.other.filter(|_| subject.engine == Engine::Postgres) else { return };
    for (statement, change) in subject.changes() {
        let Some(used) = Used::dropped_by(&change.action) else { continue };
        // What was changed before may not need it any more; what nobody can see into may have changed everything.
        if !made::is_known(&subject.statements[..statement]) {
            return;
        }
        let makers = upgrade.iter().flat_map(|facts| &facts.changes).filter(|made| used.is_made_by(&made.action));
        // Two functions of one name differ in their arguments.
        if makers.count() != 1 {
            continue;
        }
        let Some((dependent, line)) = dependent_behind(subject, upgrade, statement, used) else { continue };
        hits.at(
            statement,
            change.span.clone(),
            format!("{dependent} still needs this, and is dropped only in line {line}: this fails"),
            format!("drop {dependent} first: undo the upgrade from the last statement to the first"),
        );
    }
}

/// What the upgrade made that needs it and is taken away behind statement `statement`; with that line.
fn dependent_behind<'a>(
    subject: &Subject<'a>,
    upgrade: &'a [Facts],
    statement: usize,
    used: Used<'_>,
) -> Option<(Dependent<'a>, usize)> {
    let script = &subject.migration.upgrade;
    let made =
        upgrade.iter().enumerate().flat_map(|(index, facts)| facts.changes.iter().map(move |made| (index, made)));
    let needing = made.filter(|(index, made)| {
        let text = script.statement_text(*index).get(made.span.clone());
        text.is_some_and(|text| used.is_needed_by(&made.action, text))
    });
    needing.filter_map(|(index, made)| Some((index, Dependent::of(&made.action)?))).find_map(|(index, dependent)| {
        let later = upgrade[index + 1..].iter().flat_map(|facts| &facts.changes);
        let before = subject.changes().take_while(|(index, _)| *index <= statement).map(|(_, change)| change);
        if later.chain(before).any(|change| dependent.may_be_changed_by(&change.action)) {
            return None;
        }
        let mut behind = subject.changes().filter(|(index, _)| *index > statement);
        let (taken, _) = behind.find(|(_, change)| dependent.is_taken_away_by(&change.action))?;
        Some((dependent, subject.script.statements[taken].line))
    })
}

/// The first statement behind a drop that needs the table, unless the table is made again before it.
fn use_behind<'a>(subject: &Subject<'a>, dropped: usize, table: &Name) -> Option<(usize, &'a Change)> {
    let indexes: Vec<&Name> = subject.other.into_iter().flatten().flat_map(|facts| indexes_of(facts, table)).collect();
    let behind = subject.changes().skip_while(|(index, _)| *index <= dropped);
    let until_made = behind.take_while(|(_, change)| match &change.action {
        Action::CreateTable { table: made, .. } => !made.may_be(table),
        Action::RenameTable { to, .. } => !to.may_be(table),
        _ => true,
    });
    let needs_it = |action: &Action| match action {
        Action::DropTable { .. } | Action::Drop { .. } => false,
        Action::DropIndex { if_exists: true, .. } => false,
        Action::DropIndex { index, table: None, .. } => indexes.iter().any(|made| made.may_be(index)),
        action => action.table().is_some_and(|used| used.may_be(table)),
    };
    until_made.into_iter().find(|(_, change)| needs_it(&change.action))
}

/// The indexes that a statement makes on a table.
fn indexes_of<'a>(facts: &'a Facts, table: &Name) -> Vec<&'a Name> {
    let indexes = facts.changes.iter().filter_map(|change| match &change.action {
        Action::CreateIndex(index) if index.table.may_be(table) => index.name.as_ref(),
        _ => None,
    });
    indexes.collect()
}

/// Whether dropping a table that another one refers to fails here.
fn checks_references(subject: &Subject<'_>, statement: usize) -> bool {
    match subject.engine {
        Engine::Postgres => true,
        // dbwarden switches them off around a migration, as sqlite3 does, and looks at the rows at the end.
        Engine::Sqlite => false,
        Engine::MySql => !subject.foreign_key_checks_are_off(statement),
    }
}

/// A table of the upgrade that refers to this one, and is dropped only later; with that line.
fn child_dropped_behind<'a>(subject: &Subject<'a>, statement: usize, table: &Name) -> Option<(&'a Name, usize)> {
    let upgrade = subject.other?;
    let children = upgrade.iter().flat_map(|facts| &facts.changes).filter(|change| refers_to(&change.action, table));
    children.filter_map(|change| change.action.table()).filter(|child| !child.may_be(table)).find_map(|child| {
        let mut undoing = subject.changes().filter(|(_, change)| match &change.action {
            Action::DropTable { table: dropped, .. } => dropped.may_be(child),
            Action::DropConstraint { table: of, .. } | Action::DropColumn { table: of, .. } => of.may_be(child),
            _ => false,
        });
        let (first, _) = undoing.next()?;
        (first > statement).then(|| (child, subject.script.statements[first].line))
    })
}

fn refers_to(action: &Action, table: &Name) -> bool {
    let refers =
        |kind: &ConstraintKind| matches!(kind, ConstraintKind::ForeignKey { references } if references.may_be(table));
    match action {
        Action::CreateTable { columns, constraints, .. } => {
            let of_column = columns.iter().filter_map(|column| column.references.as_ref());
            of_column.into_iter().any(|references| references.may_be(table))
                || constraints.iter().any(|constraint| refers(&constraint.kind))
        }
        Action::AddConstraint { constraint, .. } => refers(&constraint.kind),
        Action::AddColumn { column, .. } => column.references.as_ref().is_some_and(|other| other.may_be(table)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::circumstances_tests::rolled_back;
    use super::*;

    fn found(upgrade: &str, rollback: &str) -> bool {
        rolled_back(Engine::Postgres, RULE.id, upgrade, rollback).is_some()
    }

    const FUNCTION: &str = "CREATE FUNCTION f() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';";

    #[test]
    fn a_function_goes_behind_what_calls_it() {
        for (made, drop) in [
            ("CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();", "DROP TRIGGER g ON t;"),
            ("CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE PROCEDURE public.f();", "DROP TRIGGER g ON t;"),
            ("CREATE VIEW v AS SELECT f() AS a;", "DROP VIEW v;"),
            ("CREATE INDEX i ON t ((a + f()));", "DROP INDEX i;"),
            ("ALTER TABLE t ADD COLUMN c int DEFAULT f();", "ALTER TABLE t DROP COLUMN c;"),
            ("ALTER TABLE t ADD COLUMN c int GENERATED ALWAYS AS (a + f()) STORED;", "ALTER TABLE t DROP COLUMN c;"),
            ("ALTER TABLE t ALTER COLUMN a SET DEFAULT f();", "ALTER TABLE t ALTER COLUMN a DROP DEFAULT;"),
            ("ALTER TABLE t ADD CONSTRAINT k CHECK (a > f());", "ALTER TABLE t DROP CONSTRAINT k;"),
            ("CREATE TABLE n (a int CHECK (a > f()));", "DROP TABLE n;"),
        ] {
            let upgrade = format!("{FUNCTION}\n{made}");
            assert!(found(&upgrade, &format!("DROP FUNCTION f();\n{drop}")), "{made}");
            assert!(!found(&upgrade, &format!("{drop}\nDROP FUNCTION f();")), "{made}");
            assert!(!found(&upgrade, &format!("DROP FUNCTION f() CASCADE;\n{drop}")), "{made}");
        }
        let new = format!(
            "{FUNCTION}\nCREATE TABLE n (a int);\n\
             CREATE TRIGGER g BEFORE INSERT ON n FOR EACH ROW EXECUTE FUNCTION f();"
        );
        assert!(found(&new, "DROP FUNCTION f();\nDROP TABLE n;"), "the trigger goes with its table");
        assert!(!found(&new, "DROP TABLE n;\nDROP FUNCTION f();"));
    }

    #[test]
    fn a_view_goes_before_what_it_reads_and_a_column_before_its_type() {
        let view = "CREATE TABLE n (a int);\nCREATE VIEW v AS SELECT a FROM n;";
        assert!(found(view, "DROP TABLE n;\nDROP VIEW v;"));
        assert!(!found(view, "DROP VIEW v;\nDROP TABLE n;"));
        let views = "CREATE VIEW a AS SELECT 1 AS x;\nCREATE VIEW b AS SELECT t.x FROM t JOIN public.a ON true;";
        assert!(found(views, "DROP VIEW a;\nDROP VIEW b;"));
        assert!(!found(views, "DROP VIEW a, b;"), "in one statement the order does not matter");
        let mood = "CREATE TYPE mood AS ENUM ('a');\nALTER TABLE t ADD COLUMN m mood;";
        assert!(found(mood, "DROP TYPE mood;\nALTER TABLE t DROP COLUMN m;"));
        assert!(!found(mood, "ALTER TABLE t DROP COLUMN m;\nDROP TYPE mood;"));
        let many = "CREATE TYPE mood AS ENUM ('a');\nCREATE TABLE n (m public.mood[]);";
        assert!(found(many, "DROP TYPE mood;\nDROP TABLE n;"));
    }

    #[test]
    fn what_only_looks_like_a_use_is_none() {
        for made in [
            "CREATE VIEW v AS SELECT 'f()' AS a;",
            "CREATE VIEW v AS SELECT 1 AS a -- f()\n;",
            "CREATE VIEW v AS SELECT other.f() AS a, public.\"F\"() AS b;",
            "CREATE VIEW v AS WITH f (a) AS (SELECT 1) SELECT a FROM f;",
            "CREATE VIEW v AS SELECT f AS a FROM t;",
        ] {
            let upgrade = format!("CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n{made}");
            assert!(!found(&upgrade, "DROP FUNCTION public.f();\nDROP VIEW v;"), "{made}");
        }
        let overloaded = format!(
            "{FUNCTION}\nCREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';\nCREATE VIEW v AS SELECT f(1);"
        );
        assert!(!found(&overloaded, "DROP FUNCTION f();\nDROP VIEW v;"), "of another function");
        let replaced = format!("{FUNCTION}\nCREATE VIEW v AS SELECT f() AS a;");
        let rollback = "CREATE OR REPLACE VIEW v AS SELECT 1 AS a;\nDROP FUNCTION f();\nDROP VIEW v;";
        assert!(!found(&replaced, rollback), "it calls the function no more");
        let copied = "CREATE VIEW a AS SELECT 1 AS x;\nCREATE TABLE n AS SELECT x FROM a;";
        assert!(!found(copied, "DROP VIEW a;\nDROP TABLE n;"), "a copy keeps nothing");
        let column = "CREATE TABLE year (a int);\nCREATE VIEW v AS SELECT extract(month FROM year) FROM t;";
        assert!(!found(column, "DROP TABLE year;\nDROP VIEW v;"));
        for engine in [Engine::MySql, Engine::Sqlite] {
            let view = "CREATE TABLE n (a int);\nCREATE VIEW v AS SELECT a FROM n;";
            assert_eq!(rolled_back(engine, RULE.id, view, "DROP TABLE n;\nDROP VIEW v;"), None, "{engine}");
        }
    }
}
