//! The rules, one file each. A rule's examples are its test.

mod account_grant;
mod added_column_copy;
mod alter_without_algorithm;
mod charset_conversion;
mod column_definition_copy;
mod create_table_select;
mod ddl_mixed_with_dml;
mod definer_account;
mod empty_rollback;
mod engine_change;
mod foreign_key_copy;
mod fulltext_or_spatial_index;
mod global_setting;
mod lock_tables;
#[cfg(test)]
mod mysql_tests;
mod partition_rebuild;
mod positioned_column;
mod primary_key_rebuild;
mod several_implicit_commits;
mod table_rebuild;
mod table_without_primary_key;
mod three_byte_characters;
mod unbatched_write;
mod zero_date;

use super::Rule;

/// Every rule, by id.
pub const RULES: &[Rule] = &[
    account_grant::RULE,
    added_column_copy::RULE,
    alter_without_algorithm::RULE,
    charset_conversion::RULE,
    column_definition_copy::RULE,
    create_table_select::RULE,
    ddl_mixed_with_dml::RULE,
    definer_account::RULE,
    empty_rollback::RULE,
    engine_change::RULE,
    foreign_key_copy::RULE,
    fulltext_or_spatial_index::RULE,
    global_setting::RULE,
    lock_tables::RULE,
    partition_rebuild::RULE,
    positioned_column::RULE,
    primary_key_rebuild::RULE,
    several_implicit_commits::RULE,
    table_rebuild::RULE,
    table_without_primary_key::RULE,
    three_byte_characters::RULE,
    unbatched_write::RULE,
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
