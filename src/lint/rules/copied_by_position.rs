use crate::dialect::Engine;
use crate::lint::rebuild::{Rebuild, quoted, rebuilds};
use crate::lint::schema::{Schema, code, is_name};
use crate::lint::{Action, Change, ColumnDefinition, Example, Hit, Hits, Judges, Name, Rule, Severity, Subject};
use crate::parse::TokenKind;

/// `INSERT INTO new SELECT * FROM old`.
pub(super) const RULE: Rule = Rule {
    id: "copied-by-position",
    summary: "a rebuild copies rows by the columns' positions, not by their names",
    explanation: "INSERT INTO new SELECT * FROM old puts the first column into the first, the second into the second. A column \
        that ALTER TABLE added stands last in the old table, wherever the new one has it: as SQLite does not check types, \
        values end up in the wrong columns without a message; where the numbers differ the statement fails. Name the \
        columns on both sides, in the same order: two that stand crosswise are found too.",
    engines: &[Engine::Sqlite],
    severity: Severity::Error,
    judges: Judges::Both,
    examples: &[Example { engine: Engine::Sqlite, bad: BAD, good: GOOD }],
    find,
};

const BAD: &str = "CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT);\n\
    INSERT INTO new_users SELECT * FROM users;\nDROP TABLE users;\nALTER TABLE new_users RENAME TO users;";
const GOOD: &str = "CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT);\n\
    INSERT INTO new_users (id, email) SELECT id, email FROM users;\nDROP TABLE users;\n\
    ALTER TABLE new_users RENAME TO users;";

fn find(subject: &Subject<'_>, hits: &mut Hits) {
    for rebuild in rebuilds(subject) {
        for (statement, change) in copies(subject, &rebuild) {
            let text = subject.text(statement);
            if let Some((from, to)) = crossed(text, rebuild.created.1) {
                hits.at(
                    statement,
                    change.span.clone(),
                    format!("{from} of the old table ends up in {to} of the new one"),
                    "name the columns on both sides, in the same order",
                );
                continue;
            }
            let Some(old) = all_of(text) else { continue };
            if let Some((message, severity)) = verdict(subject, &rebuild, statement, &old) {
                let columns = match &rebuild.created.1.action {
                    Action::CreateTable { columns, .. } => columns.iter().map(|column| quoted(&column.name)).collect(),
                    _ => Vec::new(),
                };
                let columns = columns.join(", ");
                hits.push(Hit {
                    statement: Some(statement),
                    span: Some(change.span.clone()),
                    line: None,
                    severity,
                    message,
                    remedy: format!(
                        "INSERT INTO {} ({columns}) SELECT {columns} FROM {};",
                        quoted(&rebuild.new.name),
                        quoted(&old.name)
                    ),
                });
            }
        }
    }
}

fn copies<'a>(subject: &Subject<'a>, rebuild: &Rebuild<'a>) -> Vec<(usize, &'a Change)> {
    let copy = |change: &Change| matches!(&change.action, Action::Insert { table, from_query: true } if table.may_be(rebuild.new));
    let from = rebuild.created.0;
    subject.changes().filter(|(statement, change)| *statement > from && copy(change)).take(1).collect()
}

/// What is wrong with it, unless both tables are known and fit.
fn verdict(
    subject: &Subject<'_>,
    rebuild: &Rebuild<'_>,
    statement: usize,
    old: &Name,
) -> Option<(String, Option<Severity>)> {
    let Action::CreateTable { columns: new, from_elsewhere: false, .. } = &rebuild.created.1.action else {
        return None;
    };
    let generated =
        |columns: &[ColumnDefinition]| columns.iter().any(|column| column.generated_stored || column.generated_virtual);
    let schema = Schema::before(subject, statement);
    let known = schema.table(old).filter(|table| !table.columns.is_empty() && !generated(&table.columns));
    let Some(known) = known.filter(|_| !generated(new)) else {
        let message = "the copy goes by position: a column that ALTER TABLE added stands last in the old table";
        return Some((message.into(), Some(Severity::Note)));
    };
    if known.columns.len() != new.len() {
        let (old_count, new_count) = (known.columns.len(), new.len());
        return Some((format!("this fails: {old} has {old_count} columns, the new table {new_count}"), None));
    }
    let same = |(old, new): &(&ColumnDefinition, &ColumnDefinition)| old.name.eq_ignore_ascii_case(&new.name);
    let (one, other) = known.columns.iter().zip(new).find(|pair| !same(pair))?;
    // A new name in the same place is a column renamed; one of the old names in another place is not.
    let moved = known.columns.iter().any(|column| column.name.eq_ignore_ascii_case(&other.name));
    moved.then(|| (format!("the copy goes by position: {} of the old table ends up in {}", one.name, other.name), None))
}

/// The table of `INSERT INTO … SELECT * FROM table`, without a list of columns and without a join.
fn all_of(insert: &str) -> Option<Name> {
    let tokens: Vec<_> = code(insert).collect();
    let at = tokens.iter().position(|(_, text)| text.eq_ignore_ascii_case("select"))?;
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|(_, text)| text.eq_ignore_ascii_case(word));
    if !is(at + 1, "*") || !is(at + 2, "from") || is(at.checked_sub(1)?, ")") {
        return None;
    }
    let joined = tokens[at..].iter().any(|(_, text)| *text == "," || text.eq_ignore_ascii_case("join"));
    let (kind, text) = tokens.get(at + 3).filter(|_| !joined)?;
    let bare = text.trim_matches(['"', '`', '[', ']']);
    is_name(*kind, text, bare).then(|| Name::new(bare))
}

/// Two columns that both tables have, of which one is copied into the other.
fn crossed(insert: &str, created: &Change) -> Option<(String, String)> {
    let tokens: Vec<_> = code(insert).collect();
    let place = |word: &str| tokens.iter().position(|(_, text)| text.eq_ignore_ascii_case(word));
    let (select, from) = (place("select")?, place("from")?);
    if place("with").is_some_and(|with| with < select) {
        return None;
    }
    let to: Vec<Option<String>> = match (tokens[..select].iter().position(|(_, text)| *text == "("), &created.action) {
        (Some(open), _) => listed(&tokens[open + 1..select - 1]),
        (None, Action::CreateTable { columns, .. }) => columns.iter().map(|column| Some(column.name.clone())).collect(),
        _ => return None,
    };
    let copied = listed(tokens.get(select + 1..from)?);
    let has =
        |names: &[Option<String>], name: &str| names.iter().flatten().any(|other| other.eq_ignore_ascii_case(name));
    let mut pairs = copied.iter().zip(&to).filter(|_| copied.len() == to.len());
    pairs.find_map(|(source, target)| {
        let (source, target) = (source.as_ref()?, target.as_ref()?);
        let is_crossed = !source.eq_ignore_ascii_case(target) && has(&to, source) && has(&copied, target);
        is_crossed.then(|| (source.clone(), target.clone()))
    })
}

/// The names in a list; None for what is no name alone.
fn listed(tokens: &[(TokenKind, &str)]) -> Vec<Option<String>> {
    let is_word = |kind: TokenKind| matches!(kind, TokenKind::Word | TokenKind::QuotedIdentifier);
    let parts = tokens.split(|(_, text)| *text == ",");
    let name = |part: &[(TokenKind, &str)]| match part {
        [(kind, text)] | [_, (_, "."), (kind, text)] if is_word(*kind) => {
            Some(text.trim_matches(['"', '`', '[', ']']).to_owned())
        }
        _ => None,
    };
    parts.map(name).collect()
}
