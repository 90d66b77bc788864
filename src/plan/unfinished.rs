//! Which migration an unfinished object belongs to, and so who puts it right.

use super::{MigrationState, Survey, SurveyEntry};
use crate::dialect::Engine;
use crate::model::{Effect, Migration, Object, Unfinished};
use crate::parse;

/// Who puts an unfinished index right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Healing {
    /// The next `migrate`: this file, not yet applied, builds it.
    NextRun {
        /// The file, as shown to people.
        file: String,
    },
    /// A person: the history says that this file built it.
    Person {
        /// The file, as shown to people.
        file: String,
    },
    /// Whoever made it: no file here builds it.
    Stranger,
}

/// Finds the file that builds the index. The latest counts: an index can be built, dropped and built again.
pub fn healing(engine: Engine, survey: &Survey, object: &Unfinished) -> Healing {
    let Unfinished::Index { name, .. } = object else { return Healing::Stranger };
    // Only a concurrent build looks first for what an earlier one left.
    let builds = |file: &Migration, only_concurrently: bool| {
        let script = &file.upgrade;
        (0..script.statements.len()).any(|statement| {
            let effect = parse::effect(engine, script.statement_text(statement));
            let Some(Effect::Objects { objects, present: true }) = effect else { return false };
            objects.iter().any(|object| match object {
                Object::Index { name: built, concurrently, .. } => {
                    let same = built.name == name.name && (built.schema.is_none() || built.schema == name.schema);
                    same && (*concurrently || !only_concurrently)
                }
                _ => false,
            })
        })
    };
    let built_by = |entry: &SurveyEntry, only_concurrently| {
        entry.file.as_deref().is_some_and(|file| builds(file, only_concurrently))
    };
    let is_due = |entry: &SurveyEntry| {
        matches!(
            entry.state,
            MigrationState::Pending
                | MigrationState::OutOfOrder
                | MigrationState::Interrupted
                | MigrationState::RepeatableDue
        )
    };
    let shown = |entry: &SurveyEntry| entry.file.as_ref().map(|file| file.path.display().to_string());
    let due = survey.entries.iter().filter(|entry| is_due(entry)).find(|entry| built_by(entry, true)).and_then(shown);
    let done = || {
        survey.entries.iter().rev().filter(|entry| !is_due(entry)).find(|entry| built_by(entry, false)).and_then(shown)
    };
    match due {
        Some(file) => Healing::NextRun { file },
        None => done().map_or(Healing::Stranger, |file| Healing::Person { file }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::test_support::{migration, row, script};
    use crate::model::{Catalog, History, ObjectName, StatementKind};

    fn index(name: &str) -> Unfinished {
        let named = |name: &str| ObjectName { schema: Some("public".into()), name: name.into() };
        Unfinished::Index { name: named(name), table: named("t"), partitioned: false }
    }

    fn file(name: &str, statement: &str) -> Migration {
        Migration { upgrade: script(statement, &[StatementKind::NonTransactional]), ..migration(name) }
    }

    #[test]
    fn the_file_that_builds_it_decides() {
        let files = vec![
            file("1_a.sql", "CREATE INDEX CONCURRENTLY i ON t (a) WHERE a >"),
            file("2_b.sql", "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS j ON t (a) WHERE a >"),
            file("3_c.sql", "CREATE INDEX k ON t (a) WHERE a >"),
        ];
        let catalog = Catalog::new(files).expect("a catalog");
        let survey = crate::plan::survey(&catalog, History::new(vec![row(1, "1_a.sql")]), &[]);
        let healing = |name| super::healing(Engine::Postgres, &survey, &index(name));
        assert_eq!(healing("i"), Healing::Person { file: "1_a.sql".into() });
        assert_eq!(healing("j"), Healing::NextRun { file: "2_b.sql".into() });
        assert_eq!(healing("k"), Healing::Stranger, "a plain CREATE INDEX only finds it in its way");
        assert_eq!(healing("l"), Healing::Stranger);
    }
}
