use crate::dialect::Engine;
use crate::lint::sql_text::quoted_name;
use crate::lint::{
    Action, Change, Example, Facts, Hit, Hits, Judges, Name, Rule, Severity, Subject, made, origin, replacement,
};

/// A rollback that drops what the upgrade did not make.
pub(super) const RULE: Rule = Rule {
    id: "rollback-drops-other",
    summary: "the rollback drops something that the upgrade did not make, or empties a table",
    explanation: "A rollback puts back what was there before its upgrade. What the upgrade did not make was there: \
        dropping a table or column loses its rows, and the older releases that the rollback is for need it, as they \
        need an index, view, sequence, routine, trigger, type or schema. Usually a name was mistyped, or the statement belongs to another file. A table that is emptied, because the upgrade inserted a few \
        rows, loses those of everybody else (a warning). Looked at only where every statement of the upgrade is \
        understood.",
    engines: &Engine::ALL,
    severity: Severity::Error,
    judges: Judges::Rollbacks,
    examples: &[
        Example { engine: Engine::Postgres, bad: BAD, good: GOOD },
        Example { engine: Engine::MySql, bad: BAD, good: GOOD },
        Example { engine: Engine::Sqlite, bad: BAD, good: GOOD },
    ],
    find,
};

const BAD: &str = "-- upgrade\nCREATE TABLE orders (id int PRIMARY KEY);\n-- rollback\nDROP TABLE users;\n";
const GOOD: &str = "-- upgrade\nCREATE TABLE orders (id int PRIMARY KEY);\n-- rollback\nDROP TABLE orders;\n";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    let Some(upgrade) = subject.other.filter(|upgrade| made::is_known(upgrade)) else { return };
    for (statement, change) in subject.changes() {
        let (what, is_own) = match &change.action {
            Action::DropTable { table, .. } => {
                let is_set_aside = replacement::table_returns(subject, table, statement);
                (format!("table {table}"), is_set_aside || makes_table(upgrade, table))
            }
            Action::DropColumn { table, column } => {
                let is_own = makes_table(upgrade, table) || makes_column(upgrade, table, column);
                (format!("column {column} of {table}"), is_own || makes_column(subject.statements, table, column))
            }
            action => match origin::foreign_object(subject, upgrade, action) {
                Some(what) => (what, false),
                None => {
                    empties(subject, upgrade, (statement, change), hits);
                    continue;
                }
            },
        };
        let is_new = change.action.table().is_some_and(|table| {
            let here = subject.created_here.get().is_some_and(|here| here.contains(table, statement));
            here || subject.is_new(table, statement)
        });
        if is_own || is_new {
            continue;
        }
        hits.at(
            statement,
            change.span.clone(),
            match change.action.table().is_some() && !matches!(change.action, Action::DropIndex { .. }) {
                true => format!("the upgrade did not make {what}: rolling back loses what it held before"),
                false => format!("the upgrade did not make {what}: after rolling back it is missing"),
            },
            "drop only what the upgrade of this file makes",
        );
    }
}

/// The opposite of a few rows inserted is not a table without any.
fn empties(subject: &Subject<'_>, upgrade: &[Facts], (statement, change): (usize, &Change), hits: &mut Hits) {
    let emptied = |action: &'_ Action| match action {
        Action::Truncate { table, .. } | Action::Delete { table, filtered: false, bounded: false } => {
            Some(table.clone())
        }
        _ => None,
    };
    let Some(table) = emptied(&change.action) else { return };
    let is_lost = |action: &Action| emptied(action).is_some_and(|other| other.may_be(&table));
    let is_dropped = subject.changes().any(|(index, other)| match &other.action {
        Action::DropTable { table: dropped, .. } => index > statement && dropped.may_be(&table),
        _ => false,
    });
    let is_own = makes_table(upgrade, &table) || subject.is_new(&table, statement) || changes(upgrade).any(is_lost);
    if is_own || is_dropped || replacement::table_returns(subject, &table, statement) {
        return;
    }
    hits.push(Hit {
        statement: Some(statement),
        span: Some(change.span.clone()),
        line: None,
        severity: Some(Severity::Warning),
        message: format!("rolling back empties {table}, also of the rows that the upgrade did not insert"),
        remedy: format!("name the rows of the upgrade: DELETE FROM {} WHERE …", quoted_name(subject.engine, &table)),
    });
}

fn makes_table(statements: &[Facts], table: &Name) -> bool {
    changes(statements).any(|action| match action {
        Action::CreateTable { table: made, .. } => made.may_be(table),
        Action::RenameTable { to, .. } => to.may_be(table),
        _ => false,
    })
}

fn makes_column(statements: &[Facts], table: &Name, column: &str) -> bool {
    changes(statements).any(|action| match action {
        Action::AddColumn { table: of, column: made, .. } | Action::ChangeType { table: of, column: made, .. } => {
            of.may_be(table) && made.name.eq_ignore_ascii_case(column)
        }
        Action::RenameColumn { table: of, to, .. } => of.may_be(table) && to.eq_ignore_ascii_case(column),
        _ => false,
    })
}

