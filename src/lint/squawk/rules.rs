//! Their texts, severities and remedies.

use super::{Code, places};
use crate::dialect::Engine;
use crate::lint::{Example, Hits, Judges, Rule, Severity, Subject};

macro_rules! example {
    ($bad:expr, $good:expr) => {
        &[Example { engine: Engine::Postgres, bad: $bad, good: $good }]
    };
}

/// `char(n)` pads.
pub(in crate::lint) const CHAR_TYPE: Rule = Rule {
    id: "char-type",
    summary: "a column of type char(n), which pads with blanks",
    explanation: "PostgreSQL stores char(n) padded with blanks to its length and ignores them in comparisons, but not \
        in LIKE, in regular expressions or in a driver. It is no faster than text and takes no less room. Use text, \
        with a CHECK on the length where the length matters, and uuid for what is one.",
    engines: &[Engine::Postgres],
    severity: Severity::Note,
    judges: Judges::Upgrades,
    examples: example!("CREATE TABLE t (code char(3));", "CREATE TABLE t (code text CHECK (length(code) = 3));"),
    find: |subject, hits| {
        columns(subject, hits, Code::BanCharField, |many| {
            let message = format!(
                "{many} of type char(n): values are padded with blanks, comparisons ignore them and LIKE does not"
            );
            (message, "text CHECK (length(column) = n), or uuid for what is one".into())
        });
    },
};

/// A domain's constraints are checked in every table that uses it.
pub(in crate::lint) const DOMAIN_CONSTRAINT: Rule = Rule {
    id: "domain-constraint",
    summary: "a constraint on a domain, checked in every table that uses it",
    explanation: "A constraint added to a domain scans every column of that type in every table, with a SHARE lock on \
        them that keeps writers out until the transaction ends. Put CHECK constraints on the tables instead: each can \
        be added NOT VALID and validated on its own. Where the domain stays, add the constraint NOT VALID and \
        validate it in a later file.",
    engines: &[Engine::Postgres],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: example!(
        "ALTER DOMAIN email ADD CONSTRAINT email_at CHECK (value LIKE '%@%');",
        "ALTER TABLE users ADD CONSTRAINT users_email_at CHECK (email LIKE '%@%') NOT VALID;"
    ),
    find: |subject, hits| {
        let quick = |text: &str| text.to_ascii_uppercase().ends_with("NOT VALID");
        for place in places(subject, Code::BanAlterDomainWithAddConstraint) {
            if quick(subject.text(place.statement)) {
                continue;
            }
            hits.at(
                place.statement,
                place.span.clone(),
                "every column of this domain is scanned, in every table, and writers wait until the transaction ends",
                "add it with NOT VALID and validate it in a later file, or put a CHECK on the tables",
            );
        }
    },
};

/// A domain with constraints is hard to change later.
pub(in crate::lint) const DOMAIN_WITH_CONSTRAINT: Rule = Rule {
    id: "domain-with-constraint",
    summary: "a new domain with constraints",
    explanation: "Adding a column of a domain that has constraints rewrites the table, even without a default, and \
        changing the domain's constraints later locks every table that uses it. A CHECK on the table is as strict and \
        can be added NOT VALID, validated on its own and replaced table by table.",
    engines: &[Engine::Postgres],
    severity: Severity::Note,
    judges: Judges::Upgrades,
    examples: example!(
        "CREATE DOMAIN email AS text CHECK (value LIKE '%@%');",
        "CREATE TABLE users (email text CHECK (email LIKE '%@%'));"
    ),
    find: |subject, hits| {
        for place in places(subject, Code::BanCreateDomainWithConstraint) {
            hits.at(
                place.statement,
                place.span.clone(),
                "a column of a domain with constraints cannot be added to a table without rewriting it",
                "put the CHECK on the tables that need it",
            );
        }
    },
};

