//! What one column type is to another.

use super::change::{Action, Name};
use super::subject::Subject;

/// What changing a column's type does to a PostgreSQL table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conversion {
    /// Only the catalog changes.
    Quick,
    /// Every row is written anew.
    Rewrite,
    /// That depends on the type before.
    Unknown,
}

/// The type that a column has before a statement, where a file says so.
pub(super) fn known_type(subject: &Subject<'_>, statement: usize, table: &Name, column: &str) -> Option<String> {
    let same = |of: &Name, name: &str| of.may_be(table) && name.eq_ignore_ascii_case(column);
    let mut known: Option<&str> = None;
    for (_, change) in subject.history(statement) {
        match &change.action {
            Action::CreateTable { table: of, columns, .. } if of.may_be(table) => {
                let column = columns.iter().find(|definition| definition.name.eq_ignore_ascii_case(column));
                known = column.map(|definition| definition.data_type.as_str());
            }
            Action::AddColumn { table: of, column, .. } | Action::ChangeType { table: of, column, .. }
                if same(of, &column.name) =>
            {
                known = Some(&column.data_type);
            }
            // What has had another name is not followed.
            Action::RenameColumn { table: of, to, .. } if same(of, to) => known = None,
            Action::RenameTable { to, .. } if to.may_be(table) => known = None,
            _ => {}
        }
    }
    known.filter(|known| !known.is_empty()).map(str::to_owned)
}

/// A type's name and what stands in its brackets.
fn parts(data_type: &str) -> (String, Vec<u32>) {
    let (name, behind) = data_type.split_once('(').unwrap_or((data_type, ""));
    let (inner, rest) = behind.split_once(')').unwrap_or((behind, ""));
    let numbers = inner.split(',').filter_map(|number| number.trim().parse().ok()).collect();
    let name = format!("{} {}", name.trim(), rest.trim()).to_ascii_lowercase();
    let name = match name.trim() {
        "character varying" => "varchar",
        "character" | "bpchar" => "char",
        "decimal" | "dec" => "numeric",
        "int" | "int4" => "integer",
        "int8" => "bigint",
        "int2" => "smallint",
        "float8" | "double" => "double precision",
        "float4" => "real",
        "timestamp with time zone" => "timestamptz",
        "timestamp without time zone" => "timestamp",
        "bool" => "boolean",
        other => other,
    };
    (name.to_owned(), numbers)
}

/// Whether both are the same type.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    parts(one) == parts(other)
}

/// What PostgreSQL does for a change of a column's type.
pub(super) fn postgres_conversion(from: Option<&str>, to: &str, using: bool) -> Conversion {
    let (to, to_numbers) = parts(to);
    let Some(from) = from else {
        // Types that another one may become without a rewrite.
        return match to.as_str() {
            "text" | "varchar" | "numeric" | "timestamp" | "timestamptz" | "bit varying" | "varbit" | "inet" => {
                Conversion::Unknown
            }
            _ => Conversion::Rewrite,
        };
    };
    let (from, numbers) = parts(from);
    let quick = match (from.as_str(), to.as_str()) {
        ("varchar" | "text", "text") => true,
        ("varchar", "varchar") => at_least(&to_numbers, &numbers),
        ("text", "varchar") => to_numbers.is_empty(),
        ("numeric", "numeric") => {
            to_numbers.is_empty() || at_least(&to_numbers, &numbers) && to_numbers.get(1) == numbers.get(1)
        }
        ("cidr", "inet") => true,
        // Quick in a session in UTC.
        ("timestamp", "timestamptz") | ("timestamptz", "timestamp") => return Conversion::Unknown,
        _ => from == to && numbers == to_numbers,
    };
    // An expression is computed for every row.
    if quick && !using { Conversion::Quick } else { Conversion::Rewrite }
}

/// Whether the first number of one is that of the other or more; without a number there is no bound.
fn at_least(one: &[u32], other: &[u32]) -> bool {
    match (one.first(), other.first()) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(one), Some(other)) => one >= other,
    }
}

