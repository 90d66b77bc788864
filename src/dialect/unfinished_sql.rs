//! The text of looks for what was begun and not finished: invalid indexes and unchecked constraints.

use super::{Engine, identifier};
use crate::model::{ObjectName, Unfinished};

/// Of the schemas of users, not of those of the server and of temporary tables.
const OF_USERS: &str = "n.nspname OPERATOR(pg_catalog.<>) ALL (ARRAY['pg_catalog', 'information_schema', 'pg_toast']) \
                        AND NOT n.nspname OPERATOR(pg_catalog.~) '^pg_(toast_)?temp_'";

/// A query for all of it; None where the engine has no such thing. Cells: `index`, `partitioned` or `constraint`, then
/// schema, name, schema of the table, table. An index that a session is building just now is left out.
///
/// `version` is the server's major version: before 12 it does not tell what is being built, and from 18 on a constraint
/// may be there only to be read.
pub fn select_unfinished(engine: Engine, version: u32) -> Option<String> {
    if engine != Engine::Postgres {
        return None;
    }
    let is = "OPERATOR(pg_catalog.=)";
    let building = match version {
        12.. => format!(
            " AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_progress_create_index p \
             WHERE p.index_relid {is} i.indexrelid)"
        ),
        _ => String::new(),
    };
    // One that is NOT ENFORCED is never valid, and cannot be validated.
    let enforced = if version >= 18 { " AND k.conenforced" } else { "" };
    let order = "USING OPERATOR(pg_catalog.<)";
    Some(format!(
        "SELECT CASE WHEN c.relkind::pg_catalog.text {is} 'I' THEN 'partitioned' ELSE 'index' END, \
         n.nspname::pg_catalog.text, c.relname::pg_catalog.text, tn.nspname::pg_catalog.text, \
         t.relname::pg_catalog.text \
         FROM pg_catalog.pg_index i \
         JOIN pg_catalog.pg_class c ON c.oid {is} i.indexrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid {is} c.relnamespace \
         JOIN pg_catalog.pg_class t ON t.oid {is} i.indrelid \
         JOIN pg_catalog.pg_namespace tn ON tn.oid {is} t.relnamespace \
         WHERE NOT (i.indisvalid AND i.indisready) AND {OF_USERS}{building} \
         UNION ALL \
         SELECT 'constraint', n.nspname::pg_catalog.text, k.conname::pg_catalog.text, n.nspname::pg_catalog.text, \
         t.relname::pg_catalog.text \
         FROM pg_catalog.pg_constraint k \
         JOIN pg_catalog.pg_class t ON t.oid {is} k.conrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid {is} t.relnamespace \
         WHERE NOT k.convalidated{enforced} AND {OF_USERS} \
         ORDER BY 1 {order}, 2 {order}, 3 {order}"
    ))
}

/// What a person runs to put it right.
pub fn finish(object: &Unfinished) -> String {
    let qualified = |name: &ObjectName| {
        let own = identifier(Engine::Postgres, &name.name);
        match &name.schema {
            Some(schema) => format!("{}.{own}", identifier(Engine::Postgres, schema)),
            None => own,
        }
    };
    match object {
        Unfinished::Constraint { name, table } => {
            format!("ALTER TABLE {} VALIDATE CONSTRAINT {};", qualified(table), identifier(Engine::Postgres, name))
        }
        Unfinished::Index { name, partitioned: true, .. } => {
            format!("ALTER INDEX {} ATTACH PARTITION <the index of each partition>;", qualified(name))
        }
        // What REINDEX CONCURRENTLY left half-made: the index it was to replace is still there.
        Unfinished::Index { name, .. } if is_of_reindex(&name.name) => {
            format!("DROP INDEX CONCURRENTLY {};", qualified(name))
        }
        Unfinished::Index { name, .. } => format!("REINDEX INDEX CONCURRENTLY {};", qualified(name)),
    }
}

/// `t_id_ccnew`, `t_id_ccold`, and `t_id_ccnew1` where that name was taken.
fn is_of_reindex(name: &str) -> bool {
    let stem = name.trim_end_matches(|character: char| character.is_ascii_digit());
    stem.ends_with("_ccnew") || stem.ends_with("_ccold")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(name: &str, partitioned: bool) -> Unfinished {
        let named = |name: &str| ObjectName { schema: Some("app".into()), name: name.into() };
        Unfinished::Index { name: named(name), table: named("t"), partitioned }
    }

    #[test]
    fn only_postgres_leaves_things_unfinished() {
        assert!(select_unfinished(Engine::MySql, 10).is_none() && select_unfinished(Engine::Sqlite, 3).is_none());
        assert!(select_unfinished(Engine::Postgres, 12).is_some_and(|text| text.contains("progress_create_index")));
        assert!(select_unfinished(Engine::Postgres, 11).is_some_and(|text| !text.contains("progress_create_index")));
    }

    #[test]
    fn what_is_not_enforced_is_not_to_be_validated() {
        assert!(select_unfinished(Engine::Postgres, 18).is_some_and(|text| text.contains("AND k.conenforced")));
        assert!(select_unfinished(Engine::Postgres, 17).is_some_and(|text| !text.contains("conenforced")));
    }

    #[test]
    fn the_remedy_is_what_can_be_run() {
        assert_eq!(finish(&index("i", false)), r#"REINDEX INDEX CONCURRENTLY "app"."i";"#);
        assert_eq!(finish(&index("i_ccnew", false)), r#"DROP INDEX CONCURRENTLY "app"."i_ccnew";"#);
        assert_eq!(finish(&index("i_ccold12", false)), r#"DROP INDEX CONCURRENTLY "app"."i_ccold12";"#);
        assert!(finish(&index("i", true)).contains("ATTACH PARTITION"));
    }
}
