//! The rules, one file each. A rule's examples are its test.

mod alter_system;
mod attach_partition;
mod blocking_maintenance;
mod blocking_refresh;
mod cascading_drop;
mod concurrent_if_not_exists;
mod connection_pragma;
mod copied_by_position;
mod detach_partition;
mod double_quoted_string;
mod drop_column_rewrite;
mod empty_rollback;
mod enum_value_splits;
mod exclusion_constraint;
mod foreign_keys_pragma;
mod generated_column;
mod identity_added;
mod incomplete_rebuild;
mod many_locks;
mod partition_of;
mod persistent_pragma;
mod refused_add_column;
mod refused_drop_column;
mod renamed_before_rebuild;
mod rewriting_option;
mod search_path_change;
mod small_key;
mod unique_without_index;
mod unsafe_journal;
mod unsupported_alter;
mod vacuum_database;
mod validate_in_same_transaction;
mod volatile_default;
mod wide_grant;
mod writable_schema;

use super::Rule;
use super::squawk::rules as squawk;

/// Every rule, by id.
pub const RULES: &[Rule] = &[
    alter_system::RULE,
    attach_partition::RULE,
    blocking_maintenance::RULE,
    blocking_refresh::RULE,
    cascading_drop::RULE,
    squawk::CHAR_TYPE,
    concurrent_if_not_exists::RULE,
    connection_pragma::RULE,
    copied_by_position::RULE,
    detach_partition::RULE,
    squawk::DOMAIN_CONSTRAINT,
    squawk::DOMAIN_WITH_CONSTRAINT,
    double_quoted_string::RULE,
    drop_column_rewrite::RULE,
    squawk::DUPLICATE_COLUMN,
    empty_rollback::RULE,
    squawk::ENUM_VALUE_ORDER,
    enum_value_splits::RULE,
    exclusion_constraint::RULE,
    foreign_keys_pragma::RULE,
    generated_column::RULE,
    squawk::IDENTIFIER_TOO_LONG,
    identity_added::RULE,
    incomplete_rebuild::RULE,
    many_locks::RULE,
    partition_of::RULE,
    persistent_pragma::RULE,
    refused_add_column::RULE,
    refused_drop_column::RULE,
    renamed_before_rebuild::RULE,
    rewriting_option::RULE,
    search_path_change::RULE,
    squawk::SERIAL_TYPE,
    small_key::RULE,
    squawk::TIMESTAMP_WITHOUT_ZONE,
    squawk::TRUNCATE_CASCADE,
    unique_without_index::RULE,
    unsafe_journal::RULE,
    unsupported_alter::RULE,
    vacuum_database::RULE,
    validate_in_same_transaction::RULE,
    squawk::VARCHAR_LIMIT,
    volatile_default::RULE,
    wide_grant::RULE,
    writable_schema::RULE,
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
        assert!(RULES.iter().all(|rule| kebab(rule.id) && !rule.summary.is_empty() && !rule.explanation.is_empty()));
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
