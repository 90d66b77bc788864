use std::ops::Range;
use std::sync::Arc;

use super::{Directives, normalised_digest, sha256_hex};

/// One section of a migration file (or the rollback text of a history row), cut into statements.
///
/// It shares the text it was cut from: spans are byte offsets into that text, so that no statement is copied until
/// it is sent and every error can show where it stands.
#[derive(Debug, Clone)]
pub struct Script {
    /// The whole text the spans point into: the file, BOM and carriage returns included.
    pub source: Arc<String>,
    /// The section's own part of `source`: what follows its marker line, up to the next marker or the end.
    pub span: Range<usize>,
    /// The statements in file order. Empty when the section holds none.
    pub statements: Vec<Statement>,
    /// What directives say about running this section, those of the header included.
    pub directives: Directives,
}

impl Script {
    /// The section's text without its marker line.
    pub fn text(&self) -> &str {
        &self.source[self.span.clone()]
    }

    /// The text of one statement, without its terminator and without `COPY` data.
    ///
    /// # Panics
    /// If `index` is not below the number of statements.
    pub fn statement_text(&self, index: usize) -> &str {
        &self.source[self.statements[index].span.clone()]
    }

    /// Whether one statement begins with the keyword.
    ///
    /// # Panics
    /// If `index` is not below the number of statements.
    pub fn starts_with(&self, index: usize, keyword: &str) -> bool {
        self.statement_text(index).split_whitespace().next().is_some_and(|first| first.eq_ignore_ascii_case(keyword))
    }

    /// The data lines of a `COPY … FROM STDIN`, without the closing `\.`.
    pub fn copy_data(&self, index: usize) -> Option<&str> {
        self.statements[index].copy_data.clone().map(|span| &self.source[span])
    }

    /// A digest over the texts of the first `count` statements: what was done must still be what the file says.
    pub fn digest_of_first(&self, count: usize) -> String {
        (0..count.min(self.statements.len())).fold(String::new(), |chain, index| self.extend_digest(&chain, index))
    }

    /// Takes the digest over the first `index` statements to the one over the first `index + 1`.
    ///
    /// # Panics
    /// If `index` is not below the number of statements.
    pub fn extend_digest(&self, chain: &str, index: usize) -> String {
        super::journal::extend_digest(chain, &self.digest_of(index))
    }

    /// A digest of one statement's text, its `COPY` data included.
    ///
    /// # Panics
    /// If `index` is not below the number of statements.
    pub fn digest_of(&self, index: usize) -> String {
        match self.copy_data(index) {
            None => normalised_digest(self.statement_text(index)),
            Some(data) => sha256_hex(
                format!("{}{}", normalised_digest(self.statement_text(index)), normalised_digest(data)).as_bytes(),
            ),
        }
    }

    /// The script with another text in place of one statement.
    ///
    /// # Panics
    /// If `index` is not below the number of statements.
    pub fn with_statement(&self, index: usize, text: &str) -> Script {
        let source = format!("{}\n{text}", self.source);
        let mut script = Script { source: Arc::new(source), ..self.clone() };
        script.statements[index].span = self.source.len() + 1..script.source.len();
        script
    }

    /// Whether the section does nothing at all.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }
}

/// One SQL statement of a [`Script`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Byte offsets into [`Script::source`], from the first to the last character that is not blank, comment or
    /// terminator.
    pub span: Range<usize>,
    /// The 1-based line in the file on which it starts.
    pub line: usize,
    /// How it behaves with transactions.
    pub kind: StatementKind,
    /// `-- @dbwarden:autocommit` stands before it: it runs outside any transaction, in its place.
    pub autocommit: bool,
    /// `-- dbwarden: done-if` stands before it: a query that tells whether it was carried out, should a run die in it.
    pub done_if: Option<String>,
    /// The data of a `COPY … FROM STDIN`: byte offsets into [`Script::source`].
    pub copy_data: Option<Range<usize>>,
}

/// How a statement behaves with transactions: what planning needs to know of it, and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatementKind {
    /// The author's own `BEGIN`, `COMMIT`, `SAVEPOINT`.
    TransactionControl(TransactionControl),
    /// The engine refuses it inside a transaction (`CREATE INDEX CONCURRENTLY`, `VACUUM`): it runs alone.
    NonTransactional,
    /// The engine commits before and after it (MySQL's DDL): it runs alone.
    ImplicitCommit,
    /// Schema change that can share a transaction.
    Ddl,
    /// `ALTER TYPE … ADD VALUE`: the value cannot be used before the commit, so its segment ends after it when
    /// statements follow (<https://www.postgresql.org/docs/current/sql-altertype.html>).
    AddEnumValue,
    /// Data change or query.
    Dml,
    /// Changes the session only and may run inside a transaction (`SET search_path`, `SET @x = 1`).
    SessionSetting,
    /// Changes the session only, and does nothing (or fails) inside a transaction (`PRAGMA foreign_keys`).
    ConnectionSetting,
    /// `COPY … FROM STDIN` with its data in the file.
    Copy,
    /// Not recognised: it may share a transaction, and the server has the last word.
    Other,
}

impl StatementKind {
    /// Whether it changes the session and nothing that outlives it.
    pub fn sets_session(self) -> bool {
        matches!(self, StatementKind::SessionSetting | StatementKind::ConnectionSetting)
    }
}

/// The author's own transaction statements, whatever their spelling (`BEGIN`, `START TRANSACTION`, `END`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionControl {
    /// `BEGIN`, `START TRANSACTION`.
    Begin,
    /// `COMMIT`, `END`.
    Commit,
    /// `COMMIT AND CHAIN`, which opens the next transaction, and MySQL's `COMMIT RELEASE`, which ends the session:
    /// refused in a migration.
    CommitAndMore,
    /// `ROLLBACK`, `ABORT`: refused in a migration.
    Rollback,
    /// `PREPARE TRANSACTION`: refused in a migration.
    Prepare,
    /// `SAVEPOINT`, `RELEASE`, `ROLLBACK TO`: harmless, sent as it stands.
    Savepoint,
}
