//! Which locks PostgreSQL's statements take: its manual's chapter on explicit locking, and `ALTER TABLE`.

use crate::dialect::Engine;
use squawk_syntax::quote::quote_ident;

use super::change::{Action, ConstraintKind, Default, Name, Object};
use super::subject::Subject;
use crate::plan::SegmentMode;

/// A table's lock, the weakest first. Weaker ones than these keep nobody out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lock {
    /// Keeps out other changes of the schema, and vacuum.
    ShareUpdateExclusive,
    /// Keeps writers out.
    Share,
    /// Keeps writers out, and who wants the same.
    ShareRowExclusive,
    /// Keeps everybody out, also readers.
    AccessExclusive,
}

impl Lock {
    /// As the manual spells it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Lock::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Lock::Share => "SHARE",
            Lock::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Lock::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }
}

/// The tables an action locks, as far as it names them.
pub(super) fn of(action: &Action) -> Vec<(&Name, Lock)> {
    use Lock::{AccessExclusive, Share, ShareRowExclusive, ShareUpdateExclusive};
    match action {
        Action::AddConstraint { table, constraint } => match &constraint.kind {
            ConstraintKind::ForeignKey { references } => {
                vec![(table, ShareRowExclusive), (references, ShareRowExclusive)]
            }
            _ => vec![(table, AccessExclusive)],
        },
        Action::CreateTable { columns, constraints, .. } => {
            let of_columns = columns.iter().filter_map(|column| column.references.as_ref());
            let of_table = constraints.iter().filter_map(|constraint| match &constraint.kind {
                ConstraintKind::ForeignKey { references } => Some(references),
                _ => None,
            });
            of_columns.chain(of_table).map(|table| (table, ShareRowExclusive)).collect()
        }
        Action::AddColumn { table, column, .. } => {
            let references = column.references.iter().map(|references| (references, ShareRowExclusive));
            [(table, AccessExclusive)].into_iter().chain(references).collect()
        }
        Action::AttachPartition { table, partition } => {
            vec![(table, ShareUpdateExclusive), (partition, AccessExclusive)]
        }
        Action::DetachPartition { table, concurrently, .. } => {
            vec![(table, if *concurrently { ShareUpdateExclusive } else { AccessExclusive })]
        }
        Action::Maintain { table: Some(table), full } => {
            vec![(table, if *full { AccessExclusive } else { ShareUpdateExclusive })]
        }
        Action::CreateIndex(index) if index.only => Vec::new(),
        Action::CreateIndex(index) => {
            vec![(&index.table, if index.concurrently { ShareUpdateExclusive } else { Share })]
        }
        Action::ValidateConstraint { table, .. } => vec![(table, ShareUpdateExclusive)],
        Action::SetTableOption { table, option } => match option.name.as_str() {
            "SET" | "RESET" | "CLUSTER ON" | "SET WITHOUT CLUSTER" => vec![(table, ShareUpdateExclusive)],
            "ALTER COLUMN SET STATISTICS" | "ALTER COLUMN SET OPTIONS" => vec![(table, ShareUpdateExclusive)],
            "ENABLE TRIGGER" | "DISABLE TRIGGER" => vec![(table, ShareRowExclusive)],
            _ => vec![(table, AccessExclusive)],
        },
        Action::Create { object: Object::Trigger, table: Some(table), .. } => vec![(table, ShareRowExclusive)],
        Action::Create { object: Object::Policy, table: Some(table), .. } => vec![(table, AccessExclusive)],
        Action::DropTable { table, .. }
        | Action::RenameTable { table, .. }
        | Action::DropColumn { table, .. }
        | Action::RenameColumn { table, .. }
        | Action::ChangeType { table, .. }
        | Action::SetNotNull { table, .. }
        | Action::DropNotNull { table, .. }
        | Action::SetDefault { table, .. }
        | Action::DropDefault { table, .. }
        | Action::DropConstraint { table, .. }
        | Action::Truncate { table, .. } => vec![(table, AccessExclusive)],
        _ => Vec::new(),
    }
}

/// Whether an action that takes a strong lock only changes the catalog, as far as can be told.
pub(super) fn is_quick(action: &Action) -> bool {
    match action {
        Action::AddColumn { column, .. } => {
            let written = column.generated_stored || column.identity || column.unique || column.primary_key;
            !written && !matches!(column.default, Some(Default::Volatile(_)))
        }
        Action::AddConstraint { constraint, .. } => constraint.not_valid || constraint.using_index,
        Action::SetTableOption { option, .. } => !REWRITING.contains(&option.name.as_str()),
        Action::RenameTable { .. }
        | Action::DropColumn { .. }
        | Action::RenameColumn { .. }
        | Action::DropNotNull { .. }
        | Action::SetDefault { .. }
        | Action::DropDefault { .. }
        | Action::DropConstraint { .. }
        | Action::DetachPartition { .. }
        | Action::Create { .. } => true,
        _ => false,
    }
}

/// The strong lock of a table in use that the transaction of a statement has already: since which statement, on which
/// table. Who drops a table has made sure that nobody uses it.
pub(super) fn held_before<'a>(subject: &Subject<'a>, statement: usize) -> Option<(usize, &'a Name, Lock)> {
    let segment = subject.segment_of(statement).filter(|segment| segment.mode == SegmentMode::Transaction)?;
    let before = segment.statements.start..statement;
    let changes = before.flat_map(|index| subject.statements[index].changes.iter().map(move |change| (index, change)));
    let held = changes.filter_map(|(index, change)| {
        if matches!(change.action, Action::DropTable { .. } | Action::CreateTable { .. }) {
            return None;
        }
        let (table, lock) = of(&change.action).into_iter().find(|(_, lock)| *lock >= Lock::Share)?;
        (!subject.is_new(table, index) && !subject.is_small(table)).then_some((index, table, lock))
    });
    held.max_by_key(|(index, _, lock)| (*lock, std::cmp::Reverse(*index)))
}

/// Clauses of `ALTER TABLE` that write the whole table anew.
pub(super) const REWRITING: [&str; 4] = ["SET TABLESPACE", "SET LOGGED", "SET UNLOGGED", "SET ACCESS METHOD"];

/// A name as SQL has it: in quotes where it needs them.
pub(super) fn quoted(name: &str) -> String {
    quote_ident(name)
}

/// The same with the schema.
pub(super) fn quoted_name(name: &Name) -> String {
    super::sql_text::quoted_name(Engine::Postgres, name)
}
