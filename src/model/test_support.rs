//! Small values for unit tests of the pure core.

use std::sync::Arc;

use super::{
    AppliedMigration, Direction, Directives, JournalEntry, JournalState, Migration, MigrationKind, Rollback, RowKind,
    Script, Statement, StatementKind, normalised_digest,
};

/// A migration called after `file_name`, with one statement each way that can share a transaction.
pub(crate) fn migration(file_name: &str) -> Migration {
    let stem = file_name.trim_end_matches(".sql");
    let (kind, name) = if let Some(name) = stem.strip_prefix("ROC__") {
        (MigrationKind::RunsOnChange, name)
    } else if let Some(name) = stem.strip_prefix("RA__") {
        (MigrationKind::RunsAlways, name)
    } else {
        let (version, name) = stem.split_once('_').expect("version_name");
        (MigrationKind::Versioned(version.parse().expect("digits")), name)
    };
    Migration {
        kind,
        name: name.to_string(),
        file_name: file_name.to_string(),
        path: file_name.into(),
        description: name.replace('_', " "),
        depends_on: Vec::new(),
        seed: false,
        upgrade: script(&format!("up {stem}"), &[StatementKind::Ddl]),
        rollback: Rollback::Script(script(&format!("down {stem}"), &[StatementKind::Ddl])),
        digest: format!("digest of {stem}"),
        tokens: |script| format!("tokens of {}", script.text()),
        allowances: Vec::new(),
    }
}

/// A script with one statement per kind; each statement's text is `<text> <index>`.
pub(crate) fn script(text: &str, kinds: &[StatementKind]) -> Script {
    let mut source = String::new();
    let mut statements = Vec::new();
    for (index, &kind) in kinds.iter().enumerate() {
        let start = source.len();
        source.push_str(&format!("{text} {index}"));
        statements.push(Statement {
            span: start..source.len(),
            line: index + 1,
            kind,
            autocommit: false,
            done_if: None,
            copy_data: None,
        });
        source.push_str(";\n");
    }
    let span = 0..source.len();
    Script { source: Arc::new(source), span, statements, directives: Directives::default() }
}

/// What a run leaves in the journal that ends while `script` is applied.
pub(crate) fn journal_entry(script: &Script, done: usize, current: Option<usize>, state: JournalState) -> JournalEntry {
    JournalEntry {
        direction: Direction::Upgrade,
        file_name: "1_a.sql".into(),
        version: Some("1".parse().expect("a version")),
        checksum: normalised_digest(script.text()),
        total: script.statements.len(),
        done,
        done_digest: script.digest_of_first(done),
        current,
        current_digest: current.map(|current| script.digest_of(current)),
        before: None,
        place: None,
        run_id: "r".into(),
        state,
        section: None,
        ahead: Vec::new(),
    }
}

/// The history row that applying [`migration`] of that name leaves.
pub(crate) fn row(sequence: i64, file_name: &str) -> AppliedMigration {
    let file = migration(file_name);
    let kind = match file.kind {
        MigrationKind::Versioned(_) => RowKind::Versioned,
        MigrationKind::RunsAlways => RowKind::RunsAlways,
        MigrationKind::RunsOnChange => RowKind::RunsOnChange,
    };
    let checksum = file.checksum();
    AppliedMigration {
        sequence,
        version: file.version().cloned(),
        description: file.description,
        file_name: file.file_name,
        kind,
        applied_at: "2026-01-01T00:00:00.000Z".to_string(),
        checksum: Some(checksum),
        rollback_digest: file.rollback.script().map(|script| normalised_digest(&crate::parse::portable(script))),
        execution_ms: Some(1),
        applied_by: None,
        run_id: None,
    }
}
