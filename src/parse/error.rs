//! What can be wrong with a migration file, with the place and the way out.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file_name::FileNameError;
use super::lexer::Enclosure;
use super::split::{Marker, Problem};

/// A problem of one file.
#[derive(Clone, thiserror::Error)]
#[error("{}{kind}", Place(self))]
pub struct ParseError {
    /// The file, as shown to people.
    pub path: PathBuf,
    /// 1-based; None where the problem has no place in the file.
    pub line: Option<usize>,
    /// 1-based, in characters.
    pub column: Option<usize>,
    /// Byte offsets into `text` of what the message is about.
    pub span: Option<Range<usize>>,
    /// The content of the file, for an excerpt; None where it is not text.
    pub text: Option<Arc<String>>,
    /// What is wrong. Boxed, because a `Result` is as large as its error.
    pub kind: Box<ParseErrorKind>,
}

impl ParseError {
    pub(super) fn of_file(path: &Path, text: Option<&Arc<String>>, kind: ParseErrorKind) -> Self {
        ParseError {
            path: path.to_path_buf(),
            line: None,
            column: None,
            span: None,
            text: text.cloned(),
            kind: Box::new(kind),
        }
    }

    pub(super) fn at(path: &Path, text: &Arc<String>, problem: Problem) -> Self {
        let (line, column) = position(text, problem.span.start);
        ParseError {
            line: Some(line),
            column: Some(column),
            span: Some(problem.span),
            ..ParseError::of_file(path, Some(text), problem.kind)
        }
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> String {
        self.kind.to_string()
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        self.kind.remedy()
    }
}

/// The 1-based line and column (in characters) of a byte offset; a byte order mark takes no column.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    (line, before[line_start..].trim_start_matches('\u{feff}').chars().count() + 1)
}

struct Place<'e>(&'e ParseError);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.0.path.display())?;
        for number in [self.0.line, self.0.column].into_iter().flatten() {
            write!(f, "{number}:")?;
        }
        f.write_str(" ")
    }
}

