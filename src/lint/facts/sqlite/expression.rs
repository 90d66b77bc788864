//! Expressions, as far as rules need them.

use sqlite3_parser::ast::{Expr, Literal, Operator, UnaryOperator};

use super::unquoted;
use crate::lint::change::Default;

/// Functions that give the same for the same row of the same statement.
const STEADY: [&str; 32] = [
    "abs",
    "char",
    "coalesce",
    "concat",
    "date",
    "datetime",
    "format",
    "hex",
    "ifnull",
    "iif",
    "instr",
    "json",
    "json_array",
    "json_object",
    "julianday",
    "length",
    "lower",
    "ltrim",
    "max",
    "min",
    "nullif",
    "printf",
    "quote",
    "replace",
    "round",
    "rtrim",
    "strftime",
    "substr",
    "time",
    "trim",
    "unixepoch",
    "upper",
];

/// A column's default. Constant is what SQLite takes for one when a column is added: no operator, no function.
pub(super) fn default(value: &Expr<'_>) -> Default {
    let text = value.to_string();
    match (is_constant(value), is_steady(value)) {
        (true, _) => Default::Constant(text),
        (false, true) => Default::Stable(text),
        (false, false) => Default::Volatile(text),
    }
}

/// <https://sqlite.org/src/file?name=src/vdbemem.c>, `sqlite3ValueFromExpr`.
fn is_constant(value: &Expr<'_>) -> bool {
    match value {
        Expr::Literal(Literal::CurrentDate | Literal::CurrentTime | Literal::CurrentTimestamp) => false,
        Expr::Literal(_) => true,
        // A name is taken for a string: there is no column to mean.
        Expr::Id(_) | Expr::Name(_) => true,
        Expr::Unary(UnaryOperator::Negative | UnaryOperator::Positive, inner) => is_constant(inner),
        Expr::Cast { expr, .. } => is_constant(expr),
        Expr::Parenthesized(inner) => matches!(inner.as_slice(), [inner] if is_constant(inner)),
        _ => false,
    }
}

fn is_steady(value: &Expr<'_>) -> bool {
    match value {
        Expr::Literal(_) | Expr::Id(_) | Expr::Name(_) => true,
        Expr::Unary(_, inner) | Expr::Collate(inner, _) | Expr::IsNull(inner) | Expr::NotNull(inner) => {
            is_steady(inner)
        }
        Expr::Cast { expr, .. } => is_steady(expr),
        Expr::Binary(left, _, right) => is_steady(left) && is_steady(right),
        Expr::Parenthesized(inner) => inner.iter().all(is_steady),
        Expr::FunctionCall { name, args, .. } => {
            let known = STEADY.iter().any(|steady| name.0.eq_ignore_ascii_case(steady));
            known && args.is_none_or(|args| args.iter().all(is_steady))
        }
        _ => false,
    }
}

/// Whether a condition bounds how many rows it can mean: two bounds for one column.
pub(super) fn is_bounded(condition: &Expr<'_>) -> bool {
    let (mut lower, mut upper) = (Vec::new(), Vec::new());
    bounds(condition, &mut lower, &mut upper) || lower.iter().any(|column| upper.contains(column))
}

fn bounds(condition: &Expr<'_>, lower: &mut Vec<String>, upper: &mut Vec<String>) -> bool {
    match condition {
        Expr::Between { not, .. } => !not,
        Expr::Binary(left, Operator::And, right) => bounds(left, lower, upper) || bounds(right, lower, upper),
        Expr::Binary(left, Operator::Greater | Operator::GreaterEquals, _) => {
            lower.extend(column(left));
            false
        }
        Expr::Binary(left, Operator::Less | Operator::LessEquals, _) => {
            upper.extend(column(left));
            false
        }
        Expr::InSelect { not: false, rhs, .. } => rhs.limit.is_some(),
        Expr::Parenthesized(inner) => matches!(inner.as_slice(), [inner] if bounds(inner, lower, upper)),
        _ => false,
    }
}

/// The column an expression is, if it is one.
pub(super) fn column(expression: &Expr<'_>) -> Option<String> {
    match expression {
        Expr::Id(name) => Some(unquoted(name.0)),
        Expr::Name(name) | Expr::Qualified(_, name) | Expr::DoublyQualified(_, _, name) => Some(unquoted(name.0)),
        Expr::Parenthesized(inner) => match inner.as_slice() {
            [inner] => column(inner),
            _ => None,
        },
        Expr::Collate(inner, _) => column(inner),
        _ => None,
    }
}

/// The columns an expression names, as far as it is looked into.
pub(super) fn columns(expression: &Expr<'_>) -> Vec<String> {
    match expression {
        Expr::Unary(_, inner) | Expr::IsNull(inner) | Expr::NotNull(inner) => columns(inner),
        Expr::Cast { expr, .. } => columns(expr),
        Expr::Binary(left, _, right) => [columns(left), columns(right)].concat(),
        Expr::Parenthesized(inner) => inner.iter().flat_map(columns).collect(),
        Expr::FunctionCall { args, .. } => args.iter().flat_map(|args| args.iter()).flat_map(columns).collect(),
        Expr::InList { lhs, .. } => columns(lhs),
        other => column(other).into_iter().collect(),
    }
}

/// The column of `CHECK (column IS NOT NULL)`.
pub(super) fn demanded(check: &Expr<'_>) -> Option<String> {
    match check {
        Expr::NotNull(inner) => column(inner),
        Expr::Binary(left, Operator::IsNot, right) => {
            matches!(right, Expr::Literal(Literal::Null)).then(|| column(left)).flatten()
        }
        Expr::Parenthesized(inner) => match inner.as_slice() {
            [inner] => demanded(inner),
            _ => None,
        },
        _ => None,
    }
}
