use crate::dialect::Engine;
use crate::lint::{Action, Example, Hit, Hits, Judges, Rule, Severity, Subject};
use crate::model::{StatementKind, TransactionControl};
use crate::plan::{Segment, SegmentMode};

/// `PRAGMA foreign_keys` amid a file.
pub(super) const RULE: Rule = Rule {
    id: "foreign-keys-pragma",
    summary: "PRAGMA foreign_keys between statements cuts their transaction in two",
    explanation: "SQLite ignores PRAGMA foreign_keys inside a transaction. dbwarden therefore commits what stands before it \
        and begins another transaction behind it: when the second part fails, the first stays. The pragma is not \
        needed: dbwarden runs migrations with foreign keys off, as the sqlite3 program does, checks them before each \
        commit, rolls back when there are new violations, and restores the session's settings after the file. Where \
        the pragma is wanted, it belongs before the first statement, and outside BEGIN and COMMIT.",
    engines: &[Engine::Sqlite],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Sqlite, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "DROP TABLE old_users;\nPRAGMA foreign_keys = OFF;\nDELETE FROM users WHERE email IS NULL;";
const GOOD: &str = "PRAGMA foreign_keys = OFF;\nDROP TABLE old_users;\nDELETE FROM users WHERE email IS NULL;\n\
    PRAGMA foreign_keys = ON;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        if !matches!(&change.action, Action::Set { name, .. } if name == "foreign_keys") {
            continue;
        }
        let splits = splits(subject, statement);
        let (message, severity) = match (splits, begun(subject, statement)) {
            (true, _) => (
                "what stands before this pragma is committed on its own: it stays when a statement behind it fails",
                None,
            ),
            (false, true) => (
                "SQLite ignores this pragma between BEGIN and COMMIT; dbwarden carries it out outside of them",
                Some(Severity::Note),
            ),
            (false, false) => continue,
        };
        hits.push(Hit {
            statement: Some(statement),
            span: Some(change.span.clone()),
            line: None,
            severity,
            message: message.into(),
            remedy: "leave it out: dbwarden runs the file with foreign keys off and checks them before the commit"
                .into(),
        });
    }
}

/// Whether it stands between the author's own `BEGIN` and `COMMIT`.
fn begun(subject: &Subject<'_>, statement: usize) -> bool {
    let controls = subject.script.statements[..statement].iter().rev().filter_map(|before| match before.kind {
        StatementKind::TransactionControl(control) => Some(control),
        _ => None,
    });
    let mut last = controls.filter(|control| *control != TransactionControl::Savepoint);
    last.next() == Some(TransactionControl::Begin)
}

/// Whether what stands before and behind it would be one transaction without it.
fn splits(subject: &Subject<'_>, statement: usize) -> bool {
    let is_setting =
        |kind: StatementKind| matches!(kind, StatementKind::ConnectionSetting | StatementKind::SessionSetting);
    let kinds: Vec<StatementKind> = subject.script.statements.iter().map(|statement| statement.kind).collect();
    let before = kinds[..statement].iter().rev().copied().find(|kind| !is_setting(*kind));
    let behind = kinds[statement + 1..].iter().copied().find(|kind| !is_setting(*kind));
    let shared = |from: usize, to: usize| {
        let shares = |segment: &&Segment| segment.mode == SegmentMode::Transaction;
        let within = |segment: &Segment| segment.statements.start >= from && segment.statements.end <= to;
        subject.segments.iter().filter(shares).any(within)
    };
    let control = |kind: Option<StatementKind>, control| kind == Some(StatementKind::TransactionControl(control));
    !control(before, TransactionControl::Commit)
        && !control(behind, TransactionControl::Begin)
        && shared(0, statement)
        && shared(statement + 1, kinds.len())
}
