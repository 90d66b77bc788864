//! The one adapter of sqlx connections to [`Session`]: sends text, streams results, counts statements.
//!
//! What differs between engines is asked of a [`Driver`].

use std::time::Instant;

use async_trait::async_trait;
use futures_util::StreamExt;
use sqlx::Either;

use super::batch;
use super::driver::{Driver, drain};
use super::driver_error::FAREWELL;
use super::leading_word::rows;
use super::liveness;
use super::notices::Notice;
use super::{
    BatchError, Canceller, Observer, Row, ServerInfo, Session, SessionOptions, SqlError, SqlErrorKind, StatementResult,
};
use crate::dialect::{self, Engine};
use crate::fail_point;

/// A [`Session`] over a [`Driver`].
pub(super) struct Adapter<D: Driver> {
    pub driver: D,
    pub server: ServerInfo,
    /// Whether a call was begun and its answer not read to the end: the next call would read that one.
    unanswered: bool,
    /// The warnings of the last statement, where they came with its answer.
    warnings: Option<Vec<Notice>>,
    /// Questions that were asked while connecting, and their answers: they serve the first call, or none.
    foretold: Option<Foretold>,
    /// Whether the last call left the connection as others want it.
    said_farewell: bool,
}

/// What was asked ahead of the call that wants to know it.
struct Foretold {
    questions: Vec<String>,
    answers: Result<Vec<Vec<Row>>, SqlError>,
}

impl<D: Driver> Adapter<D> {
    pub fn new(driver: D, server: ServerInfo) -> Self {
        Adapter { driver, server, unanswered: false, warnings: None, foretold: None, said_farewell: false }
    }

    /// Answers for the first call of [`Session::query_each`], where it is the session's first and asks just this.
    pub fn foretell(&mut self, questions: &[String], answers: Result<Vec<Vec<Row>>, SqlError>) {
        self.foretold = Some(Foretold { questions: questions.to_vec(), answers });
    }

    /// Before each call. A session of which a call was given up is lost: nothing can be said on it any more.
    fn begin(&mut self) -> Result<(), SqlError> {
        if self.unanswered {
            let message = "the connection was given up: an earlier call got no answer";
            return Err(SqlError::new(SqlErrorKind::ConnectionLost, message));
        }
        self.unanswered = true;
        self.warnings = None;
        self.foretold = None;
        self.said_farewell = false;
        Ok(())
    }

    /// After each call, whether it succeeded or failed.
    fn end<T>(&mut self, result: T) -> T {
        self.unanswered = false;
        result
    }

    async fn run_message(
        &mut self,
        statements: &[&str],
        first: usize,
        done: &mut (dyn FnMut(usize, StatementResult) + Send),
    ) -> Result<(), BatchError> {
        let mut finished = 0;
        let mut affected = 0;
        let mut returned = 0;
        let mut started = Instant::now();
        let mut finish = |finished: usize, affected: u64, returned: u64| {
            let rows = rows(D::ENGINE, statements[finished], affected, returned);
            done(first + finished, StatementResult { rows, elapsed: started.elapsed() });
            started = Instant::now();
        };

        let asking = match statements {
            [statement] => D::asking_for_warnings(statement),
            _ => None,
        };
        // A statement alone may end several times: a CALL does, once for each result set.
        let each_ends_once = statements.len() > 1 || asking.is_some();
        let asks = |statement: &&str| dialect::ask_for_warnings(D::ENGINE) == Some(*statement);
        let mut warnings = (asking.is_some() || statements.iter().any(asks)).then(Vec::new);
        let mut answers = self.driver.send(asking.unwrap_or_else(|| batch::join(statements)));
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(Either::Right(row)) if statements.get(finished).is_none_or(asks) => {
                    if let (Some(warnings), Ok(row)) = (&mut warnings, D::text_of(&row)) {
                        warnings.push(Notice::from_warning(&row));
                    }
                }
                Ok(Either::Right(_)) => returned += 1,
                Ok(Either::Left(result)) => {
                    affected += D::affected(&result);
                    if each_ends_once && finished < statements.len() {
                        finish(finished, affected, returned);
                        finished += 1;
                        (affected, returned) = (0, 0);
                    }
                }
                // The statement itself is done. What became of the connection, the next call will say.
                Err(_) if warnings.is_some() && finished == statements.len() => {
                    warnings = None;
                    break;
                }
                Err(error) => {
                    drop(answers);
                    self.keep(warnings);
                    return Err(batch::place(statements, first, finished, D::error(&error)));
                }
            }
        }
        drop(answers);
        self.keep(warnings);
        // Those without an answer of their own: a statement alone, and one that holds only comments.
        while finished < statements.len() {
            finish(finished, affected, returned);
            finished += 1;
            (affected, returned) = (0, 0);
        }
        Ok(())
    }

    /// Keeps the warnings that a message brought with it for whoever asks; a call may take several messages.
    fn keep(&mut self, warnings: Option<Vec<Notice>>) {
        if let Some(mut warnings) = warnings {
            self.warnings.get_or_insert_default().append(&mut warnings);
        }
    }

    async fn ask(&mut self, sql: &str) -> Result<(Vec<Row>, u64), SqlError> {
        let (mut results, affected) = self.ask_each(sql).await?;
        // Nearly always one.
        let mut rows = results.pop().unwrap_or_default();
        while let Some(mut before) = results.pop() {
            before.append(&mut rows);
            rows = before;
        }
        Ok((rows, affected))
    }

    /// The rows of each statement of `sql`.
    async fn ask_each(&mut self, sql: &str) -> Result<(Vec<Vec<Row>>, u64), SqlError> {
        self.begin()?;
        let answer = match self.server.session_id {
            // Nobody to ask about it: the server has not introduced it yet.
            0 => self.read(sql).await,
            _ => liveness::heard(self.driver.observer(), self.read(sql)).await?,
        };
        self.end(answer)
    }

    async fn read(&mut self, sql: &str) -> Result<(Vec<Vec<Row>>, u64), SqlError> {
        let (mut results, mut rows) = (Vec::new(), Vec::new());
        let mut affected = 0;
        let mut answers = self.driver.send(sql.to_owned());
        while let Some(answer) = answers.next().await {
            match answer.map_err(|error| D::error(&error))? {
                Either::Right(row) => rows.push(D::text_of(&row).map_err(|error| D::error(&error))?),
                Either::Left(result) => {
                    affected += D::affected(&result);
                    results.push(std::mem::take(&mut rows));
                }
            }
        }
        results.push(rows);
        Ok((results, affected))
    }
}

