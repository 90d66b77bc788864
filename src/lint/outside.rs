//! Rules that look at something else than the statements of one section: at allowances, at another branch, and
//! at what the database has begun and not finished.

use super::finding::Severity;
use super::rule::{Judges, Rule};
use crate::dialect::Engine;

/// An allowance names what is no rule.
pub(super) const UNKNOWN_RULE: Rule = rule(
    "unknown-rule",
    Severity::Error,
    "an allowance names a rule that does not exist",
    "What it was meant to allow is not allowed, or will be found by the next version under the right name.",
);

/// An allowance that is not needed.
pub(super) const UNUSED_ALLOWANCE: Rule = rule(
    "unused-allowance",
    Severity::Warning,
    "an allowance silences nothing",
    "A reason that stands where nothing is to be excused misleads the reader, and would hide a later mistake.",
);

/// Two branches took the same version.
pub(super) const DUPLICATE_VERSION: Rule = rule(
    "duplicate-version",
    Severity::Error,
    "a file has the version that another file has on the branch it will be merged into",
    "After the merge, both files are there, and every command refuses the folder. Git sees no conflict, because the \
     files have different names. Only with --against.",
);

/// A new file sorts before what is merged already.
pub(super) const OUT_OF_ORDER_VERSION: Rule = rule(
    "out-of-order-version",
    Severity::Error,
    "a new file has a version that is not above the highest one of the branch it will be merged into",
    "Databases that already applied the higher version refuse it (exit 6), while fresh ones run it earlier: they end \
     up with a different history. Only with --against, and not where `out_of_order = \"allow\"`.",
);

/// A merged file was changed.
pub(super) const MERGED_FILE_EDITED: Rule = rule(
    "merged-file-edited",
    Severity::Error,
    "the upgrade of a file that is merged already was changed",
    "Databases that applied it refuse to go on (exit 6), and those that have not get something else than the others. \
     Comments and blanks may change, and so may repeatable files. Only with --against.",
);

/// A merged file is gone.
pub(super) const MERGED_FILE_DELETED: Rule = rule(
    "merged-file-deleted",
    Severity::Error,
    "a file that is merged already was deleted",
    "Databases that applied it find a version without a file and refuse to go on (exit 6); fresh ones never get it. \
     Only with --against.",
);

/// An index that PostgreSQL began to build and did not finish.
pub const INVALID_INDEX: Rule = Rule {
    engines: &[Engine::Postgres],
    ..rule(
        "invalid-index",
        Severity::Warning,
        "the database has an index that is not valid",
        "CREATE INDEX CONCURRENTLY that fails leaves the index behind: no query uses it, every write pays for it. A \
         note where the next `dbwarden migrate` puts it right, an error where the history says that it was built. \
         Only with a database.",
    )
};

/// A constraint whose old rows were never checked.
pub const NOT_VALID_CONSTRAINT: Rule = Rule {
    engines: &[Engine::Postgres],
    ..rule(
        "not-valid-constraint",
        Severity::Note,
        "the database has a constraint that was never validated",
        "A constraint added with NOT VALID holds for new rows only, and the planner does not trust it, until VALIDATE \
         CONSTRAINT has read the old ones. Only with a database.",
    )
};

/// Rules of this kind, by id.
pub const OUTSIDE_RULES: &[Rule] = &[
    DUPLICATE_VERSION,
    INVALID_INDEX,
    MERGED_FILE_DELETED,
    MERGED_FILE_EDITED,
    NOT_VALID_CONSTRAINT,
    OUT_OF_ORDER_VERSION,
    UNKNOWN_RULE,
    UNUSED_ALLOWANCE,
];

const fn rule(id: &'static str, severity: Severity, summary: &'static str, explanation: &'static str) -> Rule {
    Rule {
        id,
        summary,
        explanation,
        engines: &Engine::ALL,
        severity,
        judges: Judges::Both,
        examples: &[],
        find: |_, _| {},
    }
}
