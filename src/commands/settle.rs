//! A statement that a run died in needs no person where the database itself can tell how it ended.

use super::session::Opened;
use crate::db::SqlErrorKind;
use crate::dialect::{self, Engine};
use crate::error::{Error, ErrorKind};
use crate::executor;
use crate::model::{Catalog, Direction, JournalEntry, Verdict};
use crate::plan::{self, Ask, OpenQuestion, PlanNote, Survey};

/// Asks the database how an interrupted statement ended, and enters the answer. Answering one question may leave the
/// one behind it; the note tells of the last. Writes nothing: what was found is found again.
pub(super) async fn settle(opened: &mut Opened, survey: &mut Survey) -> Result<Option<PlanNote>, Error> {
    let engine = opened.tables.engine;
    let mut note = None;
    while let Some(question) = plan::open_question(engine, survey) {
        let verdict = ask(opened, &question).await?;
        let Some((entry, remainder)) = question.answer(verdict) else { break };
        survey.interrupted = Some(entry);
        survey.remainder = remainder;
        note = Some(PlanNote::Settled {
            file_name: question.entry.file_name,
            statement: question.entry.done + 1,
            verdict,
            by_author: matches!(question.ask, Ask::Author(_)),
        });
        if verdict != Verdict::Done {
            break;
        }
    }
    Ok(note)
}

/// Leaves out what an interrupted run announced and never began, where it is not asked for again: there is nothing to
/// finish. Gives what was left out.
pub(super) fn leave_out_unbegun(
    engine: Engine,
    catalog: &Catalog,
    survey: &mut Survey,
    journal: &mut Vec<JournalEntry>,
    is_asked_for: impl Fn(Direction) -> bool,
) -> Vec<JournalEntry> {
    let mut left_out = Vec::new();
    while let Some(entry) = survey.interrupted.clone() {
        if plan::has_begun(engine, &entry, survey) || is_asked_for(entry.direction) {
            break;
        }
        journal.retain(|other| other.direction != entry.direction);
        left_out.push(entry);
        *survey = plan::survey(catalog, std::mem::take(&mut survey.history), journal);
    }
    left_out
}

async fn ask(opened: &mut Opened, question: &OpenQuestion) -> Result<Verdict, Error> {
    let engine = opened.tables.engine;
    let place = question.entry.place.as_deref();
    let moves = place.and_then(|place| dialect::go_to_place(engine, place));
    let session = opened.session.as_mut();
    // What the file set in its session decides which object a name means. It is set again before anything is run.
    if let Some(moves) = moves
        && session.execute(&moves).await.is_err()
    {
        return Ok(Verdict::Unknown);
    }
    match &question.ask {
        Ask::Catalog(effect) => match executor::look(session, engine, effect, place).await {
            Ok(Some(now)) => Ok(effect.judge(question.before(), &now)),
            Ok(None) => Ok(Verdict::Unknown),
            Err(error) if error.kind == SqlErrorKind::ConnectionLost => Err(error.into()),
            Err(_) => Ok(Verdict::Unknown),
        },
        Ask::Author(query) => author(opened, question, query).await,
    }
}

/// Runs the query that its author wrote, in a transaction that cannot write and is not kept.
async fn author(opened: &mut Opened, question: &OpenQuestion, query: &str) -> Result<Verdict, Error> {
    let session = opened.session.as_mut();
    let (begin, end) = dialect::read_only(opened.tables.engine);
    session.execute(begin).await?;
    let rows = session.query(query).await;
    session.execute(end).await?;
    let n = question.entry.done + 1;
    let wrong = |problem: &str| {
        let message = format!("the done-if of statement {n} of {} {problem}", question.entry.file_name);
        let mut error = Error::new(ErrorKind::Partial, message).note("nothing was run").hint(
            "correct it in the file: it must give one row, whose first column is true (or not 0) when the statement is \
             done, else false (or 0)",
        );
        error.statement = Some(query.to_string());
        error
    };
    match rows {
        Err(error) if error.kind == SqlErrorKind::ConnectionLost => Err(error.into()),
        Err(error) => Err(wrong(&format!("failed: {}", error.message))),
        Ok(rows) => match rows.as_slice() {
            [row] => truth(row.text(0)).ok_or_else(|| wrong(&format!("gave {}", row.text(0).unwrap_or("NULL")))),
            rows => Err(wrong(&format!("gave {} rows", rows.len()))),
        },
    }
}

fn truth(cell: Option<&str>) -> Option<Verdict> {
    match cell?.trim().to_ascii_lowercase().as_str() {
        "t" | "true" => Some(Verdict::Done),
        "f" | "false" => Some(Verdict::NotDone),
        number => match number.parse::<f64>().ok()? {
            0.0 => Some(Verdict::NotDone),
            _ => Some(Verdict::Done),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_answer_is_one() {
        for (cell, expected) in [
            (Some("t"), Some(Verdict::Done)),
            (Some("FALSE"), Some(Verdict::NotDone)),
            (Some("1"), Some(Verdict::Done)),
            (Some("0.0"), Some(Verdict::NotDone)),
            (Some("-3"), Some(Verdict::Done)),
            (Some("maybe"), None),
            (Some(""), None),
            (None, None),
        ] {
            assert_eq!(truth(cell), expected, "{cell:?}");
        }
    }
}