/// Without the text: a file can be large.
impl fmt::Debug for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParseError")
            .field("path", &self.path)
            .field("line", &self.line)
            .field("column", &self.column)
            .field("span", &self.span)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseErrorKind {
    /// The name is none of a migration.
    #[error(transparent)]
    FileName(#[from] FileNameError),
    /// The content is not UTF-8.
    #[error("the file is not UTF-8: byte {offset} (counted from 0) is not part of a character")]
    InvalidUtf8 {
        /// Of the first wrong byte.
        offset: usize,
    },
    /// A NUL byte, which no engine accepts in a statement.
    #[error("the file holds a NUL byte at offset {offset}")]
    NulByte {
        /// Of the first one.
        offset: usize,
    },
    /// No line `-- upgrade`.
    #[error("the file has no line `-- upgrade`")]
    MissingUpgrade,
    /// No line `-- rollback`, and not irreversible.
    #[error("the file has no line `-- rollback`")]
    MissingRollback,
    /// A statement in the header.
    #[error("SQL stands before the line `-- upgrade`")]
    SqlBeforeUpgrade,
    /// A marker that was there before.
    #[error("a second line `-- {}`", .0.word())]
    DuplicateMarker(Marker),
    /// `-- rollback` stands above `-- upgrade`.
    #[error("`-- rollback` stands above `-- upgrade`")]
    RollbackFirst,
    /// `irreversible`, and yet there is something to run.
    #[error("the file says it is irreversible, but its rollback section has statements")]
    IrreversibleWithRollback,
    /// A directive that does not exist.
    #[error("unknown directive `{name}`")]
    UnknownDirective {
        /// As it is written.
        name: String,
        /// The line that was probably meant.
        suggestion: Option<&'static str>,
    },
    /// A directive with a value it cannot have.
    #[error("`{value}` is no value for `{directive}`: {expected}")]
    BadDirectiveValue {
        /// Its name.
        directive: String,
        /// What stands there.
        value: String,
        /// What could stand there.
        expected: String,
    },
    /// `allow` without a rule or without `because …`.
    #[error("`allow {rule}` gives no reason")]
    AllowWithoutReason {
        /// The rule, if there is one.
        rule: String,
    },
    /// A directive below a section's first statement, or inside a statement.
    #[error("directives stand in the header or at the top of a section")]
    MisplacedDirective,
    /// `@dbwarden:autocommit` with no statement behind it.
    #[error("`@dbwarden:autocommit` marks the next statement, and there is none")]
    AutocommitWithoutStatement,
    /// `done-if` with no statement behind it.
    #[error("`done-if` is about the next statement, and there is none")]
    DoneIfWithoutStatement,
    /// Two `done-if` before one statement.
    #[error("there is a `done-if` for this statement already")]
    DoneIfTwice,
    /// What stands behind `done-if` is not a whole query, or more than one.
    #[error("behind `done-if` stands more or less than one query")]
    DoneIfNotOneQuery,
    /// `depends_on` that is not a list of names.
    #[error("`depends_on: {value}` is not a list of migrations")]
    BadDependsOn {
        /// What stands behind the colon.
        value: String,
    },
    /// A string, quoted name, dollar quote or comment that goes on to the end of the file.
    #[error("{} that starts here never ends", .0.noun())]
    Unterminated(Enclosure),
    /// A routine, trigger or event without its last `END`.
    #[error("the body of the statement that starts here never ends")]
    UnterminatedBody,
    /// A parenthesis that is open where the section ends.
    #[error("the parenthesis that opens here is never closed")]
    UnclosedParenthesis,
    /// The section ends under another delimiter than `;`.
    #[error("`DELIMITER {delimiter}` is never set back")]
    DelimiterNotReset {
        /// What is in force.
        delimiter: String,
    },
    /// `DELIMITER` without a delimiter, or with a backslash in it.
    #[error("`DELIMITER` needs a delimiter without a backslash")]
    BadDelimiter,
    /// A command of the engine's own client.
    #[error("`{command}` is a command of the {program} client, not SQL")]
    ClientCommand {
        /// The client.
        program: &'static str,
        /// Its first word.
        command: String,
    },
    /// `COPY … FROM STDIN` without the line that ends its data.
    #[error(r"the data of this COPY has no closing line `\.`")]
    CopyWithoutEnd,
    /// Something on the line of a `COPY … FROM STDIN` where its data begins with the next one.
    #[error("the data of COPY begins with the next line; nothing may follow the `;` on this one")]
    TextAfterCopy,
    /// `COMMIT` where no transaction of the file is open.
    #[error("COMMIT without a BEGIN before it")]
    CommitWithoutBegin,
    /// `BEGIN` that nothing ends.
    #[error("BEGIN without a COMMIT in the same section")]
    BeginWithoutCommit,
    /// `BEGIN` within `BEGIN`.
    #[error("BEGIN inside a transaction that the file has already begun")]
    NestedBegin,
    /// `ROLLBACK` in a file.
    #[error("ROLLBACK would undo the migration and leave it recorded as applied")]
    RollbackStatement,
    /// `COMMIT AND CHAIN` or `COMMIT RELEASE` in a file.
    #[error(
        "COMMIT AND CHAIN would open a transaction, and COMMIT RELEASE end the session, that the migration is recorded in"
    )]
    CommitAndMore,
    /// `PREPARE TRANSACTION` in a file.
    #[error("PREPARE TRANSACTION would take the changes away and leave the migration recorded as applied")]
    PrepareTransaction,
    /// What cannot run in a transaction stands between the file's own `BEGIN` and `COMMIT`.
    #[error("this statement cannot run between BEGIN and COMMIT")]
    InsideTransaction,
}

