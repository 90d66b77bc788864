//! SQLite's facts (<https://www.sqlite.org/lang.html>).

use super::forms::Forms;
use super::lex_rules::{BodyRules, ClientCommands, LexRules};
use crate::model::StatementKind::{self, *};
use crate::model::TransactionControl::*;

pub(super) static LEX_RULES: LexRules = LexRules {
    backslash_escapes: false,
    prefixed_strings: false,
    dollar_quotes: false,
    nested_comments: false,
    hash_comments: false,
    dashes_need_blank: false,
    carriage_return_ends_comment: false,
    double_quoted_identifiers: true,
    backquotes: true,
    brackets: true,
    executable_comments: false,
    delimiter_command: false,
    parentheses_hold_statements: false,
    copy_data: false,
    bodies: BodyRules {
        objects: &["TRIGGER"],
        modifiers: &["TEMP", "TEMPORARY"],
        begin_atomic: false,
        control_flow: false,
    },
    client_commands: ClientCommands {
        program: "sqlite3",
        prefix: b'.',
        sql_after_prefix: &[],
        inert: &[],
        only_between_statements: true,
        words: &[],
    },
    forms: Forms::new(FORMS),
};

/// Which pragmas do nothing or fail inside a transaction: <https://www.sqlite.org/pragma.html>.
const FORMS: &[(&str, StatementKind)] = &[
    ("INSERT|SELECT|UPDATE|DELETE|REPLACE|WITH|VALUES|EXPLAIN", Dml),
    ("CREATE|ALTER|DROP|REINDEX|ANALYZE", Ddl),
    ("VACUUM", NonTransactional),
    // They are gone with the session, and have to be there again when a migration is gone on with.
    ("ATTACH|DETACH", ConnectionSetting),
    ("PRAGMA [MAIN|TEMP] JOURNAL_MODE|AUTO_VACUUM|WAL_CHECKPOINT", NonTransactional),
    ("PRAGMA [MAIN|TEMP] FOREIGN_KEYS|SYNCHRONOUS|TEMP_STORE|PAGE_SIZE|ENCODING", ConnectionSetting),
    ("PRAGMA [MAIN|TEMP] USER_VERSION|APPLICATION_ID|INCREMENTAL_VACUUM|OPTIMIZE", Dml),
    ("PRAGMA [MAIN|TEMP] FOREIGN_KEY_CHECK|INTEGRITY_CHECK|QUICK_CHECK|TABLE_INFO|INDEX_LIST", Dml),
    ("PRAGMA", SessionSetting),
    ("BEGIN", TransactionControl(Begin)),
    ("COMMIT|END", TransactionControl(Commit)),
    ("ROLLBACK [TRANSACTION] TO", TransactionControl(Savepoint)),
    ("SAVEPOINT|RELEASE", TransactionControl(Savepoint)),
    ("ROLLBACK", TransactionControl(Rollback)),
];