/// The server refuses it.
pub(in crate::lint) const DUPLICATE_COLUMN: Rule = Rule {
    id: "duplicate-column",
    summary: "a column named twice where it may be named once",
    explanation: "PostgreSQL refuses a table, a view, an INSERT or an UPDATE that names a column twice: the migration \
        fails at this statement.",
    engines: &[Engine::Postgres],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: example!("UPDATE t SET a = 1, a = 2 WHERE id = 1;", "UPDATE t SET a = 1, b = 2 WHERE id = 1;"),
    find: |subject, hits| {
        for place in places(subject, Code::BanDuplicateColumnAssignments) {
            let message = "the column is named a second time: PostgreSQL refuses the statement";
            hits.at(place.statement, place.span.clone(), message, "name it once");
        }
    },
};

/// The order of an enum is the order of its declaration.
pub(in crate::lint) const ENUM_VALUE_ORDER: Rule = Rule {
    id: "enum-value-order",
    summary: "a value added to an enum without saying where",
    explanation: "ADD VALUE puts a new value behind all others, and ORDER BY and comparisons follow that order. It \
        cannot be moved later. Say BEFORE or AFTER, also where the end is meant.",
    engines: &[Engine::Postgres],
    severity: Severity::Note,
    judges: Judges::Upgrades,
    examples: example!("ALTER TYPE mood ADD VALUE 'fine';", "ALTER TYPE mood ADD VALUE 'fine' AFTER 'good';"),
    find: |subject, hits| {
        for place in places(subject, Code::RequireEnumValueOrdering) {
            hits.at(
                place.statement,
                place.span.clone(),
                "the value is sorted behind all others, and cannot be moved later",
                "say where it belongs: … ADD VALUE 'value' AFTER 'another'",
            );
        }
    },
};

/// Names are cut at 63 bytes.
pub(in crate::lint) const IDENTIFIER_TOO_LONG: Rule = Rule {
    id: "identifier-too-long",
    summary: "a name of more than 63 bytes, which PostgreSQL cuts off",
    explanation: "PostgreSQL cuts names at 63 bytes and only gives a notice. Two names with the same beginning become \
        one, IF NOT EXISTS finds the other one, and tools that compare the catalog with the files find neither.",
    engines: &[Engine::Postgres],
    severity: Severity::Warning,
    judges: Judges::Both,
    examples: example!(
        "CREATE TABLE a_table_whose_name_was_made_by_a_program_that_did_not_know_the_limit (id bigint);",
        "CREATE TABLE a_table_with_a_short_name (id bigint);"
    ),
    find: |subject, hits| {
        for place in places(subject, Code::IdentifierTooLong) {
            let name = subject.text(place.statement).get(place.span.clone()).unwrap_or_default().trim_matches('"');
            let mut cut = name;
            while cut.len() > 63 {
                cut = &cut[..cut.char_indices().next_back().map_or(0, |(at, _)| at)];
            }
            hits.at(
                place.statement,
                place.span.clone(),
                format!("the name has {} bytes: PostgreSQL cuts it to {cut}", name.len()),
                "choose a name of at most 63 bytes",
            );
        }
    },
};

/// Identity columns are the standard's, and their sequence belongs to them.
pub(in crate::lint) const SERIAL_TYPE: Rule = Rule {
    id: "serial-type",
    summary: "a serial column, where an identity column is simpler to own",
    explanation: "serial makes a sequence beside the table with an owner and rights of its own: whoever may insert \
        needs USAGE on it too, and inserting a value by hand goes unnoticed until the sequence reaches it. An identity \
        column (PostgreSQL 10 and later) has none of that.",
    engines: &[Engine::Postgres],
    severity: Severity::Note,
    judges: Judges::Upgrades,
    examples: example!(
        "CREATE TABLE t (id bigserial PRIMARY KEY);",
        "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);"
    ),
    find: |subject, hits| {
        if subject.is_older_than("PostgreSQL", &[10]) {
            return;
        }
        columns(subject, hits, Code::PreferIdentity, |many| {
            let message = format!("{many} of type serial: its sequence has an owner and rights of its own");
            (message, "bigint GENERATED ALWAYS AS IDENTITY".into())
        });
    },
};

