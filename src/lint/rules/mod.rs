//! The rules, one file each. A rule's examples are its test.

mod account_grant;
mod added_column_copy;
mod alter_system;
mod alter_without_algorithm;
mod attach_partition;
mod backfill_under_lock;
mod blocking_constraint;
mod blocking_index;
mod blocking_index_drop;
mod blocking_maintenance;
mod blocking_refresh;
mod cascading_drop;
mod charset_conversion;
mod check_constraint_copy;
#[cfg(test)]
mod circumstances_tests;
mod column_definition_copy;
mod concurrent_if_not_exists;
mod connection_pragma;
mod copied_by_position;
mod create_table_select;
mod ddl_mixed_with_dml;
mod definer_account;
mod detach_partition;
mod double_quoted_string;
mod drop_column_rewrite;
mod dropped_column;
mod dropped_table;
mod dropped_view;
mod empty_rollback;
mod engine_change;
mod enum_value_splits;
mod exclusion_constraint;
mod foreign_key_copy;
mod foreign_keys_pragma;
mod fulltext_or_spatial_index;
mod generated_column;
mod global_setting;
mod identity_added;
mod incomplete_rebuild;
mod incomplete_rollback;
mod lock_tables;
mod many_locks;
#[cfg(test)]
mod mysql_tests;
mod narrowed_type;
mod partition_of;
mod partition_rebuild;
mod persistent_pragma;
mod placeholder_rollback;
mod positioned_column;
mod primary_key_rebuild;
mod refused_add_column;
mod refused_drop_column;
mod renamed_before_rebuild;
mod renamed_column;
mod renamed_table;
mod required_column;
mod rewriting_option;
mod rewriting_type_change;
mod rollback_drops_other;
mod rollback_order;
mod search_path_change;
mod set_not_null;
mod several_implicit_commits;
mod small_key;
mod table_rebuild;
mod table_without_primary_key;
mod three_byte_characters;
mod truncated_table;
mod unbatched_write;
mod unbounded_lock_wait;
mod unfiltered_delete;
mod unique_without_index;
mod unsafe_journal;
mod unsupported_alter;
mod vacuum_database;
mod validate_in_same_transaction;
mod volatile_default;
mod wide_grant;
mod writable_schema;
mod zero_date;

use super::Rule;
use super::squawk::rules as squawk;

/// Every rule, by id.
pub const RULES: &[Rule] = &[
    account_grant::RULE,
    added_column_copy::RULE,
    alter_system::RULE,
    alter_without_algorithm::RULE,
    attach_partition::RULE,
    backfill_under_lock::RULE,
    blocking_constraint::RULE,
    blocking_index::RULE,
    blocking_index_drop::RULE,
    blocking_maintenance::RULE,
    blocking_refresh::RULE,
    cascading_drop::RULE,
    squawk::CHAR_TYPE,
    charset_conversion::RULE,
    check_constraint_copy::RULE,
    column_definition_copy::RULE,
    concurrent_if_not_exists::RULE,
    connection_pragma::RULE,
    copied_by_position::RULE,
    create_table_select::RULE,
    ddl_mixed_with_dml::RULE,
    definer_account::RULE,
    detach_partition::RULE,
    squawk::DOMAIN_CONSTRAINT,
    squawk::DOMAIN_WITH_CONSTRAINT,
    double_quoted_string::RULE,
    drop_column_rewrite::RULE,
    dropped_column::RULE,
    dropped_table::RULE,
    dropped_view::RULE,
    squawk::DUPLICATE_COLUMN,
    empty_rollback::RULE,
    engine_change::RULE,
    squawk::ENUM_VALUE_ORDER,
    enum_value_splits::RULE,
    exclusion_constraint::RULE,
    foreign_key_copy::RULE,
    foreign_keys_pragma::RULE,
    fulltext_or_spatial_index::RULE,
    generated_column::RULE,
    global_setting::RULE,
    squawk::IDENTIFIER_TOO_LONG,
    identity_added::RULE,
    incomplete_rebuild::RULE,
    incomplete_rollback::RULE,
    lock_tables::RULE,
    many_locks::RULE,
    narrowed_type::RULE,
    partition_of::RULE,
    partition_rebuild::RULE,
    persistent_pragma::RULE,
    placeholder_rollback::RULE,
    positioned_column::RULE,
    primary_key_rebuild::RULE,
    refused_add_column::RULE,
    refused_drop_column::RULE,
    renamed_before_rebuild::RULE,
    renamed_column::RULE,
    renamed_table::RULE,
    required_column::RULE,
    rewriting_option::RULE,
    rewriting_type_change::RULE,
    rollback_drops_other::RULE,
    rollback_order::RULE,
    search_path_change::RULE,
    squawk::SERIAL_TYPE,
    set_not_null::RULE,
    several_implicit_commits::RULE,
    small_key::RULE,
    table_rebuild::RULE,
    table_without_primary_key::RULE,
    three_byte_characters::RULE,
    squawk::TIMESTAMP_WITHOUT_ZONE,
    squawk::TRUNCATE_CASCADE,
    truncated_table::RULE,
    unbatched_write::RULE,
    unbounded_lock_wait::RULE,
    unfiltered_delete::RULE,
    unique_without_index::RULE,
    unsafe_journal::RULE,
    unsupported_alter::RULE,
    vacuum_database::RULE,
    validate_in_same_transaction::RULE,
    squawk::VARCHAR_LIMIT,
    volatile_default::RULE,
    wide_grant::RULE,
    writable_schema::RULE,
    zero_date::RULE,
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::RULES;
    use crate::dialect::Engine;
    use crate::lint::{Finding, Options, lint};
    use crate::parse;

    /// What the rules find in a file; an upgrade alone gets a rollback that needs none.
    fn findings(engine: Engine, text: &str) -> Vec<Finding> {
        let whole = match text.contains("-- upgrade") {
            true => text.to_owned(),
            false => format!("-- dbwarden: irreversible\n\n-- upgrade\n\n{text}\n"),
        };
        let parsed = parse::migration(engine, Path::new("0001_example.sql"), whole.clone().into_bytes());
        let migration = parsed.unwrap_or_else(|errors| panic!("{errors:?} in\n{whole}"));
        lint(engine, &[&migration], &Options::default())
    }

    #[test]
    fn ids_are_unique_and_sorted() {
        assert!(RULES.windows(2).all(|pair| pair[0].id < pair[1].id));
        let kebab = |id: &str| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        let all = || RULES.iter().chain(crate::lint::OUTSIDE_RULES);
        assert!(all().all(|rule| kebab(rule.id) && !rule.summary.is_empty() && !rule.explanation.is_empty()));
        let ids: std::collections::BTreeSet<&str> = all().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), all().count());
    }

    #[test]
    fn every_rule_has_an_example_for_each_of_its_engines() {
        for rule in RULES {
            for engine in rule.engines {
                assert!(rule.examples.iter().any(|example| example.engine == *engine), "{} on {engine}", rule.id);
            }
        }
    }

    #[test]
    fn every_rule_finds_what_is_bad_and_not_what_is_good() {
        for rule in RULES {
            for example in rule.examples {
                let finds = |text| findings(example.engine, text).iter().any(|finding| finding.rule == rule.id);
                assert!(finds(example.bad), "{} does not find\n{}", rule.id, example.bad);
                assert!(!finds(example.good), "{} finds\n{}", rule.id, example.good);
            }
        }
    }
}