/// Types of one kind, the narrowest first.
const LADDERS: [&[&str]; 4] = [
    &["tinyint", "smallint", "mediumint", "integer", "bigint"],
    &["real", "double precision"],
    &["tinytext", "text", "mediumtext", "longtext"],
    &["tinyblob", "blob", "mediumblob", "longblob"],
];

/// Whether `to` surely holds less than `from`.
pub(super) fn is_narrower(from: &str, to: &str) -> bool {
    let ((from, from_numbers), (to, to_numbers)) = (parts(from), parts(to));
    let step = |ladder: &[&str], name: &str| ladder.iter().position(|rung| *rung == name);
    for ladder in LADDERS {
        if let (Some(from), Some(to)) = (step(ladder, &from), step(ladder, &to)) {
            return to < from;
        }
    }
    let text = |name: &str| matches!(name, "text" | "mediumtext" | "longtext");
    match (from.as_str(), to.as_str()) {
        ("varchar" | "char", "varchar" | "char") => !at_least(&to_numbers, &from_numbers),
        (from, "varchar" | "char") if text(from) => !to_numbers.is_empty(),
        ("numeric", "numeric") => {
            let whole = |numbers: &[u32]| numbers.first().map(|digits| digits.saturating_sub(scale(numbers)));
            let fewer = |to: Option<u32>, from: Option<u32>| to.is_some_and(|to| from.is_none_or(|from| to < from));
            fewer(whole(&to_numbers), whole(&from_numbers))
                || !to_numbers.is_empty() && scale(&to_numbers) < scale(&from_numbers)
        }
        ("timestamp" | "timestamptz" | "datetime", "date") => true,
        _ => false,
    }
}

fn scale(numbers: &[u32]) -> u32 {
    numbers.get(1).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_postgres_rewrites() {
        use Conversion::{Quick, Rewrite, Unknown};
        // Release notes of 9.1 and 9.2, ALTER TABLE's notes, and what a server's relfilenode says.
        for (from, to, using, expected) in [
            (Some("varchar(50)"), "varchar(100)", false, Quick),
            (Some("varchar(50)"), "text", false, Quick),
            (Some("character varying(50)"), "varchar", false, Quick),
            (Some("varchar(50)"), "varchar(20)", false, Rewrite),
            (Some("varchar(50)"), "text", true, Rewrite),
            (Some("text"), "varchar(20)", false, Rewrite),
            (Some("char(5)"), "text", false, Rewrite),
            (Some("numeric(10, 2)"), "numeric(12, 2)", false, Quick),
            (Some("numeric(10, 2)"), "numeric(12, 4)", false, Rewrite),
            (Some("decimal(10,2)"), "numeric", false, Quick),
            (Some("int"), "bigint", false, Rewrite),
            (Some("int"), "integer", false, Quick),
            (Some("timestamp"), "timestamptz", false, Unknown),
            (Some("json"), "jsonb", false, Rewrite),
            (None, "bigint", false, Rewrite),
            (None, "text", false, Unknown),
        ] {
            assert_eq!(postgres_conversion(from, to, using), expected, "{from:?} to {to}");
        }
    }

    #[test]
    fn what_holds_less() {
        for (from, to) in [
            ("bigint", "int"),
            ("varchar(200)", "varchar(50)"),
            ("text", "varchar(50)"),
            ("numeric(10,2)", "numeric(8,2)"),
            ("numeric(12,2)", "numeric(10,0)"),
            ("timestamptz", "date"),
            ("mediumtext", "text"),
            ("double precision", "real"),
        ] {
            assert!(is_narrower(from, to), "{from} to {to}");
            assert!(!is_narrower(to, from), "{to} to {from}");
            assert!(!is_narrower(from, from), "{from}");
        }
        assert!(!is_narrower("int", "text"));
        assert!(is_same("INT", "integer") && !is_same("varchar(5)", "varchar(6)"));
    }
}
