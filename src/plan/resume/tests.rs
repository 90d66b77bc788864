use super::*;
use crate::model::test_support::{journal_entry, script};
use crate::model::{JournalState, StatementKind};
use crate::plan::survey;

fn resumed(entry: &JournalEntry, script: &Script) -> Result<usize, PlanError> {
    resume(Engine::MySql, &Survey::default(), entry, script, "1_a.sql").map(|resume| resume.done)
}

#[test]
fn a_failed_statement_is_run_again() {
    let script = script("s", &[StatementKind::ImplicitCommit; 3]);
    let entry = journal_entry(&script, 1, Some(1), JournalState::Failed);
    assert_eq!(resumed(&entry, &script), Ok(1));
}

#[test]
fn an_edit_of_what_is_done_is_refused_and_of_the_rest_is_not() {
    let before = script("s", &[StatementKind::ImplicitCommit; 2]);
    let mut entry = journal_entry(&before, 1, None, JournalState::Failed);
    let longer = script("s", &[StatementKind::ImplicitCommit; 5]);
    assert_eq!(resumed(&entry, &longer), Ok(1));
    let other = script("t", &[StatementKind::ImplicitCommit; 2]);
    let refused = |entry: &JournalEntry| match resumed(entry, &other) {
        Err(PlanError::EditedSinceInterruption { difference, .. }) => difference.map(|difference| difference.text),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&entry), None, "an entry of an older release");
    entry.section = Some(before.text().to_string());
    assert_eq!(refused(&entry).as_deref(), Some("@@ -1,1 +1,2 @@\n-s 0;\n+t 0;\n+t 1;"));
}

#[test]
fn an_unknown_outcome_is_never_guessed() {
    let script = script("INSERT", &[StatementKind::Dml; 2]);
    let entry = journal_entry(&script, 0, Some(0), JournalState::Running);
    assert!(matches!(resumed(&entry, &script), Err(PlanError::UnknownOutcome { through: 1, .. })));
    let whole = crate::model::test_support::script("VACUUM", &[StatementKind::NonTransactional]);
    assert_eq!(resumed(&journal_entry(&whole, 0, Some(0), JournalState::Running), &whole), Ok(0));
}

fn parsed(engine: Engine, text: &str) -> Script {
    parse::script(engine, "1_a.sql", Arc::new(text.to_string())).expect("a script")
}

fn question(engine: Engine, script: &Script, done: usize, before: Option<&str>) -> Option<OpenQuestion> {
    let mut entry = journal_entry(script, done, Some(done), JournalState::Running);
    entry.section = Some(script.text().to_string());
    entry.before = before.map(str::to_string);
    open_question(engine, &survey(&crate::model::Catalog::default(), Default::default(), &[entry]))
}

#[test]
fn a_run_without_marks_is_settled_one_by_one() {
    let script = parsed(Engine::MySql, "CREATE TABLE a (b int);\nCREATE TABLE c (d int);\nDROP TABLE a;");
    assert_eq!(effects_from(Engine::MySql, &script, 0).len(), 2);
    assert_eq!(effects_from(Engine::MySql, &script, 2).len(), 1);
    let first = question(Engine::MySql, &script, 0, Some("0:0,1")).expect("a question");
    assert_eq!(first.before(), Some("0"));
    let (entry, _) = first.answer(Verdict::Done).expect("an answer");
    assert!(entry.is_open() && entry.done == 1);
    let mut survey = Survey { interrupted: Some(entry), ..Survey::default() };
    let second = open_question(Engine::MySql, &survey).expect("the next question");
    assert_eq!(second.before(), Some("1"), "it was there before");
    let (entry, _) = second.answer(second_verdict(&second)).expect("an answer");
    assert_eq!((entry.done, entry.is_open()), (1, false));
    survey.interrupted = Some(entry);
    assert!(open_question(Engine::MySql, &survey).is_none());
}

fn second_verdict(question: &OpenQuestion) -> Verdict {
    match &question.ask {
        Ask::Catalog(effect) => effect.judge(question.before(), "1"),
        Ask::Author(_) => Verdict::Unknown,
    }
}

#[test]
fn what_is_carried_out_in_part_is_finished() {
    let script = parsed(Engine::MySql, "DROP TABLE a, b;");
    let asked = question(Engine::MySql, &script, 0, Some("0:1 1")).expect("a question");
    let (entry, rest) = asked.answer(Verdict::Partly).expect("an answer");
    assert_eq!((entry.done, rest.as_deref()), (0, Some("DROP TABLE IF EXISTS a, b")));
}

#[test]
fn what_the_catalog_cannot_know_is_not_asked() {
    for (text, done) in [
        ("CREATE TEMPORARY TABLE t (a int);\nDROP TABLE t;", 1),
        ("LOCK TABLES t WRITE;\nALTER TABLE t ADD COLUMN c int;\nUNLOCK TABLES;", 1),
        ("-- dbwarden: split = off\nCREATE TABLE a (b int);\nINSERT INTO a VALUES (1);", 0),
        ("INSERT INTO a VALUES (1);", 0),
    ] {
        assert!(question(Engine::MySql, &parsed(Engine::MySql, text), done, None).is_none(), "{text}");
    }
    let whole = parsed(Engine::MySql, "-- dbwarden: split = off\nCREATE PROCEDURE p() BEGIN SELECT 1; END;");
    assert!(question(Engine::MySql, &whole, 0, None).is_some(), "one statement");
}

#[test]
fn an_edit_of_what_is_still_to_run_is_found() {
    let before = parsed(Engine::MySql, "DROP TABLE a;\nDROP TABLE b;\nDROP TABLE c;");
    let mut entry = journal_entry(&before, 1, None, JournalState::Failed);
    entry.section = Some(before.text().to_string());
    let ahead = |text: &str| match edited_ahead(Engine::MySql, &entry, &parsed(Engine::MySql, text), "1_a.sql".into()) {
        Some(PlanNote::EditedAhead { statement, line, .. }) => Some((statement, line)),
        _ => None,
    };
    assert_eq!(ahead("DROP TABLE a;\nDROP TABLE b;\nDROP TABLE c;"), None);
    assert_eq!(ahead("DROP TABLE a;\n-- why\nDROP TABLE b;\nDROP TABLE c;"), None);
    assert_eq!(ahead("DROP TABLE a;\nDROP TABLE x;\nDROP TABLE c;"), Some((2, Some(2))));
    assert_eq!(ahead("DROP TABLE a;\nDROP TABLE b;"), Some((3, None)));
}
