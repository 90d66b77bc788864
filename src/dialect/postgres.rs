//! PostgreSQL's facts (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html>).

use super::forms::Forms;
use super::lex_rules::{BodyRules, ClientCommands, LexRules};
use crate::model::StatementKind::{self, *};
use crate::model::TransactionControl::*;

pub(super) static LEX_RULES: LexRules = LexRules {
    backslash_escapes: false,
    prefixed_strings: true,
    dollar_quotes: true,
    nested_comments: true,
    hash_comments: false,
    dashes_need_blank: false,
    carriage_return_ends_comment: true,
    double_quoted_identifiers: true,
    backquotes: false,
    brackets: false,
    executable_comments: false,
    delimiter_command: false,
    parentheses_hold_statements: true,
    copy_data: true,
    bodies: BodyRules {
        objects: &["FUNCTION", "PROCEDURE"],
        modifiers: &["OR", "REPLACE"],
        begin_atomic: true,
        control_flow: false,
    },
    client_commands: ClientCommands {
        program: "psql",
        prefix: b'\\',
        sql_after_prefix: &[],
        // pg_dump writes them so that psql runs nothing but SQL in between
        // (https://www.postgresql.org/docs/current/app-psql.html).
        inert: &[r"\restrict", r"\unrestrict"],
        only_between_statements: false,
        words: &[],
    },
    forms: Forms::new(FORMS),
};

/// What cannot run in a transaction is what calls `PreventInTransactionBlock` in the server, as each command's page
/// says (<https://www.postgresql.org/docs/current/sql-commands.html>).
const FORMS: &[(&str, StatementKind)] = &[
    ("INSERT|SELECT|UPDATE|DELETE|WITH|MERGE|VALUES|TABLE|EXPLAIN", Dml),
    ("COPY .. FROM STDIN", Copy),
    ("COPY", Dml),
    ("CREATE [UNIQUE] INDEX CONCURRENTLY", NonTransactional),
    ("DROP INDEX CONCURRENTLY", NonTransactional),
    ("REINDEX .. CONCURRENTLY", NonTransactional),
    ("REINDEX [VERBOSE] SYSTEM|DATABASE|SCHEMA", NonTransactional),
    ("VACUUM", NonTransactional),
    ("CLUSTER [VERBOSE] $", NonTransactional),
    ("CREATE|DROP DATABASE|TABLESPACE", NonTransactional),
    ("ALTER SYSTEM", NonTransactional),
    ("ALTER DATABASE .. SET TABLESPACE", NonTransactional),
    ("ALTER TABLE .. DETACH PARTITION .. CONCURRENTLY", NonTransactional),
    // Without a replication slot to make, or a server to ask, these three run in a transaction.
    ("CREATE SUBSCRIPTION .. CREATE_SLOT|CONNECT FALSE|OFF", Ddl),
    ("CREATE SUBSCRIPTION", NonTransactional),
    ("ALTER SUBSCRIPTION .. PUBLICATION .. REFRESH FALSE|OFF", Ddl),
    ("ALTER SUBSCRIPTION .. PUBLICATION|REFRESH|FAILOVER|TWO_PHASE", NonTransactional),
    ("DROP SUBSCRIPTION", NonTransactional),
    ("DISCARD ALL", NonTransactional),
    ("COMMIT|ROLLBACK PREPARED", NonTransactional),
    ("ALTER TYPE .. ADD VALUE", AddEnumValue),
    ("CREATE|ALTER|DROP|TRUNCATE|COMMENT|GRANT|REVOKE|REASSIGN|REFRESH|REINDEX|CLUSTER|SECURITY|IMPORT", Ddl),
    ("SET LOCAL|TRANSACTION|CONSTRAINTS", Other),
    ("SET|RESET", SessionSetting),
    ("BEGIN", TransactionControl(Begin)),
    ("START TRANSACTION", TransactionControl(Begin)),
    ("COMMIT|END [WORK|TRANSACTION] AND CHAIN", TransactionControl(CommitAndMore)),
    ("COMMIT|END", TransactionControl(Commit)),
    ("ROLLBACK [WORK|TRANSACTION] TO", TransactionControl(Savepoint)),
    ("SAVEPOINT|RELEASE", TransactionControl(Savepoint)),
    ("ROLLBACK|ABORT", TransactionControl(Rollback)),
    ("PREPARE TRANSACTION", TransactionControl(Prepare)),
];