fn changes(statements: &[Facts]) -> impl Iterator<Item = &Action> {
    statements.iter().flat_map(|facts| &facts.changes).map(|change| &change.action)
}

#[cfg(test)]
mod tests {
    use super::super::circumstances_tests::rolled_back;
    use super::*;

    fn found(engine: Engine, upgrade: &str, rollback: &str) -> bool {
        rolled_back(engine, RULE.id, upgrade, rollback) == Some(Severity::Error)
    }

    #[test]
    fn other_things_with_a_name_are_the_upgrades_own_or_not() {
        use Engine::{MySql, Postgres, Sqlite};
        for (engine, own, drop, other) in [
            (Postgres, "CREATE INDEX i ON t (a);", "DROP INDEX i;", "DROP INDEX j;"),
            (MySql, "CREATE INDEX i ON t (a);", "DROP INDEX i ON t;", "ALTER TABLE t DROP INDEX j;"),
            (Sqlite, "CREATE INDEX i ON t (a);", "DROP INDEX IF EXISTS i;", "DROP INDEX IF EXISTS j;"),
            (Postgres, "CREATE VIEW v AS SELECT 1 AS a;", "DROP VIEW public.v;", "DROP VIEW w;"),
            (MySql, "CREATE OR REPLACE VIEW v AS SELECT 1 AS a;", "DROP VIEW `v`;", "DROP VIEW w;"),
            (Sqlite, "CREATE VIEW IF NOT EXISTS v AS SELECT 1 AS a;", "DROP VIEW \"V\";", "DROP VIEW w;"),
            (Postgres, "CREATE SEQUENCE s;", "DROP SEQUENCE s;", "DROP SEQUENCE r;"),
            (
                Postgres,
                "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
                "DROP ROUTINE f();",
                "DROP FUNCTION g();",
            ),
            (MySql, "CREATE PROCEDURE p() SELECT 1;", "DROP PROCEDURE p;", "DROP PROCEDURE q;"),
            (
                Postgres,
                "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();",
                "DROP TRIGGER g ON t;",
                "DROP TRIGGER h ON t;",
            ),
            (Postgres, "CREATE TYPE e AS ENUM ('a');", "DROP TYPE e;", "DROP TYPE d;"),
            (Postgres, "CREATE SCHEMA s;", "DROP SCHEMA s;", "DROP SCHEMA r;"),
        ] {
            assert!(!found(engine, own, drop), "{engine}: {drop}");
            assert!(found(engine, own, other), "{engine}: {other}");
        }
    }

    #[test]
    fn what_may_be_the_upgrades_own_is_not_judged() {
        use Engine::{MySql, Postgres, Sqlite};
        for (engine, upgrade, rollback) in [
            (Postgres, "CREATE INDEX ON t (a);", "DROP INDEX t_a_idx;"),
            (Postgres, "ALTER INDEX i RENAME TO j;", "DROP INDEX j;"),
            (Postgres, "CREATE TABLE n (id serial PRIMARY KEY);", "DROP TABLE n;\nDROP SEQUENCE IF EXISTS n_id_seq;"),
            (Postgres, "CREATE EXTENSION citext;", "DROP TYPE citext;"),
            (Postgres, "CREATE TABLE n (LIKE t INCLUDING ALL);", "DROP INDEX n_a_idx;\nDROP TABLE n;"),
            (Postgres, "DROP VIEW v;", "CREATE VIEW v AS SELECT 1 AS a;\nDROP VIEW v;"),
            (
                Postgres,
                "ALTER TABLE t ALTER COLUMN a TYPE bigint;",
                "DROP VIEW v;\nALTER TABLE t ALTER COLUMN a TYPE int;\nCREATE VIEW v AS SELECT a FROM t;",
            ),
            (MySql, "ALTER TABLE t ADD INDEX (a);", "ALTER TABLE t DROP INDEX a;"),
            (MySql, "ALTER TABLE t ADD COLUMN a int UNIQUE;", "ALTER TABLE t DROP INDEX a;"),
            (MySql, "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES o (id);", "ALTER TABLE t DROP INDEX k;"),
            (MySql, "ALTER TABLE t RENAME INDEX i TO j;", "ALTER TABLE t DROP INDEX j;"),
            (MySql, "CREATE TABLE n (a int PRIMARY KEY, b int, KEY b (b));", "DROP INDEX b ON n;\nDROP TABLE n;"),
            (Sqlite, "DROP INDEX i;\nCREATE INDEX j ON t (a);", "DROP INDEX j;\nCREATE INDEX i ON t (a);"),
            (Sqlite, "ALTER TABLE t ADD COLUMN a;", "DROP INDEX i;\nCREATE INDEX i ON t (b);"),
        ] {
            assert!(!found(engine, upgrade, rollback), "{engine}: {rollback}");
        }
    }
}
