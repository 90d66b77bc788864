//! MySQL's and MariaDB's facts (<https://dev.mysql.com/doc/refman/8.0/en/language-structure.html>).

use super::forms::Forms;
use super::lex_rules::{BodyRules, ClientCommands, LexRules};
use crate::model::StatementKind::{self, *};
use crate::model::TransactionControl::*;

pub(super) static LEX_RULES: LexRules = LexRules {
    backslash_escapes: true,
    prefixed_strings: false,
    dollar_quotes: false,
    nested_comments: false,
    hash_comments: true,
    dashes_need_blank: true,
    carriage_return_ends_comment: false,
    double_quoted_identifiers: false,
    backquotes: true,
    brackets: false,
    executable_comments: true,
    delimiter_command: true,
    parentheses_hold_statements: false,
    copy_data: false,
    bodies: BodyRules {
        objects: &["FUNCTION", "PROCEDURE", "TRIGGER", "EVENT"],
        modifiers: &["OR", "REPLACE", "DEFINER", "AGGREGATE"],
        begin_atomic: false,
        control_flow: true,
    },
    client_commands: ClientCommands {
        program: "mysql",
        prefix: b'\\',
        sql_after_prefix: b"N",
        inert: &[],
        only_between_statements: false,
        // https://dev.mysql.com/doc/refman/8.0/en/mysql-commands.html, those that no statement starts with.
        words: &[
            "SOURCE",
            "SYSTEM",
            "TEE",
            "NOTEE",
            "PROMPT",
            "PAGER",
            "NOPAGER",
            "CONNECT",
            "CHARSET",
            "WARNINGS",
            "NOWARNING",
            "EGO",
            "GO",
            "EXIT",
            "QUIT",
        ],
    },
    forms: Forms::new(FORMS),
};

/// What commits by itself: <https://dev.mysql.com/doc/refman/8.0/en/implicit-commit.html>,
/// <https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/>.
const FORMS: &[(&str, StatementKind)] = &[
    ("INSERT|SELECT|UPDATE|DELETE|REPLACE|WITH|VALUES|TABLE|SHOW|DESCRIBE|DESC|EXPLAIN|HANDLER", Dml),
    ("LOAD DATA|XML", Dml),
    ("CREATE [OR REPLACE] TEMPORARY", Ddl),
    ("DROP TEMPORARY", Ddl),
    ("CREATE|ALTER|DROP|RENAME|TRUNCATE|GRANT|REVOKE|INSTALL|UNINSTALL", ImplicitCommit),
    ("ANALYZE|CACHE|CHECK|FLUSH|OPTIMIZE|REPAIR|BACKUP", ImplicitCommit),
    ("LOAD INDEX", ImplicitCommit),
    ("RESET PERSIST", Other),
    ("RESET|CHANGE", ImplicitCommit),
    ("START|STOP SLAVE|REPLICA|ALL|GROUP_REPLICATION", ImplicitCommit),
    ("SET PASSWORD", ImplicitCommit),
    ("SET DEFAULT ROLE", ImplicitCommit),
    ("SET .. GLOBAL|PERSIST|PERSIST_ONLY", Other),
    ("SET TRANSACTION", Other),
    // SET autocommit = 1 commits an open transaction.
    ("SET .. AUTOCOMMIT", ConnectionSetting),
    // MariaDB's SET STATEMENT … FOR <statement> is that statement.
    ("SET STATEMENT .. FOR INSERT|SELECT|UPDATE|DELETE|REPLACE|WITH", Dml),
    ("SET STATEMENT .. FOR", ImplicitCommit),
    ("SET|USE", SessionSetting),
    // A prepared text is most often DDL built in a variable, which commits; run alone, any other is safe as well.
    ("EXECUTE", ImplicitCommit),
    // They commit, too, but while tables are locked no other table can be written, the bookkeeping neither: what
    // stands between them must not be cut.
    ("LOCK|UNLOCK TABLE|TABLES", Other),
    // MariaDB's anonymous block; a plain BEGIN opens a transaction.
    ("BEGIN NOT ATOMIC", Other),
    ("BEGIN", TransactionControl(Begin)),
    ("START TRANSACTION", TransactionControl(Begin)),
    ("COMMIT [WORK] AND CHAIN", TransactionControl(CommitAndMore)),
    ("COMMIT [WORK] [AND NO CHAIN] RELEASE", TransactionControl(CommitAndMore)),
    ("COMMIT", TransactionControl(Commit)),
    ("ROLLBACK [WORK] TO", TransactionControl(Savepoint)),
    ("SAVEPOINT|RELEASE", TransactionControl(Savepoint)),
    ("ROLLBACK", TransactionControl(Rollback)),
];
