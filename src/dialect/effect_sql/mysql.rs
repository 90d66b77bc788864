use super::super::{Engine, literal};
use super::Moment;
use crate::model::{Object, ObjectName, Subject};

/// 1 or 0.
pub(super) fn object(object: &Object, place: Option<&str>, moment: Moment) -> Option<String> {
    let found = |view: &str, column: &str, name: &ObjectName, rest: String| {
        Some(format!(
            "EXISTS (SELECT 1 FROM information_schema.{view} WHERE {column}_SCHEMA = {}{rest})",
            schema(name, place)
        ))
    };
    let is = |column: &str, name: &str| format!(" AND {column} = {}", text(name));
    match object {
        Object::Table(name) | Object::View(name) => found("TABLES", "TABLE", name, is("TABLE_NAME", &name.name)),
        Object::Column { table, column } => {
            found("COLUMNS", "TABLE", table, is("TABLE_NAME", &table.name) + &is("COLUMN_NAME", column))
        }
        Object::Index { name, table, .. } => {
            let table = table.as_ref()?;
            found("STATISTICS", "TABLE", table, is("TABLE_NAME", &table.name) + &is("INDEX_NAME", &name.name))
        }
        Object::Constraint { table, name } => {
            found("TABLE_CONSTRAINTS", "TABLE", table, is("TABLE_NAME", &table.name) + &is("CONSTRAINT_NAME", name))
        }
        Object::Routine(name) => found("ROUTINES", "ROUTINE", name, is("ROUTINE_NAME", &name.name)),
        // Without its table, the server opens every table of the database to find a trigger.
        Object::Trigger { table: None, .. } if moment == Moment::Before => None,
        Object::Trigger { name, table } => {
            let table = table.as_ref().map(|table| is("EVENT_OBJECT_TABLE", &table.name)).unwrap_or_default();
            found("TRIGGERS", "TRIGGER", name, table + &is("TRIGGER_NAME", &name.name))
        }
        Object::Event(name) => found("EVENTS", "EVENT", name, is("EVENT_NAME", &name.name)),
        Object::Schema(name) => {
            Some(format!("EXISTS (SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {})", text(name)))
        }
        Object::Type(_)
        | Object::EnumValue { .. }
        | Object::Database(_)
        | Object::Tablespace(_)
        | Object::Partition { .. } => None,
    }
}

/// A digest of fixed size: GROUP_CONCAT cuts what is long. Numbers that the server only estimates, or that grow with
/// the rows, stay out.
pub(super) fn fingerprint(subject: &Subject, place: Option<&str>) -> Option<String> {
    const COLUMN: &str = "COLUMN_NAME, ORDINAL_POSITION, COLUMN_DEFAULT, IS_NULLABLE, COLUMN_TYPE, \
                          CHARACTER_SET_NAME, COLLATION_NAME, EXTRA, COLUMN_COMMENT, GENERATION_EXPRESSION";
    let of =
        |table: &ObjectName| format!("TABLE_SCHEMA = {} AND TABLE_NAME = {}", schema(table, place), text(&table.name));
    match subject {
        Subject::Column { table, column } => {
            let is_column = format!("{} AND COLUMN_NAME = {}", of(table), text(column));
            Some(digest("COLUMNS", COLUMN, &is_column))
        }
        Subject::Table(table) => {
            let of_table = of(table);
            let parts = [
                digest("COLUMNS", COLUMN, &of_table),
                digest(
                    "STATISTICS",
                    "INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, NON_UNIQUE, SUB_PART, COLLATION, INDEX_TYPE, INDEX_COMMENT",
                    &of_table,
                ),
                digest("TABLE_CONSTRAINTS", "CONSTRAINT_NAME, CONSTRAINT_TYPE", &of_table),
                digest(
                    "PARTITIONS",
                    "PARTITION_NAME, SUBPARTITION_NAME, PARTITION_METHOD, PARTITION_EXPRESSION, PARTITION_DESCRIPTION",
                    &of_table,
                ),
                digest(
                    "TABLES",
                    "TABLE_TYPE, ENGINE, ROW_FORMAT, TABLE_COLLATION, CREATE_OPTIONS, TABLE_COMMENT",
                    &of_table,
                ),
            ];
            Some(format!("CONCAT_WS('', {})", parts.join(", ")))
        }
        Subject::Indexes(_) | Subject::Routines(_) => None,
    }
}

/// Of all rows, in no order; empty where there is none.
fn digest(view: &str, columns: &str, condition: &str) -> String {
    // QUOTE tells NULL from a text, and no cell can look like two.
    let cells: Vec<String> = columns.split(", ").map(|column| format!("QUOTE({column})")).collect();
    // MySQL 9.6 took MD5() out of the server (https://dev.mysql.com/doc/refman/9.6/en/encryption-functions.html).
    let row = format!("SHA2(CONCAT_WS(',', {}), 256)", cells.join(", "));
    let half = |side: &str| format!("HEX(BIT_XOR(CAST(CONV({side}({row}, 16), 16, 10) AS UNSIGNED)))");
    format!(
        "(SELECT IF(COUNT(*) = 0, '', CONCAT_WS('.', COUNT(*), {}, {})) FROM information_schema.{view} WHERE {condition})",
        half("LEFT"),
        half("RIGHT")
    )
}

fn schema(name: &ObjectName, place: Option<&str>) -> String {
    name.schema.as_deref().or(place).map_or_else(|| "DATABASE()".to_string(), text)
}

fn text(text: &str) -> String {
    literal(Engine::MySql, text)
}
