//! SQLite's way to change what `ALTER TABLE` cannot: a new table, the rows copied, the old one dropped, the new one
//! renamed (<https://sqlite.org/lang_altertable.html#otheralter>).

use super::change::{Action, Change, Name};
use super::subject::Subject;

/// A table built anew.
pub(super) struct Rebuild<'a> {
    /// The table, by the name it has before and after.
    pub(super) table: &'a Name,
    /// The new one, by the name it is created under.
    pub(super) new: &'a Name,
    /// The statement that creates it, and what that does.
    pub(super) created: (usize, &'a Change),
    /// Whether rows are copied before the old one is dropped.
    pub(super) copies: bool,
    /// The statement that drops the old one.
    pub(super) dropped: (usize, &'a Change),
    /// The statement that renames; that creates where none is renamed.
    pub(super) renamed: (usize, &'a Change),
    /// In which order.
    pub(super) order: Order,
}

/// How the new table comes to the old one's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The new one is renamed last: the manual's way.
    NewRenamedLast,
    /// The old one is renamed first.
    OldRenamedFirst,
    /// None is renamed: the rows wait elsewhere while the table is dropped and created again.
    CreatedAgain,
}

impl Rebuild<'_> {
    /// The first statement of it.
    pub(super) fn start(&self) -> usize {
        self.created.0.min(self.renamed.0).min(self.dropped.0)
    }
}

/// Every rebuild of a section.
pub(super) fn rebuilds<'a>(subject: &Subject<'a>) -> Vec<Rebuild<'a>> {
    // Rows are looked at only where tables are made.
    if !subject.changes().any(|(_, change)| matches!(change.action, Action::DropTable { .. })) {
        return Vec::new();
    }
    let changes: Vec<(usize, &'a Change)> = subject.changes().collect();
    let renames = changes.iter().filter_map(|&renamed| match &renamed.1.action {
        Action::RenameTable { table, to } => Some((renamed, table, to)),
        _ => None,
    });
    let renamed = renames.filter_map(|(renamed, from, to)| {
        renamed_last(&changes, renamed, from, to).or_else(|| renamed_first(&changes, renamed, from, to))
    });
    let mut rebuilds: Vec<Rebuild<'a>> = renamed.collect();
    let again: Vec<Rebuild<'a>> = changes.iter().filter_map(|&dropped| created_again(&changes, dropped)).collect();
    rebuilds.extend(again);
    rebuilds
}

fn renamed_last<'a>(
    changes: &[(usize, &'a Change)],
    renamed: (usize, &'a Change),
    new: &'a Name,
    table: &'a Name,
) -> Option<Rebuild<'a>> {
    let before: Vec<_> = changes.iter().copied().filter(|(index, _)| *index < renamed.0).collect();
    let created = before.iter().rev().copied().find(|(_, change)| creates(change, new))?;
    let dropped = before.iter().rev().copied().find(|(_, change)| drops(change, table))?;
    let copies = fills(changes, created, new, dropped.0);
    Some(Rebuild { table, new, created, copies, dropped, renamed, order: Order::NewRenamedLast })
}

fn renamed_first<'a>(
    changes: &[(usize, &'a Change)],
    renamed: (usize, &'a Change),
    table: &'a Name,
    old: &'a Name,
) -> Option<Rebuild<'a>> {
    let after: Vec<_> = changes.iter().copied().filter(|(index, _)| *index > renamed.0).collect();
    let created = after.iter().copied().find(|(_, change)| creates(change, table))?;
    let dropped = after.iter().copied().find(|(index, change)| *index > created.0 && drops(change, old))?;
    let copies = fills(changes, created, table, dropped.0);
    Some(Rebuild { table, new: table, created, copies, dropped, renamed, order: Order::OldRenamedFirst })
}

fn created_again<'a>(changes: &[(usize, &'a Change)], dropped: (usize, &'a Change)) -> Option<Rebuild<'a>> {
    let Action::DropTable { table, .. } = &dropped.1.action else { return None };
    let renamed = |change: &Change| matches!(&change.action, Action::RenameTable { table: from, to } if from.may_be(table) || to.may_be(table));
    let created = changes.iter().copied().find(|(index, change)| *index > dropped.0 && creates(change, table))?;
    let filled = fills(changes, created, table, usize::MAX);
    (filled && !changes.iter().any(|(_, change)| renamed(change))).then_some(Rebuild {
        table,
        new: table,
        created,
        copies: true,
        dropped,
        renamed: created,
        order: Order::CreatedAgain,
    })
}

fn creates(change: &Change, name: &Name) -> bool {
    matches!(&change.action, Action::CreateTable { table, .. } if table.may_be(name))
}

fn drops(change: &Change, name: &Name) -> bool {
    matches!(&change.action, Action::DropTable { table, .. } if table.may_be(name))
}

/// Whether rows come into the new table before the old one is gone.
fn fills(changes: &[(usize, &Change)], created: (usize, &Change), new: &Name, dropped: usize) -> bool {
    matches!(created.1.action, Action::CreateTable { from_elsewhere: true, .. })
        || changes.iter().any(|(index, change)| {
            let copies = matches!(&change.action, Action::Insert { table, from_query: true } if table.may_be(new));
            copies && (created.0..dropped).contains(index)
        })
}

/// The steps, for a remedy.
pub(super) fn steps(table: &Name) -> String {
    let (old, new) = (quoted(&table.name), quoted(&format!("new_{}", table.name)));
    format!(
        "CREATE TABLE {new} (…); INSERT INTO {new} (…) SELECT … FROM {old}; DROP TABLE {old}; ALTER TABLE {new} RENAME \
         TO {old}; then its indexes and triggers again"
    )
}

/// A name as SQL has it: in quotes where it needs them.
pub(super) fn quoted(name: &str) -> String {
    match is_plain(name) {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// Whether a name needs no quotes, on engines that do not fold its case.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    begins && name.bytes().all(plain) && !RESERVED.split(' ').any(|word| name.eq_ignore_ascii_case(word))
}

/// The keywords that are no names without quotes.
const RESERVED: &str = "\
    add all alter and as autoincrement between case check collate commit constraint create cross current_date \
    current_time current_timestamp default deferrable delete distinct drop else escape except exists foreign \
    from full group having in index inner insert intersect into is isnull join left limit natural not nothing \
    notnull null on or order outer primary references returning right rollback select set table then to \
    transaction union unique update using values when where";
