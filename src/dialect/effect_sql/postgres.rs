//! Names are compared in the catalog itself, and with its own operators: the functions that resolve a name fail where
//! the right to use the schema is missing, and a migration may have put an operator into the search path.

use super::super::{Engine, literal};
use super::qualified;
use crate::model::{Leftover, Object, ObjectName, Subject};

/// Removes an index that was begun and never finished, without blocking anybody.
pub fn drop_index_concurrently(name: &ObjectName) -> String {
    format!("DROP INDEX CONCURRENTLY IF EXISTS {}", qualified(Engine::Postgres, name))
}

/// A query of `(schema, index)`: what stands in the way and is not valid.
pub fn select_leftovers(leftover: &Leftover) -> String {
    let on = |table: String| format!("i.indrelid {EQUALS} {table}");
    let beside = |place: String| {
        format!(
            "{place} AND c.relname OPERATOR(pg_catalog.~) '_cc(new|old)[0-9]*$' \
             AND n.nspname OPERATOR(pg_catalog.!~) '^pg_toast'"
        )
    };
    let place = match leftover {
        Leftover::Index { name, table } => is_index(name, table.as_ref()),
        Leftover::BesideIndex(name) => beside(on(format!(
            "(SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid {EQUALS} {})",
            relation(name)
        ))),
        Leftover::BesideIndexesOf(table) => {
            let table = relation(table);
            let parts = format!("(SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent {EQUALS} {table})");
            beside(format!("({} OR i.indrelid {EQUALS} ANY {parts})", on(table)))
        }
        Leftover::BesideIndexesIn(Some(schema)) => beside(is("n.nspname", schema)),
        Leftover::BesideIndexesIn(None) => beside("true".to_string()),
    };
    format!(
        "SELECT n.nspname, c.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid {EQUALS} \
         i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid {EQUALS} c.relnamespace \
         WHERE NOT i.indisvalid AND {place}"
    )
}

/// The object's number in the catalog.
pub(super) fn object(object: &Object) -> Option<String> {
    let found = |number: &str, from: &str, condition: String| {
        Some(format!(
            "COALESCE((SELECT CAST({number} AS pg_catalog.text) FROM pg_catalog.{from} WHERE {condition}), '0')"
        ))
    };
    // An object that is not complete is marked.
    let marked = |flag: &str, number: &str| format!("pg_catalog.concat(CASE WHEN {flag} THEN '!' END, {number})");
    match object {
        Object::Table(name) | Object::View(name) => {
            Some(format!("COALESCE(CAST({} AS pg_catalog.text), '0')", relation(name)))
        }
        Object::Column { table, column } => found(
            "attnum",
            "pg_attribute",
            format!("attrelid {EQUALS} {} AND {} AND NOT attisdropped", relation(table), is("attname", column)),
        ),
        Object::Index { name, table, .. } => found(
            &marked("NOT i.indisvalid", "c.oid"),
            &format!("pg_index i JOIN pg_catalog.pg_class c ON c.oid {EQUALS} i.indexrelid"),
            is_index(name, table.as_ref()),
        ),
        Object::Constraint { table, name } => {
            found("oid", "pg_constraint", format!("conrelid {EQUALS} {} AND {}", relation(table), is("conname", name)))
        }
        Object::Trigger { name, table } => {
            let table = relation(table.as_ref()?);
            found("oid", "pg_trigger", format!("tgrelid {EQUALS} {table} AND {}", is("tgname", &name.name)))
        }
        Object::Type(name) => Some(format!("COALESCE(CAST({} AS pg_catalog.text), '0')", type_named(name))),
        Object::EnumValue { name, value } => {
            found("oid", "pg_enum", format!("enumtypid {EQUALS} {} AND {}", type_named(name), is("enumlabel", value)))
        }
        Object::Schema(name) => found("oid", "pg_namespace", is("nspname", name)),
        Object::Database(name) => found("oid", "pg_database", is("datname", name)),
        Object::Tablespace(name) => found("oid", "pg_tablespace", is("spcname", name)),
        // The column that tells of a detachment under way is there from version 14 on.
        Object::Partition { table, partition } => found(
            &marked(
                &format!("pg_catalog.to_jsonb(i) OPERATOR(pg_catalog.->>) 'inhdetachpending' {EQUALS} 'true'"),
                "i.inhrelid",
            ),
            "pg_inherits i",
            format!("i.inhparent {EQUALS} {} AND i.inhrelid {EQUALS} {}", relation(table), relation(partition)),
        ),
        Object::Routine(_) | Object::Event(_) => None,
    }
}

