use crate::dialect::Engine;
use crate::lint::{Action, ConstraintKind, Example, Hits, Judges, Rule, Severity, Subject};

/// An exclusion constraint has no way around its lock.
pub(super) const RULE: Rule = Rule {
    id: "exclusion-constraint",
    summary: "an EXCLUDE constraint added to a table in use: its index is built while the table is locked",
    explanation: "Its index is built under an ACCESS EXCLUSIVE lock, and PostgreSQL has neither NOT VALID nor USING \
        INDEX for it: nobody reads or writes the table until it is done. Create it with the table. For a \
        table in use: a new table with the constraint, filled in batches and exchanged by renaming; or a \
        quiet hour, with the reason said in an allow comment.",
    engines: &[Engine::Postgres],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Postgres, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "ALTER TABLE bookings ADD CONSTRAINT apart EXCLUDE USING gist (room WITH =, during WITH &&);";
const GOOD: &str = "CREATE TABLE bookings (room int, during tstzrange, \
    CONSTRAINT apart EXCLUDE USING gist (room WITH =, during WITH &&));";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for (statement, change) in subject.changes() {
        let Action::AddConstraint { constraint, .. } = &change.action else { continue };
        if constraint.kind == ConstraintKind::Exclude {
            let message =
                "its index is built while nobody can read or write the table (ACCESS EXCLUSIVE): there is no other way";
            let remedy = "make it part of a new table, fill that in batches and rename it; or run it in a quiet hour";
            hits.on_used_table(subject, (statement, change), message, remedy);
        }
    }
}
