//! Whether an author's own `BEGIN` and `COMMIT` belong together.

use super::error::ParseErrorKind;
use super::split::Problem;
use crate::dialect::Engine;
use crate::model::{Statement, StatementKind, TransactionControl};

/// Checks one section.
pub(super) fn check(engine: Engine, statements: &[Statement]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut begun: Option<&Statement> = None;
    for statement in statements {
        let mut problem = |kind| problems.push(Problem { kind, span: statement.span.clone() });
        match statement.kind {
            StatementKind::TransactionControl(TransactionControl::Begin) => {
                if begun.is_some() {
                    problem(ParseErrorKind::NestedBegin);
                }
                begun = Some(statement);
            }
            StatementKind::TransactionControl(TransactionControl::Commit) => {
                // MySQL's autocommit makes a lone COMMIT meaningful: it ends the data changes before it.
                if begun.is_none() && engine.transactional_ddl() {
                    problem(ParseErrorKind::CommitWithoutBegin);
                }
                begun = None;
            }
            StatementKind::TransactionControl(TransactionControl::CommitAndMore) => {
                problem(ParseErrorKind::CommitAndMore);
                begun = None;
            }
            StatementKind::TransactionControl(TransactionControl::Rollback) => {
                problem(ParseErrorKind::RollbackStatement);
                begun = None;
            }
            StatementKind::TransactionControl(TransactionControl::Prepare) => {
                problem(ParseErrorKind::PrepareTransaction);
                begun = None;
            }
            StatementKind::ImplicitCommit => begun = None,
            StatementKind::NonTransactional if begun.is_some() => problem(ParseErrorKind::InsideTransaction),
            _ if statement.autocommit && begun.is_some() => problem(ParseErrorKind::InsideTransaction),
            _ => {}
        }
    }
    if let Some(begin) = begun {
        problems.push(Problem { kind: ParseErrorKind::BeginWithoutCommit, span: begin.span.clone() });
    }
    problems
}