impl ParseErrorKind {
    /// What to do about it, as one sentence.
    pub fn remedy(&self) -> String {
        let text = match self {
            ParseErrorKind::FileName(error) => return error.remedy(),
            ParseErrorKind::InvalidUtf8 { .. } => "save the file as UTF-8",
            ParseErrorKind::NulByte { .. } => "remove it; a file saved as UTF-16 is full of them: save it as UTF-8",
            ParseErrorKind::MissingUpgrade => "put a line `-- upgrade` above the SQL",
            ParseErrorKind::MissingRollback => {
                "add a line `-- rollback` and the SQL that undoes the upgrade, \
                 or say `-- dbwarden: irreversible` above `-- upgrade`"
            }
            ParseErrorKind::SqlBeforeUpgrade => "move it below `-- upgrade`: only comments stand above",
            ParseErrorKind::DuplicateMarker(_) => "a file has one upgrade and one rollback section: join the two",
            ParseErrorKind::RollbackFirst => "put the upgrade section first",
            ParseErrorKind::IrreversibleWithRollback => "remove the directive or the statements",
            ParseErrorKind::UnknownDirective { suggestion: Some(line), .. } => {
                return format!("did you mean `{line}`?");
            }
            ParseErrorKind::UnknownDirective { suggestion: None, .. } => {
                "the directives are irreversible, transaction, split, lock_timeout, statement_timeout and allow"
            }
            ParseErrorKind::BadDirectiveValue { .. } => "correct the value",
            ParseErrorKind::AllowWithoutReason { .. } => "write `-- dbwarden: allow <rule> because <reason>`",
            ParseErrorKind::MisplacedDirective => "move it up, above the section's first statement",
            ParseErrorKind::AutocommitWithoutStatement => "put it on the line above the statement",
            ParseErrorKind::DoneIfWithoutStatement => "put it on the line above the statement",
            ParseErrorKind::DoneIfTwice => "put everything into one query, on one line",
            ParseErrorKind::DoneIfNotOneQuery => {
                "write one SELECT on one line, whose first column is true when it is done"
            }
            ParseErrorKind::BadDependsOn { .. } => r#"write it like this: `-- depends_on: ["0001", "ROC__views"]`"#,
            ParseErrorKind::Unterminated(enclosure) => {
                return format!("close it with {}", enclosure.closing());
            }
            ParseErrorKind::UnterminatedBody => "add the missing END",
            ParseErrorKind::UnclosedParenthesis => "close it before the section ends",
            ParseErrorKind::DelimiterNotReset { .. } => "add a line `DELIMITER ;` before the section ends",
            ParseErrorKind::BadDelimiter => "write `DELIMITER $$`, for example",
            ParseErrorKind::ClientCommand { .. } => "remove it, or put here the SQL it stands for",
            ParseErrorKind::CopyWithoutEnd => r"add a line with nothing but `\.` behind the data",
            ParseErrorKind::TextAfterCopy => r"put it behind the line `\.`",
            ParseErrorKind::CommitWithoutBegin => "remove it: dbwarden commits for you, or add the BEGIN",
            ParseErrorKind::BeginWithoutCommit => "add the COMMIT, or remove the BEGIN: dbwarden opens a transaction",
            ParseErrorKind::NestedBegin => "end the first one with COMMIT, or use SAVEPOINT",
            ParseErrorKind::RollbackStatement => "remove it; ROLLBACK TO a savepoint is fine",
            ParseErrorKind::CommitAndMore => "write COMMIT alone, and BEGIN where the next transaction begins",
            ParseErrorKind::PrepareTransaction => "remove it, and the BEGIN before it: dbwarden commits for you",
            ParseErrorKind::InsideTransaction => "move it in front of the BEGIN or behind the COMMIT",
        };
        text.to_string()
    }
}

impl Marker {
    pub(super) fn word(self) -> &'static str {
        match self {
            Marker::Upgrade => "upgrade",
            Marker::Rollback => "rollback",
        }
    }
}

impl Enclosure {
    fn noun(self) -> &'static str {
        match self {
            Enclosure::String => "the string",
            Enclosure::QuotedIdentifier => "the quoted name",
            Enclosure::DollarQuote => "the dollar-quoted string",
            Enclosure::BlockComment => "the comment",
        }
    }

    fn closing(self) -> &'static str {
        match self {
            Enclosure::String => "the quote that opens it",
            Enclosure::QuotedIdentifier => "its closing quote",
            Enclosure::DollarQuote => "the same $tag$ that opens it",
            Enclosure::BlockComment => "`*/`",
        }
    }
}