/// Numbers that the server only estimates, or that change as it tidies up, stay out.
pub(super) fn fingerprint(subject: &Subject) -> String {
    match subject {
        Subject::Table(table) => {
            let table = relation(table);
            let all = |row: &str, from: &str, key: &str| {
                format!(
                    "(SELECT pg_catalog.string_agg({row}, ',' ORDER BY {row}) FROM pg_catalog.{from} \
                     WHERE {key} {EQUALS} r.oid)"
                )
            };
            let volatile = "ARRAY['relpages','reltuples','relallvisible','relallfrozen','relfrozenxid','relminmxid',\
                            'relfilenode']";
            let parts = [
                format!(
                    "CAST(pg_catalog.to_jsonb(r) OPERATOR(pg_catalog.-) CAST({volatile} AS pg_catalog.text[]) \
                     AS pg_catalog.text)"
                ),
                all(ATTRIBUTE, "pg_attribute a", "a.attrelid"),
                all(DEFAULT, "pg_attrdef d", "d.adrelid"),
                all(
                    "pg_catalog.concat(x.oid, x.conname, x.convalidated, pg_catalog.pg_get_constraintdef(x.oid))",
                    "pg_constraint x",
                    "x.conrelid",
                ),
                all(
                    "pg_catalog.concat(x.indexrelid, x.indisvalid, x.indisclustered, x.indisreplident)",
                    "pg_index x",
                    "x.indrelid",
                ),
                all("pg_catalog.concat(x.oid, x.tgname, x.tgenabled)", "pg_trigger x", "x.tgrelid"),
                all("pg_catalog.concat(x.oid, x.rulename, x.ev_enabled)", "pg_rewrite x", "x.ev_class"),
                all("pg_catalog.concat(x.oid, x.polname)", "pg_policy x", "x.polrelid"),
                all("pg_catalog.concat(x.inhrelid, '<', x.inhparent)", "pg_inherits x", "x.inhrelid"),
                all("pg_catalog.concat(x.inhrelid, '>', x.inhparent)", "pg_inherits x", "x.inhparent"),
            ];
            digest(
                &format!("pg_catalog.concat_ws(';', {})", parts.join(", ")),
                "pg_class r",
                &format!("r.oid {EQUALS} {table}"),
            )
        }
        Subject::Column { table, column } => {
            let default = format!(
                "(SELECT {DEFAULT} FROM pg_catalog.pg_attrdef d WHERE d.adrelid {EQUALS} a.attrelid \
                 AND d.adnum {EQUALS} a.attnum)"
            );
            digest(
                &format!("pg_catalog.concat_ws(';', {ATTRIBUTE}, {default})"),
                "pg_attribute a",
                &format!("a.attrelid {EQUALS} {} AND {}", relation(table), is("a.attname", column)),
            )
        }
        // An invalid one may be what is left of the statement, or of another.
        Subject::Indexes(table) => format!(
            "(SELECT CASE WHEN pg_catalog.bool_and(COALESCE(x.indisvalid, true)) THEN pg_catalog.concat('i', \
             pg_catalog.string_agg(CAST(x.indexrelid AS pg_catalog.text), ' ' ORDER BY x.indexrelid)) ELSE '' END \
             FROM pg_catalog.pg_class r LEFT JOIN pg_catalog.pg_index x ON x.indrelid {EQUALS} r.oid \
             WHERE r.oid {EQUALS} {})",
            relation(table)
        ),
        Subject::Routines(name) => format!(
            "(SELECT pg_catalog.concat('r', pg_catalog.string_agg(CAST(x.oid AS pg_catalog.text), ' ' ORDER BY x.oid)) \
             FROM pg_catalog.pg_proc x WHERE {} AND {})",
            is("x.proname", &name.name),
            in_reach("x.pronamespace", name)
        ),
    }
}

const EQUALS: &str = "OPERATOR(pg_catalog.=)";

const ATTRIBUTE: &str = "pg_catalog.concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, \
                         a.attidentity, a.attisdropped, a.attislocal, a.attinhcount, a.attcollation, a.attstorage, \
                         a.attstattarget, a.attacl, a.attoptions, \
                         pg_catalog.to_jsonb(a) OPERATOR(pg_catalog.->>) 'attgenerated', \
                         pg_catalog.to_jsonb(a) OPERATOR(pg_catalog.->>) 'attcompression')";

const DEFAULT: &str = "pg_catalog.concat(d.adnum, pg_catalog.pg_get_expr(d.adbin, d.adrelid))";

/// Empty where there is no such row.
fn digest(row: &str, from: &str, condition: &str) -> String {
    format!("COALESCE((SELECT pg_catalog.md5({row}) FROM pg_catalog.{from} WHERE {condition}), '')")
}

fn is(column: &str, name: &str) -> String {
    format!("{column} {EQUALS} {}", literal(Engine::Postgres, name))
}

/// An index lives in the schema of its table, whatever the search path says.
fn is_index(name: &ObjectName, table: Option<&ObjectName>) -> String {
    match (&name.schema, table) {
        (None, Some(table)) => format!("{} AND i.indrelid {EQUALS} {}", is("c.relname", &name.name), relation(table)),
        _ => format!("c.oid {EQUALS} {}", relation(name)),
    }
}

fn relation(name: &ObjectName) -> String {
    numbered("pg_class", "relname", "relnamespace", name)
}

fn type_named(name: &ObjectName) -> String {
    numbered("pg_type", "typname", "typnamespace", name)
}

/// The number of what the session finds under the name; NULL where it finds nothing.
fn numbered(catalog: &str, column: &str, schema: &str, name: &ObjectName) -> String {
    let found = format!(
        "SELECT o.oid FROM pg_catalog.{catalog} o JOIN pg_catalog.pg_namespace s ON s.oid {EQUALS} o.{schema} \
         WHERE {} AND {}",
        is(&format!("o.{column}"), &name.name),
        in_reach("s.oid", name)
    );
    match name.schema {
        Some(_) => format!("({found})"),
        None => format!("({found} ORDER BY pg_catalog.array_position({SEARCHED}, s.nspname) LIMIT 1)"),
    }
}

const SEARCHED: &str = "pg_catalog.current_schemas(true)";

/// A condition on the number of a schema.
fn in_reach(schema: &str, name: &ObjectName) -> String {
    let condition = match &name.schema {
        Some(schema) => is("nspname", schema),
        None => format!("nspname {EQUALS} ANY ({SEARCHED})"),
    };
    format!("{schema} {EQUALS} ANY (SELECT oid FROM pg_catalog.pg_namespace WHERE {condition})")
}
