//! Whether a default is the same for every row, and whether a condition touches few.

use squawk_syntax::{SyntaxKind as K, SyntaxNode as Node};

use super::node::{child, name, plain};
use crate::lint::change::Default;

/// Functions that give every row of a statement the same, and those that depend on their arguments alone. What is
/// not here counts as volatile: a user's function is, unless it says otherwise.
const STEADY: &[&str] = &[
    "abs",
    "age",
    "array_fill",
    "array_to_json",
    "ceil",
    "chr",
    "coalesce",
    "concat",
    "concat_ws",
    "convert_from",
    "convert_to",
    "current_database",
    "current_schema",
    "current_setting",
    "date_part",
    "date_trunc",
    "daterange",
    "decode",
    "encode",
    "floor",
    "format",
    "greatest",
    "hstore",
    "int4range",
    "int8range",
    "json_array",
    "json_build_array",
    "json_build_object",
    "json_object",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_object",
    "least",
    "left",
    "length",
    "lower",
    "lpad",
    "ltrim",
    "make_date",
    "make_interval",
    "make_timestamp",
    "make_timestamptz",
    "md5",
    "mod",
    "now",
    "nullif",
    "numrange",
    "power",
    "quote_literal",
    "regexp_replace",
    "repeat",
    "replace",
    "right",
    "round",
    "row_to_json",
    "rpad",
    "rtrim",
    "sha256",
    "split_part",
    "statement_timestamp",
    "string_to_array",
    "substr",
    "substring",
    "timezone",
    "to_char",
    "to_date",
    "to_json",
    "to_jsonb",
    "to_number",
    "to_timestamp",
    "to_tsvector",
    "transaction_timestamp",
    "translate",
    "trim",
    "trunc",
    "tsrange",
    "tstzrange",
    "upper",
    "uuid_nil",
    "xmlparse",
];

/// What kind of default an expression is.
pub(super) fn default(expression: &Node) -> Default {
    let text = plain(expression);
    let mut steady = false;
    for node in expression.descendants() {
        match node.kind() {
            K::CALL_EXPR => match called(&node) {
                // Those of the grammar itself (`extract(… from …)`, `json_object(…)`) have no name, and none is volatile.
                None => steady = true,
                Some(function) if STEADY.contains(&function.as_str()) => steady = true,
                Some(_) => return Default::Volatile(text),
            },
            K::NAME_REF => steady = true,
            _ => {}
        }
    }
    match steady {
        true => Default::Stable(text),
        false => Default::Constant(text),
    }
}

/// The function's name, lower case, without a schema.
pub(super) fn called(call: &Node) -> Option<String> {
    let callee = call.children().next()?;
    match callee.kind() {
        K::NAME_REF => Some(name(&callee).name),
        K::FIELD_EXPR => {
            callee.children().filter(|part| part.kind() == K::NAME_REF).last().map(|part| name(&part).name)
        }
        _ => None,
    }
}

/// Whether a condition is about few rows: it is between two bounds, or about one key, or about what a subquery with a
/// limit gives.
pub(super) fn is_bounded(condition: &Node) -> bool {
    let mut lower = Vec::new();
    let mut upper = Vec::new();
    for node in condition.descendants() {
        match node.kind() {
            K::BETWEEN_EXPR | K::LIMIT_CLAUSE | K::FETCH_CLAUSE => return true,
            K::BIN_EXPR => {
                let text = plain(&node);
                let Some(column) = node.children().next().map(|left| plain(&left)) else { continue };
                let Some(operator) =
                    child(&node, K::OP).map(|operator| plain(&operator)).or_else(|| operator(&text, &column))
                else {
                    continue;
                };
                match operator.to_ascii_lowercase().as_str() {
                    ">" | ">=" => lower.push(column),
                    "<" | "<=" => upper.push(column),
                    "=" | "in" if is_key(&column) => return true,
                    _ => {}
                }
            }
            _ => {}
        }
    }
    lower.iter().any(|column| upper.contains(column))
}

/// The word behind the left side.
fn operator(text: &str, left: &str) -> Option<String> {
    text.strip_prefix(left)?.split_whitespace().next().map(str::to_owned)
}

fn is_key(column: &str) -> bool {
    let last = column.rsplit('.').next().unwrap_or(column).trim_matches('"').to_ascii_lowercase();
    matches!(last.as_str(), "id" | "uuid" | "guid" | "key" | "ctid")
}