/// A time without a zone is nobody's time.
pub(in crate::lint) const TIMESTAMP_WITHOUT_ZONE: Rule = Rule {
    id: "timestamp-without-zone",
    summary: "a timestamp without time zone",
    explanation: "timestamp stores what a clock on the wall shows, without saying where the wall is: now() is stored \
        in the session's zone, and two clients with different zones store different values for one instant. \
        timestamptz stores the instant and takes the same eight bytes. Changing the type later rewrites the table, \
        unless the zone is UTC.",
    engines: &[Engine::Postgres],
    severity: Severity::Note,
    judges: Judges::Upgrades,
    examples: example!("CREATE TABLE t (at timestamp);", "CREATE TABLE t (at timestamptz);"),
    find: |subject, hits| {
        columns(subject, hits, Code::PreferTimestampTz, |many| {
            let message = format!(
                "{many} of type timestamp without time zone: which instant is meant depends on the session's zone"
            );
            (message, "timestamptz".into())
        });
    },
};

/// Rows of tables that nobody named.
pub(in crate::lint) const TRUNCATE_CASCADE: Rule = Rule {
    id: "truncate-cascade",
    summary: "TRUNCATE … CASCADE, which empties every table that refers to this one",
    explanation: "CASCADE empties the tables that refer to the named ones, and those that refer to them, and so on, \
        without a word: a foreign key that somebody adds later makes it reach further. Name every table that is meant; \
        PostgreSQL refuses where one is missing.",
    engines: &[Engine::Postgres],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: example!("TRUNCATE users CASCADE;", "TRUNCATE users, sessions;"),
    find: |subject, hits| {
        for place in places(subject, Code::BanTruncateCascade) {
            hits.at(
                place.statement,
                place.span.clone(),
                "every table that refers to this one is emptied too, and those that refer to them",
                "leave CASCADE out and name every table that is meant: TRUNCATE users, sessions;",
            );
        }
    },
};

/// A limit that a later migration has to lift.
pub(in crate::lint) const VARCHAR_LIMIT: Rule = Rule {
    id: "varchar-limit",
    summary: "a column of type varchar(n), whose limit a later migration has to change",
    explanation: "text and varchar(n) are stored alike. Raising a limit needs an ACCESS EXCLUSIVE lock for an instant \
        and fails where a view uses the column; lowering it scans the table under that lock. A CHECK on the length \
        can be replaced with NOT VALID and VALIDATE, without either.",
    engines: &[Engine::Postgres],
    severity: Severity::Note,
    judges: Judges::Upgrades,
    examples: example!(
        "CREATE TABLE t (name varchar(80));",
        "CREATE TABLE t (name text CONSTRAINT name_length CHECK (length(name) <= 80));"
    ),
    find: |subject, hits| {
        columns(subject, hits, Code::PreferTextField, |many| {
            let message = format!("{many} of type varchar(n): changing the limit later takes an ACCESS EXCLUSIVE lock");
            (message, "text, with CHECK (length(column) <= n) where the limit matters".into())
        });
    },
};

/// One hit for each statement, at the first of its columns: a table of thirty is one decision.
fn columns(subject: &Subject<'_>, hits: &mut Hits, code: Code, texts: fn(&str) -> (String, String)) {
    let mut places = places(subject, code).peekable();
    while let Some(first) = places.next() {
        let mut count = 1;
        while places.next_if(|place| place.statement == first.statement).is_some() {
            count += 1;
        }
        let many = match count {
            1 => "a column".to_owned(),
            _ => format!("{count} columns"),
        };
        let (message, remedy) = texts(&many);
        hits.at(first.statement, first.span.clone(), message, remedy);
    }
}