#[async_trait]
impl<D: Driver> Session for Adapter<D> {
    fn engine(&self) -> Engine {
        D::ENGINE
    }

    fn server(&self) -> &ServerInfo {
        &self.server
    }

    async fn run(
        &mut self,
        statements: &[&str],
        done: &mut (dyn FnMut(usize, StatementResult) + Send),
    ) -> Result<(), BatchError> {
        self.begin().map_err(|error| BatchError { index: 0, error })?;
        let mut result = Ok(());
        for message in batch::messages(statements, D::BOUNDS, D::goes_alone) {
            result = self.run_message(&statements[message.clone()], message.start, done).await;
            if result.is_err() {
                break;
            }
        }
        self.end(result)
    }

    async fn query(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        self.ask(sql).await.map(|(rows, _)| rows)
    }

    async fn query_each(&mut self, queries: &[&str]) -> Result<Vec<Vec<Row>>, SqlError> {
        if let Some(foretold) = self.foretold.take().filter(|foretold| foretold.questions == queries) {
            return foretold.answers;
        }
        let (mut results, _) = self.ask_each(&batch::join(queries)).await?;
        results.resize_with(queries.len(), Vec::new);
        Ok(results)
    }

    async fn query_at_the_end(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        let queries: Vec<&str> = std::iter::once(sql).chain(D::FAREWELL).collect();
        let answers = self.query_each(&queries).await?;
        self.said_farewell = true;
        Ok(answers.into_iter().next().unwrap_or_default())
    }

    async fn execute(&mut self, sql: &str) -> Result<u64, SqlError> {
        self.ask(sql).await.map(|(_, affected)| affected)
    }

    async fn copy_in(&mut self, statement: &str, data: &str) -> Result<u64, SqlError> {
        self.begin()?;
        fail_point::pass("message COPY");
        let result = self.driver.copy_in(statement, data).await;
        fail_point::pass("answer COPY");
        self.end(result)
    }

    async fn ping(&mut self) -> Result<(), SqlError> {
        self.query("SELECT 1").await.map(|_| ())
    }

    async fn reset(&mut self, options: &SessionOptions, behind: &[String]) -> Result<(), SqlError> {
        let mut statements = self.driver.reset_statements(options)?;
        if !behind.is_empty() {
            statements.extend(D::brief_waits(options));
        }
        statements.extend_from_slice(behind);
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        self.execute(&batch::join(&statements)).await.map(|_| ())
    }

    async fn learn_client_defaults(&mut self, try_lock: Option<&str>) -> Result<(), SqlError> {
        self.driver.learn_client_defaults(try_lock).await
    }

    async fn warnings(&mut self) -> Result<Vec<Notice>, SqlError> {
        if let Some(warnings) = self.warnings.take() {
            return Ok(warnings);
        }
        match D::warnings_query() {
            None => Ok(super::notices::take()),
            Some(sql) => Ok(self.query(sql).await?.iter().map(Notice::from_warning).collect()),
        }
    }

    fn canceller(&self) -> Box<dyn Canceller> {
        self.driver.canceller()
    }

    fn observer(&self) -> Box<dyn Observer> {
        self.driver.observer()
    }

    async fn close(mut self: Box<Self>) {
        if self.unanswered {
            return;
        }
        if let (Some(farewell), false) = (D::FAREWELL, self.said_farewell) {
            let said = drain::<D::Database>(self.driver.send(farewell.to_owned()));
            if tokio::time::timeout(FAREWELL, said).await.is_err() {
                return;
            }
        }
        self.driver.close().await;
    }
}
