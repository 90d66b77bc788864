use super::{Finding, Rule};
use crate::model::{Migration, Rollback};

/// A rollback that undoes nothing of an upgrade that does something.
pub(super) const RULE: Rule =
    Rule { id: "empty-rollback", summary: "the upgrade does something, and the rollback section is empty", find };

fn find(migration: &Migration) -> Option<Finding> {
    let Rollback::Script(rollback) = &migration.rollback else { return None };
    if !rollback.is_empty() || migration.upgrade.is_empty() {
        return None;
    }
    let before = &rollback.source[..rollback.span.start];
    Some(Finding {
        rule: RULE.id,
        file: migration.path.clone(),
        line: Some(before.bytes().filter(|&byte| byte == b'\n').count()),
        message: "the rollback section is empty: rolling back undoes nothing of what the upgrade did".to_string(),
        remedy: "write the statements that undo it, or say `-- dbwarden: irreversible` in the header".to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::lint;
    use crate::model::Allowance;
    use crate::model::test_support::{migration, script};

    #[test]
    fn an_empty_rollback_is_found_only_where_there_is_something_to_undo() {
        let mut file = migration("1_a.sql");
        assert_eq!(lint(&file), []);
        file.rollback = Rollback::Script(script("x", &[]));
        assert_eq!(lint(&file).len(), 1);
        file.upgrade = script("x", &[]);
        assert_eq!(lint(&file), []);
    }

    #[test]
    fn a_reason_silences_it() {
        let mut file = migration("1_a.sql");
        file.rollback = Rollback::Script(script("x", &[]));
        file.allowances = vec![Allowance { rule: RULE.id.into(), reason: "data only".into(), line: 1 }];
        assert_eq!(lint(&file), []);
    }
}
